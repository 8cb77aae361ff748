"""The event log: append-only, one hash chain over all goals.

An event's data holds, under `rows`, every column that its transaction wrote and, under `gone`, the keys of
rows it removed: so that the log alone rebuilds the rows (`tuloy.store.rebuild`). Whoever rewrites the whole
chain and its end is not found: there is no secret in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from tuloy.errors import UsageError
from tuloy.store.database import Database
from tuloy.store.tables import EventRow, table

__all__ = ["Event", "emit", "events", "events_of_kind", "last_event", "read_event"]

_EVENT = table(EventRow)
_AFTER = select(_EVENT).where(_EVENT.c.seq > bindparam("after")).order_by(_EVENT.c.seq)
_OF_GOAL = _AFTER.where(_EVENT.c.goal_id == bindparam("goal_id"))
_OF_KIND = _OF_GOAL.where(_EVENT.c.kind.startswith(bindparam("kind"), autoescape=False))
_LAST = select(func.max(_EVENT.c.seq)).where(_EVENT.c.goal_id == bindparam("goal_id"))
_RESERVED = frozenset({"rows", "gone"})


@dataclass(frozen=True, slots=True)
class Event:
    """One fact that happened, as it was hashed."""

    seq: int
    goal_id: str | None
    kind: str
    at: str
    data: Mapping[str, Any]
    prev_hash: str
    hash: str


def emit(db: Database, goal_id: str | None, kind: str, **data: object) -> int:
    """Append an event that changes no row, and return its number. `data` is anything that JSON can say.

    Raises:
        UsageError: when the data uses a name that row changes use.
    """
    taken = sorted(_RESERVED & data.keys())
    if taken:
        raise UsageError(f"event {kind!r} may not have data called {taken[0]!r}; choose another name")
    with db.write() as writing:
        seq = writing.seq
        writing.append(goal_id, kind, data)
    return seq


def events(db: Database, goal_id: str | None = None, after: int = 0, limit: int | None = None) -> list[Event]:
    """Return events in order, of one goal or of all, with numbers above `after`."""
    statement = _AFTER if goal_id is None else _OF_GOAL
    values: dict[str, object] = {"after": after} if goal_id is None else {"after": after, "goal_id": goal_id}
    with db.read() as reading:
        return [read_event(row) for row in reading.all(statement.limit(limit), **values)]


def events_of_kind(db: Database, goal_id: str, kind: str, after: int = 0) -> list[Event]:
    """Return a goal's events whose kind begins so, in order, with numbers above `after`."""
    with db.read() as reading:
        return [read_event(row) for row in reading.all(_OF_KIND, goal_id=goal_id, kind=kind, after=after)]


def last_event(db: Database, goal_id: str) -> int:
    """Return the number of the goal's newest event, 0 where it has none."""
    with db.read() as reading:
        row = reading.first(_LAST, goal_id=goal_id)
    return int(next(iter(row.values())) or 0) if row else 0


def read_event(row: Mapping[str, Any]) -> Event:
    """Read an event from its row."""
    return Event(**{**row, "data": json.loads(row["data"])})
