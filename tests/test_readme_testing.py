"""README's chapter on tests: its files are run as they stand there."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest_plugins = ["pytester"]

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
FILES = dict(re.findall(r"<!-- test file: (\S+) -->\n```\w+\n(.*?)```", README, re.DOTALL))
WORKFLOW = re.search(r"<!-- workflow -->\n```yaml\n(.*?)```", README, re.DOTALL)


def written(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(FILES[name], "utf-8")


@pytest.mark.parametrize(
    "names",
    [("test_registry.py", "churn.yaml"), ("test_registry.py", "churn.yaml", "pytest.ini")],
    ids=["by itself", "configured"],
)
def test_the_fixtures_are_used_as_shown(names: tuple[str, ...], pytester: pytest.Pytester) -> None:
    written(pytester.path, *names)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=4)


def test_no_client_of_the_code_under_test_goes_astray(pytester: pytest.Pytester) -> None:
    written(pytester.path, "conftest.py")
    pytester.makepyfile(
        pipeline="""
import functools
import boto3

sagemaker = boto3.client("sagemaker", region_name="us-east-1")

@functools.cache
def kept_client():
    return boto3.client("sagemaker")
""",
        test_pipeline="""
import boto3, pipeline, pytest

@pytest.mark.parametrize("number", [1, 2])
class TestPipeline:
    def setup_method(self):
        self.made = boto3.client("sagemaker")

    def test_it(self, number):
        groups = []
        for client in (pipeline.sagemaker, pipeline.kept_client(), self.made):
            name = f"group-{len(groups)}"
            client.create_model_package_group(ModelPackageGroupName=name)
            found = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
            groups.append(len(found))
        assert groups == [1, 2, 3]
""",
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_unittest_is_used_as_shown(tmp_path: Path) -> None:
    written(tmp_path, "registry_unittest.py")
    result = subprocess.run(
        [sys.executable, "-W", "error", "registry_unittest.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Ran 3 tests" in result.stderr


def test_the_steps_of_the_workflow_reach_the_server(tmp_path: Path) -> None:
    assert WORKFLOW
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
    job = yaml.safe_load(WORKFLOW[1].replace("4577", port))["jobs"]["test"]
    install, start, use = (each["run"] for each in job["steps"] if "run" in each)
    assert install.startswith("pip install ")
    folder = Path(sys.executable).parent
    script = f"{start}\nserver=$!\n{use}\nkill $server\nwait $server\n"
    result = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **job["env"],
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert result.stdout.endswith("[]\n"), result
    assert result.returncode == 0, result.stderr
