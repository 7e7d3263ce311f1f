"""`sagemock.running`: a server in this process, as unittest users have it."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError

import sagemock
from endpoint_states import FIRST, LIMIT_S, describe_now
from fictions import create
from sagemock import clients
from sagemock.settings import SettingsError
from standing_serving import StandingServing

CONTAINER = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"}
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
SEED = """
account: "210987654321"
groups:
  - ModelPackageGroupName: churn
    versions:
      - ModelApprovalStatus: Approved
"""


def groups(client: Any) -> list[str]:
    """The names of all groups that a client sees."""
    found = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
    return [each["ModelPackageGroupName"] for each in found]


def test_a_client_calls_the_server_in_the_account_and_region_it_is_made_for() -> None:
    with sagemock.running() as server:
        client = server.client(account="111122223333", region="eu-west-1")
        answer = client.create_model_package_group(ModelPackageGroupName="churn")
        assert answer["ModelPackageGroupArn"] == (
            "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/churn"
        )
        assert groups(server.client()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "nonexistent"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("AWS_CONFIG_FILE", "nonexistent"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ],
)
@pytest.mark.parametrize("lower", [False, True])
def test_a_client_asks_nothing_of_the_machine(
    name: str, value: str, *, lower: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for set_up in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(set_up)
    monkeypatch.setenv(name.lower() if lower else name, value)
    # What makes clients is kept for all of a process; here it is made in this environment.
    clients._session.cache_clear()
    with sagemock.running() as server:
        assert groups(server.client()) == []


def test_the_runtime_has_a_client_too() -> None:
    with sagemock.running() as server:
        client = server.client()
        client.create_model(ModelName="churn", PrimaryContainer=CONTAINER, ExecutionRoleArn=ROLE)
        variant = {
            "VariantName": "all",
            "ModelName": "churn",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        client.create_endpoint_config(EndpointConfigName="churn", ProductionVariants=[variant])
        client.create_endpoint(EndpointName="churn", EndpointConfigName="churn")
        client.get_waiter("endpoint_in_service").wait(
            EndpointName="churn", WaiterConfig={"Delay": 0, "MaxAttempts": 50}
        )
        answer = server.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="churn", Body=b"1,2", ContentType="text/csv"
        )
        assert answer["InvokedProductionVariant"] == "all"


def test_an_endpoint_moves_though_nobody_asks() -> None:
    serving = StandingServing()
    fleets = mock.patch("sagemock.app.Fleets", return_value=serving)
    with fleets, sagemock.running(hold_s=0) as server:
        create(server.service, "it")
        serving.stand(FIRST, "ready")
        limit = time.monotonic() + LIMIT_S
        while describe_now(server.service, "it") != "InService":
            assert time.monotonic() < limit


def test_another_service_is_refused() -> None:
    message = r"sagemock serves sagemaker and sagemaker-runtime, not 's3'\."
    with sagemock.running() as server, pytest.raises(ValueError, match=message):
        server.client("s3")


def test_the_environment_leads_programs_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet")
    with sagemock.running() as server:
        assert server.environment("111122223333", "eu-west-1") == {
            "AWS_ENDPOINT_URL_SAGEMAKER": server.url,
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": server.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "111122223333",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "intranet,127.0.0.1,localhost,::1",
            "no_proxy": "intranet,127.0.0.1,localhost,::1",
        }
        assert server.environment()["AWS_ACCESS_KEY_ID"] == "123456789012"


def test_the_environment_is_afterwards_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nonexistent")
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    before = dict(os.environ)
    with sagemock.running() as server:
        assert dict(os.environ) == before
        with server.in_environment("111122223333", "eu-west-1"):
            client = boto3.client("sagemaker")
            answer = client.create_model_package_group(ModelPackageGroupName="churn")
            client.close()
        assert answer["ModelPackageGroupArn"].split(":")[3:5] == ["eu-west-1", "111122223333"]
    assert dict(os.environ) == before


def test_an_account_is_given_once() -> None:
    with sagemock.running() as server:
        accounts = [server.new_account() for _ in range(1000)]
    assert len(set(accounts)) == 1000
    assert all(len(each) == 12 and each.isdecimal() for each in accounts)


def test_an_account_that_is_used_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 0)
    keys = {"key": "100000000002"}
    with sagemock.running(account_id="100000000000", access_keys=keys) as server:
        assert [server.new_account() for _ in range(2)] == ["100000000001", "100000000003"]


@pytest.mark.parametrize(
    ("account", "region", "place"),
    [
        (None, None, ("us-east-1", "210987654321")),
        ("111122223333", "eu-west-1", ("eu-west-1", "111122223333")),
    ],
)
def test_a_seed_is_planted_where_it_is_told_to(
    account: str | None, region: str | None, place: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "churn.yaml").write_text(SEED)
    with sagemock.running() as server:
        planted = server.seed(tmp_path / "churn.yaml", account, region)
        assert [tuple(each.split(":")[3:5]) for each in planted.arns("made")] == [place, place]
        assert groups(server.client(account=place[1], region=place[0])) == ["churn"]


def test_a_seed_that_has_been_rewritten_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "churn.yaml"
    path.write_text(SEED)
    with sagemock.running() as server:
        server.seed(path, "111122223333")
        path.write_text(SEED.replace("churn", "fraud"))
        os.utime(path, ns=(1, 1))
        server.seed(path, "111122223333")
        assert sorted(groups(server.client(account="111122223333"))) == ["churn", "fraud"]


def test_nothing_is_left_when_it_has_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads = set(threading.enumerate())
    with sagemock.running() as server:
        assert groups(server.client()) == []
        address = server.url.removeprefix("http://").split(":")
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert set(threading.enumerate()) == threads
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address[0], int(address[1])))
    gc.collect()  # a socket that was left would warn


@pytest.mark.parametrize("error", [AssertionError, KeyboardInterrupt])
def test_it_stops_however_the_block_ends(error: type[BaseException]) -> None:
    threads = set(threading.enumerate())
    with pytest.raises(error), sagemock.running():
        raise error
    assert set(threading.enumerate()) == threads


def test_it_can_be_stopped_early_and_again() -> None:
    with sagemock.running() as server:
        server.stop()
        server.stop()


def test_what_cannot_start_leaves_nothing(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    (tmp_path / "rules.json").write_text("no JSON")
    with (
        pytest.raises(Exception, match=r"rules\.json"),
        sagemock.running(serving_rules=tmp_path / "rules.json"),
    ):
        pytest.fail("it has started")
    assert set(threading.enumerate()) == threads
    gc.collect()  # a socket that was left would warn


def test_several_run_beside_each_other() -> None:
    around = sagemock.running()
    with around as one, around as other:
        one.client().create_model_package_group(ModelPackageGroupName="churn")
        assert groups(other.client()) == []
        assert groups(one.client()) == ["churn"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"validaton": "warn"}, "sagemock has no setting 'validaton'; did you mean 'validation'?"),
        ({"zzzzzz": 1}, "sagemock has no setting 'zzzzzz'; README lists those there are."),
        ({"validation": "lax"}, "Validation is strict or warn, not 'lax'."),
        ({"account_id": "12"}, "An account id is 12 digits, not '12'."),
    ],
)
def test_a_mistaken_setting_is_told_at_once(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        sagemock.running(**settings)
    assert str(caught.value) == sentence


@sagemock.running(validation="warn")
def decorated(name: str, server: sagemock.RunningServer) -> tuple[str, list[str]]:
    """A function that makes its own client."""
    client = boto3.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName=name)
    client.close()
    return server.settings.validation, groups(server.client())


def test_a_decorated_function_has_a_new_server_each_time() -> None:
    assert decorated("churn") == ("warn", ["churn"])
    assert decorated(name="fraud") == ("warn", ["fraud"])


def test_a_decorated_function_need_not_take_the_server() -> None:
    @sagemock.running
    def visible() -> str:
        return os.environ["AWS_ENDPOINT_URL_SAGEMAKER"]

    before = os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER")
    assert visible().startswith("http://127.0.0.1:")
    assert os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER") == before


def test_a_decorated_coroutine_has_a_server_until_it_ends() -> None:
    @sagemock.running()
    async def listed(server: sagemock.RunningServer) -> list[str]:
        return await asyncio.to_thread(groups, server.client())

    assert asyncio.run(listed()) == []


@pytest.fixture
def server() -> None:
    pytest.fail("pytest has looked for a fixture where a decorator gives the server")


@sagemock.running()
def test_pytest_looks_for_no_fixture_of_the_servers_name(
    tmp_path: Path, server: sagemock.RunningServer
) -> None:
    assert tmp_path.is_dir()
    assert groups(server.client()) == []


@sagemock.running()
class Registry(unittest.TestCase):
    """What unittest users write."""

    server: sagemock.RunningServer
    account: str
    seen: list[tuple[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.seen = []
        assert os.environ["AWS_ENDPOINT_URL_SAGEMAKER"] == cls.server.url

    def setUp(self) -> None:
        client = boto3.client("sagemaker")
        client.create_model_package_group(ModelPackageGroupName="churn")
        self.addCleanup(client.close)

    def test_one(self) -> None:
        self.seen.append((self.server.url, self.account))
        assert groups(self.server.client(account=self.account)) == ["churn"]

    def test_other(self) -> None:
        self.test_one()
        assert len({url for url, _ in self.seen}) == 1
        assert len({account for _, account in self.seen}) == len(self.seen)


class Single(unittest.TestCase):
    """A method can be decorated alone."""

    @sagemock.running(region="eu-west-1")
    def test_a_method(self, server: sagemock.RunningServer) -> None:
        assert os.environ["AWS_REGION"] == "eu-west-1"
        assert groups(server.client()) == []


def test_each_test_of_a_test_case_has_what_is_seeded(tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text(f'{SEED}region: "eu-west-1"\n')

    @sagemock.running(seeds=str(tmp_path / "churn.yaml"))
    class Seeded(unittest.TestCase):
        server: sagemock.RunningServer
        account: str

        def test_one(self) -> None:
            client = boto3.client("sagemaker")
            self.addCleanup(client.close)
            assert groups(client) == ["churn"]
            client.create_model_package_group(ModelPackageGroupName="fraud")
            assert len(groups(self.server.client(account=self.account))) == 2

        test_other = test_one

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Seeded).run(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])


def test_a_test_case_passes_under_unittest_and_leaves_nothing() -> None:
    threads = set(threading.enumerate())
    before = dict(os.environ)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Registry).run(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert set(threading.enumerate()) == threads
    assert dict(os.environ) == before


def test_a_class_that_is_no_test_case_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^sagemock\.running decorates functions and TestCases"):

        @sagemock.running()
        class Plain:
            pass


def test_it_needs_no_boto3_and_warns_of_nothing() -> None:
    program = (
        "import sys; sys.modules['boto3'] = None\n"
        "import sagemock\n"
        "with sagemock.running() as server:\n"
        "    print(server.client().list_models()['Models'])\n"
    )
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "[]\n", "")


def test_an_error_of_the_server_is_boto3s() -> None:
    with sagemock.running() as server, pytest.raises(ClientError, match="does not exist"):
        server.client().describe_model_package_group(ModelPackageGroupName="churn")
