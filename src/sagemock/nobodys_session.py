"""A botocore session of nobody: what is set up on the machine is not asked for anything."""

import os
from typing import Any


def session_of_nobody() -> Any:
    """A botocore session that reads no variables and no files of the user's."""
    from botocore.session import Session  # noqa: PLC0415 - slow to import

    unread = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
    }
    unread["config_file"] = unread["credentials_file"] = (None, None, os.devnull, None)
    return Session(session_vars=unread)


def in_one_line(words: object) -> str:
    """What botocore says, as part of a sentence."""
    return " ".join(str(words).split()).rstrip(".")
