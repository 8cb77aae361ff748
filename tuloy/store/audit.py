"""Proving the store: the chain of events is whole, and the rows are what the events say.

Does not repair anything. A backup is a copy that proves itself in the same way.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select

from tuloy.errors import StoreUnavailable
from tuloy.plan import canonical
from tuloy.store import sqlite
from tuloy.store.database import FIRST_HASH, Database, Reading, digest
from tuloy.store.events import Event, read_event
from tuloy.store.rebuild import GoalState, rebuild, row_key
from tuloy.store.tables import ChainRow, EventRow, metadata, table

__all__ = ["AuditReport", "Break", "backup", "rows_of", "verify"]

_EVENT, _CHAIN = table(EventRow), table(ChainRow)
_OWNED = tuple(name for name in metadata.tables if name not in ("event", "chain"))
_PER_READ = 2000
_NOBODY = ""  # who owns rows that belong to no goal

Fault = Literal["changed", "missing", "reordered", "truncated"]


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold."""

    seq: int
    fault: Fault
    detail: str


@dataclass(frozen=True)
class AuditReport:
    """What `verify` found. `differing` are sentences about rows that are not what the events say."""

    events: int
    goals: int
    broken: Break | None = None
    differing: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything holds."""
        return self.broken is None and not self.differing


def verify(db: Database) -> AuditReport:
    """Walk the chain, then rebuild every goal from its events and compare it with its rows.

    Sees one state of the store while others write. Rows are not compared when the chain is broken.
    """
    with db.read() as reading:
        number, broken = _walk(reading)
        if broken is not None:
            return AuditReport(number, 0, broken)
        rows = _all_rows(reading)
        goals = len(rows.keys() - {_NOBODY})
        differing = [sentence for goal_id, state in _rebuilt(reading) for sentence in _compare(goal_id, state, rows)]
        differing += [f"{_owner(goal_id)} has rows, but no event tells of them" for goal_id in rows]
    return AuditReport(number, goals, None, tuple(differing))


def _walk(reading: Reading) -> tuple[int, Break | None]:
    seq, last = 0, FIRST_HASH
    for row in _links(reading):
        seq += 1
        broken = _break_at(reading, seq, last, row)
        if broken is not None:
            return seq - 1, broken
        last = row["hash"]
    end = reading.first(select(_CHAIN))
    if end is None or end["seq"] < seq:
        return seq, Break(seq, "changed", "the end of the chain was taken away or set back")
    if end["seq"] > seq:
        return seq, Break(seq + 1, "truncated", f"events {seq + 1} to {end['seq']} were cut off")
    if end["hash"] != last:
        return seq, Break(seq, "changed", "the last event is not the one the chain ended with")
    return seq, None


def _links(reading: Reading) -> Iterator[dict[str, Any]]:
    after: int | None = None
    while True:
        statement = select(_EVENT).order_by(_EVENT.c.seq).limit(_PER_READ)
        some = reading.all(statement if after is None else statement.where(_EVENT.c.seq > after))
        yield from some
        if len(some) < _PER_READ:
            return
        after = some[-1]["seq"]


def _break_at(reading: Reading, seq: int, last: str, row: dict[str, Any]) -> Break | None:
    if row["seq"] > seq:
        return Break(seq, "missing", f"event {seq} is not there; the next is {row['seq']}")
    if row["seq"] < seq:
        return Break(row["seq"], "changed", "no event can have this number")
    if not _hash_holds(row):
        moved = reading.first(select(_EVENT.c.seq).where(_EVENT.c.hash == row["prev_hash"]))
        if row["prev_hash"] != last and (moved or row["prev_hash"] == FIRST_HASH):
            return Break(seq, "reordered", f"event {seq} follows another event than {seq - 1}")
        return Break(seq, "changed", f"event {seq} is not what was hashed")
    if row["prev_hash"] != last:
        return Break(seq, "changed", f"event {seq} does not follow event {seq - 1} as it is now")
    return None


def _hash_holds(row: dict[str, Any]) -> bool:
    texts = [row[name] for name in ("prev_hash", "kind", "at", "data")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(row["goal_id"], str | None):
        return False
    prev_hash, kind, at, data = texts
    return bool(row["hash"] == digest(prev_hash, row["seq"], row["goal_id"], kind, at, data))


def _rebuilt(reading: Reading) -> Iterator[tuple[str, GoalState]]:
    statement = select(_EVENT).order_by(_EVENT.c.goal_id, _EVENT.c.seq)
    rows = reading.connection.execution_options(yield_per=_PER_READ).execute(statement).mappings()
    events: Iterator[Event] = (read_event(dict(row)) for row in rows)
    for goal_id, some in groupby(events, key=lambda event: event.goal_id):
        yield goal_id or _NOBODY, rebuild(some)


def rows_of(db: Database, goal_id: str) -> GoalState:
    """Return the goal's rows as they are stored, in the shape that `rebuild` returns."""
    with db.read() as reading:
        return _all_rows(reading, goal_id).get(goal_id, GoalState())


def _all_rows(reading: Reading, goal_id: str | None = None) -> dict[str, GoalState]:
    states: defaultdict[str, GoalState] = defaultdict(GoalState)
    for name in _OWNED:
        one = metadata.tables[name]
        owner = one.c.id if name == "goal" else one.c.get("goal_id")
        if owner is None and goal_id is not None:
            continue
        statement = select(one) if owner is None or goal_id is None else select(one).where(owner == goal_id)
        for fields in reading.all(statement):
            states[_NOBODY if owner is None else fields[owner.name]].tables.setdefault(name, {})[
                row_key(name, fields)
            ] = fields
    return dict(states)


def _compare(goal_id: str, told: GoalState, rows: dict[str, GoalState]) -> Iterator[str]:
    """Yield a sentence for each row that differs, and take the goal's rows out of `rows`."""
    found = rows.pop(goal_id, GoalState())
    for name in sorted(told.tables.keys() | found.tables.keys()):
        ours, theirs = told.tables.get(name, {}), found.tables.get(name, {})
        for key in sorted(ours.keys() | theirs.keys()):
            where = f"{_owner(goal_id)}: {name} {key.replace(chr(0), ' ')!r}"
            if key not in theirs:
                yield f"{where} is gone, though an event tells of it"
            elif key not in ours:
                yield f"{where} is there, but no event tells of it"
            elif canonical(ours[key]) != canonical(theirs[key]):
                yield f"{where} differs in {_differing(ours[key], theirs[key])}"


def _owner(goal_id: str) -> str:
    return f"goal {goal_id!r}" if goal_id else "the store"


def _differing(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    names = sorted(ours.keys() | theirs.keys())
    return ", ".join(name for name in names if canonical(ours.get(name)) != canonical(theirs.get(name)))


def backup(db: Database, target: str | Path) -> Path:
    """Copy the store, whole and consistent, into a new file while others go on writing.

    Raises:
        StoreUnavailable: when the file exists, cannot be written, or the store is no SQLite file.
    """
    path = Path(target).expanduser().absolute()
    if db.engine.dialect.name != "sqlite":
        raise StoreUnavailable(f"the store '{db.place}' is no file; back it up with its server's own tool")
    if path.exists():
        raise StoreUnavailable(f"the backup '{path}' exists already; name another file")
    try:
        with db.in_our_words():
            sqlite.copy(db.engine, path)
    except OSError as error:
        raise StoreUnavailable(f"cannot write the backup '{path}': {error.strerror}; name another place") from error
    return path
