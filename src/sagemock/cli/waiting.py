"""`sagemock wait`: for scripts that start a server and go on when it takes calls."""

import json
import sys

import click

from sagemock.cli.options import FailedError, Number, json_option, option, url_option
from sagemock.settings import SettingsError


@click.command(epilog="Example: sagemock wait --timeout 60")
@url_option()
@option(
    "--timeout",
    type=Number(least=0, whole=False),
    default=30.0,
    metavar="SECONDS",
    help="Seconds to wait at most; 0 looks once.",
)
@json_option("One JSON object when it is ready.")
def wait(*, url: str, timeout: float, as_json: bool) -> None:
    """Return when the server is ready; nothing is printed unless it is not in time.

    The exit code is 0 when the server takes calls, 1 when it does not in time.
    """
    from sagemock.server_probe import wait_until_ready  # noqa: PLC0415 - --help needs none of it

    # A person should see what takes so long; a script's log need not be told.
    is_watched = sys.stderr.isatty()
    if is_watched:
        click.echo(f"Waiting for {url} ...", nl=False, err=True)
    try:
        found = wait_until_ready(url, timeout)
    finally:
        if is_watched:
            click.echo("\r\x1b[K", nl=False, err=True, color=True)
    if found.other:
        raise SettingsError(found.reason)
    if not found.is_ready:
        reason = found.members.get("message") or found.reason
        reason = str(reason or "what answers there is not sagemock").rstrip(".")
        seconds = "second" if timeout == 1 else "seconds"
        raise FailedError(f"{url} was not ready within {timeout:g} {seconds}: {reason}.")
    if as_json:
        click.echo(json.dumps({"url": url, "status": "ready"}))
