"""README's question, what is different between staging and my laptop, asked as it says."""

import re
from pathlib import Path

import pytest

import sagemock
from command_line import run
from two_registries import Calls

README = Path(__file__).parent.parent / "README.md"
STAGING, LAPTOP = "http://staging:4577", "http://127.0.0.1:4577"
PIPELINE = "# Your pipeline runs."


def test_its_commands_print_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"<!-- diff -->\n```sh\n(.*?)```\n.*?```text\n(.*?)```",
        README.read_text("utf-8"),
        re.DOTALL,
    )
    assert len(blocks) == 2
    with sagemock.running() as of_staging, sagemock.running() as of_laptop:
        staging, laptop = of_staging.url, of_laptop.url
        calls = Calls(of_staging.client())
        calls.group()
        calls.version(data="s3://models/churn/41/model.tar.gz")
        calls.version(ModelApprovalStatus="Approved")
        calls = Calls(of_laptop.client())
        calls.group()
        calls.version(data="s3://models/churn/40/model.tar.gz")
        approved = calls.version()
        calls.version()
        for commands, printed in blocks:
            said = ""
            for line in commands.splitlines():
                if line == PIPELINE:
                    calls(
                        "UpdateModelPackage",
                        ModelPackageArn=approved,
                        ModelApprovalStatus="Approved",
                    )
                    continue
                words = line.replace(STAGING, staging).replace(LAPTOP, laptop).split()[1:]
                result = run(*words, COLUMNS="80", SAGEMOCK_URL=laptop)
                assert (result.returncode, result.stderr) == (1 if "diff" in words else 0, "")
                said = result.stdout
            assert said.replace(staging, STAGING).replace(laptop, LAPTOP) == printed
