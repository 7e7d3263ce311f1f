"""The fixture `sagemock_faults`, as a project uses it that installs us."""

import pytest

pytest_plugins = ["pytester"]


def ran(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *options)


def test_it_has_calls_of_its_test_go_wrong_and_of_no_other(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from botocore.exceptions import ClientError

        def test_survived(sagemock_client, sagemock_faults, sagemock_server):
            rule = sagemock_faults.add(
                operation="CreateModelPackageGroup", error="ThrottlingException", times=2
            )
            made = sagemock_client.create_model_package_group(ModelPackageGroupName="churn")
            assert made["ResponseMetadata"]["RetryAttempts"] == 2
            assert (rule.matched, rule.applied) == (3, 2)
            # Somebody else's calls are not touched.
            sagemock_faults.add(error="AccessDeniedException")
            other = sagemock_server.client(account="222222222222")
            assert other.list_models()["Models"] == []
            with pytest.raises(ClientError, match="AccessDeniedException"):
                sagemock_client.list_models()

        def test_next(sagemock_client, sagemock_server):
            assert sagemock_client.list_models()["Models"] == []
            assert sagemock_server.service.faults.shown() == []
        """
    )
    ran(pytester).assert_outcomes(passed=2)


def test_rules_of_others_stay(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def for_all(sagemock_server):
            sagemock_server.service.faults.add({"fault": {"latency": 0}})

        def test_first(sagemock_faults, sagemock_client):
            sagemock_faults.add({"fault": {"error": "ThrottlingException"}, "times": 1})
            sagemock_client.list_models()
            sagemock_faults.clear()
            sagemock_faults.add(cut="before", times=1)

        def test_second(sagemock_server):
            left = sagemock_server.service.faults.shown()
            assert [each["fault"] for each in left] == [{"latency": 0}]
        """
    )
    ran(pytester).assert_outcomes(passed=2)


def test_one_rule_can_be_taken_away(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_cleared(sagemock_client, sagemock_faults, sagemock_server):
            denied = sagemock_faults.add(operation="List*", error="AccessDeniedException")
            late, other = (sagemock_faults.add(latency=0) for _ in range(2))
            sagemock_faults.clear(denied, late.id)
            assert sagemock_client.list_models()["Models"] == []
            assert (denied.matched, other.matched) == (0, 1)
            for gone in (denied, 77, {"id": 1}):
                with pytest.raises(ValueError, match="^There is no fault rule .* of this test;"):
                    sagemock_faults.clear(other, gone)
            assert [each["id"] for each in sagemock_server.service.faults.shown()] == [other.id]
            sagemock_faults.clear()
            sagemock_faults.clear()
            assert sagemock_server.service.faults.shown() == []
        """
    )
    ran(pytester).assert_outcomes(passed=1)


def test_a_mistake_fails_the_test_with_a_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_mistaken(sagemock_faults):
            sagemock_faults.add(operation="CreateModelPackge", error="ThrottlingException")
        """
    )
    result = ran(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*there is no operation 'CreateModelPackge', perhaps CreateModelPackage is meant."]
    )


def test_a_server_of_its_own_can_have_a_file(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("faults.yaml").write_text("fault: {error: ServiceUnavailable}\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.sagemock(faults="faults.yaml")
        def test_file(sagemock_client):
            with pytest.raises(sagemock_client.exceptions.ClientError, match="ServiceUnavailable"):
                sagemock_client.list_models()
        """
    )
    ran(pytester).assert_outcomes(passed=1)
