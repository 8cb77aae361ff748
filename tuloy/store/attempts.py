"""Attempts, journaled before they start, and the outcomes that finish steps.

A step is finished when its outcome row is committed here: the same key keeps its first final outcome.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select

from tuloy.errors import UsageError
from tuloy.outcome import Outcome, ended
from tuloy.store.database import Database, Row, Writing
from tuloy.store.processes import this_process
from tuloy.store.tables import AttemptRow, OutcomeRow, table

__all__ = ["end_attempt", "outcome_of", "record_outcome", "start_attempt"]

_ATTEMPT, _OUTCOME = table(AttemptRow), table(OutcomeRow)
_LAST_NUMBER = select(func.max(_ATTEMPT.c.number).label("number")).where(
    _ATTEMPT.c.goal_id == bindparam("goal_id"), _ATTEMPT.c.key == bindparam("key")
)
_OPEN = select(_ATTEMPT.c.goal_id, _ATTEMPT.c.ended_at).where(_ATTEMPT.c.id == bindparam("attempt_id"))
_STANDING = select(_OUTCOME).where(_OUTCOME.c.goal_id == bindparam("goal_id"), _OUTCOME.c.key == bindparam("key"))


def start_attempt(
    db: Database,
    goal_id: str,
    step_id: str,
    key: str,
    agent: str = "",
    base_commit: str | None = None,
    workspace: str | None = None,
    output_path: str | None = None,
    task_run_id: str | None = None,
) -> AttemptRow:
    """Journal that this process is about to try the step; numbers count from 1 per goal and key."""
    with db.write() as writing:
        last = writing.first(_LAST_NUMBER, goal_id=goal_id, key=key)
        attempt = AttemptRow(
            goal_id=goal_id,
            step_id=step_id,
            key=key,
            number=((last and last["number"]) or 0) + 1,
            agent=agent,
            base_commit=base_commit,
            workspace=workspace,
            output_path=output_path,
            task_run_id=task_run_id,
            started_at=writing.at,
            **this_process(),
        )
        fields = attempt.model_dump(exclude={"id"})
        attempt.id = fields["id"] = writing.insert("attempt", fields)
        writing.append(goal_id, "attempt.started", {"rows": {"attempt": [fields]}})
    return attempt


def end_attempt(db: Database, attempt_id: int, end: str, reason: str = "", patch_path: str | None = None) -> None:
    """Record how an attempt ended that brought no outcome; one that ended already keeps its end."""
    with db.write() as writing:
        attempt = _the_attempt(writing, attempt_id)
        if attempt["ended_at"] is None:
            change = _end(writing, attempt_id, end, reason, patch_path)
            writing.append(attempt["goal_id"], "attempt.ended", {"rows": {"attempt": [change]}})


def record_outcome(
    db: Database,
    goal_id: str,
    outcome: Outcome,
    attempt_id: int | None = None,
    task_run_id: str | None = None,
) -> Outcome:
    """Store the outcome, end its attempt, and return the outcome that stands for the key now.

    A final outcome stands for good, whatever comes later; another one is replaced.
    """
    with db.write() as writing:
        standing = writing.first(_STANDING, goal_id=goal_id, key=outcome.key)
        rows: dict[str, list[Row]] = {}
        if attempt_id is not None and _the_attempt(writing, attempt_id)["ended_at"] is None:
            rows["attempt"] = [_end(writing, attempt_id, outcome.status, outcome.reason, None)]
        stands = standing is not None and ended(standing["status"])
        if not stands:
            fields = _fields(writing, goal_id, outcome, task_run_id)
            (writing.update if standing is not None else writing.insert)("outcome", fields)
            rows["outcome"] = [fields]
        if rows:
            kind = "attempt.ended" if stands else f"step.{outcome.status}"
            writing.append(goal_id, kind, {"rows": rows})
    return outcome_of(standing) if stands and standing is not None else outcome


def outcome_of(row: Mapping[str, Any]) -> Outcome:
    """Read an outcome from its row."""
    return Outcome.model_validate({name: row[name] for name in Outcome.model_fields})


def _fields(writing: Writing, goal_id: str, outcome: Outcome, task_run_id: str | None) -> dict[str, Any]:
    fields = outcome.model_dump()
    fields |= {"changed": list(outcome.changed), "kept": list(outcome.kept)}
    return fields | {
        "goal_id": goal_id,
        "seq": writing.seq,
        "task_run_id": task_run_id,
        "ended_at": writing.at,
    }


def _the_attempt(writing: Writing, attempt_id: int) -> Row:
    attempt = writing.first(_OPEN, attempt_id=attempt_id)
    if attempt is None:
        raise UsageError(f"there is no attempt {attempt_id!r}; start it before it ends")
    return attempt


def _end(writing: Writing, attempt_id: int, end: str, reason: str, patch_path: str | None) -> Row:
    change = {
        "id": attempt_id,
        "end": end,
        "reason": reason,
        "patch_path": patch_path,
        "ended_at": writing.at,
    }
    writing.update("attempt", change)
    return change
