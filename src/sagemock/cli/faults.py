"""`sagemock faults`: which calls go wrong on a server, and how."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import click

from sagemock.cli.options import Commands, Number, json_option, on_a_terminal, url_option

_PATH = "/_sagemock/faults"
_HEAD = ("ID", "CALLS", "FAULT", "APPLIED", "MATCHED")
_WIDE = 10_000
_LATENCY = re.compile(r"[0-9]{0,4}(\.?[0-9]{1,9})(-[0-9]{0,4}(\.?[0-9]{1,9}))?")
_NAMED = ("resource", "account", "region", "principal")


@click.group(cls=Commands)
def faults() -> None:
    """Have calls go wrong: late, refused, cut off, or endpoints that never get ready.

    A rule says which calls, what becomes of them, and how often. The first that applies decides.
    """


@faults.command(
    epilog="Example: sagemock faults add --operation CreateModelPackage "
    "--error ThrottlingException --times 2"
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--operation", help="Of calls of this operation; * stands for anything.")
@click.option("--resource", help="That name this resource, by its name or ARN; with * too.")
@click.option("--account", help="Of callers of this account.")
@click.option("--region", help="In this region.")
@click.option("--principal", help="Of this principal's ARN; with * too.")
@click.option("--error", metavar="CODE", help="Refuse them with this error.")
@click.option("--message", help="What the error says, instead of what AWS would say.")
@click.option("--http-status", type=int, help="The status of the error's answer.")
@click.option("--latency", metavar="SECONDS", help="Let them wait first: 2, or 0.5-3.")
@click.option("--cut", help="Cut the connection: before the call, after it, or midway.")
@click.option("--status", help="Let endpoints be stuck in what begins, or failing.")
@click.option("--reason", help="The FailureReason of what is failing.")
@click.option("--times", type=int, help="So often; without it, always.")
@click.option("--after", type=int, help="Let so many calls through first.")
@click.option("--probability", type=float, help="Of so many of all calls: 0.3.")
@click.option("--seed", type=int, help="What the draws begin with; the same, the same faults.")
@json_option("The rules that were added as a JSON object.")
@url_option()
def add(*, file: Path | None, as_json: bool, url: str, **named: Any) -> None:
    """Add a rule that the options say, or the rules of FILE, YAML or JSON.

    What is added comes before the rules of the server's own file, and lasts until it is cleared or
    the server is reset.
    """
    from sagemock.fault_rules import fault_rule, read_faults  # noqa: PLC0415 - --help needs none of it
    from sagemock.faulting import FaultRuleError  # noqa: PLC0415 - the same

    given = {name: value for name, value in named.items() if value is not None}
    if file is not None and given:
        option = next(iter(given)).replace("_", "-")
        raise click.UsageError(f"A rule comes from a file or from options, not --{option} as well.")
    if file is None and not given:
        raise click.UsageError(
            "Say what goes wrong; for example: sagemock faults add --operation CreateModelPackage "
            "--error ThrottlingException --times 2"
        )
    latency = _latency(given)
    try:
        rules = read_faults(file) if file else [fault_rule(**given, **latency)]
    except FaultRuleError as error:
        raise click.ClickException(str(error)) from error
    answer = _sent(url, "POST", "", rules)
    added = [each for each in answer["faults"] if each["id"] in answer["added"]]
    _print(added, as_json=as_json)


@faults.command(name="list", epilog="Example: sagemock faults list --json")
@json_option("The rules as a JSON object.")
@url_option()
def list_faults(*, as_json: bool, url: str) -> None:
    """Print the rules in order, and how many calls each has matched and applied to."""
    _print(_sent(url, "GET", "")["faults"], as_json=as_json)


@faults.command(epilog="Example: sagemock faults clear")
@click.argument("ids", nargs=-1, type=Number(least=1))
@json_option("The rules that are left as a JSON object.")
@url_option()
def clear(*, ids: tuple[int, ...], as_json: bool, url: str) -> None:
    """Take away the rules of these IDS, or all that were added.

    Without IDS the rules of the server's own file begin anew.
    """
    answer: dict[str, Any] = {}
    for query in [f"?id={each}" for each in ids] or [""]:
        answer = _sent(url, "DELETE", query)
    _print(answer["faults"], as_json=as_json)


def _latency(given: dict[str, Any]) -> dict[str, Any]:
    """The latency of the options as a rule has it, taken from them. Errors: ClickException."""
    text = given.pop("latency", None)
    if text is None:
        return {}
    if not _LATENCY.fullmatch(text):
        raise click.UsageError(f"A latency is seconds, 2 or a range as 0.5-3, not '{text}'.")
    spans = [float(each) for each in text.split("-")]
    return {"latency": spans if len(spans) > 1 else spans[0]}


def _sent(url: str, method: str, query: str, content: object = None) -> dict[str, Any]:
    from sagemock.server_client import NO_ANSWER, NoServerError, send  # noqa: PLC0415 - --help needs no HTTP

    answer = send(url, method, f"{_PATH}{query}", content)
    if "faults" not in answer:
        raise NoServerError(NO_ANSWER.format(url=url, reason="there are no faults in it"))
    return answer


def _print(rules: list[dict[str, Any]], *, as_json: bool) -> None:
    from sagemock.text_table import table  # noqa: PLC0415 - --help needs none

    if as_json:
        click.echo(json.dumps({"faults": rules}))
    elif not rules:
        click.echo("No fault rules; every call goes through.")
    else:
        width = shutil.get_terminal_size().columns if on_a_terminal() else _WIDE
        for lines in table(_HEAD, [_row(each) for each in rules], width):
            click.echo("\n".join(lines))


def _row(rule: dict[str, Any]) -> tuple[str, ...]:
    match = rule.get("match", {})
    named = [f"{name} {match[name]}" for name in _NAMED if name in match]
    times = f" of {rule['times']}" if "times" in rule else ""
    return (
        str(rule["id"]),
        ", ".join((match.get("operation", "*"), *named)),
        _told(rule),
        f"{rule['applied']}{times}",
        str(rule["matched"]),
    )


def _told(rule: dict[str, Any]) -> str:
    """What becomes of a call: `late by 2 s, then ThrottlingException, 30 % of the time`."""
    fault = rule["fault"]
    parts = []
    if "latency" in fault:
        latency = fault["latency"]
        spans = latency if isinstance(latency, list) else [latency]
        parts.append(f"late by {'-'.join(f'{each:g}' for each in spans)} s")
    if "error" in fault:
        error = fault["error"]
        parts.append(error if isinstance(error, str) else error["code"])
    if "cut" in fault:
        parts.append(f"connection cut {fault['cut']}")
    if "status" in fault:
        parts.append(f"endpoint {fault['status']}")
    told = ", then ".join(parts)
    if "after" in rule:
        told += f", from call {rule['after'] + 1} on"
    if "probability" in rule:
        told += f", {rule['probability'] * 100:g} % of the time"
    return told
