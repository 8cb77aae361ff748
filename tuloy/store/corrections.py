"""Corrections: plans that the user edited, kept for the next time the same text is given for the same repository."""

import hashlib

from sqlalchemy import bindparam, delete, select

from tuloy.errors import PlanInvalid
from tuloy.plan import Plan, Priority
from tuloy.store.database import Database
from tuloy.store.tables import CorrectionRow, table
from tuloy.store.text import json_text

__all__ = ["corrected_plan", "forget_correction", "save_correction"]

_CORRECTION = table(CorrectionRow)
_ONE = select(_CORRECTION).where(
    _CORRECTION.c.repo_id == bindparam("repo_id"), _CORRECTION.c.text_hash == bindparam("text_hash")
)
_DROP = delete(_CORRECTION).where(
    _CORRECTION.c.repo_id == bindparam("repo_id"), _CORRECTION.c.text_hash == bindparam("text_hash")
)


def save_correction(db: Database, repo_id: str, plan: Plan) -> None:
    """Keep the plan for its text in this repository, instead of what was kept before."""
    key = {"repo_id": repo_id, "text_hash": _hash(plan.goal.text)}
    with db.write() as writing:
        fields = {**key, "document": json_text(plan.model_dump(mode="json")), "corrected_at": writing.at}
        standing = writing.first(_ONE, **key)
        if standing is not None and standing["document"] == fields["document"]:
            return
        (writing.insert if standing is None else writing.update)("correction", fields)
        writing.append(None, "plan.corrected", {"rows": {"correction": [fields]}})


def forget_correction(db: Database, repo_id: str, text: str) -> bool:
    """Forget the correction of this text; return whether there was one."""
    key = {"repo_id": repo_id, "text_hash": _hash(text)}
    with db.write() as writing:
        if writing.first(_ONE, **key) is None:
            return False
        writing.connection.execute(_DROP, key)
        writing.append(None, "plan.uncorrected", {"gone": {"correction": [key]}})
    return True


def corrected_plan(db: Database, repo_id: str, text: str, priority: Priority | None = None) -> Plan | None:
    """Return the plan that the user made of this text here, with another priority where one is given.

    It is sure: nothing is open in it. One that this Tuloy cannot read counts as none.
    """
    with db.read() as reading:
        row = reading.first(_ONE, repo_id=repo_id, text_hash=_hash(text))
    try:
        plan = Plan.read(row["document"]) if row is not None else None
    except PlanInvalid:
        return None
    if plan is None:
        return None
    goal = plan.goal.model_copy(update={"priority": priority or plan.goal.priority})
    return plan.model_copy(update={"goal": goal, "alternatives": ()})


def _hash(text: str) -> str:
    """The same words with other spaces are the same text."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
