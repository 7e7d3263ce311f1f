"""A container's model in a worker process: its archive and code brought, then started.

Imported only where something is run.
"""

import os
import shutil
from pathlib import Path, PurePosixPath

from sagemock.hosting import Answer, Container, Fleet, Invocation, Variant
from sagemock.serving.archive import ArchiveError, extract
from sagemock.serving.choice import chosen
from sagemock.serving.host import HostFailed, NotRunnable, ProcessSettings, folder_name
from sagemock.serving.model_data import ModelDataError, ModelDataSources, NotAtHand
from sagemock.serving.process import StartFailed, WorkerLaunch, WorkerProcess

BEYOND_LOOPBACK = (
    "Models are not run while the server listens beyond this machine; "
    "start it with --allow-process-beyond-loopback to run them."
)
NO_ARTIFACT = "It has neither model data nor a SAGEMAKER_SUBMIT_DIRECTORY."
NOT_BROUGHT = (
    "The model data of the {hostname} container for production variant {variant} cannot be used: "
    "{said}"
)
NO_SCRIPT = "There is no entry script {script} in {place}."
BAD_SCRIPT = "SAGEMAKER_PROGRAM is a path inside the code, not '{script}'."

_DEFAULT_SCRIPT = "inference.py"
_STARTUP_S = 60.0
_CODE_OF_ARCHIVE = "/opt/ml/model"
_PYTHON = "SAGEMOCK_PYTHON"
_FRAMEWORKS = {
    "sklearn": ("scikit-learn", "sklearn"),
    "xgboost": ("xgboost",),
    "pytorch": ("pytorch", "huggingface"),
}


class ProcessHost:
    """A worker process of its own, in a folder of its own."""

    backend = "process"
    why = ""

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
        self._folder = root.joinpath(*map(folder_name, (variant.name, container.hostname)))
        self._worker: WorkerProcess | None = None

    def prepare(self) -> None:
        """Bring archive and code to where the worker will look for them.

        Errors: NotRunnable, there is nothing to run; HostFailed, what there is is broken.
        """
        if not self._settings.allowed:
            raise NotRunnable(BEYOND_LOOPBACK)
        environment = self._container.environment
        submitted = environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if self._container.model_data is None and "://" not in submitted:
            raise NotRunnable(NO_ARTIFACT)
        base = self._folder / "opt" / "ml"
        for name in ("model", "code", "tmp"):
            base.joinpath(name).mkdir(parents=True, exist_ok=True)
        if self._container.model_data is not None:
            self._bring(self._container.model_data, base / "model")
        code = self._code(base, submitted)
        script = environment.get("SAGEMAKER_PROGRAM") or _DEFAULT_SCRIPT
        if script.startswith(f"{_CODE_OF_ARCHIVE}/"):
            script = os.path.relpath(_inside(base / "model", script), code)
        if Path(script).is_absolute() or ".." in Path(script).parts:
            raise HostFailed(BAD_SCRIPT.format(script=script))
        if not code.joinpath(script).is_file():
            place = submitted or self._container.model_data
            raise NotRunnable(NO_SCRIPT.format(script=script, place=place))
        self._worker = WorkerProcess(self._launch(code, script))

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
                raise NotRunnable(found.reason)
            if whole:
                target.rmdir()
                extract(found, target, called=uri)
        except (ArchiveError, ModelDataError) as error:
            said = {"hostname": self._container.hostname, "variant": self._variant.name}
            raise HostFailed(NOT_BROUGHT.format(said=error, **said)) from error
        finally:
            shutil.rmtree(download, ignore_errors=True)

    def _code(self, base: Path, submitted: str) -> Path:
        """Where the code lies: side-loaded, in the archive's `code`, or at its top."""
        if "://" in submitted:
            self._bring(submitted, base / "code", is_archive=True)
            return base / "code"
        if f"{submitted.rstrip('/')}/".startswith(f"{_CODE_OF_ARCHIVE}/"):
            return _inside(base / "model", submitted)
        in_archive = base / "model" / "code"
        return in_archive if in_archive.is_dir() else base / "model"

    def _launch(self, code: Path, script: str) -> WorkerLaunch:
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
            environment={**container.environment, "SAGEMAKER_PROGRAM": script},
            server_environment=self._settings.environment,
            region=self._fleet.region,
            hostname=container.hostname,
            framework=_framework(container),
            startup_timeout_s=self._variant.startup_timeout_s or _STARTUP_S,
        )


def _inside(model: Path, path: str) -> Path:
    """Where a path below /opt/ml/model lies here; the folder itself for one that leads out."""
    parts = PurePosixPath(path).parts[len(PurePosixPath(_CODE_OF_ARCHIVE).parts) :]
    return model if ".." in parts else model.joinpath(*parts)


def _framework(container: Container) -> str | None:
    said = f"{container.framework or ''} {container.image}".lower()
    for framework, words in _FRAMEWORKS.items():
        if any(word in said for word in words):
            return framework
    return None
