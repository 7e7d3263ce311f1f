"""The pytest plugin, as a project has it that installs us: in test runs of its own."""

import os
import subprocess
import sys

import pytest
from botocore.client import BaseClient

import sagemock

pytest_plugins = ["pytester"]

SEED = "groups: [{ModelPackageGroupName: NAME}]"
LISTED = """
def listed(client):
    found = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
    return sorted(each["ModelPackageGroupName"] for each in found)
"""


def ran(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """A test run in a process of its own, in which every warning is an error."""
    return pytester.runpytest_subprocess(
        "-W", "error", "--strict-markers", "-p", "no:cacheprovider", *options
    )


def test_each_test_has_an_account_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        {LISTED.replace(chr(10), chr(10) + 8 * " ")}
        seen = set()

        @pytest.mark.parametrize("number", range(3))
        def test_account(number, sagemock_client, sagemock_account, sagemock_server):
            assert listed(sagemock_client) == []
            answer = sagemock_client.create_model_package_group(ModelPackageGroupName="churn")
            assert answer["ModelPackageGroupArn"] == (
                f"arn:aws:sagemaker:us-east-1:{{sagemock_account}}:model-package-group/churn"
            )
            assert listed(sagemock_client) == ["churn"]
            seen.add((sagemock_account, sagemock_server.url))

        def test_all():
            assert len({{account for account, _ in seen}}) == 3
            assert len({{url for _, url in seen}}) == 1
        """
    )
    ran(pytester).assert_outcomes(passed=4)


def test_two_processes_do_not_meet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib, sys, time

        def test_place(sagemock_server, sagemock_account, sagemock_client):
            sagemock_client.create_model_package_group(ModelPackageGroupName="churn")
            place = f"{sagemock_server.url} {sagemock_account}"
            name = sys.argv[-1].rpartition("=")[2]
            pathlib.Path(name).write_text(place)
            other = pathlib.Path({"one": "other", "other": "one"}[name])
            ends = time.monotonic() + 30
            while not other.exists() and time.monotonic() < ends:  # both servers are there at once
                pass
            assert other.exists()
        """
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    runs = [
        subprocess.Popen(
            [*command, f"--rootdir={pytester.path}", "-o", f"junit_suite_name={name}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=pytester.path,
        )
        for name in ("one", "other")
    ]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    one, other = ((pytester.path / name).read_text().split() for name in ("one", "other"))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_code_that_makes_its_own_clients_reaches_the_account(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nonexistent")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    pytester.makepyfile(
        f"""
        import os
        import boto3
        import pytest
        {LISTED.replace(chr(10), chr(10) + 8 * " ")}
        def register(name):
            client = boto3.client("sagemaker")
            client.create_model_package_group(ModelPackageGroupName=name)
            return listed(client)

        @pytest.mark.parametrize("name", ["churn", "fraud"])
        def test_code(name, sagemock_endpoint, sagemock_client, sagemock_server):
            assert register(name) == [name]
            assert listed(sagemock_client) == [name]
            assert sagemock_endpoint == sagemock_server.url

        @pytest.mark.sagemock(region="eu-west-1", account="111122223333")
        def test_place(sagemock_endpoint):
            client = boto3.client("sagemaker")
            arn = client.create_model_package_group(ModelPackageGroupName="g")
            assert arn["ModelPackageGroupArn"].split(":")[3:5] == ["eu-west-1", "111122223333"]

        def test_afterwards():
            assert os.environ["AWS_PROFILE"] == "nonexistent"
            assert "AWS_ENDPOINT_URL_SAGEMAKER" not in os.environ
            assert boto3.DEFAULT_SESSION is None
        """
    )
    ran(pytester).assert_outcomes(passed=4)


def test_seeds_are_planted_into_the_account_of_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsagemock_seed = all.yaml")
    pytester.makefile(".yaml", **{name: SEED.replace("NAME", name) for name in ("all", "root")})
    folder = pytester.mkdir("registry")
    for name in ("module", "near", "called"):
        (folder / f"{name}.yaml").write_text(SEED.replace("NAME", name))
    (folder / "else.yaml").write_text(f"account: '210987654321'\n{SEED.replace('NAME', 'else')}")
    (folder / "test_seeds.py").write_text(
        f"""
import pytest
{LISTED}
pytestmark = pytest.mark.sagemock(seed="module.yaml")

@pytest.mark.sagemock(seed=["near.yaml", "root.yaml"])
def test_marked(sagemock_client):
    assert listed(sagemock_client) == ["all", "module", "near", "root"]

def test_called(sagemock_client, sagemock_seed):
    sagemock_seed("called.yaml")
    sagemock_seed("root.yaml")
    assert listed(sagemock_client) == ["all", "called", "module", "root"]

def test_a_file_that_names_an_account(sagemock_client, sagemock_seed, sagemock_account):
    (arn,) = sagemock_seed("else.yaml").arns("made")
    assert arn.split(":")[4] == sagemock_account

@pytest.mark.sagemock(account="111122223333")
def test_only_the_server(sagemock_server):
    assert listed(sagemock_server.client(account="111122223333")) == ["all", "module"]

def test_none(sagemock_seed):
    sagemock_seed("none.yaml")

def test_several(sagemock_seed):
    sagemock_seed("called.yaml", "root.yaml")

def test_a_document(sagemock_seed):
    sagemock_seed({{"groups": []}})
"""
    )
    result = ran(pytester)
    result.assert_outcomes(passed=4, failed=3)
    places = f"{folder} and {folder.parent}"
    one = "sagemock_seed takes the name of one file, not"
    sentences = (
        f"The seed file 'none.yaml' does not exist; it is looked for in {places}.",
        f"{one} 'called.yaml', 'root.yaml'; call it for each.",
        f"{one} {{'groups': []}}; call it for each.",
    )
    assert [line for line in result.outlines if line in sentences] == list(sentences)


def test_a_marker_gives_a_server_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        urls = {}

        @pytest.fixture(scope="session")
        def mode(sagemock_server):
            return sagemock_server.settings.validation

        def test_plain(sagemock_server, mode):
            urls["plain"] = sagemock_server.url
            assert mode == "strict"

        @pytest.mark.sagemock(validation="warn")
        class TestLenient:
            def test_one(self, sagemock_server, sagemock_client, mode):
                urls["one"] = sagemock_server.url
                assert sagemock_client.meta.endpoint_url == sagemock_server.url
                assert mode == "warn"

            @pytest.mark.sagemock(region="eu-west-1")
            def test_other(self, sagemock_endpoint, sagemock_region):
                urls["other"] = sagemock_endpoint
                assert sagemock_region == "eu-west-1"

            @pytest.mark.sagemock(validation="strict", hold_s=1)
            def test_nearest(self, sagemock_server):
                assert sagemock_server.settings.validation == "strict"
                assert sagemock_server.settings.hold_s == 1

        def test_plain_again(sagemock_server, sagemock_servers):
            assert sagemock_server.url == urls["plain"]
            assert urls["one"] == urls["other"] == sagemock_servers(validation="warn").url
            assert urls["one"] != urls["plain"]
        """
    )
    ran(pytester).assert_outcomes(passed=5)


@pytest.mark.parametrize("how", ["assert False", "raise KeyboardInterrupt"])
def test_it_stops_however_the_run_ends(how: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import threading

        def pytest_unconfigure():
            names = [each.name for each in threading.enumerate()]
            assert not [name for name in names if name.startswith("sagemock")], names
            print("none is left")
        """
    )
    pytester.makepyfile(
        f"""
        def test_ends(sagemock_client):
            sagemock_client.list_models()
            {how}
        """
    )
    result = ran(pytester)
    result.stdout.fnmatch_lines(["none is left"])
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}


def test_the_fixtures_work_in_our_own_tests(
    sagemock_server: sagemock.RunningServer,
    sagemock_client: BaseClient,
    sagemock_runtime_client: BaseClient,
    sagemock_endpoint: str,
    sagemock_seed: object,
) -> None:
    assert callable(sagemock_seed)
    assert os.environ["AWS_ENDPOINT_URL_SAGEMAKER"] == sagemock_endpoint == sagemock_server.url
    assert sagemock_client.meta.service_model.service_name == "sagemaker"
    assert sagemock_runtime_client.meta.service_model.service_name == "sagemaker-runtime"
