"""What a refusal looks like: of a write to its client, of a start to who started it."""

import re

from durability.plain_client import Answer
from durability.server_process import ServerProcess


def assert_clear_refusal(answer: Answer, reason: str) -> None:
    """A 503 in JSON whose message names the reason."""
    assert (answer.status, answer.code) == (503, "ServiceUnavailable"), answer
    assert set(answer.body) == {"__type", "message"}, answer
    assert re.search(reason, answer.message, re.IGNORECASE), answer


def assert_refused_in_a_sentence(server: ServerProcess, *said: str) -> None:
    """Exit code 2, nothing on stdout, one line on stderr in which all of `said` is found."""
    refusal = server.refusal()
    assert refusal.code == 2, refusal
    assert refusal.output == "", refusal
    assert re.fullmatch(r"sagemock: .+\.\n", refusal.errors), refusal.errors
    for pattern in said:
        assert re.search(pattern, refusal.errors, re.IGNORECASE), (pattern, refusal.errors)
