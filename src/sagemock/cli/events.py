"""`sagemock events`: rules for events, before anything is sent."""

import json
import logging
from contextlib import closing
from pathlib import Path

import click

from sagemock.cli.options import Commands, json_option


@click.group(cls=Commands)
def events() -> None:
    """Work with rules for events."""


@events.command(name="test", epilog="Example: sagemock events test rule.json")
@click.argument("rule", type=click.Path(path_type=Path))
@json_option("One JSON object a rule, with all events.")
def test_events(*, rule: Path, as_json: bool) -> None:
    """Print which of the registry's transitions fire the pattern in a file, with sample events.

    RULE is a file of an EventBridge pattern, of a rule as `aws events` has it, of a CloudFormation
    template (YAML or JSON), of Terraform's JSON, or of our event rules. Nothing is sent, and no
    server asked.
    """
    from sagemock.event_rehearsal import rehearse, shown, told  # noqa: PLC0415 - --help needs none of it
    from sagemock.event_rule_files import read_patterns  # noqa: PLC0415 - the same
    from sagemock.event_samples import Samples  # noqa: PLC0415 - the same

    # What a registry in memory warns of is no matter here.
    logging.disable()
    try:
        with closing(Samples()) as samples:
            for number, pattern in enumerate(read_patterns(rule)):
                rehearsal = rehearse(pattern, samples)
                if as_json:
                    click.echo(json.dumps(shown(rehearsal)))
                else:
                    click.echo("\n".join((*([""] if number else []), *told(rehearsal))))
    finally:
        logging.disable(logging.NOTSET)
