"""The pytest plugin, as a project has it that installs us: in test runs of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.client import BaseClient

import sagemock

pytest_plugins = ["pytester"]

HEAVY = ("boto3", "botocore", "flask", "waitress", "yaml", "orjson", "click")
HEAVY_PARTS = ("app", "service", "wire", "settings", "running_server", "clients", "in_process")
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


def test_loading_it_imports_nothing_of_the_server() -> None:
    program = (
        "import json, sys, pytest\n"
        "before = set(sys.modules)\n"
        "import sagemock.pytest_entry, sagemock.pytest_plugin\n"
        "print(json.dumps([sorted(set(sys.modules) - before), sorted(sys.modules)]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    added, there = json.loads(result.stdout)
    ours = {"sagemock", "sagemock.pytest_entry", "sagemock.pytest_plugin"}
    assert set(added) - ours <= set(sys.stdlib_module_names)
    assert not {*HEAVY, *(f"sagemock.{part}" for part in HEAVY_PARTS)} & set(there)


def test_a_run_that_does_not_use_it_imports_nothing_and_says_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        f"""
        import sys

        def test_plain():
            assert not {{*{HEAVY!r}}} & set(sys.modules)
            assert {{each for each in sys.modules if each.startswith("sagemock")}} == {{
                "sagemock", "sagemock.pytest_entry", "sagemock.pytest_plugin"
            }}
        """
    )
    result = ran(pytester, "-p", "no:cov")
    result.assert_outcomes(passed=1)
    said = [line for line in result.outlines if not line.startswith("plugins:")]
    assert "sagemock" not in "\n".join(said)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-p", "sagemock.pytest_plugin"),
        ("-p", "sagemock.pytest_plugin", "-p", "sagemock.pytest_plugin", "-p", "sagemock"),
    ],
    ids=["by itself", "by name", "by all names"],
)
def test_it_is_loaded_once_however_often_it_is_asked_for(
    options: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    pytester.makeconftest("pytest_plugins = ['sagemock.pytest_plugin']")
    pytester.makepyfile(
        """
        def test_account(sagemock_account):
            assert len(sagemock_account) == 12
        """
    )
    ran(pytester, *options).assert_outcomes(passed=1)


def test_it_may_have_been_imported_before(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_account(sagemock_account): ...")
    imported = "sys, pytest, sagemock.pytest_entry, sagemock.pytest_plugin"
    program = f"import {imported}; pytest.main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "-W", "error", "-p", "no:cacheprovider"]
    result = pytester.run(*command)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("option", ["--assert=rewrite", "--assert=plain"])
def test_the_server_is_imported_without_rewriting(option: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_loaders(sagemock_server):
            rewritten = {
                name
                for name, module in sys.modules.items()
                if name.startswith("sagemock.")
                and type(module.__loader__).__name__ == "AssertionRewritingHook"
            }
            # These few come before the server.
            assert rewritten <= {
                "sagemock.named_settings",
                "sagemock.pytest_entry",
                "sagemock.pytest_plugin",
                "sagemock.settings",
            }
            rewriting = [type(each).__name__ == "AssertionRewritingHook" for each in sys.meta_path]
            assert rewriting[0] or not any(rewriting)
        """
    )
    ran(pytester, option).assert_outcomes(passed=1)


def test_it_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_none(sagemock_account): ...")
    result = ran(pytester, "-p", "no:sagemock")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'sagemock_account' not found*"])


def test_its_fixtures_have_names_of_their_own_and_a_sentence_each(
    pytester: pytest.Pytester,
) -> None:
    result = ran(pytester, "--fixtures", "-p", "sagemock.pytest_plugin", "-p", "no:xdist")
    _, _, ours = result.stdout.str().partition("fixtures defined from sagemock.pytest_plugin")
    fixtures = re.findall(r"^(\w+)(?: \[(\w+) scope\])? -- \S+\n {4}(.*)$", ours, re.MULTILINE)
    assert {name: scope for name, scope, _ in fixtures} == {
        "sagemock_servers": "session",
        "sagemock_server": "session",
        "sagemock_region": "",
        "sagemock_account": "",
        "sagemock_client": "",
        "sagemock_runtime_client": "",
        "sagemock_endpoint": "",
        "sagemock_seed": "",
        "sagemock_clock": "",
        "sagemock_faults": "",
        "sagemock_requests": "",
    }
    assert all(len(sentence) > 20 for _, _, sentence in fixtures)


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
"""
    )
    result = ran(pytester)
    result.assert_outcomes(passed=4, failed=1)
    places = f"{folder} and {folder.parent}"
    sentence = f"The seed file 'none.yaml' does not exist; it is looked for in {places}."
    result.stdout.fnmatch_lines([sentence])


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


def test_a_mistaken_marker_fails_its_test_alone(pytester: pytest.Pytester) -> None:
    sentences = {
        "validaton='warn'": "sagemock has no setting 'validaton'; did you mean 'validation'?",
        "accont='1'": "sagemock has no setting 'accont'; did you mean 'account'?",
        "account='12'": "An account id is 12 digits, not '12'.",
        "region='Mars'": "A region looks like us-east-1, not 'Mars'.",
        "'eu-west-1'": "what it takes has a name, region='eu-west-1' say, not 'eu-west-1'.",
        "hold_s=-1": "An answer is held from 0 to 60 seconds, not -1.",
        "seed=1": "seed is a file's name or a list of them, not 1.",
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


def test_the_entry_point_is_the_one_that_is_loaded(pytestconfig: pytest.Config) -> None:
    loaded = pytestconfig.pluginmanager.get_plugin("sagemock.pytest_plugin")
    assert loaded is not None
    assert Path(loaded.__file__) == Path(sagemock.__file__).with_name("pytest_plugin.py")
