"""Leases: one goal, one living process that runs it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select

from tuloy.errors import GoalBusy
from tuloy.store.database import Database
from tuloy.store.processes import alive, this_process
from tuloy.store.tables import LeaseRow, table

__all__ = ["release_lease", "take_lease"]

_LEASE = table(LeaseRow)
_OF_GOAL = select(_LEASE).where(_LEASE.c.goal_id == bindparam("goal_id"))
_DROP = delete(_LEASE).where(_LEASE.c.goal_id == bindparam("goal_id"))


def take_lease(db: Database, goal_id: str) -> LeaseRow:
    """Take the goal for this process; a dead process's lease is taken over in the same transaction.

    Raises:
        GoalBusy: when the holder lives, this process included, or may live on another host.
    """
    with db.write() as writing:
        holder = writing.first(_OF_GOAL, goal_id=goal_id)
        if holder is not None and alive(holder):
            raise _busy(goal_id, holder)
        lease = LeaseRow(goal_id=goal_id, taken_at=writing.at, **this_process())
        fields = lease.model_dump()
        (writing.update if holder is not None else writing.insert)("lease", fields)
        kind = "lease.taken" if holder is None else "lease.taken_over"
        writing.append(goal_id, kind, {"rows": {"lease": [fields]}})
    return lease


def release_lease(db: Database, goal_id: str) -> bool:
    """Give the goal free, if this process holds it; whether it did."""
    with db.write() as writing:
        holder = writing.first(_OF_GOAL, goal_id=goal_id)
        if holder is None or any(holder[name] != value for name, value in this_process().items()):
            return False
        writing.connection.execute(_DROP, {"goal_id": goal_id})
        writing.append(goal_id, "lease.released", {"gone": {"lease": [{"goal_id": goal_id}]}})
    return True


def _busy(goal_id: str, holder: Mapping[str, Any]) -> GoalBusy:
    here = holder["host"] == this_process()["host"]
    where = "" if here else f" on host {holder['host']!r}"
    return GoalBusy(
        f"goal {goal_id!r} is being run by process {holder['pid']}{where} since {holder['taken_at']}; "
        f"wait for it, or stop that process (Ctrl-C) and `tuloy resume {goal_id}`"
    )
