"""Events of what is committed reach their targets: after kill -9, SIGTERM, a full disk; in order.

At least once, and no event of what was not committed.
"""

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.event_streams import (
    assert_none,
    lines,
    listed,
    package_findings,
    repeated,
    stream_findings,
    targets,
    wait_for_dead_letters,
    wait_until_told,
)
from durability.event_targets import Registry, webhook
from durability.ledger import Findings
from durability.receiver import Receiver
from durability.refusals import assert_refused_in_a_sentence
from durability.registrations import existing, make_groups, register, register_all, told_of
from durability.server_process import ServerProcess, Servers
from durability.small_disk import remount
from durability.writers import Team, seeded

CLIENTS, EACH = 4, 15
FULL_CLIENTS, FULL_EACH = 16, 500
STOPS = 3
STUCK = 6
ROOM_BYTES = 300_000
MANY = 100_000
"""More writes than there is room for."""


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    """Makes receivers; asked for before the servers that send to them."""
    with ExitStack() as made:

        def make() -> Receiver:
            receiver = Receiver()
            made.callback(receiver.close)
            return receiver

        yield make


@pytest.fixture
def receiver(receivers: Callable[[], Receiver]) -> Receiver:
    """One that is not up yet."""
    return receivers()


@pytest.fixture
def registry(receivers: Callable[[], Receiver], servers: Servers, db: Path) -> Registry:  # noqa: ARG001 - they outlive it
    return Registry(servers, db)


@pytest.fixture
def many(full_counts: bool) -> tuple[int, int]:  # noqa: FBT001 - pytest passes it by name
    """How many clients register, and how many versions each."""
    return (FULL_CLIENTS, FULL_EACH) if full_counts else (CLIENTS, EACH)


@pytest.fixture
def writers_of_much(kill_seed: int) -> Iterator[Team]:
    """Four writers of long texts, which fill what room there is."""
    team = Team(4, seed=kill_seed, padding=900)
    yield team
    team.close()


@pytest.mark.parametrize("how", ["down", "silent"])
def test_what_was_answered_before_kill_9_is_told_after_it(
    receiver: Receiver,
    registry: Registry,
    many: tuple[int, int],
    how: str,
    counts: Counts,
) -> None:
    if how == "silent":
        receiver.answer(None)
        receiver.up()
    options = registry.rules(ci=webhook(receiver))
    server = registry.start(*options)
    make_groups(server)
    register_all(server, many)
    if how == "silent":
        receiver.wait_for(lambda received: len(received) == 1)
    server.kill()
    if how == "silent":
        receiver.answer(HTTPStatus.OK)
    else:
        receiver.up()
    server = registry.start(*options)
    wait_until_told(server)
    told, log, there = receiver.received, listed(server), existing(server)
    found = stream_findings(told, log)
    counts.add(
        "E1 events after kill -9",
        answered=many[0] * many[1],
        told_after=len(log),
        **{kind: len(each) for kind, each in found.items()},
    )
    assert_none(found)
    assert told_of(told) == there
    assert sum(map(len, there.values())) == many[0] * many[1] == len(log)
    # Only what was being told when it was killed comes again.
    assert repeated(told) == (how == "silent")


def test_kill_9_at_any_moment_loses_no_event(
    receiver: Receiver, registry: Registry, team: Team, rounds: int, counts: Counts
) -> None:
    options = registry.sinks(receiver)
    chance = seeded(team.seed)
    receiver.up()
    server = registry.start(*options)
    team.make_groups(server.client())
    unlike, in_flight = Findings(), 0
    for number in range(rounds):
        team.begin(server.port)
        team.wait_for(chance.randint(40, 300))
        # So that the moment is not always the one just after an answer.
        threading.Event().wait(chance.uniform(0, 0.01))
        server.kill()
        team.end()
        assert team.refusals == []
        in_flight += sum(ledger.in_flight is not None for ledger in team.ledgers)
        if number % 2:
            # While it catches up with what was committed and not told.
            registry.servers.attempt(
                registry.db, *options, start_within_s=chance.uniform(0.2, 1)
            ).end()
        server = registry.start(*options)
        unlike.add(team.findings(server.client(), settled=False))
    wait_until_told(server)
    log = listed(server)
    assert server.terminate() == 0
    of_webhook, of_file = receiver.received, lines(registry.file)
    found = [stream_findings(stream, log) for stream in (of_webhook, of_file)]
    found.append(package_findings(log, team.ledgers))
    counts.add(
        f"E2 events and kill -9 at any moment (seed {team.seed})",
        rounds=rounds,
        in_flight=in_flight,
        events=len(log),
        came_again=repeated(of_webhook) + repeated(of_file),
        wrong=sum(len(each) for kinds in found for each in kinds.values()),
    )
    for kinds in found:
        assert_none(kinds)
    assert not unlike, vars(unlike)
    assert in_flight


