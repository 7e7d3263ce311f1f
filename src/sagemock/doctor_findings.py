"""A finding of the doctor: what was looked at, how it is, and what would help."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One check: `told` is a sentence, `fix` what would help, or nothing."""

    check: str
    verdict: Verdict
    told: str
    fix: str = ""

    def shown(self) -> dict[str, str]:
        """The finding as JSON."""
        members = {"check": self.check, "verdict": self.verdict, "message": self.told}
        return members | ({"fix": self.fix} if self.fix else {})


def ok(check: str, told: str) -> Finding:
    """It is as it should be."""
    return Finding(check, "ok", told)


def warning(check: str, told: str, fix: str) -> Finding:
    """It may be meant so."""
    return Finding(check, "warning", told, fix)


def wrong(check: str, told: str, fix: str) -> Finding:
    """It cannot work so."""
    return Finding(check, "wrong", told, fix)
