"""What options of several commands have in common."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import click

from sagemock.settings import Settings, SettingsError

DEFAULT_URL = f"http://127.0.0.1:{Settings.port}"


class Commands(click.Group):
    """Commands of which the nearest is named when there is none of a name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names. Errors: UsageError, there is none."""
        if args and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            near = get_close_matches(args[0], known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}."
            ctx.fail(f"There is no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)


def option(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option that can also be given as SAGEMOCK_ and its name."""
    variable = "SAGEMOCK_" + name.lstrip("-").replace("-", "_").upper()
    return click.option(name, envvar=variable, **{"show_default": True, **attributes})


def url_option() -> Callable[[Any], Any]:
    """The option that names a server."""
    return option("--url", default=DEFAULT_URL, help="Address of the server.")


def json_option(help_text: str) -> Callable[[Any], Any]:
    """The option by which a command prints JSON in place of a text for people."""
    return click.option("--json", "as_json", is_flag=True, help=help_text)


def pairs(given: tuple[str, ...], form: str) -> tuple[tuple[str, str], ...]:
    """Pairs that are given as KEY=VALUE. Errors: SettingsError, one is not; it says `form`."""
    found = []
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals and value):
            raise SettingsError(f"{form}, not '{each}'.")
        found.append((key, value))
    return tuple(found)
