"""`sagemock env`: the exports that point clients at a server, for every shell."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from command_line import COMMAND, run

EXPORTED = {
    "AWS_ENDPOINT_URL_SAGEMAKER": "http://127.0.0.1:5000",
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://127.0.0.1:5000",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "111122223333",
    "AWS_SECRET_ACCESS_KEY": "test",
}
CHOSEN = (
    *("--url", "http://127.0.0.1:5000/"),
    *("--region", "eu-central-1"),
    *("--account", "111122223333"),
)


def test_env_prints_what_readme_tells_to_paste() -> None:
    result = run("env", SHELL="/bin/bash")
    assert (result.returncode, result.stderr) == (0, "")
    url = "http://127.0.0.1:4577"
    assert result.stdout.splitlines() == [
        f"export AWS_ENDPOINT_URL_SAGEMAKER={url}",
        f"export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME={url}",
        "export AWS_REGION=us-east-1",
        "export AWS_DEFAULT_REGION=us-east-1",
        "export AWS_ACCESS_KEY_ID=test",
        "export AWS_SECRET_ACCESS_KEY=test",
    ]


def test_what_env_prints_can_be_evaluated_and_taken_back() -> None:
    show = (
        f"{shlex.quote(sys.executable)} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    )
    command = shlex.join(COMMAND)
    script = (
        f'eval "$({command} env {shlex.join(CHOSEN)})"; {show};'
        f'eval "$({command} env --unset)"; {show}'
    )
    result = subprocess.run(
        ["sh", "-eu", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "SHELL": "/bin/sh"},
    )
    after, unset = map(json.loads, result.stdout.splitlines())
    assert {name: after[name] for name in EXPORTED} == EXPORTED
    assert not set(EXPORTED) & set(unset)


def test_env_as_json_is_an_object() -> None:
    assert json.loads(run("env", *CHOSEN, "--json").stdout) == EXPORTED
    assert json.loads(run("env", "--unset", "--json").stdout) == dict.fromkeys(EXPORTED)


@pytest.mark.parametrize(
    ("shell", "first"),
    [
        ("/usr/bin/zsh", "export AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:4577"),
        ("/usr/bin/fish", "set -gx AWS_ENDPOINT_URL_SAGEMAKER http://127.0.0.1:4577;"),
        ("/opt/pwsh", "$env:AWS_ENDPOINT_URL_SAGEMAKER = 'http://127.0.0.1:4577'"),
        ("/usr/bin/nu", "export AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:4577"),
    ],
)
def test_env_speaks_the_language_of_the_shell(shell: str, first: str) -> None:
    assert run("env", SHELL=shell).stdout.splitlines()[0] == first


@pytest.mark.parametrize(
    ("shell", "first"),
    [
        ("bash", "unset AWS_ENDPOINT_URL_SAGEMAKER"),
        ("fish", "set -e AWS_ENDPOINT_URL_SAGEMAKER;"),
        (
            "powershell",
            "Remove-Item Env:AWS_ENDPOINT_URL_SAGEMAKER -ErrorAction SilentlyContinue",
        ),
    ],
)
def test_env_unset_does_too(shell: str, first: str) -> None:
    assert run("env", "--unset", "--shell", shell).stdout.splitlines()[0] == first


def test_an_address_that_a_shell_could_take_for_something_else_is_quoted() -> None:
    address = "http://$(id)'x"
    said = run("env", "--url", address, "--shell", "sh").stdout.splitlines()[0]
    assert shlex.split(said) == ["export", f"AWS_ENDPOINT_URL_SAGEMAKER={address}"]
    fish = run("env", "--url", address, "--shell", "fish").stdout.splitlines()[0]
    assert fish == r"set -gx AWS_ENDPOINT_URL_SAGEMAKER 'http://$(id)\'x';"
