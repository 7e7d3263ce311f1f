"""Commands for the set-up around a server: `env`, `doctor`, `profile`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagemock.cli.options import (
    EXIT_FAILED,
    Commands,
    FailedError,
    account_option,
    file_option,
    json_option,
    option,
    region_option,
    url_option,
)
from sagemock.settings import DEFAULT_DATABASE, SettingsError

if TYPE_CHECKING:
    from sagemock.aws_profile import Change
    from sagemock.doctor_findings import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red"}


def _shells(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    from sagemock.client_setup import SHELLS  # noqa: PLC0415 - --help needs none of it

    return [each for each in SHELLS if each.startswith(begun)]


@click.command(name="env", epilog="Example: sagemock env --account 111122223333")
@url_option()
@account_option()
@region_option()
@option(
    "--shell",
    envvar=["SAGEMOCK_SHELL", "SHELL"],
    show_default="that of $SHELL",
    shell_complete=_shells,
    help="sh (bash, zsh), fish or powershell.",
)
@click.option("--unset", "forget", is_flag=True, help="Print what forgets these variables again.")
@json_option("One JSON object: the variables; null is for what --unset forgets.")
def env(  # noqa: PLR0913 - an argument an option
    *, url: str, account: str | None, region: str, shell: str | None, forget: bool, as_json: bool
) -> None:
    """Print the exports that point every AWS SDK and the AWS CLI at a server.

    In sh, bash and zsh: eval "$(sagemock env)". In fish: sagemock env | source. In PowerShell:
    sagemock env | Out-String | Invoke-Expression. The credentials are made up: any will do.
    """
    from sagemock.client_setup import ClientSetup, exported, unset  # noqa: PLC0415 - --help needs none of it

    variables = ClientSetup(url, region, account).variables()
    if as_json:
        click.echo(json.dumps(dict.fromkeys(variables) if forget else variables, indent=2))
        return
    make = unset if forget else exported
    for line in make(variables, _shell(shell)):
        click.echo(line)


def _shell(given: str | None) -> str:
    """The shell to write for. One that $SHELL names and nobody here knows is like sh."""
    from sagemock.client_setup import SHELLS, shell_named  # noqa: PLC0415 - --help needs none of it

    source = click.get_current_context().get_parameter_source("shell")
    known = shell_named(given) if given else None
    if known is None and source is click.core.ParameterSource.COMMANDLINE:
        raise SettingsError(f"A shell is {', '.join(SHELLS)}, not '{given}'.")
    return known or ("powershell" if sys.platform == "win32" and not given else "sh")


@click.command(epilog="Example: sagemock doctor --url http://127.0.0.1:4577")
@url_option(default=None, show_default="where the clients are pointed")
@file_option("--db", default=str(DEFAULT_DATABASE), help="Database file that a server would use.")
@json_option("One JSON object, with all checks.")
def doctor(*, url: str | None, db: str, as_json: bool) -> None:
    """Tell what is wrong with the set-up, and what would help.

    It looks at versions, variables, the AWS config, the server and the database, and changes
    nothing. The exit code is 1 when something is wrong; a warning may be meant so.
    """
    from sagemock.app import system_environment  # noqa: PLC0415 - --help needs none of it
    from sagemock.doctor import Subject, diagnosed, installed_versions  # noqa: PLC0415 - the same

    subject = Subject(
        environment=system_environment(),
        home=Path("~").expanduser(),
        url=url,
        database=db,
        versions=installed_versions(),
    )
    findings = list(diagnosed(subject))
    is_well = all(each.verdict != "wrong" for each in findings)
    if as_json:
        checks = [each.shown() for each in findings]
        click.echo(json.dumps({"ok": is_well, "checks": checks}, indent=2))
    else:
        for finding in findings:
            _tell(finding)
    if not is_well:
        click.get_current_context().exit(EXIT_FAILED)


def _tell(finding: "Finding") -> None:
    verdict = click.style(f"{finding.verdict:<7}", fg=_COLOURS[finding.verdict])
    click.echo(f"{verdict}  {finding.told}")
    if finding.fix:
        click.echo(f"         -> {finding.fix}")


@click.group(cls=Commands)
def profile() -> None:
    """Make a profile of the AWS config for a server."""


@profile.command(epilog="Example: sagemock profile create local --yes")
@click.argument("name")
@url_option()
@account_option()
@region_option()
@click.option(
    "--config",
    envvar=["SAGEMOCK_CONFIG", "AWS_CONFIG_FILE"],
    default="~/.aws/config",
    show_default=True,
    metavar="FILE",
    type=click.Path(readable=False),
    help="The AWS config to write; AWS_CONFIG_FILE names it too.",
)
@click.option(
    "--credentials",
    envvar="AWS_SHARED_CREDENTIALS_FILE",
    default="~/.aws/credentials",
    hidden=True,
)
@click.option("--yes", is_flag=True, help="Write without asking.")
@json_option("One JSON object: the file, the change, and whether it was written.")
def create(  # noqa: PLR0913 - an argument an option
    *,
    name: str,
    url: str,
    account: str | None,
    region: str,
    config: str,
    credentials: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a profile and its services section into the AWS config, after showing the change.

    Then boto3.Session(profile_name=NAME), aws --profile NAME, and all SDKs with AWS_PROFILE=NAME
    call the server. What is in the file already stays as it is.
    """
    from sagemock.aws_profile import AwsConfigError, planned, read_credentials, write  # noqa: PLC0415 - --help needs none of it
    from sagemock.client_setup import ClientSetup  # noqa: PLC0415 - the same

    try:
        if name in read_credentials(Path(credentials).expanduser()):
            raise SettingsError(
                f"There is a profile '{name}' in {credentials} already; choose another name."
            )
        change = planned(Path(config).expanduser(), name, ClientSetup(url, region, account))
        if not change.needed:
            _report(change, "There is nothing to do: {path} has that profile.", as_json=as_json)
            return
        if not yes:
            _ask(change, quiet=as_json)
        elif not as_json:
            _show(change)
        write(change)
    except AwsConfigError as error:
        raise SettingsError(str(error)) from error
    _report(change, f"Wrote {{path}}; now: export AWS_PROFILE={name}", as_json=as_json)


def _ask(change: "Change", *, quiet: bool) -> None:
    """Show the change and have it confirmed. Errors: SettingsError; FailedError, it was not."""
    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked here, so nothing is written; say so with --yes.")
    _show(change, err=quiet)
    if not click.confirm(f"Write this to {change.path}?", err=quiet):
        raise FailedError("Nothing was written.")


def _show(change: "Change", *, err: bool = False) -> None:
    for line in change.diff():
        colour = {"+": "green", "-": "red"}.get(line[:1])
        click.echo(click.style(line, fg=colour) if colour else line, err=err)


def _report(change: "Change", sentence: str, *, as_json: bool) -> None:
    if as_json:
        members = {"file": str(change.path), "written": change.needed, "diff": change.diff()}
        click.echo(json.dumps(members, indent=2))
    else:
        click.echo(sentence.format(path=change.path))
