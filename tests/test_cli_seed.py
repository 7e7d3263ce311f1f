"""`sagemock seed` and `sagemock serve --seed`, as processes."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from command_line import Started, assert_one_sentence, run
from conftest import FIXTURES
from sagemock.server_client import ask, send
from two_registries import Client, answering

EXAMPLE = FIXTURES / "seeds" / "churn.yaml"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Started]:
    server = Started(tmp_path, "--db", ":memory:")
    yield server
    server.stop()


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.yaml"
    path.write_text(
        "groups:\n- ModelPackageGroupName: churn\n  versions:\n  - ModelApprovalStatus: Approved\n"
    )
    return path


def test_a_server_is_ready_with_its_seeds(tmp_path: Path, seed: Path) -> None:
    server = Started(tmp_path, "--db", ":memory:", "--seed", str(EXAMPLE), "--seed", str(seed))
    described = server.call("DescribeModelPackage", ModelPackageName=f"{ARN}model-package/churn/1")
    server.stop()
    assert described["ModelApprovalStatus"] == "Approved"


def test_nobody_is_answered_before_the_seeds_are_in(tmp_path: Path) -> None:
    versions = [{"ModelPackageDescription": f"version {number}"} for number in range(300)]
    seed = tmp_path / "many.json"
    seed.write_text(
        json.dumps({"groups": [{"ModelPackageGroupName": "churn", "versions": versions}]})
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked: list[Any] = []
    asking = threading.Thread(target=lambda: asked.append(first_answer(port)))
    asking.start()
    server = Started(tmp_path, "--db", "sagemock.db", "--port", str(port), "--seed", str(seed))
    asking.join(timeout=30)
    server.stop()
    assert asked[0]["ModelPackageSummaryList"][0]["ModelPackageVersion"] == 300


def first_answer(port: int) -> Any:
    """The answer to a call that is made as soon as somebody listens."""
    pause = threading.Event()
    for _ in range(3000):
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            pause.wait(0.01)
            continue
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = line
        connection.request(
            "POST",
            "/",
            json.dumps({"ModelPackageGroupName": "churn"}),
            {"X-Amz-Target": "SageMaker.ListModelPackages"},
        )
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer
    return None


def test_seeds_can_be_named_by_the_environment(tmp_path: Path, seed: Path) -> None:
    variables = {"SAGEMOCK_SEED": f"{EXAMPLE}:{seed}"}
    server = Started(tmp_path, "--db", ":memory:", **variables)
    groups = server.call("ListModelPackageGroups")["ModelPackageGroupSummaryList"]
    server.stop()
    assert [each["ModelPackageGroupName"] for each in groups] == ["churn"]


def test_a_server_that_starts_again_with_its_seeds_changes_nothing(
    tmp_path: Path, seed: Path
) -> None:
    activity = []
    for _ in range(2):
        server = Started(tmp_path, "--db", "sagemock.db", "--seed", str(seed))
        activity.append(run("log", "--json", "--url", server.url).stdout)
        server.stop()
    assert activity[0].count("\n") == 2
    assert activity[1] == activity[0]


def test_a_broken_seed_ends_the_start_and_leaves_nothing(tmp_path: Path, seed: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("groups:\n- ModelPackageGroupNam: churn\n")
    database = tmp_path / "new" / "sagemock.db"
    options = ("--port", "0", "--db", str(database), "--seed", str(seed), "--seed", str(broken))
    assert_one_sentence(
        run("serve", *options),
        rf"^sagemock: The seed {broken} cannot be planted: line 2, groups\[0\].*\.$",
    )
    assert not database.parent.exists()


def test_a_seed_that_does_not_suit_the_database_ends_the_start(tmp_path: Path, seed: Path) -> None:
    server = Started(tmp_path, "--db", "sagemock.db", "--seed", str(seed))
    server.stop()
    other = tmp_path / "other.yaml"
    other.write_text(seed.read_text() + "    Task: REGRESSION\n")
    options = ("--port", "0", "--db", str(tmp_path / "sagemock.db"), "--seed", str(other))
    assert_one_sentence(
        run("serve", *options), r"line 5, .*\.Task: it is not there in the registry"
    )


def test_what_is_made_is_told_and_nothing_the_second_time(server: Started, seed: Path) -> None:
    first = run("seed", str(seed), "--url", server.url)
    second = run("seed", str(seed), "--url", server.url)
    assert (first.stdout, first.stderr, first.returncode) == (
        (
            f"made     {ARN}model-package-group/churn\n"
            f"made     {ARN}model-package/churn/1\n"
            f"{seed}: 2 made, 0 changed, 0 as they were\n"
        ),
        "",
        0,
    )
    assert second.stdout == f"{seed}: 0 made, 0 changed, 2 as they were\n"


def test_what_is_changed_is_told_with_its_members(server: Started, seed: Path) -> None:
    run("seed", str(seed), "--url", server.url)
    seed.write_text(seed.read_text().replace("Approved", "Rejected"))
    changed = run("seed", str(seed), "--url", server.url)
    assert changed.stdout == (
        f"changed  {ARN}model-package/churn/1  ModelApprovalStatus\n"
        f"{seed}: 0 made, 1 changed, 1 as they were\n"
    )


def test_json_tells_all_that_a_seed_names(server: Started, seed: Path) -> None:
    run("seed", str(seed), "--url", server.url)
    seed.write_text(seed.read_text().replace("Approved", "Rejected"))
    told = json.loads(run("seed", str(seed), "--json", "--url", server.url).stdout)
    group = {
        "ResourceArn": f"{ARN}model-package-group/churn",
        "Outcome": "unchanged",
        "Members": [],
    }
    version = {
        "ResourceArn": f"{ARN}model-package/churn/1",
        "Outcome": "changed",
        "Members": ["ModelApprovalStatus"],
    }
    assert told == {"Seed": str(seed), "Resources": [group, version]}


def test_account_and_region_are_those_that_are_given_or_that_the_file_names(
    server: Started, seed: Path
) -> None:
    where = ("--account", "111122223333", "--region", "eu-north-1")
    told = run("seed", str(seed), str(EXAMPLE), *where, "--url", server.url).stdout.splitlines()
    assert told[0] == (
        "made     arn:aws:sagemaker:eu-north-1:111122223333:model-package-group/churn"
    )
    assert told[3] == "made     arn:aws:sagemaker:eu-west-1:210987654321:model-package-group/churn"


def test_a_file_that_names_another_account_than_the_command_says_where_it_went(
    server: Started, seed: Path
) -> None:
    where = ("--account", "111122223333", "--region", "eu-west-1", "--url", server.url)
    told = run("seed", str(seed), str(EXAMPLE), *where)
    # The region is that which the file names.
    assert (told.returncode, told.stderr) == (
        0,
        (
            f"sagemock: {EXAMPLE} names the account 210987654321 and went there: "
            "--account 111122223333 is for files that name none.\n"
        ),
    )
    same = run("seed", str(EXAMPLE), "--account", "210987654321", "--url", server.url)
    assert (same.returncode, same.stderr) == (0, "")
    other = run("seed", str(EXAMPLE), "--region", "eu-north-1", "--url", server.url)
    assert other.stderr == (
        f"sagemock: {EXAMPLE} names the region eu-west-1 and went there: "
        "--region eu-north-1 is for files that name none.\n"
    )


def test_a_snapshot_is_sent_to_the_command_that_loads_it(server: Started, tmp_path: Path) -> None:
    snapshot = tmp_path / "before.json"
    assert run("snapshot", "save", str(snapshot), "--url", server.url).returncode == 0
    said = (
        f"The seed {snapshot} cannot be planted: it is a snapshot; load it with "
        f"`sagemock snapshot load {snapshot}`"
    )
    assert_one_sentence(run("seed", str(snapshot), "--url", server.url), said)
    assert_one_sentence(run("serve", "--db", ":memory:", "--seed", str(snapshot)), said)


def test_an_account_that_cannot_be_is_refused(seed: Path) -> None:
    assert_one_sentence(run("seed", str(seed), "--account", "12"), "An account id is 12 digits")


def test_a_broken_seed_is_one_sentence_and_no_seed_is_planted(
    server: Started, seed: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"groups": [\n{"ModelPackageGroupName": 7}]}')
    assert_one_sentence(
        run("seed", str(seed), str(broken), "--url", server.url),
        r"broken\.json cannot be planted: line 2, groups\[0\]\.ModelPackageGroupName: 7 stands",
    )
    assert server.call("ListModelPackageGroups") == {"ModelPackageGroupSummaryList": []}


def test_a_refusal_of_the_server_is_one_sentence_with_its_line(
    server: Started, tmp_path: Path
) -> None:
    seed = tmp_path / "seed.yaml"
    source = f"{ARN}model-package/nowhere/1"
    seed.write_text(
        f"groups:\n- ModelPackageGroupName: churn\n  versions:\n  - SourceUri: {source}\n"
    )
    assert_one_sentence(
        run("seed", str(seed), "--url", server.url),
        r"line 4, groups\[0\]\.versions\[0\]: CreateModelPackage is refused, "
        r"ValidationException: .* does not exist; what comes before it has been planted",
    )


def test_all_that_is_wrong_with_a_file_is_told_at_once(server: Started, tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("groups:\n- ModelPackageGroupName: a_b\n- Tags: {}\n")
    result = run("seed", str(seed), "--url", server.url)
    lines = result.stderr.splitlines()
    assert (result.returncode, result.stdout, len(lines)) == (2, "", 3)
    assert lines[0] == (f"sagemock: The seed {seed} cannot be planted: 2 things are wrong with it.")
    assert lines[1].startswith("  line 2, groups[0].ModelPackageGroupName: Value 'a_b' at ")
    assert lines[2] == "  line 3, groups[1]: ModelPackageGroupName must be given."
    assert server.call("ListModelPackageGroups") == {"ModelPackageGroupSummaryList": []}


def test_files_are_checked_without_a_server(seed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("group: []")
    url = ("--url", "http://127.0.0.1:9")
    assert run("seed", "--check", str(seed), *url).stdout == f"{seed}: nothing is wrong with it\n"
    assert_one_sentence(run("seed", "--check", str(broken), *url), "perhaps groups is meant")


def test_where_no_server_is_the_way_to_one_is_told(seed: Path) -> None:
    assert_one_sentence(
        run("seed", str(seed), "--url", "http://127.0.0.1:9"),
        "There is no sagemock at http://127.0.0.1:9: .*; start one with `sagemock serve`",
    )


@pytest.fixture
def with_account(tmp_path: Path) -> Path:
    path = tmp_path / "account.yaml"
    tag = "'${AWS::AccountId}-${AWS::Region}'"
    path.write_text(f"groups:\n- ModelPackageGroupName: churn\n  Tags: {{owner: {tag}}}\n")
    return path


@pytest.mark.parametrize(
    ("options", "account", "region"),
    [
        ((), "210987654321", "eu-west-1"),
        (("--region", "eu-north-1"), "210987654321", "eu-north-1"),
        (("--account", "111122223333"), "111122223333", "eu-west-1"),
    ],
)
def test_account_and_region_in_texts_are_the_servers_own_where_none_is_given(
    tmp_path: Path, with_account: Path, options: tuple[str, ...], account: str, region: str
) -> None:
    own = ("--account-id", "210987654321", "--region", "eu-west-1")
    server = Started(tmp_path, "--db", ":memory:", *own)
    arn = f"arn:aws:sagemaker:{region}:{account}:model-package-group/churn"
    told = run("seed", str(with_account), "--url", server.url, *options).stdout
    with Client(server.url, account, region) as client:
        tags = client("ListTags", ResourceArn=arn)["Tags"]
    server.stop()
    assert told.startswith(f"made     {arn}\n")
    assert tags == [{"Key": "owner", "Value": f"{account}-{region}"}]


def test_where_a_server_does_not_tell_its_account_what_to_type_is_told(with_account: Path) -> None:
    with answering(lambda _: (400, b"{}")) as url:
        assert_one_sentence(
            run("seed", str(with_account), "--url", url),
            r"line 3, groups\[0\]\.Tags.*: \$\{AWS::AccountId\} stands for what this server does "
            r"not tell; give the command `--account 123456789012 --region us-east-1`, or",
        )


def test_seeding_is_no_call_of_the_program_under_test(server: Started, seed: Path) -> None:
    rule = {
        "match": {"operation": "CreateModelPackage"},
        "fault": {"error": {"code": "ThrottlingException"}},
        "times": 1,
    }
    send(server.url, "POST", "/_sagemock/faults", rule)
    planted = run("seed", str(seed), "--url", server.url)
    (known,) = ask(server.url, "/_sagemock/faults")["faults"]
    assert (planted.returncode, known["matched"]) == (0, 0)
    assert ask(server.url, "/_sagemock/requests")["Requests"] == []
    # A program's own call still meets the rule, and is kept.
    with pytest.raises(HTTPError):
        server.call("CreateModelPackage", ModelPackageGroupName="churn")
    (kept,) = ask(server.url, "/_sagemock/requests")["Requests"]
    assert (kept["Operation"], kept["Error"]) == ("CreateModelPackage", "ThrottlingException")
