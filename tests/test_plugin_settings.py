"""The settings of the pytest plugin: by marker and by configuration, and what is mistaken."""

import pytest

from test_pytest_plugin import ran

pytest_plugins = ["pytester"]


def test_a_mistaken_marker_fails_its_test_alone(pytester: pytest.Pytester) -> None:
    sentences = {
        "validaton='warn'": "sagemock has no setting 'validaton'; did you mean 'validation'?",
        "accont='1'": "sagemock has no setting 'accont'; did you mean 'account'?",
        "account='12'": "An account id is 12 digits, not '12'.",
        "region='Mars'": "A region looks like us-east-1, not 'Mars'.",
        "'eu-west-1'": "what it takes has a name, region='eu-west-1' say, not 'eu-west-1'.",
        "hold_s=-1": "An answer is held from 0 to 60 seconds, not -1.",
        "seed=1": "seed is a file's name or a list of them, not 1.",
        "account=123456789012": "account is 12 digits in quotes, not 123456789012.",
        "account_id='111122223333'": "account_id is of no test's account; did you mean 'account'?",
        "seeds=['churn.yaml']": "seeds is of no test's account; did you mean 'seed'?",
        "hold_s='fast'": "hold_s is a number, not 'fast'.",
    }
    tests = [
        f"@pytest.mark.sagemock({marker})\ndef test_{number}(sagemock_server): ..."
        for number, marker in enumerate(sentences)
    ]
    pytester.makepyfile("\n".join(["import pytest", *tests, "def test_other(): ..."]))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:cov")
    result.assert_outcomes(errors=len(sentences), passed=1)
    said = [line for line in result.outlines if line.startswith("pytest.mark.sagemock: ")]
    # Those with settings of their own are run together.
    assert sorted(said) == sorted(f"pytest.mark.sagemock: {each}" for each in sentences.values())


def test_the_configuration_is_of_every_server(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        sagemock_region = eu-west-1
        sagemock_settings =
            validation = warn
            hold_s = 0.5
            max_json_depth = 64
            allow_file_urls = yes
            sinks = file=events.jsonl
            sinks = file=more.jsonl
            access_keys = ONE=111122223333
            access_keys = TWO = 444455556666
            serving = model:churn*=canned
            buckets = models=data
            db = :memory:
            serving_rules = rules.json
        """
    )
    pytester.mkdir("data")
    (pytester.path / "rules.json").write_text('{"rules": []}')
    pytester.makepyfile(
        """
        from pathlib import Path
        import pytest

        def test_all(sagemock_server, sagemock_region, request):
            settings, root = sagemock_server.settings, request.config.rootpath
            assert (settings.region, sagemock_region) == ("eu-west-1", "eu-west-1")
            assert (settings.validation, settings.hold_s) == ("warn", 0.5)
            assert (settings.max_json_depth, settings.allow_file_urls) == (64, True)
            assert settings.sinks == ("file=events.jsonl", "file=more.jsonl")
            assert settings.access_keys == {"ONE": "111122223333", "TWO": "444455556666"}
            assert settings.serving == (("model:churn*", "canned"),)
            assert settings.buckets == {"models": root / "data"}
            assert settings.serving_rules == root / "rules.json"
            assert (settings.db, settings.port) == (":memory:", 0)

        @pytest.mark.sagemock(validation="strict")
        def test_own(sagemock_server):
            assert sagemock_server.settings.validation == "strict"
            assert sagemock_server.settings.hold_s == 0.5
        """
    )
    ran(pytester).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "sagemock_settings = validaton = warn",
            "sagemock has no setting 'validaton'; did you mean 'validation'?",
        ),
        ("sagemock_region = Mars", "A region looks like us-east-1, not 'Mars'."),
    ],
)
def test_a_mistaken_configuration_ends_the_run_with_a_sentence(
    line: str, sentence: str, pytester: pytest.Pytester
) -> None:
    pytester.makeini(f"[pytest]\n{line}")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:cov")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [each for each in result.errlines if each] == [f"ERROR: sagemock's settings: {sentence}"]


def test_the_markers_and_settings_are_told_by_help(pytester: pytest.Pytester) -> None:
    result = ran(pytester, "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.sagemock(region=None, account=None, seed=None, *"])
    text = ran(pytester, "--help").stdout.str()
    assert all(name in text for name in ("sagemock_region", "sagemock_settings", "sagemock_seed"))
