"""The command line. Each file has commands that belong together; what they do is done elsewhere.

A mistake is told in one sentence, with the nearest command where there is none of that name, and
exit code 2.
"""

import sys
from typing import NoReturn

import click

from sagemock.cli.events import events
from sagemock.cli.options import Commands
from sagemock.cli.reading import coverage, log_command, show
from sagemock.cli.serve import serve
from sagemock.eventing import EventRulesError
from sagemock.server_client import NoServerError
from sagemock.settings import SettingsError

__all__ = ["cli", "main"]

_EPILOG = "Every option can also be given as SAGEMOCK_ and its name: SAGEMOCK_PORT=4577."


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sagemock")
def cli() -> None:
    """The SageMaker Model Registry on your own machine."""


for _command in (serve, coverage, log_command, show, events):
    cli.add_command(_command)


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
