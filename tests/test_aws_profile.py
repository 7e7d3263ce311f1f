"""`sagemock profile create`: what it writes, what it keeps, what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import assert_one_sentence, run
from sagemock import RunningServer
from sagemock.aws_profile import AwsConfig, AwsConfigError, planned, read_config, write
from sagemock.client_setup import ClientSetup
from test_cli_habits import on_a_terminal

SETUP = ClientSetup("http://127.0.0.1:4577")
SECTIONS = """\
[profile local]
region = us-east-1
aws_access_key_id = test
aws_secret_access_key = test
services = local-sagemock

[services local-sagemock]
sagemaker =
  endpoint_url = http://127.0.0.1:4577
sagemaker_runtime =
  endpoint_url = http://127.0.0.1:4577
"""
OTHERS = "# mine, keep it\n[default]\nregion=eu-west-1   \n\n[profile b]\noutput =  json\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("AWS_", "SAGEMOCK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def create(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("profile", "create", *arguments)


def test_the_change_is_shown_and_written_into_a_folder_and_file_for_the_user_alone(
    home: Path,
) -> None:
    result = create("local", "--yes")
    config = home / ".aws" / "config"
    assert (result.returncode, result.stderr) == (0, "")
    assert config.read_bytes() == SECTIONS.encode()
    assert config.stat().st_mode & 0o777 == 0o600
    assert config.parent.stat().st_mode & 0o777 == 0o700
    assert result.stdout.splitlines() == [
        f"--- {config}",
        f"+++ {config}",
        "@@ -0,0 +1,11 @@",
        *(f"+{line}" for line in SECTIONS.splitlines()),
        f"Wrote {config}; now: export AWS_PROFILE=local",
    ]
    assert list(config.parent.iterdir()) == [config]


@pytest.mark.parametrize(
    ("before", "between"),
    [
        (OTHERS, "\n"),
        (OTHERS + "\n", ""),
        (OTHERS + "\n\n", ""),
        (OTHERS.rstrip(), "\n\n"),
        (OTHERS.replace("\n", "\r\n"), "\r\n"),
        (OTHERS.replace("\n", "\r\n").rstrip(), "\r\n\r\n"),
        ("", ""),
        ("# größer, 日本\n", "\n"),
    ],
)
def test_every_byte_of_what_was_there_is_kept(tmp_path: Path, before: str, between: str) -> None:
    path = tmp_path / "config"
    path.write_bytes(before.encode())
    change = planned(path, "local", SETUP)
    write(change)
    end = "\r\n" if "\r\n" in before else "\n"
    after = before + between + SECTIONS.replace("\n", end)
    assert path.read_bytes() == after.encode()
    assert planned(path, "local", SETUP).needed is False


def test_the_permissions_of_the_file_stay_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.write_text(OTHERS)
    real.chmod(0o640)
    link = tmp_path / "config"
    link.symlink_to(real)
    write(planned(link, "local", SETUP))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_text().endswith(SECTIONS)


def test_the_default_profile_has_a_section_of_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write(planned(path, "default", SETUP))
    assert path.read_text().startswith("[default]\nregion = us-east-1\n")
    assert "services = default-sagemock\n\n[services default-sagemock]\n" in path.read_text()
    assert not planned(path, "default", SETUP).needed


def test_created_again_there_is_nothing_to_do(home: Path) -> None:
    config = home / ".aws" / "config"
    assert create("local", "--yes").returncode == 0
    before = config.stat().st_ino, config.stat().st_mtime_ns
    again = create("local")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == f"There is nothing to do: {config} has that profile.\n"
    assert (config.stat().st_ino, config.stat().st_mtime_ns) == before


def test_a_profile_that_has_lost_its_services_section_gets_it_back(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(SECTIONS.partition("\n[services")[0])
    write(planned(path, "local", SETUP))
    assert path.read_text() == SECTIONS


def test_a_profile_for_another_server_account_and_region(home: Path) -> None:
    chosen = ("--url", "http://h:1/", "--account", "111122223333", "--region", "eu-west-1")
    assert create("other", *chosen, "--yes").returncode == 0
    config = read_config(home / ".aws" / "config")
    assert config.profiles == {
        "other": {
            "region": "eu-west-1",
            "aws_access_key_id": "111122223333",
            "aws_secret_access_key": "test",
            "services": "other-sagemock",
        }
    }
    endpoint = {"endpoint_url": "http://h:1"}
    assert config.services == {
        "other-sagemock": {"sagemaker": endpoint, "sagemaker_runtime": endpoint}
    }


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("[profile local]\nregion = x\n", "local", "There is a profile 'local' in .* already"),
        ("[default]\n", "default", "There is a profile 'default' in .* already"),
        ("[profile default]\n", "default", "There is a profile 'default' in .* already"),
        (
            "[services local-sagemock]\n",
            "local",
            r"There is a section \[services local-sagemock\] in ",
        ),
        ("region = x\n", "local", "Cannot read .*config: File contains no section headers"),
        ("[a]\n[a]\n", "local", "Cannot read .*config: .*section 'a' already exists"),
        ("", "a b", r"The name of a profile is letters, digits and \._@\+/:-, not 'a b'"),
        ("", "a]", r"The name of a profile is letters, digits and \._@\+/:-, not 'a\]'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_written(
    home: Path, text: str, name: str, said: str
) -> None:
    config = home / "config"
    config.write_text(text)
    result = create(name, "--config", str(config), "--yes")
    assert_one_sentence(result, f"^sagemock: {said}")
    assert config.read_text() == text


def test_a_name_that_the_credentials_file_has_is_refused(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("[local]\naws_access_key_id = s3cret\n")
    result = create("local", "--yes")
    assert_one_sentence(result, "^sagemock: There is a profile 'local' in ~/.aws/credentials")
    assert "s3cret" not in result.stderr


def test_sections_that_are_none_of_ours_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text('[profile "a b"]\nregion = x\n[profile "b]\n[sso-session s]\n[preview]\n')
    assert read_config(path) == AwsConfig(profiles={"a b": {"region": "x"}})


def test_a_file_that_is_no_text_and_a_folder_are_refused(home: Path) -> None:
    (home / "config").write_bytes(b"\xff\xfe")
    result = create("local", "--config", str(home / "config"), "--yes")
    assert_one_sentence(result, "^sagemock: Cannot read .*config: it is not UTF-8")
    result = create("local", "--config", str(home), "--yes")
    assert_one_sentence(result, "^sagemock: Cannot read .*: Is a directory")
    result = create("local", "--config", str(home / "config" / "below"), "--yes")
    assert_one_sentence(result, "^sagemock: Cannot read .*below: Not a directory")


def test_without_a_terminal_nobody_is_asked_and_nothing_is_written(home: Path) -> None:
    result = create("local")
    assert_one_sentence(result, "^sagemock: Nobody can be asked here, .* --yes")
    assert not (home / ".aws").exists()


def test_on_a_terminal_the_change_is_shown_and_then_asked_for(home: Path) -> None:
    config = home / ".aws" / "config"
    code, shown = on_a_terminal("profile", "create", "local", typed="n\n", NO_COLOR="1")
    assert code == 1
    assert "\n+[profile local]\n" in shown
    assert f"Write this to {config}? [y/N]: " in shown.replace("\n", "").replace("\r", "")
    assert shown.endswith("sagemock: Nothing was written.\n")
    assert not config.exists()
    assert on_a_terminal("profile", "create", "local", typed="y\n")[0] == 0
    assert config.read_text() == SECTIONS


def test_a_file_that_somebody_else_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("[a]\n")
    change = planned(path, "local", SETUP)
    path.write_text("[b]\n")
    with pytest.raises(AwsConfigError, match=r"was changed by somebody else meanwhile"):
        write(change)
    assert path.read_text() == "[b]\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text("[a]\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AwsConfigError, match=r"Cannot write .*config: No space left on device\."):
        write(planned(path, "local", SETUP))
    assert path.read_text() == "[a]\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_config_is_where_aws_config_file_says_and_json_tells_of_it(home: Path) -> None:
    config = home / "elsewhere"
    result = run("profile", "create", "local", "--yes", "--json", AWS_CONFIG_FILE=str(config))
    assert json.loads(result.stdout) == {
        "file": str(config),
        "written": True,
        "diff": [
            f"--- {config}",
            f"+++ {config}",
            "@@ -0,0 +1,11 @@",
            *(f"+{line}" for line in SECTIONS.splitlines()),
        ],
    }
    again = run("profile", "create", "local", "--json", AWS_CONFIG_FILE=str(config))
    assert json.loads(again.stdout) == {"file": str(config), "written": False, "diff": []}


# --- boto3 with that profile, and nothing else


@pytest.mark.parametrize("name", ["local", "default"])
@pytest.mark.parametrize("before", ["", OTHERS.partition("\n\n")[2].replace("\n", "\r\n")])
def test_boto3_reaches_the_server_by_the_aws_config_only(
    home: Path, sagemock_server: RunningServer, sagemock_account: str, name: str, before: str
) -> None:
    url, account = sagemock_server.url, sagemock_account
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_bytes(before.encode())
    assert create(name, "--url", url, "--account", account, "--yes").returncode == 0
    program = (
        "import boto3; client = boto3.client('sagemaker');"
        "print(client.create_model_package_group(ModelPackageGroupName='g')"
        "['ModelPackageGroupArn']);"
        "runtime = boto3.client('sagemaker-runtime'); print(runtime.meta.endpoint_url)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "AWS_EC2_METADATA_DISABLED": "true",
            **({} if name == "default" else {"AWS_PROFILE": name}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.stdout.splitlines() == [
        f"arn:aws:sagemaker:us-east-1:{account}:model-package-group/g",
        url,
    ], result.stderr
