"""Which sink stands behind a target of a rule: by its kind, with its options."""

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sagemock.event_rules import EventRulesError, EventTarget
from sagemock.eventing import EventSink
from sagemock.sinks.address import AddressGuard
from sagemock.sinks.aws import AwsEndpoint, EventBridgeSink, LambdaSink, SnsSink, SqsSink
from sagemock.sinks.command import CommandSink
from sagemock.sinks.deploy import Deployments, DeployOptions, DeploySink, Invoke
from sagemock.sinks.file import FileSink
from sagemock.sinks.local_function import LocalFunctionSink
from sagemock.sinks.webhook import WebhookSink

NO_COMMANDS = (
    "The target '{name}' runs a program, which only happens with --allow-commands; start the "
    "server with it."
)
NO_PROGRAM = "there is no program '{name}'; give its name or path as the first of run."
NO_FILE = "there is no file '{path}'."
NO_MEMBER = "a variant has no member {name}{meant}."
ONE_FUNCTION = "give either endpoint_url, for a function there, or file, for one of your own."

_ENDPOINT = ("endpoint_url", "region", "access_key_id", "secret_access_key", "timeout_s")

Options = dict[str, Any]


@dataclass(frozen=True)
class Sinks:
    """Makes the sinks of targets.

    `folder` is where relative paths begin; programs are started there, with `environment`, if
    `allow_commands` says so. Functions run with `python`. `invoke` and `deployments` are those of
    the service whose versions are deployed, `variant_members` what its production variants have.
    """

    folder: Path
    environment: Mapping[str, str]
    python: str
    allow_commands: bool
    invoke: Invoke
    deployments: Deployments
    variant_members: Collection[str]

    def of(self, target: EventTarget) -> EventSink:
        """The sink of a target.

        Errors: EventRulesError, it cannot be with these options.
        """
        makers: dict[str, Callable[[str, Options], EventSink]] = {
            "file": self._file,
            "webhook": self._webhook,
            "command": self._command,
            "eventbridge": self._eventbridge,
            "sqs": self._sqs,
            "sns": self._sns,
            "lambda": self._lambda,
            "deploy": self._deploy,
        }
        try:
            return makers[target.kind](target.name, dict(target.options))
        except EventRulesError:
            raise
        except ValueError as error:
            raise EventRulesError(f"The target '{target.name}': {error}") from error

    def _file(self, _name: str, options: Options) -> EventSink:
        return FileSink(self.folder / options["path"])

    def _webhook(self, _name: str, options: Options) -> EventSink:
        guard = AddressGuard(tuple(options.pop("allow_hosts", ())))
        return WebhookSink(
            options.pop("url"), headers=options.pop("headers", {}), guard=guard, **options
        )

    def _command(self, name: str, options: Options) -> EventSink:
        self._check_allowed(name)
        program = options["run"][0]
        if not self._is_program(program):
            raise ValueError(NO_PROGRAM.format(name=program))
        return CommandSink(
            tuple(options.pop("run")),
            folder=self.folder,
            environment=self.environment,
            **options,
        )

    def _eventbridge(self, _name: str, options: Options) -> EventSink:
        return EventBridgeSink(_endpoint(options), **options)

    def _sqs(self, _name: str, options: Options) -> EventSink:
        return SqsSink(_endpoint(options), **options)

    def _sns(self, _name: str, options: Options) -> EventSink:
        return SnsSink(_endpoint(options), **options)

    def _lambda(self, name: str, options: Options) -> EventSink:
        if ("file" in options) == ("endpoint_url" in options):
            raise ValueError(ONE_FUNCTION)
        if "endpoint_url" in options:
            return LambdaSink(_endpoint(options), function=options["function"])
        self._check_allowed(name)
        path = self.folder / options.pop("file")
        if not path.is_file():
            raise ValueError(NO_FILE.format(path=path))
        return LocalFunctionSink(
            path,
            options.pop("function"),
            python=options.pop("python", self.python),
            environment=self.environment,
            **options,
        )

    def _deploy(self, name: str, options: Options) -> EventSink:
        for member in options.get("variant", {}):
            if member not in self.variant_members:
                near = get_close_matches(member, self.variant_members, n=1)
                meant = f"; perhaps {near[0]} is meant" if near else ""
                raise ValueError(NO_MEMBER.format(name=member, meant=meant))
        return DeploySink(
            name.partition("/")[0],
            DeployOptions(**options),
            invoke=self.invoke,
            deployments=self.deployments,
        )

    def _is_program(self, name: str) -> bool:
        """Whether a program is found as it will be started: by its name, or from the folder."""
        return bool(shutil.which(name) or shutil.which(self.folder / name))

    def _check_allowed(self, name: str) -> None:
        if not self.allow_commands:
            raise EventRulesError(NO_COMMANDS.format(name=name))


def _endpoint(options: Options) -> AwsEndpoint:
    """The endpoint that options name; what remains of them is for the service there."""
    return AwsEndpoint(**{name: options.pop(name) for name in _ENDPOINT if name in options})
