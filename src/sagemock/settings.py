"""Settings: everything a user can choose, as one frozen value, checked when it is made."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sagemock.time_text import NoTimeError, epoch_ms

DEFAULT_DATABASE = Path(".sagemock", "sagemock.db")
DEFAULT_PRINCIPAL = "arn:{partition}:sts::{account}:assumed-role/sagemock/developer"

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z0-9-]{9,16}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(?P<account>[0-9]{12}):\S+")
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]+)?")
_ORIGIN = re.compile(r"https?://[^/\s]+|null")
SELECTORS = ("group", "model", "endpoint", "image")
"""What `serving` and `interpreters` choose by."""

ROUTING_MODES = ("weighted", "seeded", "round_robin")

_SELECTOR = re.compile(rf"(?:{'|'.join(SELECTORS)}):.+")
_BACKENDS = ("auto", "canned", "process")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_ENDPOINT = re.compile(r"https?://[^/\s]+/?")
_MOST_DAYS = 36500
_MOST_HOLD_S = 60
_MOST_JOURNAL = 100_000
_MOST_PORTS = 65535
_MOST_SEED = 2**63 - 1
# Deeper JSON could exhaust the stack of the walkers that hold it against the shapes.
_MOST_DEPTH = 256


class SettingsError(ValueError):
    """A setting that cannot be; the message is one sentence naming it and what it takes."""


@dataclass(frozen=True)
class Settings:
    """How a server behaves.

    `db` is a file's path or `:memory:`. With `durability` `full` an answered write is on the disk;
    `normal` leaves it to the operating system to bring it there. `access_keys` maps access key ids
    to a 12-digit account or to the ARN of a principal in one. `principal` is who calls with any
    other key, as an IAM or STS ARN in which `{account}` and `{partition}` stand for the caller's
    own. `allow_hosts` and `allow_origins` are served beside those of wire-protocol 2.4.
    `validation` is `strict`, or `warn` to serve what breaks a constraint and log what AWS would
    have said.

    `approval_gate` says what becomes of a model made from a version that is not approved: `enforce`
    refuses it, `warn` makes it and logs what was wrong, `off` makes it. `serving` chooses what
    answers by `group:`, `model:`, `endpoint:` or `image:` and a pattern: `canned`, `process` or
    `auto`; `serving_fallback` what `auto` does where nothing can be run, `canned` or `fail`.
    `serving_rules` is a file of canned rules, `interpreters` chooses the Python of workers as
    `serving` chooses backends. `buckets` maps buckets to folders; one that it does not name is
    looked for in the folder `s3` beside the database, then at `s3_endpoint`. With
    `allow_file_urls` model data may lie at `file://`. Models are run only while `host` is loopback,
    unless `allow_process_beyond_loopback`. Answers to calls that begin something wait up to
    `hold_s` seconds for its end; `routing` chooses among variants: `weighted`, `seeded` or
    `round_robin`. Activity is kept for `activity_days`, or for ever.

    `event_rules` is a file of rules that send events to targets; `sinks` are targets of all events,
    as `file=PATH`, `webhook=URL` or `eventbridge=URL`. Targets that run a program need
    `allow_commands`.

    `seeds` are files of what the registry is to hold before anything is answered. `journal` is how
    many calls are kept to be shown; 0 keeps none.

    `faults` is a file of rules for calls that go wrong.
    `freeze` is a time at which the clock stands still from the start. With `id_seed` the ids that
    are given, and the draws of weighted routing, are the same in every run.
    """

    host: str = "127.0.0.1"
    port: int = 4577
    db: str | Path = DEFAULT_DATABASE
    durability: str = "full"
    account_id: str = "123456789012"
    region: str = "us-east-1"
    principal: str = DEFAULT_PRINCIPAL
    access_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    validation: str = "strict"
    max_body_bytes: int = 8 * 1024 * 1024
    max_json_depth: int = 128
    approval_gate: str = "enforce"
    serving: tuple[tuple[str, str], ...] = ()
    serving_fallback: str = "canned"
    serving_rules: str | Path | None = None
    interpreters: tuple[tuple[str, str], ...] = ()
    buckets: Mapping[str, str | Path] = field(default_factory=lambda: MappingProxyType({}))
    s3_endpoint: str | None = None
    allow_file_urls: bool = False
    allow_process_beyond_loopback: bool = False
    hold_s: float = 2.0
    routing: str = "weighted"
    activity_days: float | None = None
    event_rules: str | Path | None = None
    sinks: tuple[str, ...] = ()
    allow_commands: bool = False
    seeds: tuple[str | Path, ...] = ()
    journal: int = 1000
    faults: str | Path | None = None
    freeze: str | None = None
    id_seed: int | None = None

    def __post_init__(self) -> None:
        mistake = next(self._mistakes(), None)
        if mistake is not None:
            raise SettingsError(mistake)

    def _mistakes(self) -> Iterator[str]:
        yield from self._mistaken_caller()
        if not self.host:
            yield "A host is a name or an address to listen on, not nothing."
        if not 0 <= self.port <= _MOST_PORTS:
            yield f"A port is a number from 0 to {_MOST_PORTS}, not {self.port}."
        if self.max_body_bytes < 1:
            yield f"A body has at least 1 byte, not {self.max_body_bytes}."
        if not 1 <= self.max_json_depth <= _MOST_DEPTH:
            depth = self.max_json_depth
            yield f"The depth of JSON is a number from 1 to {_MOST_DEPTH}, not {depth}."
        for name, (value, words) in self._words().items():
            if value not in words:
                yield f"{name} is {' or '.join(words)}, not '{value}'."
        if not 0 <= self.hold_s <= _MOST_HOLD_S:
            yield f"An answer is held from 0 to {_MOST_HOLD_S} seconds, not {self.hold_s}."
        if self.activity_days is not None and not 0 < self.activity_days <= _MOST_DAYS:
            yield f"Activity is kept for some days, up to {_MOST_DAYS}, not {self.activity_days}."
        yield from self._mistaken_rehearsal()
        if not 0 <= self.journal <= _MOST_JOURNAL:
            yield f"The journal keeps from 0 to {_MOST_JOURNAL} calls, not {self.journal}."
        yield from self._mistaken_entries()
        yield from self._mistaken_serving()

    def _mistaken_rehearsal(self) -> Iterator[str]:
        if self.freeze is not None:
            try:
                epoch_ms(self.freeze)
            except NoTimeError as error:
                yield str(error)
        if self.id_seed is not None and not 0 <= self.id_seed <= _MOST_SEED:
            yield f"A seed of ids is a number from 0 to {_MOST_SEED}, not {self.id_seed}."

    def _mistaken_caller(self) -> Iterator[str]:
        if not _ACCOUNT.fullmatch(self.account_id):
            yield f"An account id is 12 digits, not '{self.account_id}'."
        if not _REGION.fullmatch(self.region):
            yield f"A region looks like us-east-1, not '{self.region}'."
        if not _PRINCIPAL.fullmatch(self._example_principal()):
            yield f"A principal is an IAM or STS ARN, not '{self.principal}'."

    def _words(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """The settings that are one of a few words, each with those words."""
        return {
            "Durability": (self.durability, ("full", "normal")),
            "Validation": (self.validation, ("strict", "warn")),
            "The approval gate": (self.approval_gate, ("enforce", "warn", "off")),
            "The fallback of serving": (self.serving_fallback, ("canned", "fail")),
            "Routing": (self.routing, ROUTING_MODES),
        }

    def _mistaken_serving(self) -> Iterator[str]:
        for selector, value in (*self.serving, *self.interpreters):
            if not _SELECTOR.fullmatch(selector):
                yield (
                    "What is served is chosen by group:, model:, endpoint: or image: and a "
                    f"pattern, not '{selector}'."
                )
            if not value:
                yield f"'{selector}' needs a value."
        for selector, backend in self.serving:
            if backend not in _BACKENDS:
                yield f"'{selector}' is served by {' or '.join(_BACKENDS)}, not '{backend}'."
        for bucket, folder in self.buckets.items():
            if not _BUCKET.fullmatch(bucket):
                yield f"A bucket's name is letters, digits, dots and hyphens, not '{bucket}'."
            if not Path(folder).is_dir():
                yield f"The folder '{folder}' of bucket '{bucket}' does not exist; make it first."
        if self.s3_endpoint is not None and not _ENDPOINT.fullmatch(self.s3_endpoint):
            yield f"An S3 endpoint looks like http://localhost:9000, not '{self.s3_endpoint}'."

    def _mistaken_entries(self) -> Iterator[str]:
        if isinstance(self.seeds, str):
            yield f"seeds are a list of files, so not '{self.seeds}' but ('{self.seeds}',)."
        for key, value in self.access_keys.items():
            if not _ACCOUNT.fullmatch(value) and not _PRINCIPAL.fullmatch(value):
                yield (
                    f"Access key '{key}' needs a 12-digit account or an IAM or STS ARN, "
                    f"not '{value}'."
                )
        for host in self.allow_hosts:
            if not _HOST.fullmatch(host):
                yield f"A host to allow is a name, not '{host}'."
        for origin in self.allow_origins:
            if not _ORIGIN.fullmatch(origin):
                yield f"An origin looks like http://localhost:3000, not '{origin}'."

    def _example_principal(self) -> str:
        return self.principal.replace("{account}", self.account_id).replace("{partition}", "aws")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and no other can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
