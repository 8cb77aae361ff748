"""Removing goals: all their rows go, the events that tell of them stay."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from tuloy.errors import GoalBusy, UsageError
from tuloy.store.database import Database, Row, Writing
from tuloy.store.processes import alive
from tuloy.store.tables import FINISHED, GoalRow, LeaseRow, NeedRow, metadata, table

__all__ = ["remove_goals"]

_GOAL, _LEASE, _NEED = table(GoalRow), table(LeaseRow), table(NeedRow)
_THE_LEASE = select(_LEASE).where(_LEASE.c.goal_id == bindparam("goal_id"))
_THE_GOAL = select(_GOAL.c.id, _GOAL.c.status).where(_GOAL.c.id == bindparam("goal_id"))
_NEEDED_BY = (
    select(_NEED.c.goal_id, _NEED.c.needs_id, _GOAL.c.status)
    .join(_GOAL, _GOAL.c.id == _NEED.c.goal_id)
    .where(_NEED.c.needs_id == bindparam("goal_id"))
)
_ROWS = {
    name: select(one).where(one.c.goal_id == bindparam("goal_id"))
    for name, one in metadata.tables.items()
    if "goal_id" in one.c and name != "event"
}


def remove_goals(db: Database, goal_ids: Sequence[str]) -> None:
    """Remove goals with everything that is stored of them but their events; all of them or none.

    Raises:
        GoalBusy: when a live process runs one of them.
        UsageError: when there is no such goal, or another one that has not ended needs it.
    """
    with db.write() as writing:
        for goal_id in goal_ids:
            _may_go(writing, goal_id, goal_ids)
        for goal_id in goal_ids:
            _let_go(writing, goal_id, goal_ids)
        gone = {goal_id: _delete_rows(writing, goal_id) for goal_id in goal_ids}
        for goal_id, rows in gone.items():
            rows["goal"] = [writing.delete("goal", {"id": goal_id})]
            writing.append(goal_id, "goal.removed", {"gone": rows})


def _may_go(writing: Writing, goal_id: str, others: Sequence[str]) -> None:
    if writing.first(_THE_GOAL, goal_id=goal_id) is None:
        raise UsageError(f"there is no goal {goal_id!r}; `tuloy list --all` shows those there are")
    holder = writing.first(_THE_LEASE, goal_id=goal_id)
    if holder is not None and alive(holder):
        raise GoalBusy(f"goal {goal_id!r} is running in process {holder['pid']}; `tuloy cancel {goal_id}` first")
    for need in writing.all(_NEEDED_BY, goal_id=goal_id):
        if need["status"] not in FINISHED and need["goal_id"] not in others:
            raise UsageError(f"goal {need['goal_id']!r} needs {goal_id!r}; remove that one too, or it first")


def _let_go(writing: Writing, goal_id: str, others: Sequence[str]) -> None:
    """Let goals that have ended need it no longer."""
    for need in writing.all(_NEEDED_BY, goal_id=goal_id):
        if need["goal_id"] not in others:
            gone = writing.delete("goal_need", need)
            writing.append(need["goal_id"], "goal.need_gone", {"gone": {"goal_need": [gone]}})


def _delete_rows(writing: Writing, goal_id: str) -> dict[str, list[Row]]:
    """Delete what refers to the goal, and return the keys by table."""
    gone: dict[str, list[Row]] = {}
    for name, rows in _ROWS.items():
        if found := writing.all(rows, goal_id=goal_id):
            gone[name] = [writing.delete(name, row) for row in found]
    return gone
