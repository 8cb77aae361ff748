"""Goals, plans, attempts, outcomes, gate results, checkpoints, leases and the event chain."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from tuloy.store.sqlite import APPEND_ONLY

revision = "0001"
down_revision = None


def upgrade() -> None:
    _goals()
    _work()
    _gates()
    _log()


def _column(name: str, kind: type[Any] = sa.String, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=null, primary_key=key)


def _goal_id(table: str, key: bool = False) -> sa.Column[Any]:
    foreign = sa.ForeignKey("goal.id", name=f"fk_{table}_goal_id")
    return sa.Column("goal_id", sa.String(), foreign, nullable=False, primary_key=key)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)


def _goals() -> None:
    op.create_table(
        "goal",
        _column("id", key=True),
        _column("text", sa.Text),
        _column("language", null=True),
        _column("priority"),
        _column("repo", null=True),
        _column("repo_id", null=True),
        _column("base_commit", null=True),
        _column("base_branch", null=True),
        _column("branch", null=True),
        _column("status"),
        _column("reason", sa.Text),
        _column("exit_code", sa.Integer, null=True),
        _column("created_at"),
        _column("updated_at"),
        _column("finished_at", null=True),
        _column("accepted_at", null=True),
        _column("accepted_commit", null=True),
        _column("flow_run_id", null=True),
        _column("flow_run_url", null=True),
        _column("options", sa.JSON),
    )
    _index("goal", "created_at", "id")
    _index("goal", "status", "created_at")
    _index("goal", "status", "priority", "created_at")
    op.create_table(
        "plan",
        _goal_id("plan", key=True),
        _column("revision", sa.Integer, key=True),
        _column("document", sa.Text),
        _column("created_at"),
    )
    op.create_table(
        "lease",
        _goal_id("lease", key=True),
        _column("pid", sa.Integer),
        _column("pid_born"),
        _column("host"),
        _column("taken_at"),
    )


def _work() -> None:
    op.create_table(
        "attempt",
        _column("id", sa.Integer, key=True),
        _goal_id("attempt"),
        _column("step_id"),
        _column("key"),
        _column("number", sa.Integer),
        _column("agent"),
        _column("base_commit", null=True),
        _column("workspace", null=True),
        _column("output_path", null=True),
        _column("pid", sa.Integer),
        _column("pid_born"),
        _column("host"),
        _column("task_run_id", null=True),
        _column("started_at"),
        _column("ended_at", null=True),
        _column("end", null=True),
        _column("reason", sa.Text),
        _column("patch_path", null=True),
    )
    _index("attempt", "goal_id", "key", "number", unique=True)
    op.create_table(
        "outcome",
        _goal_id("outcome", key=True),
        _column("key", key=True),
        _column("seq", sa.Integer),
        _column("step"),
        _column("status"),
        _column("reason", sa.Text),
        _column("base", null=True),
        _column("commit", null=True),
        _column("exit_code", sa.Integer, null=True),
        _column("agent"),
        _column("attempts", sa.Integer),
        _column("duration_s", sa.Float),
        _column("changed", sa.JSON),
        _column("kept", sa.JSON),
        _column("tail", sa.Text),
        _column("output_path", null=True),
        _column("task_run_id", null=True),
        _column("ended_at"),
    )


def _gates() -> None:
    op.create_table(
        "gate_result",
        _column("id", sa.Integer, key=True),
        _goal_id("gate_result"),
        _column("stage_id"),
        _column("commit", null=True),
        _column("cache_key", null=True),
        _column("gate"),
        _column("verdict"),
        _column("result", sa.JSON),
        _column("judged_at"),
    )
    _index("gate_result", "goal_id")
    _index("gate_result", "cache_key")
    op.create_table(
        "checkpoint",
        _column("id", sa.Integer, key=True),
        _goal_id("checkpoint"),
        _column("stage_id"),
        _column("commit"),
        _column("branch"),
        _column("landed_at"),
        _column("undone_at", null=True),
    )
    _index("checkpoint", "goal_id")


def _log() -> None:
    goal = sa.ForeignKey("goal.id", name="fk_event_goal_id")
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("goal_id", sa.String(), goal, nullable=True),
        _column("kind"),
        _column("at"),
        _column("data", sa.Text),
        _column("prev_hash"),
        _column("hash"),
    )
    _index("event", "goal_id", "seq")
    chain = op.create_table(
        "chain",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        _column("seq", sa.Integer),
        _column("hash"),
    )
    op.bulk_insert(chain, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    if op.get_bind().dialect.name == "sqlite":
        for trigger in APPEND_ONLY:
            op.execute(trigger)
