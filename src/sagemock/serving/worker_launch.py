"""What it takes to start a worker: its program, its folders and its environment, as plain data."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = Path(__file__).parent / "worker.py"

# What a program needs of the machine it runs on, and nothing that is the server's own.
_FROM_THE_SERVER = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA"),
        *("LOCALAPPDATA", "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
    }
)


@dataclass(frozen=True)
class WorkerLaunch:
    """How to start the worker of one container.

    `folder` is the container's root: `opt/ml/{model,code,tmp}` in it are filled by someone else,
    its log goes to `log`. `code` is where the model's program lies. `environment` is the
    container's own; of `server_environment` only what every program needs is passed on, never AWS
    credentials. `hostname` is what messages call the container; `framework` decides what stands in
    for handlers that the program lacks.
    """

    python: str | Path
    folder: Path
    code: Path
    environment: Mapping[str, str]
    server_environment: Mapping[str, str]
    region: str
    hostname: str = "primary"
    framework: str | None = None
    startup_timeout_s: float = 60.0
    invocation_timeout_s: float = 60.0
    most_answer_bytes: int = 100 * 1024 * 1024

    @property
    def command(self) -> list[str]:
        """The worker's command line."""
        return [str(self.python), str(_PROGRAM)]

    @property
    def base(self) -> Path:
        """What is `/opt/ml` in a real container."""
        return self.folder / "opt" / "ml"

    def variables(self) -> dict[str, str]:
        """The worker's environment: the machine's, then the container's, then ours."""
        temporary = str(self.base / "tmp")
        variables = {
            **dict(self._machine_variables()),
            "TMPDIR": temporary,
            "TEMP": temporary,
            "TMP": temporary,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_PROGRAM": "inference.py",
            **self.environment,
            "SAGEMAKER_BASE_DIR": str(self.base),
            "SAGEMAKER_SUBMIT_DIRECTORY": str(self.code),
            "SAGEMAKER_REGION": self.region,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if self.framework:
            variables["SAGEMOCK_FRAMEWORK"] = self.framework
        return variables

    def _machine_variables(self) -> Iterator[tuple[str, str]]:
        for name, value in self.server_environment.items():
            # Windows asks for a name in any case.
            if name.upper() in _FROM_THE_SERVER or name.startswith("LC_"):
                yield name, value
