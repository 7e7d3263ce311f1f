"""Databases of older versions: opened, migrated beside a backup, and answering as they did."""

import json
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conftest import FIXTURES
from fictions import create, describe
from make_database import CountedClock, make_database, play, schema_of
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.app import stored_kinds
from sagemock.operation import Members
from sagemock.store.schema import VERSION
from sagemock.store.sqlite_store import SqliteStore, StoreError


def schema_number(path: Path) -> int:
    return int(path.stem.removeprefix("schema-"))


DATABASES = FIXTURES / "databases"
RELEASED = sorted(DATABASES.glob("schema-*.db"), key=schema_number)
OLDER = [path for path in RELEASED if path.stem != f"schema-{VERSION}"]
MAKE_IT = "Make it and keep it: python tests/make_database.py fixtures/databases"


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def released(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(params=OLDER, ids=lambda path: path.stem)
def older(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a user's database lies, in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "registry.db"


def opened(database: Path, model: ServiceModel | None = None) -> Service:
    return create_service(Settings(db=database), model=model, clock=CountedClock(1_800_000_000.5))


def calls_of(fixture: Path) -> list[Members]:
    calls: list[Members] = json.loads(fixture.with_suffix(".json").read_text("utf-8"))
    return calls


def played(service: Service, calls: list[Members]) -> list[Members]:
    """The calls of a fixture with today's outcomes."""
    asked = [((call["account"], call["region"]), call["call"], call["with"]) for call in calls]
    return list(play(service, asked))


def dump_of(database: Path) -> list[str]:
    """The tables and rows of the file itself, without a log that may lie beside it."""
    with sqlite3.connect(f"file:{database}?immutable=1", uri=True) as connection:
        dump = list(connection.iterdump())
    connection.close()
    return dump


def beside(database: Path) -> list[str]:
    """What lies in the folder of a database that is closed; its lock stays for the next one."""
    names = sorted(path.name for path in database.parent.iterdir())
    return [name for name in names if name not in (database.name, f"{database.name}.lock")]


def backup_of(database: Path, fixture: Path) -> Path:
    return Path(f"{database}.{fixture.stem}.backup")


def test_there_is_a_fixture_of_the_schema_of_today() -> None:
    assert (DATABASES / f"schema-{VERSION}.db").exists(), (
        f"fixtures/databases has no database of schema {VERSION}. {MAKE_IT}"
    )
    assert schema_number(RELEASED[-1]) == VERSION


def test_the_fixture_of_today_is_what_the_code_of_today_makes(tmp_path: Path) -> None:
    assert make_database(tmp_path) == VERSION
    name = f"schema-{VERSION}"
    assert calls_of(tmp_path / name) == calls_of(DATABASES / name), f"It is old. {MAKE_IT}"
    made, kept = dump_of(tmp_path / f"{name}.db"), dump_of(DATABASES / f"{name}.db")
    assert made == kept, f"It is old. {MAKE_IT}"


def test_every_fixture_says_which_schema_it_is_of(released: Path) -> None:
    assert schema_of(released) == schema_number(released)
    assert len(calls_of(released)) > 200


def test_a_released_database_answers_as_it_did(
    released: Path, database: Path, model: ServiceModel
) -> None:
    shutil.copy(released, database)
    calls = calls_of(released)
    service = opened(database, model)
    outcomes = played(service, calls)
    service.close()
    assert outcomes == calls
    assert schema_of(database) == VERSION


def test_what_was_migrated_answers_the_same_when_it_is_opened_again(
    older: Path, database: Path, model: ServiceModel
) -> None:
    shutil.copy(older, database)
    opened(database, model).close()
    service = opened(database, model)
    outcomes = played(service, calls_of(older))
    service.close()
    assert outcomes == calls_of(older)


def test_a_backup_of_the_older_file_lies_beside_the_migrated_one(
    older: Path, database: Path
) -> None:
    shutil.copy(older, database)
    opened(database).close()
    backup = backup_of(database, older)
    assert beside(database) == [backup.name]
    assert schema_of(backup) == schema_number(older)
    assert dump_of(backup) == dump_of(older)


def test_a_backup_is_left_alone_when_the_file_is_opened_again(older: Path, database: Path) -> None:
    shutil.copy(older, database)
    opened(database).close()
    backup = backup_of(database, older)
    before = (backup.read_bytes(), backup.stat().st_mtime_ns)
    opened(database).close()
    assert (backup.read_bytes(), backup.stat().st_mtime_ns) == before


def test_a_backup_of_another_day_is_not_overwritten(older: Path, database: Path) -> None:
    shutil.copy(older, database)
    backup = backup_of(database, older)
    backup.write_bytes(b"what somebody keeps")
    opened(database).close()
    assert backup.read_bytes() == b"what somebody keeps"
    (other,) = [name for name in beside(database) if name != backup.name]
    assert dump_of(database.with_name(other)) == dump_of(older)


def test_what_a_killed_server_left_in_its_log_is_migrated_and_backed_up(
    older: Path, database: Path, tmp_path: Path, model: ServiceModel
) -> None:
    running = tmp_path / "running.db"
    shutil.copy(older, running)
    connection = sqlite3.connect(running)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("UPDATE replayed_call SET token = 'from-the-log' WHERE token = 'register-1'")
    connection.commit()
    # As a kill would leave them: the last writes are in the log alone.
    for suffix in ("", "-wal"):
        shutil.copy(f"{running}{suffix}", f"{database}{suffix}")
    connection.close()
    assert "from-the-log" not in "".join(dump_of(database))

    service = opened(database, model)
    (call,) = [each for each in calls_of(older) if is_first_replay(each)]
    request = {**call["with"], "ClientToken": "from-the-log"}
    (refused,) = played(service, [{**call, "with": request}])
    service.close()
    # The token is known, and was given to another request.
    assert refused["error"]["code"] == "ConflictException"
    assert "from-the-log" in "".join(dump_of(backup_of(database, older)))


def is_first_replay(call: Members) -> bool:
    place = (call["account"], call["region"])
    replayed = call["with"].get("ClientToken") == "register-1" and "answer" in call
    return replayed and place == ("111122223333", "us-east-1")


def test_a_database_of_today_needs_no_backup(database: Path) -> None:
    opened(database).close()
    opened(database).close()
    assert beside(database) == []


def test_a_newer_database_is_refused_and_left_as_it_is(released: Path, database: Path) -> None:
    shutil.copy(released, database)
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(StoreError) as refused:
        opened(database)
    sentence = str(refused.value)
    assert str(database) in sentence
    assert "999" in sentence
    assert str(VERSION) in sentence.replace("999", "").replace(str(database), "")
    assert database.read_bytes() == before
    assert beside(database) == []


class Failing(sqlite3.Connection):
    """A connection of which one statement fails, as on a disk that falters."""

    left = 0
    """How many statements go well until then; below nothing for no failure any more."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        self._step(statement)
        return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        self._step(statement)
        return super().executemany(*statement)

    def backup(self, *arguments: Any, **options: Any) -> None:
        self._step(arguments)
        super().backup(*arguments, **options)

    @classmethod
    def _step(cls, what: Any) -> None:
        cls.left -= 1
        if cls.left == 0:
            error = sqlite3.OperationalError(f"disk I/O error at {str(what)[:80]}")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error


def failed_at(number: int, database: Path, model: ServiceModel) -> bool:
    """Whether opening came as far as that statement, made to fail."""
    Failing.left = number
    connect = partial(sqlite3.connect, factory=Failing)
    try:
        SqliteStore(database, kinds=stored_kinds(model), connect=connect).close()
    except StoreError as error:
        sentence = str(error)
    else:
        sentence = str(database)
    reached, Failing.left = Failing.left <= 0, 0
    assert str(database) in sentence
    return reached


def test_a_migration_that_fails_at_any_statement_leaves_all_or_nothing(
    older: Path, tmp_path: Path, model: ServiceModel
) -> None:
    whole = tmp_path / "whole.db"
    shutil.copy(older, whole)
    opened(whole, model).close()
    number = 1
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        database = folder / "registry.db"
        shutil.copy(older, database)
        if not failed_at(number, database, model):
            break
        assert schema_of(database) in (schema_number(older), VERSION), number
        expected = older if schema_of(database) == schema_number(older) else whole
        assert dump_of(database) == dump_of(expected), number
        opened(database, model).close()
        assert dump_of(database) == dump_of(whole), number
        assert dump_of(backup_of(database, older)) == dump_of(older), number
        number += 1
    assert number > 10


def resources(database: Path, columns: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{database}?immutable=1", uri=True) as connection:
        rows = connection.execute(f"SELECT {columns} FROM resource ORDER BY id").fetchall()  # noqa: S608 - the tests' own words
    connection.close()
    return list(rows)


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_of_a_time_before_endpoints_has_nothing_left_to_move(
    number: int, database: Path
) -> None:
    fixture = DATABASES / f"schema-{number}.db"
    shutil.copy(fixture, database)
    opened(database).close()
    moves = resources(database, "due_ms")
    assert moves == [(None,)] * len(resources(fixture, "id"))
    assert len(moves) > 10
    store = SqliteStore(database)
    assert store.due() == []
    assert store.noted() == set()
    store.close()


@pytest.mark.parametrize("number", [1, 2])
def test_a_migrated_database_takes_endpoints_and_knows_them_when_opened_again(
    number: int, database: Path, model: ServiceModel
) -> None:
    shutil.copy(DATABASES / f"schema-{number}.db", database)
    service = opened(database, model)
    create(service, "it")
    service.close()
    again = opened(database, model)
    assert describe(again, "it")["EndpointStatus"] == "InService"
    (row,) = again.deployments(None, None)
    assert row["EndpointConfigName"] == "it"
    again.close()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_migrated_database_has_the_tables_and_indexes_of_a_new_one(
    number: int, database: Path, tmp_path: Path
) -> None:
    shutil.copy(DATABASES / f"schema-{number}.db", database)
    opened(database).close()
    new = tmp_path / "new.db"
    opened(new).close()
    assert laid_out(database) == laid_out(new)


def laid_out(database: Path) -> dict[str, list[str]]:
    """The columns of each table and index; how their statements are written is history."""
    with sqlite3.connect(f"file:{database}?immutable=1", uri=True) as connection:
        names = connection.execute("SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL")
        found = {
            name: [str(row[2] if kind == "index" else row[1:]) for row in about(connection, *each)]
            for each in names.fetchall()
            for kind, name in (each,)
        }
    connection.close()
    return found


def about(connection: sqlite3.Connection, kind: str, name: str) -> list[Any]:
    return connection.execute(f"PRAGMA {kind}_info('{name}')").fetchall()
