"""The pytest plugin as it is loaded: once, lazily, and only where it is wanted."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sagemock
from test_pytest_plugin import ran

pytest_plugins = ["pytester"]

HEAVY = ("boto3", "botocore", "flask", "waitress", "yaml", "orjson", "click")
HEAVY_PARTS = ("app", "service", "wire", "settings", "running_server", "clients", "in_process")


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


def test_the_entry_point_is_the_one_that_is_loaded(pytestconfig: pytest.Config) -> None:
    loaded = pytestconfig.pluginmanager.get_plugin("sagemock.pytest_plugin")
    assert loaded is not None
    assert Path(loaded.__file__) == Path(sagemock.__file__).with_name("pytest_plugin.py")
