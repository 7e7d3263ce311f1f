"""Calls of the journal, pasted as the AWS CLI's: each makes the same call again."""

import os
from pathlib import Path

import pytest
from environments import python_environment

from pasted_calls import forget, journal, made_by_anybody, run_shell, same, texts
from sagemock import RunningServer

pytestmark = pytest.mark.clients


def test_the_aws_cli_makes_all_calls_again(server: RunningServer, tmp_path: Path) -> None:
    program = python_environment("awscli", "awscli==1.46.3")
    made_by_anybody(server)
    before = [call for call in journal(server) if call["Request"] != {"MaxResults": 1_000_000}]
    forget(server)
    said = [
        run_shell(text, PATH=f"{program}{os.pathsep}{os.environ['PATH']}", HOME=str(tmp_path))
        for text in texts(server, "aws", before)
    ]
    expected = [{**same(each), "Request": each["Request"] or {}} for each in before]
    assert list(map(same, journal(server))) == expected, said
