"""Calls of the journal, pasted as the AWS CLI's: each makes the same call again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import python_environment

from pasted_calls import forget, journal, made_by_anybody, run_shell, same, texts
from running import Running
from sagemock import Service, Settings
from sagemock.app import create_front

pytestmark = pytest.mark.clients


@pytest.fixture
def served(service: Service) -> Iterator[Running]:
    running = Running(create_front(service, Settings(db=":memory:")))
    yield running
    running.stop()


def test_the_aws_cli_makes_all_calls_again(
    service: Service, served: Running, tmp_path: Path
) -> None:
    program = python_environment("awscli", "awscli==1.46.3")
    made_by_anybody(service, served)
    before = [call for call in journal(served) if call["Request"] != {"MaxResults": 1_000_000}]
    forget(served)
    said = [
        run_shell(text, PATH=f"{program}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
        for text in texts(served, "aws", before)
    ]
    expected = [{**same(each), "Request": each["Request"] or {}} for each in before]
    assert list(map(same, journal(served))) == expected, said
