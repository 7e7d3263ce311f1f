"""Targets of events as a file of rules has them, and a registry whose servers deliver to them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durability.receiver import Receiver
from durability.server_process import ServerProcess, Servers

FOR_EVER = 185
"""The most attempts there can be: the breaks between them last for hours."""


@dataclass(frozen=True)
class Registry:
    """One database, and the servers that serve it one after the other."""

    servers: Servers
    db: Path

    @property
    def file(self) -> Path:
        """Where a file of events can be."""
        return self.db.with_name("events.jsonl")

    def start(self, *options: str) -> ServerProcess:
        return self.servers.start(self.db, *options)

    def rules(self, **by_id: dict[str, Any]) -> tuple[str, str]:
        """The option for a rule named `all`, with these targets."""
        path = self.db.with_name("rules.json")
        its = [{"id": name, **target} for name, target in by_id.items()]
        path.write_text(json.dumps({"rules": [{"name": "all", "targets": its}]}))
        return "--event-rules", str(path)

    def sinks(self, receiver: Receiver) -> tuple[str, ...]:
        """The options for a webhook and a file that are given up after some attempts."""
        return "--sink", f"webhook={receiver.url}", "--sink", f"file={self.file}"

    def lasting(self, receiver: Receiver) -> tuple[str, str]:
        """The option for a webhook and a file that are not given up."""
        file = {"file": {"path": str(self.file)}, "attempts": FOR_EVER}
        return self.rules(ci=webhook(receiver), file=file)


def webhook(receiver: Receiver, attempts: int = FOR_EVER) -> dict[str, Any]:
    """A target that waits for each answer as long as it may."""
    return {"webhook": {"url": receiver.url, "timeout_s": 300}, "attempts": attempts}