def test_a_server_told_to_stop_tells_every_event_once(
    receiver: Receiver, registry: Registry, team: Team, counts: Counts
) -> None:
    options = registry.sinks(receiver)
    chance = seeded(team.seed)
    receiver.up()
    server = registry.start(*options)
    team.make_groups(server.client())
    for _ in range(STOPS):
        team.begin(server.port)
        team.wait_for(chance.randint(100, 300))
        assert server.terminate() == 0
        team.end()
        server = registry.start(*options)
        assert not team.findings(server.client(), settled=True)
    wait_until_told(server)
    log = listed(server)
    assert server.terminate() == 0
    counts.add(
        "E3 events and SIGTERM under load",
        stops=STOPS,
        events=len(log),
        came_again=repeated(receiver.received) + repeated(lines(registry.file)),
    )
    assert_none(package_findings(log, team.ledgers))
    assert receiver.received == log
    assert lines(registry.file) == log


@pytest.mark.parametrize("ends", ["kill -9", "SIGTERM"])
def test_each_target_goes_on_where_it_was(
    receivers: Callable[[], Receiver], registry: Registry, ends: str
) -> None:
    steady, waiting, hopeless = receivers(), receivers(), receivers()
    options = registry.rules(
        steady=webhook(steady),
        waiting=webhook(waiting),
        hopeless=webhook(hopeless, 1),
    )
    steady.up()
    server = registry.start(*options)
    make_groups(server)
    register(server.client(), 0, each=8)
    wait_until_told(server, "all/steady", "all/hopeless")
    first = listed(server)
    letters = wait_for_dead_letters(server, len(first))
    if ends == "kill -9":
        server.kill()
    else:
        assert server.terminate() == 0
    hopeless.up()
    server = registry.start(*options)
    register(server.client(), 1, each=8)
    wait_until_told(server, "all/steady", "all/hopeless")
    log = listed(server)
    # What it was not to have is kept, and not tried again by itself.
    assert [letter["Event"] for letter in letters] == first == log[: len(first)]
    assert wait_for_dead_letters(server, len(first)) == letters
    assert hopeless.received == log[len(first) :]
    assert targets(server)["all/waiting"]["Delivered"] == 0
    waiting.up()
    wait_until_told(server)
    assert waiting.received == log
    assert_none(stream_findings(steady.received, log))
    assert ends == "kill -9" or steady.received == log


def limit_file_size(server: ServerProcess, limit_bytes: int) -> None:
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit_bytes, hard))


def assert_all_is_told_once_there_is_room(
    server: ServerProcess,
    file: Path,
    receiver: Receiver,
    team: Team,
    make_room: Callable[[ServerProcess], ServerProcess],
) -> dict[str, int]:
    """What was counted of a registry, and of a file of events beside it, that have little room.

    `make_room` tells by which server the registry is served from then on.
    """
    receiver.up()
    team.write(server.port, MANY)
    refused = len(team.refusals)
    assert refused
    # A full disk keeps nothing from being told that is committed.
    there = len(listed(server))
    receiver.wait_for(lambda received: len({event["id"] for event in received}) == there)
    again = make_room(server)
    team.write(again.port, 60)
    assert team.refusals == []
    wait_until_told(again)
    log = listed(again)
    assert again.terminate() == 0
    assert "Traceback" not in server.log + again.log
    assert_none(package_findings(log, team.ledgers))
    assert_none(stream_findings(receiver.received, log))
    assert_none(stream_findings(lines(file), log))
    came_again = repeated(receiver.received) + repeated(lines(file))
    assert again is not server or not came_again
    return {"clear_refusals": refused, "events": len(log), "came_again": came_again}


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits of a running process are Linux's to set"
)
@pytest.mark.parametrize("how", ["in time", "after kill -9"])
def test_events_wait_until_files_may_grow(
    receiver: Receiver, registry: Registry, writers_of_much: Team, how: str, counts: Counts
) -> None:
    options = registry.lasting(receiver)

    def make_room(server: ServerProcess) -> ServerProcess:
        if how == "in time":
            limit_file_size(server, resource.RLIM_INFINITY)
            return server
        server.kill()
        return registry.start(*options)

    server = registry.start(*options)
    writers_of_much.make_groups(server.client())
    largest = max(path.stat().st_size for path in registry.db.parent.iterdir())
    limit_file_size(server, largest + ROOM_BYTES)
    counted = assert_all_is_told_once_there_is_room(
        server, registry.file, receiver, writers_of_much, make_room
    )
    counts.add("E5 events and files that may not grow", **counted)


