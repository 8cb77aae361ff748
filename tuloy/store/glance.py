"""A glance at the goals of a store, quick enough for a prompt: one plain read of the file, without SQLModel.

`tuloy status` may take 0.6 s, and importing SQLModel alone takes half of that. Everything else reads through `Store`;
a test holds the two against each other.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tuloy.errors import StoreUnavailable
from tuloy.store.processes import alive

__all__ = ["glance"]

_GOALS = """
select goal.id, goal.text, goal.status, lease.pid, lease.pid_born, lease.host,
  (select document from plan where plan.goal_id = goal.id order by revision desc limit 1) as plan
from goal left join lease on lease.goal_id = goal.id
order by goal.created_at desc, goal.id desc limit ?
"""
_ENDED = "select distinct step from outcome where goal_id = ? and status in ('done', 'skipped')"
_UNENDED = ("planning", "planned", "running")


def glance(path: Path, limit: int) -> list[dict[str, Any]]:
    """Return id, text, status, `ended` and `steps` of the newest goals; none when there is no store yet.

    Raises:
        StoreUnavailable: when the file is no store, or cannot be read.
    """
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
            connection.row_factory = sqlite3.Row
            return [_seen(connection, row) for row in connection.execute(_GOALS, (limit,)).fetchall()]
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{str(path)!r} cannot be read: {error}; run `tuloy doctor`") from error


def _seen(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    ended = connection.execute(_ENDED, (row["id"],)).fetchall()
    stages = json.loads(row["plan"])["stages"] if row["plan"] else []
    dead = row["status"] in _UNENDED and not (row["pid"] and alive(_holder(row)))
    return {
        "id": row["id"],
        "text": row["text"],
        "status": "waiting" if dead else row["status"],
        "ended": len(ended),
        "steps": sum(len(stage["steps"]) for stage in stages),
    }


def _holder(row: sqlite3.Row) -> Mapping[str, Any]:
    return {name: row[name] for name in ("pid", "pid_born", "host")}
