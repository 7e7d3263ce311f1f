"""Commands that only read: `coverage`, and what a server tells of its resources."""

import json
from typing import Any

import click

from sagemock.cli.options import json_option, url_option


@click.command(epilog="Example: sagemock coverage --served")
@click.option("--served", is_flag=True, help="Only operations that are served.")
def coverage(*, served: bool) -> None:
    """Print which operations are served, and by how many cases each is proved."""
    from sagemock.coverage import coverage_table  # noqa: PLC0415 - --help needs no service model

    click.echo(coverage_table(served_only=served))


@click.command(
    name="log", epilog="Example: sagemock log --actor arn:aws:iam::123456789012:user/ana"
)
@click.argument("arn", required=False)
@click.option("--actor", help="Only what this principal did.")
@click.option("--since", metavar="TIME", help="Not what was done before, 2026-01-31T09:30:00Z say.")
@click.option("--until", metavar="TIME", help="Not what was done after.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="As many records at most.",
)
@json_option("One JSON object a line, with all members.")
@url_option()
def log_command(*, as_json: bool, url: str, arn: str | None, **asked: Any) -> None:
    """Print who did what, newest first, of one resource or of all."""
    from sagemock.server_client import records, told  # noqa: PLC0415 - --help needs no HTTP

    for record in records(url, resource=arn, **asked):
        click.echo(json.dumps(record) if as_json else told(record))


@click.command(epilog="Example: sagemock show ARN --at 2026-01-31T09:30:00Z")
@click.argument("arn")
@click.option("--at", metavar="TIME", help="As it was then.")
@url_option()
def show(*, arn: str, at: str | None, url: str) -> None:
    """Print a resource by its ARN, as it is or as it was."""
    from sagemock.server_client import ask  # noqa: PLC0415 - --help needs no HTTP

    click.echo(json.dumps(ask(url, "/_sagemock/show", arn=arn, at=at), indent=2))