def test_events_wait_for_room_on_a_full_disk(
    disk: Path, receiver: Receiver, servers: Servers, writers_of_much: Team, counts: Counts
) -> None:
    def make_room(server: ServerProcess) -> ServerProcess:
        remount(disk, "size=64m")
        return server

    registry = Registry(servers, disk / "registry.db")
    server = registry.start(*registry.lasting(receiver))
    writers_of_much.make_groups(server.client())
    counted = assert_all_is_told_once_there_is_room(
        server, registry.file, receiver, writers_of_much, make_room
    )
    counts.add("E5 events and a full disk", **counted)


def test_a_new_target_of_a_registry_that_cannot_be_written_to_is_refused_in_a_sentence(
    disk: Path, servers: Servers
) -> None:
    db = disk / "registry.db"
    known, new = (("--sink", f"file={disk / name}") for name in ("known", "new"))
    assert servers.start(db, *known).terminate() == 0
    remount(disk, "ro")
    assert_refused_in_a_sentence(servers.attempt(db, *known, *new), "new", "read-?only")
    # Where a target that is not new goes on is known.
    assert servers.start(db, *known).terminate() == 0


def test_what_was_taken_before_a_long_failure_does_not_come_again_after_kill_9(
    receiver: Receiver, registry: Registry
) -> None:
    receiver.up()
    options = registry.rules(ci=webhook(receiver))
    server = registry.start(*options)
    make_groups(server)
    register(server.client(), 0, each=5)
    wait_until_told(server)
    taken = receiver.received
    receiver.answer(HTTPStatus.INTERNAL_SERVER_ERROR)
    register(server.client(), 0, each=1)
    # By then it has failed for longer than a position is kept without being noted.
    receiver.wait_for(lambda received: len(received) == len(taken) + 5)
    server.kill()
    receiver.answer(HTTPStatus.OK)
    server = registry.start(*options)
    wait_until_told(server)
    log = listed(server)
    assert receiver.received == [*log, *log[-1:] * 5]


@pytest.mark.parametrize("status", [HTTPStatus.INTERNAL_SERVER_ERROR, None], ids=["500", "silent"])
def test_a_target_that_never_takes_an_event_slows_nobody_else(
    receivers: Callable[[], Receiver],
    registry: Registry,
    many: tuple[int, int],
    status: int | None,
    counts: Counts,
) -> None:
    failing, steady = receivers(), receivers()
    failing.answer(status)
    for each in (failing, steady):
        each.up()
    options = registry.rules(failing=webhook(failing), steady=webhook(steady))
    server = registry.start(*options)
    make_groups(server)
    slowest_s = register_all(server, many)
    wait_until_told(server, "all/steady")
    log, stands = listed(server), targets(server)["all/failing"]
    failing.wait_for(bool)
    counts.add(
        "E6 events and a target that never takes one",
        events=len(log),
        slowest_registration_s=slowest_s,
    )
    assert steady.received == log
    assert told_of(log) == existing(server)
    assert stands["Delivered"] == 0
    assert stands["Behind"] >= len(log)
    assert {event["id"] for event in failing.received} == {log[0]["id"]}
    assert slowest_s < 5


def test_targets_that_say_nothing_do_not_keep_a_server_from_stopping(
    receiver: Receiver, registry: Registry, counts: Counts
) -> None:
    receiver.answer(None)
    receiver.up()
    stuck = {f"stuck-{number}": webhook(receiver) for number in range(STUCK)}
    options = registry.rules(**stuck)
    server = registry.start(*options)
    make_groups(server)
    register(server.client(), 0, each=1)
    receiver.wait_for(lambda received: len(received) == STUCK)
    told = time.monotonic()
    assert server.terminate() == 0
    stop_s = time.monotonic() - told
    receiver.answer(HTTPStatus.OK)
    server = registry.start(*options)
    wait_until_told(server)
    counts.add("E7 stop with targets that say nothing", targets=STUCK, slowest_s=stop_s)
    assert [event["id"] for event in receiver.received] == [listed(server)[0]["id"]] * 2 * STUCK
