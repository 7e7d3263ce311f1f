"""Settings by their names: from the lines of a configuration file, and from Python."""

from pathlib import Path
from typing import Any

import pytest

from sagemock.named_settings import read_lines, settings_for_tests
from sagemock.settings import Settings, SettingsError

FOLDER = Path("configuration")


def test_each_setting_has_its_own_type() -> None:
    lines = [
        "db = :memory:",
        "port = 4578",
        "hold_s = 0.5",
        "activity_days = 7",
        "allow_file_urls = Yes",
        "allow_commands = off",
        "principal = arn:aws:iam::{account}:user/a=b",
        "allow_hosts = one",
        "allow_hosts = other",
        "serving = model:churn*=canned",
        "serving = image:*=auto",
        "access_keys = ONE=111122223333",
        "access_keys = TWO = 444455556666",
        "buckets = models=data",
        "serving_rules = rules.json",
        "event_rules = /etc/rules.yaml",
        "seeds = churn.yaml",
    ]
    assert read_lines(lines, FOLDER) == {
        "db": ":memory:",
        "port": 4578,
        "hold_s": 0.5,
        "activity_days": 7.0,
        "allow_file_urls": True,
        "allow_commands": False,
        "principal": "arn:aws:iam::{account}:user/a=b",
        "allow_hosts": ("one", "other"),
        "serving": (("model:churn*", "canned"), ("image:*", "auto")),
        "access_keys": {"ONE": "111122223333", "TWO": "444455556666"},
        "buckets": {"models": FOLDER / "data"},
        "serving_rules": FOLDER / "rules.json",
        "event_rules": Path("/etc/rules.yaml"),
        "seeds": (FOLDER / "churn.yaml",),
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("validaton = warn", "sagemock has no setting 'validaton'; did you mean 'validation'?"),
        ("validation", "A setting is given as name = value, not 'validation'."),
        ("port = many", "port is a whole number, not 'many'."),
        ("hold_s = long", "hold_s is a number, not 'long'."),
        ("allow_commands = perhaps", "allow_commands is true or false, not 'perhaps'."),
        ("serving = all", "serving is given as serving = KEY=VALUE, not 'serving = all'."),
        ("buckets = all", "buckets is given as buckets = KEY=VALUE, not 'buckets = all'."),
    ],
)
def test_a_mistaken_line_is_told_in_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_lines([line], FOLDER)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"port": "4577"}, "port is a whole number, not '4577'."),
        ({"hold_s": "fast"}, "hold_s is a number, not 'fast'."),
        ({"hold_s": True}, "hold_s is a number, not True."),
        ({"activity_days": [7]}, "activity_days is a number, not [7]."),
        ({"allow_commands": 1}, "allow_commands is true or false, not 1."),
        (
            {"account_id": 123456789012},
            "account_id is text, not 123456789012; put it in quotes: '123456789012'.",
        ),
        ({"freeze": None, "region": None}, "region is text, not None."),
        ({"faults": {}}, "faults is a file's name, not {}."),
        ({"seeds": 1}, "seeds is a file's name, not 1; put it in quotes: '1'."),
        ({"seeds": ["churn.yaml", None]}, "seeds is a file's name, not None."),
        ({"sinks": {}}, "sinks is text, not {}."),
        ({"serving": "model:*=auto"}, "serving is a list of pairs, not 'model:*=auto'."),
        ({"serving": [("model:*", 1)]}, "serving has pairs of two texts, not ('model:*', 1)."),
        ({"access_keys": "KEY"}, "access_keys is a dictionary, not 'KEY'."),
        ({"access_keys": {"KEY": 1}}, "access_keys is text, not 1; put it in quotes: '1'."),
    ],
)
def test_a_setting_of_another_type_is_told(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_for_tests(settings)
    assert str(caught.value) == sentence


def test_a_list_of_one_can_be_given_alone() -> None:
    named = {"seeds": "churn.yaml", "sinks": "file=events.jsonl", "serving": [["model:*", "auto"]]}
    settings = settings_for_tests(named)
    assert settings.seeds == ("churn.yaml",)
    assert settings.sinks == ("file=events.jsonl",)
    assert settings.serving == (("model:*", "auto"),)
    assert settings == settings_for_tests({**named, "seeds": ["churn.yaml"]})


def test_settings_do_not_take_the_letters_of_a_name_for_files() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(seeds="ab")  # type: ignore[arg-type]
    assert str(caught.value) == "seeds are a list of files, so not 'ab' but ('ab',)."
