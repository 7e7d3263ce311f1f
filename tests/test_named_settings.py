"""Settings from the lines of a configuration file."""

from pathlib import Path

import pytest

from sagemock.named_settings import read_lines
from sagemock.settings import SettingsError

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
