"""`sagemock clock`: what time a server has, and any other time instead."""

import json
import re
from typing import Any

import click

from sagemock.cli.options import Commands, json_option, url_option

_PATH = "/_sagemock/clock"
_NEGATIVE = re.compile(r"-[0-9.].*")
_LONG_S = ((86400, "d"), (3600, "h"), (60, "m"))


class _Signed(click.Command):
    """A command that takes -2h for a duration, not for options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        durations = [each for each in args if _NEGATIVE.fullmatch(each)]
        if durations:
            others = [each for each in args if each not in durations and each != "--"]
            args = [*others, "--", *durations]
        return super().parse_args(ctx, args)


@click.group(cls=Commands)
def clock() -> None:
    """Turn the time that a server gives to resources, records and events.

    It can stand still, go forward and back. A server that is started again, or forgets everything,
    has its time from the start again. Waiting lasts as long as ever.
    """


@clock.command(epilog="Example: sagemock clock show --json")
@json_option("The state of the clock as a JSON object.")
@url_option()
def show(*, as_json: bool, url: str) -> None:
    """Print what the clock shows, and how it is turned."""
    _send(url, "GET", None, as_json=as_json)


@clock.command(epilog="Example: sagemock clock freeze 2026-01-31T09:30:00Z")
@click.argument("time", required=False)
@json_option("The state of the clock as a JSON object.")
@url_option()
def freeze(*, time: str | None, as_json: bool, url: str) -> None:
    """Have the clock stand still at TIME, or else at what it shows.

    TIME is UTC unless it says otherwise: 2026-01-31, 2026-01-31T09:30:00+01:00, or seconds since
    1970.
    """
    _send(url, "POST", {"freeze": True if time is None else time}, as_json=as_json)


@clock.command(cls=_Signed, epilog="Example: sagemock clock advance 7d")
@click.argument("duration")
@json_option("The state of the clock as a JSON object.")
@url_option()
def advance(*, duration: str, as_json: bool, url: str) -> None:
    """Turn the clock forward by DURATION: 90s, 15m, 2h, 7d, 1h30m, or seconds.

    It runs, or stands still, as before. A negative duration turns it back.
    """
    _send(url, "POST", {"advance": duration}, as_json=as_json)


@clock.command(cls=_Signed, epilog="Example: sagemock clock back 2h")
@click.argument("duration")
@json_option("The state of the clock as a JSON object.")
@url_option()
def back(*, duration: str, as_json: bool, url: str) -> None:
    """Turn the clock back by DURATION; it runs, or stands still, as before."""
    _send(url, "POST", {"back": duration}, as_json=as_json)


@clock.command(cls=_Signed, epilog="Example: sagemock clock offset -30d")
@click.argument("duration")
@json_option("The state of the clock as a JSON object.")
@url_option()
def offset(*, duration: str, as_json: bool, url: str) -> None:
    """Have the clock run ahead of the real time by DURATION, or behind it: -30d."""
    _send(url, "POST", {"offset": duration}, as_json=as_json)


@clock.command(epilog="Example: sagemock clock resume")
@json_option("The state of the clock as a JSON object.")
@url_option()
def resume(*, as_json: bool, url: str) -> None:
    """Have a clock that stands still run on from what it shows."""
    _send(url, "POST", {"resume": True}, as_json=as_json)


@clock.command(epilog="Example: sagemock clock reset")
@json_option("The state of the clock as a JSON object.")
@url_option()
def reset(*, as_json: bool, url: str) -> None:
    """Have the clock as it was when the server was started."""
    _send(url, "DELETE", None, as_json=as_json)


def _send(url: str, method: str, turn: dict[str, Any] | None, *, as_json: bool) -> None:
    from sagemock.server_client import NO_ANSWER, NoServerError, send  # noqa: PLC0415 - --help needs no HTTP

    state = send(url, method, _PATH, turn)
    if "offset_s" not in state:
        raise NoServerError(NO_ANSWER.format(url=url, reason="there is no clock in it"))
    click.echo(json.dumps(state) if as_json else _told(state))


def _told(state: dict[str, Any]) -> str:
    """The clock in one line: `2026-01-31T09:30:00.000Z, standing still`."""
    if state["frozen"]:
        how = "standing still"
    elif state["offset_s"]:
        where = "ahead of" if state["offset_s"] > 0 else "behind"
        how = f"running {_length(abs(state['offset_s']))} {where} the real time"
    else:
        how = "running, the real time"
    return f"{state['time']}, {how}"


def _length(seconds: float) -> str:
    """A duration as it is given: 1d2h, 1.5s."""
    left = round(seconds, 3)
    parts = []
    for unit_s, unit in _LONG_S:
        if left >= unit_s:
            parts.append(f"{int(left // unit_s)}{unit}")
            left = round(left % unit_s, 3)
    if left or not parts:
        parts.append(f"{left:g}s")
    return "".join(parts)
