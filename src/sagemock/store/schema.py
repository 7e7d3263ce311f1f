"""The tables of the store, and the marks by which a database file is known to be ours."""

APPLICATION_ID = 0x53474D4B
"""`SGMK` in SQLite's header: a file with tables and another id belongs to someone else."""

VERSION = 1
"""The version of the tables below, in SQLite's user_version."""

TABLES = (
    # `name` keeps the case it was written in; two names that differ only in case are one key.
    # `number` is 0 for what has none. Name and number also break the ties of `created_ms`.
    """
    CREATE TABLE resource (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        document TEXT NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX resource_key
        ON resource (kind, account, region, lower(name), number)
    """,
    "CREATE INDEX resource_created ON resource (kind, account, region, created_ms, name, number)",
    "CREATE INDEX resource_name ON resource (kind, account, region, name, number)",
    # The row's own number is the order in which keys were first written to an ARN.
    """
    CREATE TABLE tag (
        id INTEGER PRIMARY KEY,
        arn TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (arn, key)
    )
    """,
    """
    CREATE TABLE counter (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        scope TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (account, region, scope)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE replayed_call (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        operation TEXT NOT NULL,
        token TEXT NOT NULL,
        digest TEXT NOT NULL,
        answer TEXT NOT NULL,
        PRIMARY KEY (account, region, operation, token)
    ) WITHOUT ROWID
    """,
)
TABLE_NAMES = ("resource", "tag", "counter", "replayed_call")
