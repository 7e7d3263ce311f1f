"""What stands behind one container: a canned answer, or a worker process with the model's code.

A process is prepared from the container's archive. Whether that can be done at all decides, where
nobody has chosen, which of the two it is.
"""

import hashlib
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sagemock.hosting import Answer, Container, Fleet, Invocation, Variant
from sagemock.serving.archive import ArchiveError, extract
from sagemock.serving.canned import Called, CannedRules
from sagemock.serving.choice import Chosen, chosen
from sagemock.serving.model_data import ModelDataError, ModelDataSources, NotAtHand
from sagemock.serving.process import StartFailed, WorkerLaunch, WorkerProcess

PING_FAILED = (
    "The {hostname} container for production variant {variant} did not pass the ping health "
    "check. Please check CloudWatch logs for this endpoint. {said}"
)
NOTHING_RUNS = (
    "The {hostname} container for production variant {variant} cannot be run here: {why} Please "
    "make sure all images included in the model for the production variant {variant} exist, and "
    "that the execution role used to create the model has permissions to access them. Images are "
    "not run; put the archive where it is looked for, with its entry script, or start sagemock "
    "with --serving-fallback canned."
)
BEYOND_LOOPBACK = (
    "Models are not run while the server listens beyond this machine; "
    "start it with --allow-process-beyond-loopback to run them."
)
NO_ARTIFACT = "It has neither model data nor a SAGEMAKER_SUBMIT_DIRECTORY."
NO_SCRIPT = "There is no entry script {script} in {place}."
BAD_SCRIPT = "SAGEMAKER_PROGRAM is a path inside the code, not '{script}'."

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_DEFAULT_SCRIPT = "inference.py"
_STARTUP_S = 60.0
_CODE_OF_ARCHIVE = "/opt/ml/model"
_PYTHON = "SAGEMOCK_PYTHON"
_FRAMEWORKS = {
    "sklearn": ("scikit-learn", "sklearn"),
    "xgboost": ("xgboost",),
    "pytorch": ("pytorch", "huggingface"),
}

_log = logging.getLogger("sagemock.serving")


class HostFailed(Exception):  # noqa: N818 - a fact about a container, told as such
    """A container cannot be hosted; the message is part of a FailureReason."""


class Host(Protocol):
    """What stands behind one container, from its start to its stop."""

    backend: str

    def start(self) -> None:
        """Start it and return when it answers. Errors: HostFailed."""
        ...

    def invoke(self, invocation: Invocation) -> Answer:
        """What it answers. Errors: NoAnswerError."""
        ...

    def log_tail(self) -> str:
        """The last lines of what it wrote."""
        ...

    def stop(self) -> None:
        """Stop it, and leave nothing behind."""
        ...


@dataclass(frozen=True)
class ProcessSettings:
    """How workers are run, if they are: by which interpreter, in what environment."""

    python: str
    interpreters: Sequence[Chosen]
    environment: Mapping[str, str]
    allowed: bool


class CannedHost:
    """Answers by the rules, and for want of one with the fixed answer."""

    backend = "canned"

    def __init__(self, rules: CannedRules, fleet: Fleet, variant: Variant) -> None:
        self._rules = rules
        self._fleet = fleet
        self._variant = variant

    def start(self) -> None:
        """Nothing has to be started."""

    def invoke(self, invocation: Invocation) -> Answer:
        """The answer of a rule, or the fixed one."""
        answer = self._rules.answer(Called(self._fleet, self._variant, invocation), always=True)
        assert answer is not None  # noqa: S101 - there is always one
        return answer

    def log_tail(self) -> str:
        """Nothing writes anything."""
        return ""

    def stop(self) -> None:
        """Nothing is left behind."""


class _NotRunnable(Exception):  # noqa: N818 - a fact about a container, told as such
    """There is nothing of this container to run; the message says why, in sentences."""


