"""Where goals come from, what they need of each other, and events that outlive their goal."""

import sqlalchemy as sa
from alembic import op

from tuloy.store.sqlite import APPEND_ONLY

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _origins()
    _needs()
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_events()
    else:
        op.drop_constraint("fk_event_goal_id", "event", type_="foreignkey")


def _origins() -> None:
    texts = [sa.Column(name, sa.String(), nullable=False) for name in ("repo_id", "kind", "file", "entry", "content")]
    op.create_table(
        "origin",
        sa.Column("goal_id", sa.String(), sa.ForeignKey("goal.id", name="fk_origin_goal_id"), primary_key=True),
        *texts,
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("ix_origin_repo_id_kind_entry", "origin", ["repo_id", "kind", "entry"])


def _needs() -> None:
    keys = [
        sa.Column(name, sa.String(), sa.ForeignKey("goal.id", name=f"fk_goal_need_{name}"), primary_key=True)
        for name in ("goal_id", "needs_id")
    ]
    op.create_table("goal_need", *keys)
    op.create_index("ix_goal_need_needs_id", "goal_need", ["needs_id"])


def _rewrite_events() -> None:
    """SQLite drops no constraint: a table without it takes the rows, byte for byte, and the name."""
    texts = [sa.Column(name, sa.String(), nullable=False) for name in ("kind", "at")]
    op.create_table(
        "event_anew",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("goal_id", sa.String(), nullable=True),
        *texts,
        sa.Column("data", sa.Text(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("prev_hash", "hash")),
    )
    columns = "seq, goal_id, kind, at, data, prev_hash, hash"
    op.execute(f"INSERT INTO event_anew ({columns}) SELECT {columns} FROM event ORDER BY seq")
    op.drop_table("event")
    op.rename_table("event_anew", "event")
    op.create_index("ix_event_goal_id_seq", "event", ["goal_id", "seq"])
    for trigger in APPEND_ONLY:
        op.execute(trigger)
