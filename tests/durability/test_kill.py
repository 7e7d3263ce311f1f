"""R8: what was acknowledged is there after kill -9, whole, and what was deleted is not."""

import threading
from pathlib import Path

from durability.counts import Counts
from durability.ledger import Findings
from durability.server_process import Servers
from durability.writers import Team, seeded


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(
    servers: Servers, db: Path, team: Team, rounds: int, counts: Counts
) -> None:
    chance = seeded(team.seed)
    server = servers.start(db)
    team.make_groups(server.client())
    found, in_flight, slowest_s = Findings(), 0, 0.0
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
            # A start may be killed as well, while it recovers.
            servers.attempt(db, start_within_s=chance.uniform(0.2, 1)).end()
        server = servers.start(db)
        slowest_s = max(slowest_s, server.start_s)
        found.add(team.findings(server.client(), settled=False))
    found.add(team.findings(server.client(), settled=True, all_versions=True))
    counts.add(
        f"R8 kill -9 (seed {team.seed})",
        rounds=rounds,
        acknowledged=team.acknowledged,
        in_flight=in_flight,
        **found.counts(),
        slowest_restart_s=slowest_s,
    )
    assert not found, vars(found)
    assert in_flight
    assert slowest_s < 5
