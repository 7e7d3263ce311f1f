"""Calls that come to another account than the test's: what is told of them, and what keeps them."""

import pytest

from test_pytest_plugin import ran

pytest_plugins = ["pytester"]

CREDENTIALS = """
import boto3, pytest

@pytest.fixture
def aws_credentials(sagemock_endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "{key}")

def register():
    client = boto3.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName="churn")
    client.close()
"""
UNNAMED = (
    "Account 123456789012 was called once meanwhile, that of access keys which name no account{now}"
    "; let sagemock_endpoint set AWS_ACCESS_KEY_ID after whatever else does, and give clients no "
    "key."
)


@pytest.mark.parametrize(
    ("key", "now"),
    [("testing", ", as 'testing' in AWS_ACCESS_KEY_ID"), ("AKIAIOSFODNN7EXAMPL1", "")],
)
def test_a_failure_tells_of_access_keys_that_name_no_account(
    key: str, now: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        CREDENTIALS.format(key=key)
        + """
def test_asserted(aws_credentials, sagemock_requests):
    register()
    sagemock_requests.assert_called("CreateModelPackageGroup", times=1)

def test_not_told_of_the_test_before(aws_credentials, sagemock_requests):
    sagemock_requests.assert_called("ListModels")

def test_that_fails_otherwise(aws_credentials):
    register()
"""
    )
    # Of a CI machine pytest's summary has the messages once more.
    result = ran(pytester, "-rN")
    result.assert_outcomes(failed=3)
    told = [line for line in result.outlines if line.strip("E ").startswith("Account ")]
    # The first in the message, the last below the report.
    assert [each.strip("E ") for each in told] == [UNNAMED.format(now=now)] * 2
    result.stdout.fnmatch_lines(["*already exists*", "*- sagemock -*", UNNAMED.format(now=now)])


def test_a_failure_tells_of_a_client_that_was_kept(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import functools
        import boto3

        @functools.cache
        def client():
            return boto3.client("sagemaker")

        def test_first(sagemock_endpoint, sagemock_requests):
            client().list_models()
            sagemock_requests.assert_called("ListModels")

        def test_second(sagemock_endpoint, sagemock_requests):
            client().list_models()
            client().list_models()
            sagemock_requests.assert_called("ListModels")
        """
    )
    result = ran(pytester)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*Account * was called 2 times meanwhile, that of an earlier test: the client was made *"]
    )


def test_a_failure_tells_of_an_account_that_a_key_names(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_other(sagemock_server, sagemock_requests):
            sagemock_server.client(account="111122223333").list_models()
            sagemock_requests.assert_called("ListModels")
        """
    )
    result = ran(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*Account 111122223333 was called once meanwhile, by a client whose access key names it;*"]
    )


def test_nothing_is_told_where_the_account_of_the_test_was_called_too(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        def test_both(sagemock_server, sagemock_client):
            sagemock_server.client().list_models()
            sagemock_client.list_models()
            assert False
        """
    )
    result = ran(pytester)
    result.assert_outcomes(failed=1)
    assert "meanwhile" not in result.stdout.str()


def test_clients_that_setup_makes_reach_the_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import boto3, pytest

        class Base:
            def setup_method(self):
                self.client = boto3.client("sagemaker")

            def teardown_method(self):
                assert self.client.list_models()["Models"] == []
                self.client.close()

        @pytest.mark.usefixtures("sagemock_endpoint")
        class TestUsed(Base):
            def test_it(self):
                self.client.list_models()

        class TestTaken(Base):
            @pytest.mark.parametrize("number", [1, 2])
            def test_it(self, number, sagemock_endpoint, sagemock_account):
                arn = self.client.create_model_package_group(ModelPackageGroupName="churn")
                assert f":{sagemock_account}:" in arn["ModelPackageGroupArn"]
                assert self.client.meta.endpoint_url == sagemock_endpoint

        def setup_function():
            global client
            client = boto3.client("sagemaker")

        def test_of_a_module(sagemock_endpoint):
            assert client.meta.endpoint_url == sagemock_endpoint
            client.close()
        """
    )
    pytester.makeini("[pytest]\nfilterwarnings = error")
    ran(pytester).assert_outcomes(passed=4)


def test_no_hint_is_of_an_account_of_an_earlier_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def made(client):
            client.create_model_package_group(ModelPackageGroupName="fraud")

        def missing(client, requests):
            with pytest.raises(client.exceptions.ClientError):
                client.describe_model_package_group(ModelPackageGroupName="fraud")
            return requests.calls()[-1].get("Nearest")

        def test_first(sagemock_client):
            made(sagemock_client)

        def test_second(sagemock_client, sagemock_requests, sagemock_server):
            assert missing(sagemock_client, sagemock_requests) is None
            made(sagemock_server.client(account="111122223333"))
            told = missing(sagemock_client, sagemock_requests)
            assert told.endswith(" 'fraud' in account 111122223333, us-east-1.")
        """
    )
    ran(pytester).assert_outcomes(passed=2)


def test_an_account_that_a_project_chooses_itself_can_be_asked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def sagemock_account():
            return "111122223333"

        @pytest.mark.parametrize("number", [1, 2])
        def test_called(number, sagemock_requests, sagemock_client):
            sagemock_client.list_models()
            sagemock_requests.assert_called("ListModels", times=1)
        """
    )
    ran(pytester).assert_outcomes(passed=2)
