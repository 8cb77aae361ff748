"""Goals and their plans: created, planned, moved from status to status, accepted."""

from typing import Any, get_args

from sqlalchemy import bindparam, select

from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.store.database import Database, Row, Writing
from tuloy.store.tables import FINISHED, GoalRow, GoalStatus, PlanRow, table
from tuloy.store.text import json_text

__all__ = [
    "create_goal",
    "record_acceptance",
    "record_taken_back",
    "save_plan",
    "set_flow_run",
    "set_goal",
    "set_options",
]

_GOAL, _PLAN = table(GoalRow), table(PlanRow)
_ONE = select(_GOAL).where(_GOAL.c.id == bindparam("goal_id"))
_LAST_PLAN = select(_PLAN).where(_PLAN.c.goal_id == bindparam("goal_id")).order_by(_PLAN.c.revision.desc()).limit(1)


def create_goal(
    db: Database,
    id: str,  # noqa: A002
    text: str,
    repo: str | None = None,
    repo_id: str | None = None,
    base_commit: str | None = None,
    base_branch: str | None = None,
    branch: str | None = None,
    priority: Priority = "normal",
    options: dict[str, Any] | None = None,
    flow_run_id: str | None = None,
) -> GoalRow:
    """Store a new goal, with status `planning`. `options` is anything that JSON can say.

    Raises:
        UsageError: when there is a goal with this id.
    """
    with db.write() as writing:
        if writing.first(_ONE, goal_id=id):
            raise UsageError(f"there is a goal {id!r} already; give the new one another id")
        goal = GoalRow(
            id=id,
            text=text,
            repo=repo,
            repo_id=repo_id,
            base_commit=base_commit,
            base_branch=base_branch,
            branch=branch,
            priority=priority,
            created_at=writing.at,
            updated_at=writing.at,
            options=options or {},
            flow_run_id=flow_run_id,
        )
        fields = goal.model_dump()
        writing.insert("goal", fields)
        writing.append(id, "goal.created", {"rows": {"goal": [fields]}})
    return goal


def save_plan(db: Database, goal_id: str, plan: Plan) -> int:
    """Store a plan as the goal's next revision and return its number, 1 for the first.

    The document that is the newest revision already adds nothing. A goal in `planning` becomes `planned`.
    """
    document = json_text(plan.model_dump(mode="json"))
    with db.write() as writing:
        goal = _the_goal(writing, goal_id)
        last = writing.first(_LAST_PLAN, goal_id=goal_id)
        if last is not None and last["document"] == document:
            return int(last["revision"])
        revision = int(last["revision"]) + 1 if last is not None else 1
        row = {"goal_id": goal_id, "revision": revision, "document": document, "created_at": writing.at}
        status = "planned" if goal["status"] == "planning" else goal["status"]
        change = {"id": goal_id, "language": plan.goal.language, "status": status, "updated_at": writing.at}
        writing.insert("plan", row)
        writing.update("goal", change)
        writing.append(goal_id, "plan.saved", {"rows": {"plan": [row], "goal": [change]}})
    return revision


def set_goal(db: Database, goal_id: str, status: GoalStatus, reason: str = "", exit_code: int | None = None) -> None:
    """Set the goal's status, why, and its exit status; what is so already adds nothing."""
    if status not in get_args(GoalStatus):
        raise UsageError(f"no goal can be {status!r}; known: {', '.join(get_args(GoalStatus))}")
    _set(db, goal_id, f"goal.{status}", {"status": status, "reason": reason, "exit_code": exit_code})


def set_flow_run(db: Database, goal_id: str, flow_run_id: str | None, url: str | None) -> None:
    """Say which flow run works on the goal now."""
    _set(db, goal_id, "flow_run.set", {"flow_run_id": flow_run_id, "flow_run_url": url})


def set_options(db: Database, goal_id: str, options: dict[str, Any]) -> None:
    """Replace the goal's options: anything that JSON can say."""
    _set(db, goal_id, "goal.options", {"options": options})


def record_acceptance(db: Database, goal_id: str, target_branch: str, before: str, commit: str) -> None:
    """Record that the user's branch moved from `before` to `commit`, which holds the goal's work."""
    with db.write() as writing:
        _the_goal(writing, goal_id)
        change = {
            "id": goal_id,
            "accepted_at": writing.at,
            "accepted_commit": commit,
            "updated_at": writing.at,
        }
        writing.update("goal", change)
        facts = {"target_branch": target_branch, "before": before, "commit": commit}
        writing.append(goal_id, "goal.accepted", {"rows": {"goal": [change]}, **facts})


def record_taken_back(db: Database, goal_id: str, target_branch: str, before: str, commit: str) -> None:
    """Record that the user's branch moved from `before` to `commit`, which takes the goal's work back."""
    with db.write() as writing:
        _the_goal(writing, goal_id)
        change = {"id": goal_id, "accepted_at": None, "accepted_commit": None, "updated_at": writing.at}
        writing.update("goal", change)
        facts = {"target_branch": target_branch, "before": before, "commit": commit}
        writing.append(goal_id, "goal.taken_back", {"rows": {"goal": [change]}, **facts})


def _set(db: Database, goal_id: str, kind: str, fields: Row) -> None:
    with db.write() as writing:
        goal = _the_goal(writing, goal_id)
        if all(goal[name] == value for name, value in fields.items()):
            return
        change = {"id": goal_id, **fields, "updated_at": writing.at}
        if "status" in fields:
            change["finished_at"] = writing.at if fields["status"] in FINISHED else None
        writing.update("goal", change)
        writing.append(goal_id, kind, {"rows": {"goal": [change]}})


def _the_goal(writing: Writing, goal_id: str) -> Row:
    goal = writing.first(_ONE, goal_id=goal_id)
    if goal is None:
        raise UsageError(f"there is no goal {goal_id!r}; `tuloy status` shows those there are")
    return goal
