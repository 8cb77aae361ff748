"""The database behind the store: one transaction to read, one to write, and errors in our words.

Owns connections, the write lock and the end of the event chain. Knows no goal and no step.

A process writes through one connection under one lock: its threads then queue here, instead of polling
SQLite's busy handler. Processes queue at BEGIN IMMEDIATE, or, where rows can be locked, at the chain's end.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.sql import Executable

from tuloy.errors import StoreUnavailable, UsageError
from tuloy.plan import canonical
from tuloy.store import sqlite
from tuloy.store.tables import ChainRow, metadata, now, table
from tuloy.store.text import json_text, unicode_text

__all__ = ["FIRST_HASH", "Database", "Reading", "Row", "Writing", "digest", "primary_key"]

Row = Mapping[str, Any]
FIRST_HASH = "0" * 64

_CHAIN = table(ChainRow)
_END = select(_CHAIN.c.seq, _CHAIN.c.hash).with_for_update()
_MOVE_END = update(_CHAIN).where(_CHAIN.c.id == 1)


def primary_key(name: str) -> list[str]:
    """Return the names of a table's primary key columns."""
    return [column.name for column in metadata.tables[name].primary_key]


def _update_one(name: str) -> Executable:
    one = metadata.tables[name]
    return update(one).where(*(one.c[key] == bindparam(f"pk_{key}") for key in primary_key(name)))


def _delete_one(name: str) -> Executable:
    one = metadata.tables[name]
    return delete(one).where(*(one.c[key] == bindparam(key) for key in primary_key(name)))


_DELETE = {name: _delete_one(name) for name in metadata.tables}
_INSERT = {name: insert(one) for name, one in metadata.tables.items()}
_UPDATE = {name: _update_one(name) for name in metadata.tables}


def digest(prev_hash: str, seq: int, goal_id: str | None, kind: str, at: str, data: str) -> str:
    """Hash one event: sha256 of the canonical JSON array of its fields; `data` is canonical JSON already."""
    head = canonical([prev_hash, seq, goal_id, kind, at])
    return hashlib.sha256(f"{head[:-1]},{data}]".encode()).hexdigest()


class Reading:
    """One transaction's view of the database."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def first(self, statement: Executable, **values: object) -> dict[str, Any] | None:
        """Return the first row of a query, or None."""
        row = self.connection.execute(statement, values).first()
        return row._asdict() if row is not None else None

    def all(self, statement: Executable, **values: object) -> list[dict[str, Any]]:
        """Return all rows of a query."""
        return [row._asdict() for row in self.connection.execute(statement, values)]


class Writing(Reading):
    """One write transaction. `at` is its time, `seq` the number of the event it will append next."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        end = connection.execute(_END).one()
        self.seq: int = end.seq + 1
        self._prev_hash: str = end.hash
        self.at = now()

    def insert(self, name: str, fields: Row) -> int:
        """Insert one row and return the number that the database gave it (0 where rows have none)."""
        done = self.connection.execute(_INSERT[name], _storable(fields))
        key = done.inserted_primary_key
        return key[0] if key is not None and isinstance(key[0], int) else 0

    def update(self, name: str, fields: Row) -> None:
        """Set columns of the one row that the primary key among `fields` names."""
        keys = primary_key(name)
        values = {f"pk_{column}" if column in keys else column: value for column, value in fields.items()}
        self.connection.execute(_UPDATE[name], _storable(values))

    def delete(self, name: str, key: Row) -> dict[str, Any]:
        """Delete the one row with this primary key, and return the key as an event tells of it."""
        named = {column: key[column] for column in primary_key(name)}
        self.connection.execute(_DELETE[name], named)
        return named

    def append(self, goal_id: str | None, kind: str, data: Row) -> None:
        """Append one event to the chain."""
        text = json_text(data)
        new = digest(self._prev_hash, self.seq, goal_id, kind, self.at, text)
        link = {"seq": self.seq, "goal_id": goal_id, "kind": kind, "at": self.at, "data": text}
        self.connection.execute(_INSERT["event"], {**link, "prev_hash": self._prev_hash, "hash": new})
        self.connection.execute(_MOVE_END, {"seq": self.seq, "hash": new})
        self.seq, self._prev_hash = self.seq + 1, new


def _storable(fields: Row) -> dict[str, Any]:
    """Replace what UTF-8 cannot hold (file names and output of tools may carry lone surrogates)."""
    return {name: unicode_text(value) if isinstance(value, str) else value for name, value in fields.items()}


class Database:
    """An open database. Thread-safe; not to be carried over a fork."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self._lock = Lock()
        self._writer: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; the store may not be used afterwards."""
        with self._lock, self.in_our_words():
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """Open a transaction that sees one state of the database from its first query on."""
        with self.in_our_words(), self.engine.connect() as connection:
            yield Reading(connection)

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """Open the one write transaction there can be; commit at the end, roll back on any exception."""
        with self._lock, self.in_our_words():
            if self._writer is None:
                self._writer = sqlite.for_writing(self.engine.connect())
            with self._writer.begin():
                yield Writing(self._writer)

    @contextmanager
    def in_our_words(self) -> Iterator[None]:
        """Turn what a database, or a row it should not hold, raises into `StoreUnavailable`."""
        try:
            yield
        except IntegrityError as error:
            raise UsageError(
                f"the store '{self.place}' refuses this: {_fact(error)}; is the goal's id right?"
            ) from error
        except (SQLAlchemyError, json.JSONDecodeError, ValidationError, *sqlite.ERRORS) as error:
            raise StoreUnavailable(
                f"the store '{self.place}' failed: {_fact(error)}; {sqlite.advice(error)}"
            ) from error


def _fact(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
