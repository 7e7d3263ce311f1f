"""`sagemock diff`: what is different between two registries."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from sagemock.cli.options import EXIT_DONE, EXIT_FAILED, json_option, option, url_option

if TYPE_CHECKING:
    from sagemock.registry_diff import Difference
    from sagemock.registry_sides import Side

_EVERY = 25
"""Progress is told after as many things."""


def _narrowing_options(command: Any) -> Any:
    """The options that both commands have."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.option("--group", "groups", multiple=True, help="Only this group; repeatable."),
        click.option("--exact", is_flag=True, help="Times, authors and whole ARNs too."),
        json_option("One JSON object, with whole values."),
    )
    for add in reversed(options):
        command = add(command)
    return command


@click.command(epilog="Example: sagemock diff http://staging:4577 http://127.0.0.1:4577")
@click.argument("a", type=click.Path(readable=False))
@click.argument("b", type=click.Path(readable=False))
@option("--account", help="Account on both sides, 12 digits; a server has one of its own.")
@option("--region", help="Region on both sides.  [default: a snapshot's, AWS's, or us-east-1]")
@click.option("--account-a", help="Account of A.")
@click.option("--account-b", help="Account of B.")
@click.option("--region-a", help="Region of A.")
@click.option("--region-b", help="Region of B.")
@click.option("--profile", help="Your AWS profile, for aws and for https addresses.")
@_narrowing_options
def diff(  # noqa: PLR0913 - one for each option
    *,
    a: str,
    b: str,
    account: str | None,
    region: str | None,
    account_a: str | None,
    account_b: str | None,
    region_a: str | None,
    region_b: str | None,
    profile: str | None,
    **shown: Any,
) -> None:
    """Print what is different between two registries, A and B.

    Each is a server's address, aws or aws:PROFILE for AWS itself, or a snapshot file. Groups,
    versions and all their members are compared, but for times, authors, and account and region in
    ARNs. Everything is only read.

    Exit code: 0 no difference, 1 differences, 2 a mistake, or what cannot be read.
    """
    from sagemock.registry_sides import sides  # noqa: PLC0415 - --help needs none of it

    with _in_a_sentence():
        pair = sides(
            (a, account_a or account, region_a or region),
            (b, account_b or account, region_b or region),
            profile=profile,
        )
        _compare(*pair, **shown)


@click.command(name="diff", epilog="Example: sagemock snapshot diff before.json")
@click.argument("file", type=click.Path(readable=False))
@url_option()
@_narrowing_options
def snapshot_diff(*, file: str, url: str, **shown: Any) -> None:
    """Print what is different between a snapshot, A, and a server, B.

    Exit code: 0 no difference, 1 differences, 2 a mistake, or what cannot be read.
    """
    from sagemock.registry_sides import file_and_server  # noqa: PLC0415 - --help needs none of it

    with _in_a_sentence():
        _compare(*file_and_server(file, url), **shown)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """A registry that cannot be read is a mistake as those of other commands are."""
    from sagemock.registry_view import RegistryError  # noqa: PLC0415 - --help needs none of it

    try:
        yield
    except RegistryError as error:
        raise click.ClickException(str(error)) from error


def _compare(
    a: "Side",
    b: "Side",
    *,
    groups: tuple[str, ...],
    exact: bool,
    as_json: bool,
) -> None:
    """Print the differences of two sides, and end with the exit code that says if there are any."""
    from sagemock.registry_diff import by_place, not_compared  # noqa: PLC0415 - --help needs none
    from sagemock.registry_sides import read_both  # noqa: PLC0415 - the same

    notes: list[str] = []
    try:
        views = read_both(a, b, groups=groups, progress=_progress(), note=notes.append)
    finally:
        _wipe_progress()
    for each in notes:
        click.echo(f"sagemock: {each}", err=True)
    found = by_place(*views, exact=exact)
    left_out = not_compared(*views[0].values(), *views[1].values())
    if as_json:
        told = {
            "A": a.text,
            "B": b.text,
            "Differences": [each.shown() for each in found],
            "NotCompared": left_out,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for each in left_out:
            click.echo(
                f"sagemock: The {each} are not told by both sides and not compared.", err=True
            )
        _print_table(a, b, found)
    click.get_current_context().exit(EXIT_FAILED if found else EXIT_DONE)


def _print_table(a: "Side", b: "Side", found: "list[Difference]") -> None:
    from sagemock.registry_diff import summary, table  # noqa: PLC0415 - --help needs none of it

    if found:
        click.echo(f"A: {click.style(a.text, fg='red')}")
        click.echo(f"B: {click.style(b.text, fg='green')}")
    for head, in_a, in_b in table(found, shutil.get_terminal_size().columns):
        if in_a:
            click.echo(f"{head}{click.style(in_a, fg='red')}{click.style(in_b, fg='green')}")
        else:
            click.echo(click.style(head, bold=True))
    click.echo(summary(found))


def _progress() -> Callable[[int, int], None] | None:
    """Where progress is told: to people only, who see stderr on a terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, of: int) -> None:
        if done % _EVERY == 0 or done == of:
            click.echo(f"\rRead {done} of {of} ", nl=False, err=True)

    return tell


def _wipe_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
