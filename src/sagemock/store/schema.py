"""The tables and indexes of the store, and the marks by which a file is known to be ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sagemock.conditions import Path
from sagemock.ports import Kind

APPLICATION_ID = 0x53474D4B
"""`SGMK` in SQLite's header: a file with tables and another id belongs to someone else."""

VERSION = 4
"""The version of the tables below, in SQLite's user_version."""

ACTIVITY_OF = (
    "CREATE INDEX activity_of ON activity (account, region, kind, lower(name), number, id)"
)
NOTABLE_ACTIVITY = (
    "CREATE INDEX activity_notable ON activity (account, region, change, id)"
    " WHERE change NOT IN ('created', 'changed', 'removed')"
)

POSITIONS = """
    CREATE TABLE position (
        reader TEXT PRIMARY KEY,
        record INTEGER NOT NULL
    ) WITHOUT ROWID
    """
"""How far each reader of the activity log has come: all up to that record is behind it."""

DEAD_LETTERS = """
    CREATE TABLE dead_letter (
        id INTEGER PRIMARY KEY,
        reader TEXT NOT NULL,
        record INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL,
        content TEXT NOT NULL
    )
    """
"""What a reader could not pass on, whole: its record may be forgotten by now."""

TABLES = (
    # `name` keeps the case it was written in; two names that differ only in case are one key.
    # `number` is 0 for what has none, `due_ms` null for what has nothing left to move. `late` is 1
    # for what did not come last among those of its name, by number or by time; where nothing is,
    # the two orders are one. The list row stands before the document, which may go on over further
    # pages: a list never reads those.
    """
    CREATE TABLE resource (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL,
        late INTEGER NOT NULL,
        summary TEXT NOT NULL,
        document TEXT NOT NULL,
        due_ms INTEGER
    )
    """,
    # The names in use, each once however many numbers it has, and the parts of three characters
    # that they consist of: what contains a part of a name is found through them.
    """
    CREATE TABLE name (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (kind, account, region, name)
    )
    """,
    "CREATE VIRTUAL TABLE name_part USING fts5(name, tokenize = 'trigram case_sensitive 1')",
    # The row's own number is the order in which keys were first written to a resource.
    """
    CREATE TABLE tag (
        id INTEGER PRIMARY KEY,
        resource INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (resource, key)
    )
    """,
    "CREATE INDEX tag_value ON tag (key, value, resource)",
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
    # `before` and `after` hold the members that a change touched; `before` of what was removed
    # is all of it, and neither says again what was created.
    """
    CREATE TABLE activity (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        change TEXT NOT NULL,
        operation TEXT NOT NULL,
        principal TEXT NOT NULL,
        request_id TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL
    )
    """,
    ACTIVITY_OF,
    # Few of all records, and the only ones that are asked for by what they tell.
    NOTABLE_ACTIVITY,
    POSITIONS,
    DEAD_LETTERS,
    # What the list rows of a kind were made by; they are made anew when that is another.
    """
    CREATE TABLE list_row (
        kind TEXT PRIMARY KEY,
        made_by TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
TABLE_NAMES = (
    "resource",
    "name",
    "name_part",
    "tag",
    "counter",
    "replayed_call",
    "activity",
    "dead_letter",
)
"""What a reset empties; readers go back to the beginning."""


@dataclass(frozen=True)
class Index:
    """An index over resources: what it is equal in, the order of that, and what else it holds.

    Every index begins with the kind (or is of one kind only), the account and the region.
    """

    name: str
    equal: tuple[str, ...]
    order: tuple[str, ...]
    condition: str = ""
    unique: bool = False
    rest: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The statement that makes it."""
        # SQLite ends every index with the row's own number.
        order = (column for column in self.order if column != "id")
        columns = ", ".join(("kind", "account", "region", *self.equal, *order, *self.rest))
        unique = "UNIQUE " if self.unique else ""
        where = f" WHERE {self.condition}" if self.condition else ""
        return f"CREATE {unique}INDEX {self.name} ON resource ({columns}){where}"


# Times break ties by the row's own number: what was added first was there first, however many
# things a frozen clock has made at one moment.
BY_CREATED = ("created_ms", "id")
BY_MODIFIED = ("modified_ms", "id")
BY_NAME = ("name", "number")

KEY = Index("resource_key", ("lower(name)",), ("number",), unique=True)
CREATED = Index("resource_created", (), BY_CREATED)
MODIFIED = Index("resource_modified", (), BY_MODIFIED)
# One index, used in two ways: all names in their order, and the numbers of one name. The time is
# there to be looked at, so that the rows of other times need not be read.
NAMES = Index("resource_name", (), BY_NAME, rest=("created_ms",))
NAMED = Index("resource_name", ("name",), ("number",), rest=("created_ms",))
NAMED_CREATED = Index("resource_named_created", ("name",), BY_CREATED)
LATE = Index("resource_late", ("name",), (), "late = 1")
# Few among many of one kind, or all of theirs: both are found without walking past the others.
UNNUMBERED_CREATED = Index("resource_unnumbered_created", (), BY_CREATED, "number = 0")
DUE = Index("resource_due", (), ("due_ms",), "due_ms IS NOT NULL")
UNNUMBERED_NAMES = Index(
    "resource_unnumbered_name", (), BY_NAME, "number = 0", rest=("created_ms",)
)

INDEXES = (
    KEY,
    CREATED,
    MODIFIED,
    NAMES,
    NAMED,
    NAMED_CREATED,
    LATE,
    UNNUMBERED_CREATED,
    UNNUMBERED_NAMES,
    DUE,
)
DECLARED = "declared_"
"""How the names of the indexes begin that the kinds declare."""


def member_expression(path: Path) -> str:
    """A plain member of the document as SQL; the same text in an index and in a condition."""
    return "json_extract(document, '$" + "".join(f'."{step}"' for step in path) + "')"


def declared_indexes(kinds: Mapping[str, Kind]) -> Iterator[Index]:
    """The indexes that kinds ask for, by their members' values.

    A member with a usual value has only the unusual ones indexed: they are the ones looked for.
    """
    for kind, facts in kinds.items():
        for member, usual in facts.indexed.items():
            name = f"{DECLARED}{kind}_{member}".replace("-", "_")
            value = member_expression((member,))
            condition = f"kind = '{kind}'"
            if usual is not None:
                condition += f" AND {value} <> '{usual}'"
                yield Index(name, (value,), BY_CREATED, condition)
                continue
            yield Index(name, (value,), BY_CREATED, condition)
            named = f"{name}_named"
            yield Index(named, ("name", value), BY_CREATED, condition)
