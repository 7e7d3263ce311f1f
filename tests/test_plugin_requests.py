"""The fixture `sagemock_requests`, as a project has it that installs us."""

import pytest

pytest_plugins = ["pytester"]


def ran(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """A test run in a process of its own, in which every warning is an error."""
    return pytester.runpytest_subprocess(
        "-W", "error", "--strict-markers", "-p", "no:cacheprovider", *options
    )


def test_a_test_sees_the_calls_of_its_own_account_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", ["churn", "fraud"])
        def test_called(name, sagemock_client, sagemock_requests):
            sagemock_requests.assert_not_called("CreateModelPackageGroup")
            sagemock_client.create_model_package_group(ModelPackageGroupName=name)
            sagemock_requests.assert_called("CreateModelPackageGroup")
            sagemock_requests.assert_called(
                "CreateModelPackageGroup", times=1, ModelPackageGroupName=name
            )
            (call,) = sagemock_requests.calls()
            assert call["Request"] == {"ModelPackageGroupName": name}
        """
    )
    ran(pytester).assert_outcomes(passed=2)


def test_what_fixtures_called_before_is_seen_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def group(sagemock_client):
            sagemock_client.create_model_package_group(ModelPackageGroupName="churn")

        def test_group(group, sagemock_requests):
            sagemock_requests.assert_called("CreateModelPackageGroup", times=1)
            sagemock_requests.forget()
            sagemock_requests.assert_not_called("CreateModelPackageGroup")
        """
    )
    ran(pytester).assert_outcomes(passed=1)


def test_an_account_that_a_marker_names_begins_without_the_calls_of_other_tests(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.sagemock(account="111111111111")
        @pytest.mark.parametrize("number", [1, 2])
        def test_called(number, sagemock_client, sagemock_requests):
            sagemock_client.list_model_package_groups()
            sagemock_requests.assert_called("ListModelPackageGroups", times=1)
        """
    )
    ran(pytester).assert_outcomes(passed=2)


def test_a_failure_tells_what_was_called_and_what_was_meant(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import contextlib

        def test_called(sagemock_client, sagemock_requests):
            sagemock_client.create_model_package_group(ModelPackageGroupName="churn-model")
            with contextlib.suppress(Exception):
                sagemock_client.describe_model_package_group(ModelPackageGroupName="churn-modle")
            sagemock_requests.assert_called("CreateModelPackage", times=1)
        """
    )
    result = ran(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: CreateModelPackage was to be called once, and was never called.",
            "*There were these calls: CreateModelPackageGroup (1), DescribeModelPackageGroup (1).",
            "*DescribeModelPackageGroup {*churn-modle*}: 400",
            "*ModelPackageGroup arn:*churn-modle does not exist.",
            "*There is a model package group 'churn-model'.",
        ]
    )


def test_where_the_journal_is_off_the_fixture_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.sagemock(journal=0)
        def test_none(sagemock_requests): ...
        """
    )
    result = ran(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*sagemock's journal is off*leave out journal=0*"])
