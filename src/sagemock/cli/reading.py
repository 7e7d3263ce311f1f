"""Commands that only read: `coverage`, and what a server tells of its resources."""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import click

from sagemock.cli.options import Number, json_option, notice, on_a_terminal, url_option
from sagemock.settings import Settings

_INDENT = "    "


@click.command(epilog="Example: sagemock coverage --served")
@click.option("--served", is_flag=True, help="Only operations that are served.")
@json_option("One JSON object an operation.")
def coverage(*, served: bool, as_json: bool) -> None:
    """Print which operations are served, and how many cases prove each."""
    from sagemock.coverage import (  # noqa: PLC0415 - --help needs no service model
        HEADER,
        coverage_rows,
        coverage_table,
    )

    if as_json:
        for operation, level, *counts in coverage_rows(served_only=served)[:-1]:
            counted = dict(zip(HEADER[2:], map(int, counts), strict=True))
            click.echo(json.dumps({"operation": operation, "level": level, **counted}))
    elif on_a_terminal():
        _echo_table([name.upper() for name in HEADER], coverage_rows(served_only=served))
    else:
        click.echo(coverage_table(served_only=served))


def _refuse_no_arn(arn: str | None) -> None:
    """Errors: UsageError, what is given for an ARN is none, but a name, say."""
    if arn is None or arn.startswith("arn:"):
        return
    example = f"arn:aws:sagemaker:{Settings.region}:{Settings.account_id}:model-package/churn/1"
    raise click.UsageError(
        f"An ARN looks like {example}, not '{arn}'; `sagemock log --json` tells those there are."
    )


@click.command(
    name="log", epilog="Example: sagemock log --actor arn:aws:iam::123456789012:user/ana"
)
@click.argument("arn", required=False)
@click.option("--actor", help="Only what this principal did.")
@click.option("--since", metavar="TIME", help="Not what was done before, 2026-01-31T09:30:00Z say.")
@click.option("--until", metavar="TIME", help="Not what was done after.")
@click.option(
    "--limit",
    type=Number(least=1),
    default=20,
    show_default=True,
    help="As many records at most.",
)
@json_option("One JSON object a line, with all members.")
@url_option()
def log_command(*, as_json: bool, url: str, arn: str | None, **asked: Any) -> None:
    """Print who did what, newest first, of one resource or of all."""
    from sagemock.server_client import records, told  # noqa: PLC0415 - --help needs no HTTP

    _refuse_no_arn(arn)
    found = records(url, resource=arn, **asked)
    first = next(found, None)
    if first is None:
        notice(_nothing(next(records(url, limit=1), None)))
        return
    found = chain([first], found)
    if on_a_terminal() and not as_json:
        _echo_log(list(found))
        return
    for record in found:
        click.echo(json.dumps(record) if as_json else told(record))


def _nothing(newest: dict[str, Any] | None) -> str:
    """That no record is printed, and whether there are others."""
    from sagemock.time_text import shown  # noqa: PLC0415 - --help needs none of it

    if newest is None:
        return "The log is empty: nothing was created, changed or deleted yet."
    return f"Nothing in the log matches; its newest record is of {shown(newest['Time'])}."


def _echo_log(records: list[dict[str, Any]]) -> None:
    from sagemock.log_table import LOG_HEAD, log_changes, log_row  # noqa: PLC0415 - --help needs none of it

    _echo_table(LOG_HEAD, [log_row(each) for each in records], list(map(log_changes, records)))


def _echo_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], below: Iterable[Iterable[str]] = ()
) -> None:
    """Print a table as wide as the terminal, its head in bold, with further lines below rows."""
    from itertools import zip_longest  # noqa: PLC0415 - --help needs none of it
    from shutil import get_terminal_size  # noqa: PLC0415 - the same

    from sagemock.text_table import table, wrapped  # noqa: PLC0415 - the same

    width = get_terminal_size().columns
    first, *blocks = table(head, rows, width)
    click.secho("\n".join(first), bold=True)
    for lines, further in zip_longest(blocks, below, fillvalue=()):
        click.echo("\n".join(lines))
        for text in further:
            for line in wrapped(text, max(width - len(_INDENT), 1)):
                click.echo(f"{_INDENT}{line}")


@click.command(epilog="Example: sagemock show ARN --at 2026-01-31T09:30:00Z")
@click.argument("arn")
@click.option("--at", metavar="TIME", help="As it was then.")
@json_option("As JSON, which it is anyhow.")
@url_option()
def show(*, arn: str, at: str | None, as_json: bool, url: str) -> None:  # noqa: ARG001 - taken, since all commands take it
    """Print a resource by its ARN, as it is or as it was."""
    from sagemock.server_client import ask  # noqa: PLC0415 - --help needs no HTTP

    _refuse_no_arn(arn)
    click.echo(json.dumps(ask(url, "/_sagemock/show", arn=arn, at=at), indent=2))
