"""Questions to the store that change nothing."""

from difflib import get_close_matches
from typing import Any, cast, get_args

from sqlalchemy import BindParameter, bindparam, func, select

from tuloy.errors import PlanInvalid, StoreUnavailable, UsageError
from tuloy.outcome import Outcome
from tuloy.plan import Plan, Priority
from tuloy.store.attempts import outcome_of
from tuloy.store.database import Database, Reading
from tuloy.store.tables import (
    AttemptRow,
    CheckpointRow,
    GateRow,
    GoalRow,
    GoalStatus,
    LeaseRow,
    OutcomeRow,
    PlanRow,
    table,
)

__all__ = [
    "attempts",
    "checkpoints",
    "counts",
    "find_goal",
    "gate_from_cache",
    "gate_results",
    "goal_of_flow_run",
    "goals",
    "lease_of",
    "next_goals",
    "open_attempts",
    "outcomes",
    "outcomes_by_step",
    "plan_of",
]

_GOAL, _PLAN, _ATTEMPT, _OUTCOME = table(GoalRow), table(PlanRow), table(AttemptRow), table(OutcomeRow)
_GATE, _CHECKPOINT, _LEASE = table(GateRow), table(CheckpointRow), table(LeaseRow)
_THE_GOAL: BindParameter[str] = bindparam("goal_id")

_NEWEST = select(_GOAL).order_by(_GOAL.c.created_at.desc(), _GOAL.c.id.desc())
_NEWEST_STARTED = _NEWEST.where(_GOAL.c.status != "open")
_BY_ID = select(_GOAL).where(_GOAL.c.id == _THE_GOAL)
_BY_FLOW_RUN = _NEWEST.where(_GOAL.c.flow_run_id == bindparam("flow_run_id")).limit(1)
_NEXT = (
    select(_GOAL)
    .where(_GOAL.c.status == bindparam("status"), _GOAL.c.priority == bindparam("priority"))
    .order_by(_GOAL.c.created_at)
    .limit(bindparam("limit"))
)
_COUNTS = select(_GOAL.c.status, func.count().label("number")).group_by(_GOAL.c.status)
_NEWEST_PLAN = select(_PLAN.c.document).where(_PLAN.c.goal_id == _THE_GOAL).order_by(_PLAN.c.revision.desc()).limit(1)
_OUTCOMES = select(_OUTCOME).where(_OUTCOME.c.goal_id == _THE_GOAL).order_by(_OUTCOME.c.seq)
_ATTEMPTS = select(_ATTEMPT).where(_ATTEMPT.c.goal_id == _THE_GOAL).order_by(_ATTEMPT.c.id)
_OPEN_ATTEMPTS = _ATTEMPTS.where(_ATTEMPT.c.ended_at.is_(None))
_GATES = select(_GATE).where(_GATE.c.goal_id == _THE_GOAL).order_by(_GATE.c.id)
_CACHED = (
    select(_GATE.c.result)
    .where(_GATE.c.cache_key == bindparam("cache_key"), _GATE.c.verdict.in_(("pass", "fail")))
    .order_by(_GATE.c.id.desc())
    .limit(1)
)
_CHECKPOINTS = select(_CHECKPOINT).where(_CHECKPOINT.c.goal_id == _THE_GOAL).order_by(_CHECKPOINT.c.id)
_STANDING = _CHECKPOINTS.where(_CHECKPOINT.c.undone_at.is_(None))
_LEASE_OF = select(_LEASE).where(_LEASE.c.goal_id == _THE_GOAL)


def find_goal(db: Database, name: str) -> GoalRow:
    """Return the goal with this id, or the only one whose id begins so, or for `last` the newest that was started.

    Raises:
        UsageError: when there is none or more than one; the message lists near ids.
    """
    name = name.encode("utf-8", "replace").decode()  # half a character is in no id, and SQLite takes none
    with db.read() as reading:
        found = reading.first(_BY_ID, goal_id=name)
        if found is None and name == "last":
            found = reading.first(_NEWEST_STARTED.limit(1)) or reading.first(_NEWEST.limit(1))
        if found is not None:
            return GoalRow(**found)
        begin = reading.all(_NEWEST.where(_GOAL.c.id.startswith(name, autoescape=True)).limit(6)) if name else []
        if len(begin) == 1:
            return GoalRow(**begin[0])
        raise UsageError(_no_goal(reading, name, [goal["id"] for goal in begin]))


def goal_of_flow_run(db: Database, flow_run_id: str) -> GoalRow | None:
    """Return the goal that this flow run works on, None where it has begun none."""
    with db.read() as reading:
        found = reading.first(_BY_FLOW_RUN, flow_run_id=flow_run_id)
    return GoalRow(**found) if found else None


