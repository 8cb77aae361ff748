"""How a store comes to be, and what it says when it cannot."""

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import tuloy.store
from tuloy.errors import StoreUnavailable, TuloyError
from tuloy.store import Store, open_store, verify
from tuloy.store.opening import REVISIONS
from tuloy.store.tables import metadata

MIGRATIONS = Path(tuloy.store.__file__).parent / "migrations"


def test_directories_are_made(tmp_path: Path) -> None:
    """Opening a store in directories that do not exist makes them, and a file only its owner reads."""
    path = tmp_path / "a" / "b" / "tuloy.db"
    with open_store(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_tables_are_what_the_code_says(store: Store) -> None:
    """After all migrations the database holds exactly the tables, columns and indexes of the rows."""
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_revisions_are_listed() -> None:
    """The revisions the code knows are those that ship, oldest first."""
    shipped = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert shipped[::-1] == list(REVISIONS)


def test_file_is_in_wal_mode_with_checked_references(store: Store) -> None:
    """Every connection waits for locks, checks references and writes ahead."""
    pragmas = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
    with store.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
    assert found == ["wal", 60_000, 1, 1]


def test_what_was_written_is_there_next_time(path: Path) -> None:
    """A store that is opened again holds what was written."""
    with open_store(path) as store:
        store.create_goal("g", "words")
    with open_store(f"sqlite:///{path}") as store:
        assert store.find_goal("g").text == "words"


def test_alembic_is_loaded_only_for_a_migration(path: Path) -> None:
    """Importing the room, and opening a store that is up to date, load neither alembic nor filelock."""
    open_store(path).close()
    code = (
        "import sys; from tuloy.store import open_store; open_store(sys.argv[1]).close(); "
        "print([name for name in ('alembic', 'filelock', 'prefect') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


FIRST = """
import sys, alembic.command, filelock
from tuloy.store import open_store
print("ready", flush=True)
sys.stdin.readline()
open_store(sys.argv[1]).create_goal(sys.argv[2], "words")
"""


def test_first_opening_by_several_processes(tmp_path: Path) -> None:
    """Several processes that open a store that is not there yet, at once, all get the same one."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST, str(tmp_path / "tuloy.db"), f"g{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in processes] == [""] * 4
    with open_store(tmp_path / "tuloy.db") as store:
        assert len(store.goals()) == 4
        assert verify(store).intact


def test_newer_revision_is_refused(path: Path) -> None:
    """A store that a newer Tuloy wrote is left alone; both revisions are named."""
    open_store(path).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match=f"'9999'.*'{REVISIONS[-1]}'"):
        open_store(path)


def test_database_of_something_else_is_refused(path: Path) -> None:
    """A SQLite file with other tables is not turned into a store."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE recipes (name)")
    with pytest.raises(StoreUnavailable, match="'recipes'"):
        open_store(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_file_that_is_no_database_is_refused(path: Path) -> None:
    """A file of something else is refused with its path and what to do, and stays as it is."""
    path.write_bytes(b"once upon a time " * 500)
    with pytest.raises(StoreUnavailable, match=r"tuloy\.db'.*not a SQLite file; move it away"):
        open_store(path)
    assert path.read_bytes() == b"once upon a time " * 500


def test_damaged_file_is_refused(path: Path) -> None:
    """A store whose pages were overwritten says that it is damaged, when opened or when read."""
    with open_store(path) as store:
        for n in range(200):
            store.create_goal(f"g{n}", "words" * 50)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with pytest.raises(StoreUnavailable, match=r"tuloy\.db'.*restore a backup"), open_store(path) as store:
        store.goals()


@pytest.mark.parametrize("seed", range(12))
def test_no_damage_brings_a_raw_error(path: Path, seed: int) -> None:
    """Wherever bytes of the file are wrong, reading and writing work or fail in our words."""
    with open_store(path) as store:
        for n in range(20):
            store.create_goal(f"g{n}", "words" * 20)
            store.record_checkpoint(f"g{n}", "st1", "c" * 40, "b")
    chance, damaged = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(chance.choice([5, 50, 500])):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    path.write_bytes(damaged)
    with suppress(TuloyError), open_store(path) as store:
        for work in (store.goals, store.events, lambda: verify(store), lambda: store.set_goal("g7", "done")):
            with suppress(TuloyError):
                work()


def test_directory_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """A directory cannot be a store."""
    with pytest.raises(StoreUnavailable, match=r"directory.*name another place"):
        open_store(tmp_path)


def test_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    """A store below a file cannot be made."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="name another place"):
        open_store(tmp_path / "file" / "tuloy.db")


def test_unknown_address_is_refused() -> None:
    """An address whose driver is not installed is refused before anything is contacted."""
    with pytest.raises(StoreUnavailable, match="give a path"):
        open_store("nosuchdatabase://user@host/name")


FULL = """
import resource, sys
from tuloy.errors import StoreUnavailable, TuloyError
from tuloy.store import open_store
store = open_store(sys.argv[1])
store.create_goal("g", "words")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
written = 0
try:
    while written < 1000:
        store.emit("g", "filler", text="x" * 5000)
        written += 1
except StoreUnavailable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.emit("g", "after")
print(written)
"""


def test_full_disk(path: Path) -> None:
    """On a full disk a write fails in our words and leaves nothing; with space again the store goes on."""
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    message, written = done.stdout.splitlines()
    assert "free some space" in message
    assert str(path) in message
    with open_store(path) as store:
        kinds = [event.kind for event in store.events("g")]
        assert kinds == ["goal.created", *["filler"] * int(written), "after"]
        assert verify(store).intact
