"""P9: what somebody with boto3 feels, against a canned answer and against moto."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import peers
from botocore.config import Config
from contenders import PAGE, Contender, WrongAnswerError, in_turn
from figures import Figure, at_most, compared
from prebuilt import ACCOUNT, REGION, registration, version_arn
from run import Run
from throughput import wait_for

FELT = "felt"
"""The group the calls register in: those that are listed stay as many as they were."""

_NUMBER = 500


def user_view_figures(run: Run, ours: Contender, moto: Contender, group: str) -> list[Figure]:
    """P9: one boto3 client for each server, the same calls in turn."""
    run.say("P9: through boto3")
    for each in (ours, moto):
        each.create_group(FELT)
    with peers.floor(run.folder, _canned_answers(run, ours, group)) as canned:
        wait_for(run, [canned])
        servers = (ours.peer, canned, moto.peer)
        clients = [_boto3_client(server.url) for server in servers]
        figures = []
        for name, call in _calls(group).items():
            acts = [partial(_timed_ms, call, client) for client in clients]
            mine, bare, others = in_turn(
                acts, rounds=run.amount.rounds, calls=run.amount.calls_alone
            )
            what = f"boto3 {name} at 1k, NORMAL, against"
            for peer, beside, goal in (("a canned answer", bare, 1.10), ("moto", others, 0.30)):
                felt, compared_with, ratio = compared(mine, beside)
                figures.append(
                    Figure("P9", f"{what} {peer}", felt, compared_with, "ms", ratio, at_most(goal))
                )
        return figures


def _boto3_client(url: str) -> Any:
    return boto3.client(
        "sagemaker",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - none
        config=Config(retries={"max_attempts": 0}),
    )


def _calls(group: str) -> dict[str, Callable[[Any], None]]:
    arn = version_arn(group, _NUMBER)
    body = registration(FELT)

    def create(client: Any) -> None:
        _see("ModelPackageArn" in client.create_model_package(**body))

    def describe(client: Any) -> None:
        _see(client.describe_model_package(ModelPackageName=arn)["ModelPackageArn"] == arn)

    def list_page(client: Any) -> None:
        page = client.list_model_packages(**_page_of(group))
        _see(len(page["ModelPackageSummaryList"]) == PAGE)

    # Registrations come last: moto looks at all versions for every page.
    return {"list page of 100": list_page, "describe": describe, "create": create}


def _page_of(group: str) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": group,
        "MaxResults": PAGE,
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }


def _see(right: bool) -> None:  # noqa: FBT001 - it is the one thing to see
    if not right:
        raise WrongAnswerError("boto3 got another answer than it must")


def _timed_ms(call: Callable[[Any], None], client: Any) -> float:
    started = time.perf_counter()
    call(client)
    return (time.perf_counter() - started) * 1000


def _canned_answers(run: Run, ours: Contender, group: str) -> Path:
    """A file with what sagemock answers to the same calls, for the floor to repeat."""
    arn = version_arn(group, _NUMBER)
    answers = {
        "CreateModelPackage": {"ModelPackageArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:x/{FELT}"},
        "DescribeModelPackage": ours.ask("DescribeModelPackage", ModelPackageName=arn),
        "ListModelPackages": ours.ask("ListModelPackages", **_page_of(group)),
    }
    file = run.folder / "answers.json"
    bodies = {name: json.dumps(body, separators=(",", ":")) for name, body in answers.items()}
    file.write_text(json.dumps(bodies), "utf-8")
    return file
