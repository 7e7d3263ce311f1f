"""What goes wrong with a database: which errors are the storage's, and in what words."""

import sqlite3


class StoreError(Exception):
    """The database cannot be used; the message is one sentence naming the file and the reason."""


# Full, locked, unreadable, unwritable or damaged. All else is a mistake in a statement of ours.
_STORAGE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_PRIMARY = 0xFF


def is_storage_failure(error: BaseException) -> bool:
    """Whether the database, not the call, is at fault."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & _PRIMARY in _STORAGE
