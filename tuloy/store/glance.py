"""A glance at the goals of a store, quick enough for a prompt: one plain read of the file, without SQLModel.

`tuloy status` may take 0.6 s, and importing SQLModel alone takes half of that. Everything else reads through `Store`;
a test holds the two against each other.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tuloy.errors import StoreUnavailable
from tuloy.store.processes import alive

__all__ = ["glance", "listed"]

_GOALS = """
select goal.id, goal.text, goal.status, lease.pid, lease.pid_born, lease.host,
  (select document from plan where plan.goal_id = goal.id order by revision desc limit 1) as plan
from goal left join lease on lease.goal_id = goal.id
order by goal.created_at desc, goal.id desc limit ?
"""
_LISTED = """
select goal.id, goal.text, goal.status, goal.priority, goal.repo, goal.created_at,
  lease.pid, lease.pid_born, lease.host
from goal left join lease on lease.goal_id = goal.id
where ? or goal.status not in ('done', 'failed', 'cancelled')
order by goal.status = 'open',
  case goal.priority when 'critical' then 0 when 'high' then 1 when 'normal' then 2 else 3 end,
  goal.created_at, goal.id limit ?
"""
_NEEDS = """
select goal.id from goal_need join goal on goal.id = goal_need.needs_id
where goal_need.goal_id = ? and goal.status != 'done' order by goal.id
"""
_ORIGIN = "select file, kind, entry from origin where goal_id = ?"
_ENDED = "select distinct step from outcome where goal_id = ? and status in ('done', 'skipped')"
_UNENDED = ("planning", "planned", "running")


def glance(path: Path, limit: int) -> list[dict[str, Any]]:
    """Return id, text, status, `ended` and `steps` of the newest goals; none when there is no store yet.

    Raises:
        StoreUnavailable: when the file is no store, or cannot be read.
    """
    return _read(path, lambda connection: [_seen(connection, row) for row in connection.execute(_GOALS, (limit,))])


def listed(path: Path, limit: int, *, everything: bool = False) -> list[dict[str, Any]]:
    """Return the goals that have not ended, or all: those under way first, then the most urgent, then the oldest.

    Each with id, text, status, priority, repo, created_at, `needs` (ids that are not done) and `origin` (file, kind,
    entry) or None.

    Raises:
        StoreUnavailable: when the file is no store, or cannot be read.
    """
    return _read(path, lambda connection: _list(connection, everything, limit))


def _read(path: Path, ask: Callable[[sqlite3.Connection], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
            connection.row_factory = sqlite3.Row
            return ask(connection)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{str(path)!r} cannot be read: {error}; run `tuloy doctor`") from error


def _list(connection: sqlite3.Connection, everything: bool, limit: int) -> list[dict[str, Any]]:
    """A store of an older Tuloy, which the next command that writes brings up to date, has no needs and origins."""
    new = connection.execute("select 1 from sqlite_master where name = 'goal_need'").fetchone() is not None
    rows = connection.execute(_LISTED, (everything, limit)).fetchall()
    return [_listed(connection, row, new) for row in rows]


def _listed(connection: sqlite3.Connection, row: sqlite3.Row, new: bool) -> dict[str, Any]:
    origin = connection.execute(_ORIGIN, (row["id"],)).fetchone() if new else None
    needs = connection.execute(_NEEDS, (row["id"],)).fetchall() if new else []
    return {
        **{name: row[name] for name in ("id", "text", "priority", "repo", "created_at")},
        "status": _status(row),
        "needs": [need["id"] for need in needs],
        "origin": dict(origin) if origin else None,
    }


def _status(row: sqlite3.Row) -> str:
    dead = row["status"] in _UNENDED and not (row["pid"] and alive(_holder(row)))
    return "waiting" if dead else str(row["status"])


def _seen(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    ended = connection.execute(_ENDED, (row["id"],)).fetchall()
    return {
        "id": row["id"],
        "text": row["text"],
        "status": _status(row),
        "ended": len(ended),
        "steps": _steps(row["plan"]),
    }


def _steps(plan: str | None) -> int:
    """Count the steps of a plan; a damaged one counts none, and is named when its goal is asked for."""
    try:
        return sum(len(stage["steps"]) for stage in json.loads(plan)["stages"]) if plan else 0
    except (ValueError, KeyError, TypeError):
        return 0


def _holder(row: sqlite3.Row) -> Mapping[str, Any]:
    return {name: row[name] for name in ("pid", "pid_born", "host")}
