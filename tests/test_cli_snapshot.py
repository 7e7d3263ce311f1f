"""The command line that keeps a registry in a file: `snapshot save` and `snapshot load`."""

import errno
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import COMMAND, Started, assert_one_sentence, run
from sagemock.snapshot_client import write_file
from snapshot_fiction import VERSION_1
from test_cli_wait import answering

EVERYTHING = "2 model package groups, 3 model packages, 1 model, 1 endpoint config and 1 endpoint"
COUNTS = {"Endpoint": 1, "EndpointConfig": 1, "Model": 1, "ModelPackage": 3, "ModelPackageGroup": 2}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    yield started
    assert started.stop()[0] == 0


@pytest.fixture
def url(served: Started) -> str:
    """A server with nothing but a group of the user's own."""
    empty = json.dumps({"accounts": {}, "sagemock": {"snapshot": 1}}).encode()
    assert piped("load", "-", "--url", served.url, given=empty).returncode == 0
    served.call("CreateModelPackageGroup", ModelPackageGroupName="mine")
    return served.url


def piped(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "snapshot", *arguments],
        input=given,
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_what_was_loaded_and_replaced_is_told_and_saved_again(url: str, tmp_path: Path) -> None:
    loaded = run("snapshot", "load", str(VERSION_1), "--url", url)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert loaded.stdout == f"Loaded {EVERYTHING}; replaced 1 model package group.\n"
    file = tmp_path / "again.json"
    saved = run("snapshot", "save", str(file), SAGEMOCK_URL=url)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout == f"Saved {EVERYTHING} in {file}.\n"
    assert file.read_bytes() == VERSION_1.read_bytes()
    assert list(tmp_path.iterdir()) == [file]


def test_the_counts_are_told_as_json(url: str, tmp_path: Path) -> None:
    loaded = run("snapshot", "load", str(VERSION_1), "--json", "--url", url)
    assert json.loads(loaded.stdout) == {"loaded": COUNTS, "replaced": {"ModelPackageGroup": 1}}
    saved = run("snapshot", "save", str(tmp_path / "it.json"), "--json", "--url", url)
    assert json.loads(saved.stdout) == {"saved": COUNTS}


@pytest.mark.parametrize("name", ["churn.yaml", "churn.json"])
def test_a_seed_is_sent_to_the_command_that_plants_it(url: str, tmp_path: Path, name: str) -> None:
    seed = tmp_path / name
    groups = [{"ModelPackageGroupName": "churn"}]
    is_json = name.endswith(".json")
    seed.write_text(json.dumps({"groups": groups}) if is_json else f"groups: {groups}\n")
    said = "cannot be loaded: it is a seed; plant it with `sagemock seed FILE`\\.$"
    loaded = run("snapshot", "load", str(seed), "--url", url)
    assert_one_sentence(loaded, f"^sagemock: {seed}: The snapshot {said}")
    for command in (("snapshot", "diff", str(seed), "--url", url), ("diff", str(seed), url)):
        assert_one_sentence(run(*command), f"^sagemock: The snapshot {seed} {said}")


def test_a_minus_is_stdin_and_stdout(url: str) -> None:
    kept = VERSION_1.read_bytes()
    assert piped("load", "-", "--url", url, given=kept).returncode == 0
    saved = piped("save", "-", "--url", url)
    assert (saved.returncode, saved.stdout, saved.stderr) == (0, kept, b"")
    empty = {"accounts": {}, "sagemock": {"snapshot": 1}}
    loaded = piped("load", "-", "--url", url, given=json.dumps(empty).encode())
    assert loaded.stdout.decode() == f"Loaded nothing; replaced {EVERYTHING}.\n"


def test_a_file_that_is_there_is_replaced_and_stays_as_open_as_it_was(
    url: str, tmp_path: Path
) -> None:
    file, link = tmp_path / "it.json", tmp_path / "link.json"
    file.write_text("old")
    file.chmod(0o604)
    link.symlink_to(file)
    assert run("snapshot", "save", str(link), "--url", url).returncode == 0
    assert link.is_symlink()
    assert "mine" in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    fresh = tmp_path / "fresh.json"
    assert run("snapshot", "save", str(fresh), "--url", url).returncode == 0
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o666 & ~umask


def test_a_pipe_is_written_to(url: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [*COMMAND, "snapshot", "save", str(pipe), "--url", url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as saving:
        assert b"mine" in pipe.read_bytes()
        assert saving.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", r"wrong\.json: The snapshot cannot be loaded: it is no JSON: .* line 1 column 2"),
        (
            b'{"accounts": {}, "sagemock": {"snapshot": 3}}',
            "it is of version 3, this sagemock knows 2; load it with the newer sagemock",
        ),
        (
            VERSION_1.read_bytes().replace(
                b'"ModelPackageVersion": 10', b'"ModelPackageVersion": 9'
            ),
            "model-package/churn/10 is not the ARN of what its document names, 'churn/9'",
        ),
        (
            VERSION_1.read_bytes().replace(b'"ModelPackageVersion": 10', b'"X": 10'),
            (
                r"at accounts\.123456789012\.us-east-1\.resources\.ModelPackage\[2\]\.document, "
                "'ModelPackageVersion' is a required property"
            ),
        ),
    ],
    ids=["no JSON", "newer", "another number", "a member missing"],
)
def test_a_wrong_file_changes_nothing(content: bytes, said: str, url: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    before = piped("save", "-", "--url", url).stdout
    assert_one_sentence(run("snapshot", "load", str(file), "--url", url), said)
    assert piped("save", "-", "--url", url).stdout == before


def test_what_cannot_be_read_or_written_is_one_sentence(url: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "it.json"
    loaded = run("snapshot", "load", str(missing), "--url", url)
    assert_one_sentence(loaded, r"missing/it\.json cannot be read: No such file or directory\.")
    saved = run("snapshot", "save", str(missing), "--url", url)
    assert_one_sentence(saved, r"missing/it\.json cannot be written: No such file or directory\.")
    both = run("snapshot", "save", "-", "--json", "--url", url)
    assert_one_sentence(both, "With - the snapshot itself is printed; --json is for a file")
    folder = run("snapshot", "save", str(tmp_path), "--url", url)
    assert_one_sentence(folder, r"cannot be written: Is a directory\.")


def test_a_disk_that_is_full_leaves_the_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "it.json"
    file.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(file, b"new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_server_no_file_is_touched(tmp_path: Path) -> None:
    file = tmp_path / "it.json"
    file.write_text("old")
    nobody = "http://127.0.0.1:1"
    for command in ("save", "load"):
        result = run("snapshot", command, str(file), "--url", nobody)
        assert_one_sentence(result, "There is no sagemock at http://127.0.0.1:1: .*sagemock serve")
    assert file.read_text() == "old"


def test_what_answers_but_is_no_sagemock_is_told(tmp_path: Path) -> None:
    file = tmp_path / "it.json"
    with answering(200, b'{"status": "ok"}') as url:
        saved = run("snapshot", "save", str(file), "--url", url)
        loaded = run("snapshot", "load", str(VERSION_1), "--url", url)
    assert_one_sentence(saved, "did not answer as sagemock does: that is no snapshot; name the add")
    assert_one_sentence(loaded, "did not answer as sagemock does: status 501; name the address of")
    assert not file.exists()


@pytest.mark.parametrize("command", [(), ("save",), ("load",)])
def test_the_help_fits_a_screen_and_shows_an_example(command: tuple[str, ...]) -> None:
    text = run("snapshot", *command, "--help").stdout
    assert len(text.splitlines()) <= 24
    assert not command or f"Example: sagemock snapshot {command[0]} before.json" in text
