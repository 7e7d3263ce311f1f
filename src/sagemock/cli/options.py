"""What options and groups of several commands have in common."""

import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from sagemock.client_setup import SERVICE_VARIABLES, address, address_of, is_address
from sagemock.server_client import NoServerError, UnreachedError
from sagemock.settings import Settings, SettingsError

if TYPE_CHECKING:
    _Type = click.ParamType[float]
else:  # older ones of click have types of no type
    _Type = click.ParamType

EXIT_DONE, EXIT_FAILED, EXIT_MISTAKE, EXIT_INTERRUPTED = 0, 1, 2, 130

# What other tools call it, and what those who have read no help try first.
_OTHER_WORDS = {
    "activity": "log",
    "check": "doctor",
    "config": "profile create",
    "configure": "profile create",
    "export": "env",
    "help": "--help",
    "history": "log",
    "run": "serve",
    "server": "serve",
    "start": "serve",
    "status": "doctor",
    "up": "serve",
}


NO_SERVER_HERE = (
    "There is no sagemock at {url}: {reason}; {variable} points at {other}: --url {other} asks "
    "that one."
)


class FailedError(Exception):
    """What was asked for did not come true: the message is a sentence, the exit code 1."""


class Commands(click.Group):
    """Commands of which the nearest is named when there is none of a name."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command; the example of the first one is that of all."""
        super().add_command(cmd, name)
        self.epilog = self.epilog or cmd.epilog

    def list_commands(self, _: click.Context) -> list[str]:
        """The names of the commands, in the order in which they were added."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left of the arguments; where there are none, the help is what was asked for."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as mistake:
            owners = [words for words, each in tree(self) if _has(each, mistake.option_name)]
            if mistake.possibilities or not owners:
                raise
            # It may stand before the command that it is meant for.
            meant = next((words for words in owners if words in " ".join(args)), owners[0])
            near = f"{ctx.command_path} {meant} {mistake.option_name}"
            message = f"There is no option '{mistake.option_name}' here; did you mean '{near}'?"
            raise click.UsageError(message, ctx) from mistake

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names. Errors: UsageError, there is none."""
        # While a shell completes a word, there may be none yet.
        if args and self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            near = self.nearest(ctx, args[0])
            known = self.list_commands(ctx)
            if near or len(known) == 1:
                hint = f"did you mean '{ctx.command_path} {near or known[0]}'?"
            else:
                hint = f"there are {', '.join(known)}."
            ctx.fail(f"There is no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Errors: NoServerError, with where clients are pointed instead, if so."""
        try:
            return super().invoke(ctx)
        except UnreachedError as error:
            raise NoServerError(_told_elsewhere(error, ctx)) from error

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all commands, each with the whole first sentence of its help."""
        commands = self.commands.items()
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, each.get_short_help_str(formatter.width * 4)) for name, each in commands]
            )

    def nearest(self, ctx: click.Context, word: str) -> str | None:
        """The command that is most like a word: of these, of those below them, by another name."""
        word = word.lower()
        if near := get_close_matches(word, self.list_commands(ctx), n=1):
            return near[0]
        below = {path.rpartition(" ")[2]: path for path, _ in tree(self)}
        if near := get_close_matches(word, below, n=1):
            return below[near[0]]
        meant = _OTHER_WORDS.get(word)
        return meant if meant in ("--help", *(path for path, _ in tree(self))) else None


def tree(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """All commands of a group and of its groups, each with the words that name it."""
    for name, command in group.commands.items():
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {words}", below) for words, below in tree(command))


def _has(command: click.Command, option_name: str) -> bool:
    return any(option_name in parameter.opts for parameter in command.params)


def option(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option that can also be given as SAGEMOCK_ and its name."""
    variable = _variable(name.lstrip("-"))
    return click.option(name, **{"envvar": variable, "show_default": True, **attributes})


def _variable(name: str) -> str:
    return "SAGEMOCK_" + name.replace("-", "_").upper()


def url_option(**attributes: Any) -> Callable[[Any], Any]:
    """The option that names a server: else SAGEMOCK_URL does, else what `serve` listens by."""
    given = {
        "cls": _UrlOption,
        "callback": _address,
        "default": address_of(Settings.host, Settings.port),
        "help": "Address of the server; else SAGEMOCK_URL, or SAGEMOCK_PORT, says it.",
    }
    return option("--url", **given | attributes)


class _UrlOption(click.Option):
    """Its variables are SAGEMOCK_URL, and where that is not set, those of a server."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The address that is set for clients, or that at which a server would listen."""
        return super().resolve_envvar_value(ctx) or _served(ctx)


def _served(context: click.Context) -> str | None:
    """Where `sagemock serve` listens in this shell, if its variables say so.

    Errors: UsageError, SAGEMOCK_PORT is no port.
    """
    if context.resilient_parsing:  # a shell completes a word
        return None
    # The environment is click's to read; these are options of another command.
    host, port = (
        click.Option([f"--{name}"], envvar=_variable(name)).resolve_envvar_value(context)
        for name in ("host", "port")
    )
    if host is None and port is None:
        return None
    try:
        settings = Settings(host=host or Settings.host, port=int(port or Settings.port))
    except ValueError as error:
        takes = "a number from 0 to 65535"
        raise click.UsageError(f"SAGEMOCK_PORT is a port, {takes}, not '{port}'.") from error
    if not settings.port:
        return None  # any that is free: only the server's own output tells which
    served = address_of(settings.host, settings.port)
    if not is_address(served):
        form = "the name or the address of this machine, 127.0.0.1 say"
        raise click.UsageError(f"SAGEMOCK_HOST is {form}, not '{settings.host}'.")
    return served


def _told_elsewhere(error: UnreachedError, context: click.Context) -> str:
    """That nothing answers there; where clients are pointed elsewhere, that it may be meant."""
    from sagemock.doctor_clients import is_same_server  # noqa: PLC0415 - only for mistakes

    variable = SERVICE_VARIABLES[0]
    pointed = click.Option(["--pointed"], envvar=variable).resolve_envvar_value(context)
    if pointed is None or not is_address(pointed) or is_same_server(pointed, error.url):
        return str(error)
    return NO_SERVER_HERE.format(
        url=error.url, reason=error.reason, variable=variable, other=address(pointed)
    )


def _address(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    return None if url is None else address(url)


def file_option(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option that names a file; shells complete it."""
    # Whether it can be read is found out, and told, by who reads it.
    return option(name, **{"type": click.Path(readable=False), "metavar": "FILE", **attributes})


def region_option() -> Callable[[Any], Any]:
    """The option that names the region in which clients work."""
    return option("--region", default=Settings.region, help="Region of the clients.")


def account_option() -> Callable[[Any], Any]:
    """The option that names the account in which clients work."""
    help_text = "Account of the clients, 12 digits; without it, the server's own."
    return option("--account", help=help_text)


class Number(_Type):
    """A number within limits; what is none, or beyond them, is told with both."""

    def __init__(self, *, least: int, most: int | None = None, whole: bool = True) -> None:
        self.name = "integer" if whole else "float"
        self._least, self._most, self._whole = least, most, whole

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """The number that a text is. Errors: BadParameter, it is none of those."""
        try:
            number = int(value) if self._whole else float(value)
        except ValueError:
            number = float("nan")
        # What is no number is not within them either.
        if not (self._least <= number and (self._most is None or number <= self._most)):
            limits = f"from {self._least} {f'to {self._most}' if self._most else 'up'}"
            whole = "whole " if self._whole else ""
            self.fail(f"it is a {whole}number {limits}, not '{value}'.", param, ctx)
        return number


def json_option(help_text: str) -> Callable[[Any], Any]:
    """The option by which a command prints JSON in place of a text for people."""
    return click.option("--json", "as_json", is_flag=True, help=help_text)


def notice(sentence: str) -> None:
    """Tell people something beside what is printed: on stderr, so that scripts read data alone."""
    click.echo(f"sagemock: {sentence}", err=True)


def on_a_terminal() -> bool:
    """Whether what is printed is read by a person, not by a script."""
    return sys.stdout.isatty()


def told_mistake(mistake: click.ClickException) -> str:
    """A mistake in one sentence; where an argument is at fault, with an example that is right."""
    if isinstance(mistake, click.NoSuchOption):
        return _told_option(mistake)
    context = getattr(mistake, "ctx", None)
    if isinstance(mistake, click.BadParameter) and isinstance(mistake.param, click.Argument):
        # Else it is what the line of usage has, brackets and all.
        mistake.param_hint = f"'{mistake.param.human_readable_name}'"
    text = mistake.format_message()
    if isinstance(mistake, click.MissingParameter):
        # What can be chosen from would follow; the example has one of it.
        text = text.partition(". ")[0]
    elif "extra argument" not in text:
        return text
    if context is None or not context.command.epilog:
        return text
    example = context.command.epilog.removeprefix("Example: ")
    return f"{text.rstrip('.')}; for example: {example}"


def _told_option(mistake: click.NoSuchOption) -> str:
    near = " or ".join(f"'{each}'" for each in sorted(mistake.possibilities or ()))
    where = mistake.ctx.command_path if mistake.ctx else "sagemock"
    hint = f"did you mean {near}?" if near else f"`{where} --help` lists those there are."
    return f"No such option '{mistake.option_name}'; {hint}"


def pairs(given: tuple[str, ...], form: str) -> tuple[tuple[str, str], ...]:
    """Pairs that are given as KEY=VALUE. Errors: SettingsError, one is not; it says `form`."""
    found = []
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals and value):
            raise SettingsError(f"{form}, not '{each}'.")
        found.append((key, value))
    return tuple(found)