class ProcessHost:
    """A worker process of its own, in a folder of its own."""

    backend = "process"

    def __init__(  # noqa: PLR0913, PLR0917 - what a container is, and where it runs
        self,
        settings: ProcessSettings,
        model_data: ModelDataSources,
        fleet: Fleet,
        variant: Variant,
        container: Container,
        root: Path,
    ) -> None:
        self._settings = settings
        self._model_data = model_data
        self._fleet = fleet
        self._variant = variant
        self._container = container
        self._folder = root.joinpath(
            *map(_folder_name, (*fleet.id.split("/"), variant.name, container.hostname))
        )
        self._worker: WorkerProcess | None = None

    def prepare(self) -> None:
        """Bring archive and code to where the worker will look for them.

        Errors: _NotRunnable, there is nothing to run; HostFailed, what there is is broken.
        """
        if not self._settings.allowed:
            raise _NotRunnable(BEYOND_LOOPBACK)
        environment = self._container.environment
        submitted = environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if self._container.model_data is None and "://" not in submitted:
            raise _NotRunnable(NO_ARTIFACT)
        base = self._folder / "opt" / "ml"
        for name in ("model", "code", "tmp"):
            base.joinpath(name).mkdir(parents=True, exist_ok=True)
        if self._container.model_data is not None:
            self._bring(self._container.model_data, base / "model")
        code = self._code(base, submitted)
        script = environment.get("SAGEMAKER_PROGRAM") or _DEFAULT_SCRIPT
        if Path(script).is_absolute() or ".." in Path(script).parts:
            raise HostFailed(BAD_SCRIPT.format(script=script))
        if not code.joinpath(script).is_file():
            place = submitted or self._container.model_data
            raise _NotRunnable(NO_SCRIPT.format(script=script, place=place))
        self._worker = WorkerProcess(self._launch(code))

    def start(self) -> None:
        """Start the worker and wait for its first good answer to `/ping`."""
        assert self._worker is not None  # noqa: S101 - prepared before it is started
        try:
            self._worker.start()
        except StartFailed as failure:
            raise HostFailed(str(failure)) from failure

    def invoke(self, invocation: Invocation) -> Answer:
        """What the model's code answers."""
        assert self._worker is not None  # noqa: S101 - started before it is invoked
        return self._worker.invoke(invocation)

    def log_tail(self) -> str:
        """The last lines of what the model's code and the worker wrote."""
        return self._worker.log_tail() if self._worker else ""

    def stop(self) -> None:
        """End the worker and remove its folder."""
        if self._worker is not None:
            self._worker.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _bring(self, uri: str, target: Path, *, is_archive: bool | None = None) -> None:
        """Bring an archive's content, or a folder, to a folder that is there and empty."""
        whole = not self._container.is_folder if is_archive is None else is_archive
        download = self._folder / "download"
        try:
            found = self._model_data.fetch(uri, download if whole else target, is_folder=not whole)
            if isinstance(found, NotAtHand):
                raise _NotRunnable(found.reason)
            if whole:
                target.rmdir()
                extract(found, target)
        except (ArchiveError, ModelDataError) as error:
            raise HostFailed(str(error)) from error
        finally:
            shutil.rmtree(download, ignore_errors=True)

    def _code(self, base: Path, submitted: str) -> Path:
        """Where the code lies: side-loaded, in the archive's `code`, or at its top."""
        if "://" in submitted:
            self._bring(submitted, base / "code", is_archive=True)
            return base / "code"
        if submitted.rstrip("/") == _CODE_OF_ARCHIVE:
            return base / "model"
        in_archive = base / "model" / "code"
        return in_archive if in_archive.is_dir() else base / "model"

    def _launch(self, code: Path) -> WorkerLaunch:
        container = self._container
        python = (
            chosen(self._settings.interpreters, self._fleet, self._variant, container)
            or container.environment.get(_PYTHON)
            or self._settings.python
        )
        return WorkerLaunch(
            python=python,
            folder=self._folder,
            code=code,
            environment=container.environment,
            server_environment=self._settings.environment,
            region=self._fleet.region,
            hostname=container.hostname,
            framework=_framework(container),
            startup_timeout_s=self._variant.startup_timeout_s or _STARTUP_S,
        )


class Hosts:
    """Makes the host of each container, as the settings choose and the archives allow."""

    def __init__(
        self,
        *,
        rules: CannedRules,
        model_data: ModelDataSources,
        process: ProcessSettings,
        backends: Sequence[Chosen],
        fallback: str,
    ) -> None:
        self._rules = rules
        self._model_data = model_data
        self._process = process
        self._backends = backends
        self._fallback = fallback

    def canned_at_once(self, fleet: Fleet, variant: Variant, container: Container) -> Host | None:
        """The host of a container that needs no look at any archive; None if one is needed."""
        backend = self._backend(fleet, variant, container)
        submitted = container.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        uris = [each for each in (container.model_data, submitted) if each and "://" in each]
        nothing_to_run = self._fallback == "canned" and not any(
            self._model_data.may_have(uri) for uri in uris
        )
        if backend == "canned" or (backend == "auto" and nothing_to_run):
            if backend == "auto" and not self._rules.speaks_for(fleet, variant):
                _log_fallback(fleet, variant, "its model data is nowhere at hand.")
            return CannedHost(self._rules, fleet, variant)
        return None

    def host(self, fleet: Fleet, variant: Variant, container: Container, root: Path) -> Host:
        """The host of a container, prepared below `root` but not started. Errors: HostFailed."""
        at_once = self.canned_at_once(fleet, variant, container)
        if at_once is not None:
            return at_once
        process = ProcessHost(self._process, self._model_data, fleet, variant, container, root)
        try:
            process.prepare()
        except _NotRunnable as reason:
            process.stop()
            if self._fallback == "fail" or self._backend(fleet, variant, container) == "process":
                raise HostFailed(_nothing_runs(variant, container, reason)) from reason
            _log_fallback(fleet, variant, str(reason))
            return CannedHost(self._rules, fleet, variant)
        except HostFailed:
            process.stop()
            raise
        return process

    def _backend(self, fleet: Fleet, variant: Variant, container: Container) -> str:
        backend = chosen(self._backends, fleet, variant, container) or "auto"
        if backend == "auto" and self._rules.speaks_for(fleet, variant):
            return "canned"
        return backend


def _folder_name(name: str) -> str:
    """A name as that of a folder: where names are merely warned about, one may be a way out."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return f"_{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:32]}"


def _nothing_runs(variant: Variant, container: Container, why: Exception) -> str:
    return NOTHING_RUNS.format(hostname=container.hostname, variant=variant.name, why=why)


def _log_fallback(fleet: Fleet, variant: Variant, why: str) -> None:
    _log.info(
        "Endpoint %s, variant %s: canned answers, nothing real runs: %s",
        *(fleet.endpoint, variant.name, why),
    )


def _framework(container: Container) -> str | None:
    said = f"{container.framework or ''} {container.image}".lower()
    for framework, words in _FRAMEWORKS.items():
        if any(word in said for word in words):
            return framework
    return None
