"""What a client must be told to work with a server here: address, region, test credentials.

The same for a shell (`sagemock env`) and for the AWS config (`sagemock profile create`).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sagemock.settings import Settings, SettingsError

SERVICE_VARIABLES = ("AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME")
TEST_KEY = "test"
SHELLS = ("sh", "fish", "powershell")

_SHELL_OF = {
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ksh", "ash"), "sh"),
    "fish": "fish",
    **dict.fromkeys(("powershell", "pwsh"), "powershell"),
}
_PLAIN = re.compile(r"[A-Za-z0-9._:/\[\]-]+")
_ADDRESS = re.compile(r"https?://[^/\s?#@]+/?")


@dataclass(frozen=True)
class ClientSetup:
    """Where clients call, and as whom. Errors: SettingsError, one of them cannot be."""

    url: str
    region: str = Settings.region
    account: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", address(self.url))
        # The rules for accounts and regions are those of the server.
        Settings(account_id=self.account or Settings.account_id, region=self.region)

    @property
    def access_key(self) -> str:
        """A key of 12 digits is its account; any other means the account of the server."""
        return self.account or TEST_KEY

    def variables(self) -> dict[str, str]:
        """The environment variables by which the AWS SDKs and the AWS CLI find the server."""
        return {
            **dict.fromkeys(SERVICE_VARIABLES, self.url),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": TEST_KEY,
        }


def address(text: str) -> str:
    """The address of a server, without a slash at its end. Errors: SettingsError, it is none."""
    if not is_address(text):
        raise SettingsError(f"An address looks like http://127.0.0.1:4577, not '{text}'.")
    return text.rstrip("/")


def address_of(host: str, port: int) -> str:
    """Where clients on this machine reach a server that listens there."""
    # What stands for all addresses of a machine is none to be called.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is compared
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def is_address(text: str) -> bool:
    """Whether a text is `http://HOST:PORT`, as a server here is called."""
    try:
        parts = urlsplit(text)
        # 0 is a port on which nobody is called; text that is no port raises.
        return bool(_ADDRESS.fullmatch(text) and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def shell_named(word: str) -> str | None:
    """The shell of `SHELLS` that has the syntax of one named so, or at this path."""
    name = re.split(r"[/\\]", word.strip())[-1].lower().removesuffix(".exe")
    return _SHELL_OF.get(name)


def exported(variables: dict[str, str], shell: str) -> list[str]:
    """Commands for a shell that export these variables, one a line."""
    form = {
        "sh": "export {name}={value}",
        "fish": "set -gx {name} {value};",
        "powershell": "$env:{name} = {value}",
    }[shell]
    return [
        form.format(name=name, value=_quoted(value, shell)) for name, value in variables.items()
    ]


def unset(variables: dict[str, str], shell: str) -> list[str]:
    """Commands for a shell that forget these variables, one a line."""
    form = {
        "sh": "unset {name}",
        "fish": "set -e {name};",
        "powershell": "Remove-Item Env:{name} -ErrorAction SilentlyContinue",
    }[shell]
    return [form.format(name=name) for name in variables]


def _quoted(value: str, shell: str) -> str:
    """A value as a shell takes it: whatever it holds, it stays one word."""
    if shell == "powershell":
        return "'" + value.replace("'", "''") + "'"
    # Brackets of an IPv6 address are patterns to a shell.
    if _PLAIN.fullmatch(value) and "[" not in value:
        return value
    if shell == "fish":
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + value.replace("'", "'\"'\"'") + "'"
