"""`sagemock requests`: the last calls, why they were refused, and how to make them again."""

import json
import time
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import Any

import click

from sagemock.cli.options import Number, json_option, notice, on_a_terminal, url_option

_POLL_S = 0.5
_MOST_LIMIT = 1000
_ONLY_OTHER = "The one call that is kept does not match."


@click.command(name="requests", epilog="Example: sagemock requests --failed --as curl")
@click.option("--follow", is_flag=True, help="Go on with each call as it comes, until interrupted.")
@click.option(
    "--operation", metavar="NAME", help="Only calls of this operation, or of several: 'Create*'."
)
@click.option("--account", metavar="ACCOUNT", help="Only calls of this account.")
@click.option("--failed", is_flag=True, help="Only calls that were refused or failed.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["boto3", "aws", "curl"]),
    help="Each call as code to paste, which makes it again.",
)
@click.option(
    "--limit",
    type=Number(least=1, most=_MOST_LIMIT),
    default=20,
    show_default=True,
    help="As many of the latest calls at most; with --follow, to begin with.",
)
@json_option("One JSON object a call, with request and response.")
@url_option()
def requests(  # noqa: PLR0913 - options
    *,
    follow: bool,
    operation: str | None,
    account: str | None,
    failed: bool,
    form: str | None,
    limit: int,
    as_json: bool,
    url: str,
) -> None:
    """Print the last calls, the latest last, and why those were refused that were."""
    if as_json and form:
        raise click.UsageError("Calls are printed as JSON or as code; leave out --json or --as.")
    asked = {
        "operation": operation,
        "account": account,
        "status": "failed" if failed else None,
        "bodies": "whole" if form else None,
    }
    page = _page(url, limit=limit, **asked)
    if not page["Requests"] and not follow:
        notice(_nothing(page["Newest"] - page["Oldest"] + 1))
        return
    if on_a_terminal() and not as_json and not form:
        _echo_head()
    _echo(page["Requests"], url, form=form, as_json=as_json)
    while follow:
        page = _next_page(url, page, asked)
        _echo(page["Requests"], url, form=form, as_json=as_json)


def _page(url: str, **asked: object) -> dict[str, Any]:
    from sagemock.server_client import NO_ANSWER, NoServerError, ask  # noqa: PLC0415 - as above

    page = ask(url, "/_sagemock/requests", **asked)
    if not {"Requests", "After", "Newest", "Oldest", "Begun"} <= page.keys():
        raise NoServerError(NO_ANSWER.format(url=url, reason="there is no journal in it"))
    return page


def _nothing(kept: int) -> str:
    """That no call is printed, and how many others there are."""
    if not kept:
        return "There are no calls: none was made yet, or all were forgotten."
    return f"None of the {kept} calls that are kept matches." if kept > 1 else _ONLY_OTHER


def _next_page(url: str, before: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The calls since a page. A server that was started anew is followed from its first call on."""
    from sagemock.server_client import NoServerError  # noqa: PLC0415 - --help needs none of it

    if before["After"] == before["Newest"]:
        time.sleep(_POLL_S)
    was_told = False
    while True:
        try:
            page = _page(url, after=before["After"], limit=_MOST_LIMIT, **asked)
            if page["Begun"] != before["Begun"]:
                page = _page(url, after=0, limit=_MOST_LIMIT, **asked)
        except NoServerError as error:
            if not was_told:
                click.echo(f"sagemock: {error} Waiting for it.", err=True)
            was_told = True
            time.sleep(_POLL_S)
        else:
            return page


def _echo_head() -> None:
    from sagemock.journal_table import head  # noqa: PLC0415 - --help needs none of it

    click.secho(head(get_terminal_size().columns), bold=True)


def _echo(calls: Iterable[dict[str, Any]], url: str, *, form: str | None, as_json: bool) -> None:
    from sagemock.call_text import FORMS  # noqa: PLC0415 - --help needs none of it
    from sagemock.journal_table import call_lines  # noqa: PLC0415 - the same

    # A terminal may be drawn wider while calls are followed.
    width = get_terminal_size().columns if on_a_terminal() else None
    for call in calls:
        if as_json:
            click.echo(json.dumps(call))
        elif form:
            click.echo(f"{_comment(call)}\n{FORMS[form](call, url)}\n")
        else:
            click.echo("\n".join(call_lines(call, width)))


def _comment(call: dict[str, Any]) -> str:
    """A line above a call's code; nothing in it can end the comment."""
    from sagemock.journal_table import printable  # noqa: PLC0415 - --help needs none of it

    outcome = call.get("Error", call["Status"])
    return printable(f"# Call {call['Number']}: {call['Operation']}, {outcome}")
