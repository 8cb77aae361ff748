"""Verdicts of gates, and the commits that passed them: checkpoints, and going back to one.

A gate result comes and goes as a plain dict: its record `GateResult` belongs to `tuloy.gates`, above this.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from tuloy.errors import UsageError
from tuloy.store.database import Database
from tuloy.store.tables import CheckpointRow, table

__all__ = ["record_checkpoint", "record_gate", "record_rollback"]

_CHECKPOINT = table(CheckpointRow)
_STANDING = (
    select(_CHECKPOINT)
    .where(_CHECKPOINT.c.goal_id == bindparam("goal_id"), _CHECKPOINT.c.undone_at.is_(None))
    .order_by(_CHECKPOINT.c.id)
)


def record_gate(
    db: Database,
    goal_id: str,
    stage_id: str,
    commit: str | None,
    result: Mapping[str, Any],
    cache_key: str | None = None,
) -> None:
    """Store what a gate said about a commit; `result` is a `GateResult` dumped with `mode="json"`."""
    with db.write() as writing:
        fields = {
            "goal_id": goal_id,
            "stage_id": stage_id,
            "commit": commit,
            "cache_key": cache_key,
            "gate": result["gate"],
            "verdict": result["verdict"],
            "result": dict(result),
            "judged_at": writing.at,
        }
        fields["id"] = writing.insert("gate_result", fields)
        writing.append(goal_id, f"gate.{result['verdict']}", {"rows": {"gate_result": [fields]}})


def record_checkpoint(db: Database, goal_id: str, stage_id: str, commit: str, branch: str) -> None:
    """Record that the goal's branch moved to a commit that passed the stage's gates."""
    with db.write() as writing:
        fields: dict[str, Any] = {
            "goal_id": goal_id,
            "stage_id": stage_id,
            "commit": commit,
            "branch": branch,
        }
        fields |= {"landed_at": writing.at, "undone_at": None}
        fields["id"] = writing.insert("checkpoint", fields)
        writing.append(goal_id, "checkpoint.landed", {"rows": {"checkpoint": [fields]}})


def record_rollback(db: Database, goal_id: str, commit: str | None, reason: str = "") -> None:
    """Record that the goal's branch went back to a standing checkpoint, or to the base when `commit` is None.

    Raises:
        UsageError: when no standing checkpoint of the goal is this commit.
    """
    with db.write() as writing:
        standing = writing.all(_STANDING, goal_id=goal_id)
        commits = [checkpoint["commit"] for checkpoint in standing]
        if commit is not None and commit not in commits:
            known = ", ".join(repr(one) for one in commits) or "none"
            raise UsageError(f"goal {goal_id!r} has no checkpoint {commit!r} to go back to; known: {known}")
        kept = len(commits) - commits[::-1].index(commit) if commit is not None else 0
        undone = [{"id": one["id"], "undone_at": writing.at} for one in standing[kept:]]
        for change in undone:
            writing.update("checkpoint", change)
        facts = {"commit": commit, "reason": reason}
        writing.append(goal_id, "checkpoint.rolled_back", {"rows": {"checkpoint": undone}, **facts})