def _no_goal(reading: Reading, name: str, begin: list[str]) -> str:
    if begin:
        return f"{name!r} begins several goals: {_listed(begin)}; write more of the id"
    ids = [goal["id"] for goal in reading.all(select(_GOAL.c.id).order_by(_GOAL.c.created_at.desc()).limit(500))]
    if not ids:
        return f"there is no goal {name!r}, nor any other yet; start one with `tuloy run GOAL`"
    near = get_close_matches(name, ids, n=3, cutoff=0.5) or ids[:3]
    return f"there is no goal {name!r}; near: {_listed(near)}; `tuloy status` shows all"


def _listed(ids: list[str]) -> str:
    return ", ".join(repr(one) for one in ids[:5]) + (", …" if len(ids) > 5 else "")


def goals(db: Database, status: GoalStatus | None = None, limit: int | None = None) -> list[GoalRow]:
    """Return goals, the newest first."""
    statement = _NEWEST if status is None else _NEWEST.where(_GOAL.c.status == status)
    with db.read() as reading:
        return [GoalRow(**row) for row in reading.all(statement.limit(limit))]


def next_goals(db: Database, limit: int = 1, status: GoalStatus = "planned") -> list[GoalRow]:
    """Return the goals to take next: the highest priority first, in it the oldest first."""
    found: list[GoalRow] = []
    with db.read() as reading:
        for priority in get_args(Priority):
            wanted = {"status": status, "priority": priority, "limit": limit - len(found)}
            found += [GoalRow(**row) for row in reading.all(_NEXT, **wanted)]
            if len(found) >= limit:
                break
    return found


def counts(db: Database) -> dict[str, int]:
    """Return how many goals there are per status."""
    with db.read() as reading:
        return {row["status"]: row["number"] for row in reading.all(_COUNTS)}


def plan_of(db: Database, goal_id: str) -> Plan | None:
    """Return the newest revision of the goal's plan.

    Raises:
        StoreUnavailable: when this Tuloy cannot read the plan that was stored.
    """
    with db.read() as reading:
        row = reading.first(_NEWEST_PLAN, goal_id=goal_id)
    try:
        return Plan.read(row["document"]) if row is not None else None
    except PlanInvalid as error:
        raise StoreUnavailable(f"the stored plan of goal {goal_id!r} cannot be read: {error}; start it anew") from error


def outcomes(db: Database, goal_id: str) -> dict[str, Outcome]:
    """Return the outcome that stands for each key, in the order they were recorded."""
    with db.read() as reading:
        return {row["key"]: outcome_of(row) for row in reading.all(_OUTCOMES, goal_id=goal_id)}


def outcomes_by_step(db: Database, goal_id: str) -> dict[str, Outcome]:
    """Return the latest outcome of each step."""
    return {outcome.step: outcome for outcome in outcomes(db, goal_id).values()}


def attempts(db: Database, goal_id: str) -> list[AttemptRow]:
    """Return all attempts of a goal, in the order they started."""
    with db.read() as reading:
        return [AttemptRow(**row) for row in reading.all(_ATTEMPTS, goal_id=goal_id)]


def open_attempts(db: Database, goal_id: str) -> list[AttemptRow]:
    """Return the attempts that started and have not ended: running, or lost."""
    with db.read() as reading:
        return [AttemptRow(**row) for row in reading.all(_OPEN_ATTEMPTS, goal_id=goal_id)]


def gate_results(db: Database, goal_id: str) -> list[GateRow]:
    """Return what gates said about a goal's commits, in order."""
    with db.read() as reading:
        return [GateRow(**row) for row in reading.all(_GATES, goal_id=goal_id)]


def gate_from_cache(db: Database, cache_key: str) -> dict[str, Any] | None:
    """Return the newest pass or fail with this key, of any goal; errors and skips do not count."""
    with db.read() as reading:
        row = reading.first(_CACHED, cache_key=cache_key)
        return cast(dict[str, Any], row["result"]) if row is not None else None


def checkpoints(db: Database, goal_id: str, undone: bool = False) -> list[CheckpointRow]:
    """Return the goal's checkpoints in order; with `undone`, those too that the branch went back behind."""
    with db.read() as reading:
        rows = reading.all(_CHECKPOINTS if undone else _STANDING, goal_id=goal_id)
        return [CheckpointRow(**row) for row in rows]


def lease_of(db: Database, goal_id: str) -> LeaseRow | None:
    """Return who holds the goal, alive or not."""
    with db.read() as reading:
        row = reading.first(_LEASE_OF, goal_id=goal_id)
        return LeaseRow(**row) if row is not None else None
