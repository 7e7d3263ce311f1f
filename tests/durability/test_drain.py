"""R10: asked to stop under load, the server answers what it stored, and stores nothing else."""

import time
from pathlib import Path

from durability.counts import Counts
from durability.ledger import Findings
from durability.server_process import STOP_WITHIN_S, Servers
from durability.writers import Team, seeded

STOPS = 3


def test_a_server_told_to_stop_has_answered_every_write_it_stored(
    servers: Servers, db: Path, team: Team, counts: Counts
) -> None:
    chance = seeded(team.seed)
    server = servers.start(db)
    team.make_groups(server.client())
    found, unanswered, slowest_s = Findings(), 0, 0.0
    for _ in range(STOPS):
        team.begin(server.port)
        team.wait_for(chance.randint(100, 300))
        told = time.monotonic()
        assert server.terminate() == 0
        slowest_s = max(slowest_s, time.monotonic() - told)
        team.end()
        assert team.refusals == []
        assert "Traceback" not in server.log
        unanswered += sum(ledger.in_flight is not None for ledger in team.ledgers)
        server = servers.start(db)
        # What was not answered is taken as not done, and must be found so.
        found.add(team.findings(server.client(), settled=True, all_versions=True))
    counts.add(
        "R10 SIGTERM under load",
        stops=STOPS,
        acknowledged=team.acknowledged,
        not_answered=unanswered,
        **found.counts(),
        slowest_s=slowest_s,
    )
    assert not found, vars(found)
    assert slowest_s < STOP_WITHIN_S
