"""Unmodified boto3 deploys a version and calls it: the newest one, in every run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from boto3_deployment import check_deployed, check_errors, deploying_boto3
from deployable import BROKEN, STREAM, Deploy, running_models


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    with running_models(tmp_path) as server:
        yield deploying_boto3(server.url, sys.executable, tmp_path)


def test_a_version_is_deployed_called_changed_over_and_taken_down(deploy: Deploy) -> None:
    check_deployed(deploy)


def test_errors_have_aws_words_and_names_and_are_not_tried_again(deploy: Deploy) -> None:
    check_errors(deploy)


def test_a_stream_is_read_chunk_by_chunk_and_a_broken_one_raises(deploy: Deploy) -> None:
    assert deploy("stream", "plain_stream", STREAM.body, BROKEN.body) == {
        "whole": [STREAM.chunks, "text/plain", "blue"],
        "broken": [BROKEN.chunks, "ModelStreamError"],
    }
