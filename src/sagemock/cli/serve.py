"""`sagemock serve`: the server, with all that can be chosen of it."""

import logging
import signal
import socket
from pathlib import Path
from typing import Any

import click

from sagemock.cli.options import file_option, option, pairs
from sagemock.settings import DEFAULT_DATABASE, Settings


@click.command(epilog="Example: sagemock serve --port 0 --db :memory:")
@option("--host", default=Settings.host, help="Address to listen on.")
@option("--port", default=Settings.port, type=int, help="Port to listen on; 0 takes a free one.")
@file_option("--db", default=str(DEFAULT_DATABASE), help="Database file; :memory: keeps nothing.")
@option(
    "--durability",
    default=Settings.durability,
    help="full: what was answered is on the disk; normal: survives all but a power cut.",
)
@option("--account-id", default=Settings.account_id, help="Account of callers whose key has none.")
@option("--region", default=Settings.region, help="Region of calls that are not signed for one.")
@option("--principal", default=Settings.principal, help="ARN that CreatedBy shows.")
@option(
    "--access-key",
    multiple=True,
    metavar="ID=ACCOUNT|ARN",
    help="Account or principal of an access key; repeat for more.",
)
@option("--allow-host", multiple=True, help="Another Host to serve; repeat for more.")
@option("--allow-origin", multiple=True, help="A web origin that may call; repeat for more.")
@option("--validation", default=Settings.validation, help="strict; or warn and serve all the same.")
@option(
    "--approval-gate",
    default=Settings.approval_gate,
    help="Models of versions not Approved: enforce refuses them; warn; off.",
)
@option(
    "--serving",
    multiple=True,
    metavar="SELECTOR=BACKEND",
    help="canned, process or auto, by group:, model:, endpoint: or image: and a pattern.",
)
@option(
    "--serving-fallback",
    default=Settings.serving_fallback,
    help="Where nothing can be run: canned answers; or fail the endpoint.",
)
@file_option("--serving-rules", help="JSON of rules for canned answers.")
@option(
    "--interpreter",
    multiple=True,
    metavar="SELECTOR=PYTHON",
    help="Python that runs models, by a selector as in --serving.",
)
@option(
    "--bucket",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Folder that stands for a bucket; else s3/NAME beside the database, if there is one.",
)
@option("--s3-endpoint", help="Where all other buckets are, http://localhost:9000 say.")
@option("--allow-file-urls", is_flag=True, help="Let model data lie at file:// too.")
@option(
    "--allow-process-beyond-loopback",
    is_flag=True,
    help="Run models' code though others than this machine can call.",
)
@option("--hold-s", default=Settings.hold_s, help="Seconds an answer waits for what it began.")
@option(
    "--routing",
    default=Settings.routing,
    help="Of variants: weighted; seeded, the same in every run; round_robin.",
)
@option("--activity-days", type=float, help="Days that activity is kept; without it, for ever.")
@file_option("--event-rules", help="YAML of rules: which events go to which targets.")
@option(
    "--sink",
    multiple=True,
    metavar="KIND=PLACE",
    help="Where all events go: file=PATH, webhook=URL or eventbridge=URL; repeat for more.",
)
@option("--allow-commands", is_flag=True, help="Let event rules run programs.")
@option(
    "--seed",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML or JSON of what is to be there before anything is answered; repeat for more.",
)
@file_option("--faults", help="YAML or JSON of rules for calls that go wrong.")
@option("--freeze", metavar="TIME", help="Have the clock stand still at a time from the start.")
@option("--id-seed", type=int, help="Give the same ids in every run, those of this number.")
@option("--journal", default=Settings.journal, help="Calls to keep for `requests`; 0 keeps none.")
@option("--max-body-bytes", default=Settings.max_body_bytes, help="Largest body that is read.")
@option("--max-json-depth", default=Settings.max_json_depth, help="Deepest JSON that is read.")
def serve(**options: Any) -> None:
    """Serve the registry until interrupted."""
    from sagemock.app import create_front, create_service  # noqa: PLC0415 - --help needs none of it
    from sagemock.faulting import FaultRuleError  # noqa: PLC0415 - the same
    from sagemock.hosting import CannedRuleError  # noqa: PLC0415 - the same
    from sagemock.log import StderrHandler  # noqa: PLC0415 - the same
    from sagemock.seed_document import SeedError  # noqa: PLC0415 - the same
    from sagemock.store.sqlite_store import StoreError  # noqa: PLC0415 - the same
    from sagemock.wire.listening import url_of  # noqa: PLC0415 - the same
    from sagemock.wire.server import Server  # noqa: PLC0415 - the same

    keys = pairs(options.pop("access_key"), "An access key is given as ID=ACCOUNT or ID=ARN")
    options["access_keys"] = dict(keys)
    options["buckets"] = dict(pairs(options.pop("bucket"), "A bucket is given as NAME=FOLDER"))
    form = "What is served is chosen as SELECTOR=BACKEND"
    options["serving"] = pairs(options["serving"], form)
    form = "An interpreter is given as SELECTOR=PYTHON"
    options["interpreters"] = pairs(options.pop("interpreter"), form)
    options["sinks"] = options.pop("sink")
    options["seeds"] = options.pop("seed")
    options["allow_hosts"] = options.pop("allow_host")
    options["allow_origins"] = options.pop("allow_origin")
    settings = Settings(**options)
    log = StderrHandler()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[log])
    with listening_socket(settings.host, settings.port) as listening:
        try:
            service = create_service(settings)
        except (StoreError, CannedRuleError, SeedError, FaultRuleError) as error:
            raise click.ClickException(str(error)) from error
        server = Server(
            create_front(service, settings),
            listening,
            max_body_bytes=settings.max_body_bytes,
            request_id=service.ids.request_id,
        )

        def stop(*_: object) -> None:
            service.faults.close()  # no call is late any longer
            server.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        url = url_of(listening)
        click.echo(f"sagemock listening on {url}")
        click.echo(f"export AWS_ENDPOINT_URL_SAGEMAKER={url}")
        click.echo(f"export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME={url}")
        service.keep_settling()
        server.run()
        service.close()
    log.close()


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that a taken port is told before anything else happens."""
    from sagemock.wire.listening import listen  # noqa: PLC0415 - --help needs none of it

    try:
        return listen(host, port)
    except OSError as error:
        # create_server adds the address to the reason; it is told already.
        reason = str(error.strerror or error).partition(" (while")[0]
        raise click.ClickException(
            f"Cannot listen on {host} port {port}: {reason}; choose another with --host or --port."
        ) from error
