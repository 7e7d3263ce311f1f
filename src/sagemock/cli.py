"""The command line: `serve`, `coverage`, `events`, and what asks a server: `log` and `show`.

A mistake is told in one sentence, with exit code 2.
"""

import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import click

from sagemock.eventing import EventRulesError
from sagemock.server_client import NoServerError
from sagemock.settings import DEFAULT_DATABASE, Settings, SettingsError

DEFAULT_URL = f"http://127.0.0.1:{Settings.port}"

_EPILOG = "Every option can also be given as SAGEMOCK_ and its name: SAGEMOCK_PORT=4577."


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sagemock")
def cli() -> None:
    """The SageMaker Model Registry on your own machine."""


def _option(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option that can also be given as SAGEMOCK_ and its name."""
    variable = "SAGEMOCK_" + name.lstrip("-").replace("-", "_").upper()
    return click.option(name, envvar=variable, **{"show_default": True, **attributes})


@cli.command(epilog="Example: sagemock serve --port 0 --db :memory:")
@_option("--host", default=Settings.host, help="Address to listen on.")
@_option("--port", default=Settings.port, type=int, help="Port to listen on; 0 takes a free one.")
@_option("--db", default=str(DEFAULT_DATABASE), help="Database file; :memory: keeps nothing.")
@_option(
    "--durability",
    default=Settings.durability,
    help="full: what was answered is on the disk; normal: survives all but a power cut.",
)
@_option("--account-id", default=Settings.account_id, help="Account of callers whose key has none.")
@_option("--region", default=Settings.region, help="Region of calls that are not signed for one.")
@_option("--principal", default=Settings.principal, help="ARN that CreatedBy shows.")
@_option(
    "--access-key",
    multiple=True,
    metavar="ID=ACCOUNT|ARN",
    help="Account or principal of an access key; repeat for more.",
)
@_option("--allow-host", multiple=True, help="Another Host to serve; repeat for more.")
@_option("--allow-origin", multiple=True, help="A web origin that may call; repeat for more.")
@_option(
    "--validation", default=Settings.validation, help="strict; or warn and serve all the same."
)
@_option(
    "--approval-gate",
    default=Settings.approval_gate,
    help="Models of versions not Approved: enforce refuses them; warn; off.",
)
@_option(
    "--serving",
    multiple=True,
    metavar="SELECTOR=BACKEND",
    help="canned, process or auto, by group:, model:, endpoint: or image: and a pattern.",
)
@_option(
    "--serving-fallback",
    default=Settings.serving_fallback,
    help="Where nothing can be run: canned answers; or fail the endpoint.",
)
@_option("--serving-rules", help="JSON file of rules for canned answers.")
@_option(
    "--interpreter",
    multiple=True,
    metavar="SELECTOR=PYTHON",
    help="Python that runs models, by a selector as in --serving.",
)
@_option(
    "--bucket",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Folder that stands for a bucket; else s3/NAME beside the database, if there is one.",
)
@_option("--s3-endpoint", help="Where all other buckets are, http://localhost:9000 say.")
@_option("--allow-file-urls", is_flag=True, help="Let model data lie at file:// too.")
@_option(
    "--allow-process-beyond-loopback",
    is_flag=True,
    help="Run models' code though others than this machine can call.",
)
@_option("--hold-s", default=Settings.hold_s, help="Seconds an answer waits for what it began.")
@_option(
    "--routing",
    default=Settings.routing,
    help="Of variants: weighted; seeded, the same in every run; round_robin.",
)
@_option("--activity-days", type=float, help="Days that activity is kept; without it, for ever.")
@_option("--event-rules", help="YAML file of rules: which events go to which targets.")
@_option(
    "--sink",
    multiple=True,
    metavar="KIND=PLACE",
    help="Where all events go: file=PATH, webhook=URL or eventbridge=URL; repeat for more.",
)
@_option("--allow-commands", is_flag=True, help="Let event rules run programs.")
@_option("--max-body-bytes", default=Settings.max_body_bytes, help="Largest body that is read.")
@_option("--max-json-depth", default=Settings.max_json_depth, help="Deepest JSON that is read.")
def serve(**options: Any) -> None:
    """Serve the registry until interrupted."""
    from sagemock.app import RandomIds, create_front, create_service  # noqa: PLC0415 - --help needs none of it
    from sagemock.hosting import CannedRuleError  # noqa: PLC0415 - the same
    from sagemock.log import StderrHandler  # noqa: PLC0415 - the same
    from sagemock.store.sqlite_store import StoreError  # noqa: PLC0415 - the same
    from sagemock.wire.server import Server  # noqa: PLC0415 - the same

    keys = _pairs(options.pop("access_key"), "An access key is given as ID=ACCOUNT or ID=ARN")
    options["access_keys"] = dict(keys)
    options["buckets"] = dict(_pairs(options.pop("bucket"), "A bucket is given as NAME=FOLDER"))
    form = "What is served is chosen as SELECTOR=BACKEND"
    options["serving"] = _pairs(options["serving"], form)
    form = "An interpreter is given as SELECTOR=PYTHON"
    options["interpreters"] = _pairs(options.pop("interpreter"), form)
    options["sinks"] = options.pop("sink")
    options["allow_hosts"] = options.pop("allow_host")
    options["allow_origins"] = options.pop("allow_origin")
    settings = Settings(**options)
    log = StderrHandler()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[log])
    with _listening(settings.host, settings.port) as listening:
        try:
            service = create_service(settings)
        except (StoreError, CannedRuleError) as error:
            raise click.ClickException(str(error)) from error
        server = Server(
            create_front(service, settings),
            listening,
            max_body_bytes=settings.max_body_bytes,
            request_id=RandomIds().request_id,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        url = _url(listening)
        click.echo(f"sagemock listening on {url}")
        click.echo(f"export AWS_ENDPOINT_URL_SAGEMAKER={url}")
        click.echo(f"export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME={url}")
        threading.Thread(target=service.keep_settling, daemon=True).start()
        server.run()
        service.close()
    log.close()


@cli.command(epilog="Example: sagemock coverage --served")
@click.option("--served", is_flag=True, help="Only operations that are served.")
def coverage(*, served: bool) -> None:
    """Print which operations are served, and by how many cases each is proved."""
    from sagemock.coverage import coverage_table  # noqa: PLC0415 - --help needs no service model

    click.echo(coverage_table(served_only=served))


@cli.command(name="log", epilog="Example: sagemock log --actor arn:aws:iam::123456789012:user/ana")
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all members.")
@_option("--url", default=DEFAULT_URL, help="Address of the server.")
def log_command(*, as_json: bool, url: str, arn: str | None, **asked: Any) -> None:
    """Print who did what, newest first, of one resource or of all."""
    from sagemock.server_client import records, told  # noqa: PLC0415 - --help needs no HTTP

    for record in records(url, resource=arn, **asked):
        click.echo(json.dumps(record) if as_json else told(record))


@cli.command(epilog="Example: sagemock show ARN --at 2026-01-31T09:30:00Z")
@click.argument("arn")
@click.option("--at", metavar="TIME", help="As it was then.")
@_option("--url", default=DEFAULT_URL, help="Address of the server.")
def show(*, arn: str, at: str | None, url: str) -> None:
    """Print a resource by its ARN, as it is or as it was."""
    from sagemock.server_client import ask  # noqa: PLC0415 - --help needs no HTTP

    click.echo(json.dumps(ask(url, "/_sagemock/show", arn=arn, at=at), indent=2))


@cli.group()
def events() -> None:
    """Work with rules for events."""


@events.command(name="test", epilog="Example: sagemock events test rule.json")
@click.argument("rule", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a rule, with all events.")
def test_events(*, rule: Path, as_json: bool) -> None:
    """Print which of the registry's transitions fire the pattern in a file, with sample events.

    RULE is a file of an EventBridge pattern, of a rule that has one, of a CloudFormation template
    as JSON, or of our event rules. Nothing is sent, and no server asked.
    """
    from sagemock.event_rehearsal import rehearse, shown, told  # noqa: PLC0415 - --help needs none of it
    from sagemock.event_rule_files import read_patterns  # noqa: PLC0415 - the same
    from sagemock.event_samples import Samples  # noqa: PLC0415 - the same

    # What a registry in memory warns of is no matter here.
    logging.disable()
    try:
        with closing(Samples()) as samples:
            for number, pattern in enumerate(read_patterns(rule)):
                rehearsal = rehearse(pattern, samples)
                if as_json:
                    click.echo(json.dumps(shown(rehearsal)))
                else:
                    click.echo("\n".join((*([""] if number else []), *told(rehearsal))))
    finally:
        logging.disable(logging.NOTSET)


def main() -> NoReturn:
    """Run the command line; a mistake is one sentence on stderr and exit code 2."""
    try:
        code = cli.main(prog_name="sagemock", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_text:
        click.echo(help_text.format_message())
        code = 0
    except (click.ClickException, SettingsError, NoServerError, EventRulesError) as mistake:
        text = mistake.format_message() if isinstance(mistake, click.ClickException) else mistake
        click.echo(f"sagemock: {' '.join(str(text).split())}", err=True)
        code = 2
    except click.Abort:
        code = 130
    sys.exit(code)


def _pairs(given: tuple[str, ...], form: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals and value):
            raise SettingsError(f"{form}, not '{each}'.")
        pairs.append((key, value))
    return tuple(pairs)


def _listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that a taken port is told before anything else happens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # create_server adds the address to the reason; it is told already.
        reason = str(error.strerror or error).partition(" (while")[0]
        raise click.ClickException(
            f"Cannot listen on {host} port {port}: {reason}; choose another with --host or --port."
        ) from error


def _url(listening: socket.socket) -> str:
    """Where a client on this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is compared
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
