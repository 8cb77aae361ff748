"""Everything that only SQLite has: the file, pragmas, BEGIN IMMEDIATE, triggers, backup, its errors."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from tuloy.errors import StoreUnavailable
from tuloy.store.text import json_text

__all__ = [
    "APPEND_ONLY",
    "ERRORS",
    "advice",
    "copy",
    "engine_for",
    "for_writing",
    "make_file",
    "switch_to_wal",
]

ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter from a damaged file, the schema itself included
_BUSY_S = 60.0
_BEGIN = "tuloy_begin"
_CHECKPOINT_PAGES = 4000  # the write that meets a checkpoint takes several ms: fewer than one in a hundred

APPEND_ONLY = tuple(
    f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)

_DAMAGED = "the file is damaged; restore a backup, or move it away to start an empty store"
_ADVICE = {
    "not a database": "it is not a SQLite file; move it away or name another store",
    "malformed": _DAMAGED,
    "decode": _DAMAGED,
    "validation error": _DAMAGED,
    "expecting": _DAMAGED,
    "full": "the disk is full; free some space and go on with `tuloy resume`",
    "disk i/o error": "the disk is full or failing; free some space and go on with `tuloy resume`",
    "readonly": "it is not writable; change its permissions or name another store",
    "unable to open": "check that its directory exists and is writable, or name another store",
    "locked": f"another process kept it locked for {_BUSY_S:g} s; end that process and try again",
}


def advice(error: BaseException) -> str:
    """Say what to do about an error of SQLite."""
    text = str(getattr(error, "orig", None) or error).lower()
    known = (words for sign, words in _ADVICE.items() if sign in text)
    return next(known, "run `tuloy doctor`, or name another store")


def engine_for(path: Path) -> Engine:
    """Make an engine whose write transactions are BEGIN IMMEDIATE, so that waiting heeds the busy timeout."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        max_overflow=-1,
        connect_args={"timeout": _BUSY_S, "check_same_thread": False},
        json_serializer=json_text,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # else the driver begins deferred transactions of its own
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def for_writing(connection: Connection) -> Connection:
    """Make every transaction of this connection take the write lock when it begins."""
    return connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def make_file(path: Path) -> None:
    """Create the directory and an empty private file, unless they are there.

    Raises:
        StoreUnavailable: when the file system says no.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        why = error.strerror or str(error)
        raise StoreUnavailable(
            f"cannot write the store '{path}': {why}; name another place, or free this one"
        ) from error


def switch_to_wal(engine: Engine, path: Path) -> None:
    """Set the file's journal mode, which it keeps; only while nobody else opens it for the first time."""
    with closing(engine.raw_connection()) as connection:
        mode = connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"the file system of the store '{path}' cannot do WAL (it stays {mode!r}); put it on a local disk"
        )


def copy(engine: Engine, target: Path) -> None:
    """Copy the live database into a new file, whole and consistent, while others go on writing."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with closing(engine.raw_connection()) as source, closing(sqlite3.connect(part)) as out:
        source.driver_connection.backup(out)  # type: ignore[union-attr]
    part.replace(target)
