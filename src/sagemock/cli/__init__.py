"""The command line. Each file has commands that belong together; what they do is done elsewhere.

A mistake is told in one sentence, with the nearest command where there is none of that name, and
exit code 2.
"""

import sys
from typing import NoReturn

import click

from sagemock.cli.clock import clock
from sagemock.cli.completion import completion
from sagemock.cli.diff import diff, snapshot_diff
from sagemock.cli.environment import doctor, env, profile
from sagemock.cli.events import events
from sagemock.cli.faults import faults
from sagemock.cli.options import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    Commands,
    FailedError,
    told_mistake,
)
from sagemock.cli.reading import coverage, log_command, show
from sagemock.cli.requests import requests
from sagemock.cli.seed import seed
from sagemock.cli.serve import serve
from sagemock.cli.snapshot import snapshot
from sagemock.cli.waiting import wait
from sagemock.eventing import EventRulesError
from sagemock.server_client import NoServerError
from sagemock.settings import SettingsError

__all__ = ["cli", "main"]

_START = (
    (serve, "sagemock serve", "Serve the registry until interrupted."),
    (env, 'eval "$(sagemock env)"', "Point every AWS SDK of this shell at it."),
    (log_command, "sagemock log", "See who did what, newest first."),
)
_GROUPS = (
    (
        "Set up",
        (
            (doctor, "Tell what is wrong with the set-up, and what would help."),
            (profile, "Make a profile of the AWS config, after showing the change."),
            (wait, "Return when the server is ready, for scripts."),
            (completion, "Print the script that completes words in your shell."),
        ),
    ),
    (
        "State",
        (
            (seed, "Bring a server to what files say is to be there."),
            (snapshot, "Keep all that a server holds in a file, and load it again."),
            (diff, "Print what is different between two registries."),
            (show, "Print a resource by its ARN, as it is or as it was."),
        ),
    ),
    (
        "Try",
        (
            (clock, "Turn the time of a server: still, forward, or back."),
            (faults, "Have calls go wrong: late, refused, cut off, or stuck."),
            (requests, "Print the last calls, and why those were refused that were."),
        ),
    ),
    (
        "Learn",
        (
            (events, "Print which transitions fire a rule for events."),
            (coverage, "Print which operations are served, and what proves each."),
        ),
    ),
)
_END = (
    "Options: -h, --help; --version. Settings are variables too: SAGEMOCK_PORT=4577.",
    "Exit codes: 0 done, 1 difference or failed check, 2 a mistake, 130 interrupted.",
)


class FrontPage(Commands):
    """All commands, with a help that fits a screen: first the three that most people need."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help: how to start, then all other commands, a line each."""
        lines = [
            f"Usage: {ctx.command_path} COMMAND [OPTIONS]; COMMAND --help tells more of each.",
            str(self.help),
            "",
            "Start here:",
            *(f"  {example:<24}{line}" for _, example, line in _START),
            "",
        ]
        for title, commands in _GROUPS:
            lines += [
                f"{'' if number else title:<8}{command.name:<12}{line}"
                for number, (command, line) in enumerate(commands)
            ]
        formatter.write("\n".join((*lines, "", *_END)) + "\n")


@click.group(cls=FrontPage, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sagemock")
@click.option("--colourless", envvar="NO_COLOR", hidden=True, help="Anything: no colours.")
@click.pass_context
def cli(ctx: click.Context, *, colourless: str | None) -> None:
    """The SageMaker Model Registry on your own machine."""
    # Off a terminal there are none in any case.
    ctx.color = False if colourless else None


for _command in (*(each[0] for each in _START), *(each[0] for _, of in _GROUPS for each in of)):
    cli.add_command(_command)
snapshot.add_command(snapshot_diff)


def main() -> NoReturn:
    """Run the command line; a mistake is one sentence on stderr and exit code 2."""
    try:
        code = cli.main(prog_name="sagemock", standalone_mode=False)
    except FailedError as failure:
        code = _told(str(failure), EXIT_FAILED)
    except click.ClickException as mistake:
        code = _told(told_mistake(mistake), EXIT_MISTAKE)
    except (SettingsError, NoServerError, EventRulesError) as mistake:
        code = _told(str(mistake), EXIT_MISTAKE)
    except click.Abort:
        code = EXIT_INTERRUPTED
    sys.exit(code)


def _told(sentence: str, code: int) -> int:
    """Tell a sentence on stderr, and below it what it counts. Returns the code to exit with."""
    # click and others break lines where it suits them; what is counted has indented lines.
    lines = [" ".join(each.split()) for each in sentence.split("\n  ")]
    click.echo("\n  ".join((f"sagemock: {lines[0]}", *lines[1:])), err=True)
    return code
