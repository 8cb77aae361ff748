"""Rebuild a goal's rows from nothing but its events: a pure function."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuloy.store.database import primary_key
from tuloy.store.events import Event
from tuloy.store.tables import metadata

__all__ = ["GoalState", "rebuild", "row_key"]

_KEYS = {name: tuple(primary_key(name)) for name in metadata.tables}


@dataclass(frozen=True)
class GoalState:
    """A goal's rows: table name → primary key as text → columns. A table without rows is absent."""

    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)


def row_key(name: str, fields: Mapping[str, Any]) -> str:
    """Return the primary key of a row as one text."""
    return "\0".join(str(fields[key]) for key in _KEYS[name])


def rebuild(events: Iterable[Event]) -> GoalState:
    """Fold a goal's events, in order, into the rows they wrote."""
    state = GoalState()
    for event in events:
        for name, rows in event.data.get("rows", {}).items():
            for fields in rows:
                state.tables.setdefault(name, {}).setdefault(row_key(name, fields), {}).update(fields)
        for name, rows in event.data.get("gone", {}).items():
            for fields in rows:
                state.tables.get(name, {}).pop(row_key(name, fields), None)
    return GoalState({name: rows for name, rows in state.tables.items() if rows})
