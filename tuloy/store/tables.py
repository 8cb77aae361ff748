"""The tables of the store as SQLModel rows, and the clock they share.

Owns names and types of columns. How they come to exist is `tuloy.store.migrations`; the modules named after
the nouns write them. Times are UTC as ISO 8601 text with microseconds and offset: they sort as text.
"""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, Index, MetaData, Table, Text
from sqlmodel import Field, SQLModel

__all__ = [
    "FINISHED",
    "AttemptRow",
    "ChainRow",
    "CheckpointRow",
    "CorrectionRow",
    "EventRow",
    "GateRow",
    "GoalRow",
    "GoalStatus",
    "LeaseRow",
    "NeedRow",
    "OriginRow",
    "OutcomeRow",
    "PlanRow",
    "metadata",
    "now",
    "table",
]

GoalStatus = Literal["planning", "planned", "running", "done", "failed", "waiting", "cancelled", "open"]
FINISHED = frozenset({"done", "failed", "cancelled"})

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def now() -> str:
    """Return the present as the store writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class _Row(SQLModel):
    """What all rows share: tables of their own, apart from any other SQLModel in the process."""

    metadata = metadata


class GoalRow(_Row, table=True):
    """One goal. `repo` is the path it was given for, `repo_id` names the repository wherever it lies."""

    __tablename__ = "goal"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "status", "created_at"),
        Index(None, "status", "priority", "created_at"),
    )

    id: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    language: str | None = None
    priority: str = "normal"
    repo: str | None = None
    repo_id: str | None = None
    base_commit: str | None = None
    base_branch: str | None = None
    branch: str | None = None
    status: str = "planning"
    reason: str = Field(default="", sa_type=Text)
    exit_code: int | None = None
    created_at: str
    updated_at: str
    finished_at: str | None = None
    accepted_at: str | None = None
    accepted_commit: str | None = None
    flow_run_id: str | None = None
    flow_run_url: str | None = None
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class OriginRow(_Row, table=True):
    """The entry of a document that a goal came from: `entry` is its key there, `document` the whole of it as JSON.

    `content` is its hash, `word` the document's last known word for its state, `given` those words that came from us.
    """

    __tablename__ = "origin"
    __table_args__ = (Index(None, "repo_id", "kind", "entry"),)

    goal_id: str = Field(primary_key=True, foreign_key="goal.id")
    repo_id: str
    kind: str
    file: str
    entry: str
    content: str
    word: str = ""
    given: list[str] = Field(default_factory=list, sa_type=JSON)
    document: str = Field(sa_type=Text)


class NeedRow(_Row, table=True):
    """One goal that has to be done before another one begins."""

    __tablename__ = "goal_need"

    goal_id: str = Field(primary_key=True, foreign_key="goal.id")
    needs_id: str = Field(primary_key=True, foreign_key="goal.id", index=True)


class PlanRow(_Row, table=True):
    """A revision of a goal's plan; `document` is its canonical JSON text."""

    __tablename__ = "plan"

    goal_id: str = Field(primary_key=True, foreign_key="goal.id")
    revision: int = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    created_at: str


class AttemptRow(_Row, table=True):
    """One try at a step, journaled before it starts. Open while `ended_at` is None; `end` says how."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "goal_id", "key", "number", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    goal_id: str = Field(foreign_key="goal.id")
    step_id: str
    key: str
    number: int
    agent: str = ""
    base_commit: str | None = None
    workspace: str | None = None
    output_path: str | None = None
    pid: int
    pid_born: str
    host: str
    task_run_id: str | None = None
    started_at: str
    ended_at: str | None = None
    end: str | None = None
    reason: str = Field(default="", sa_type=Text)
    patch_path: str | None = None


class OutcomeRow(_Row, table=True):
    """The fields of `tuloy.outcome.Outcome`, one row per key; `seq` is the event that wrote it."""

    __tablename__ = "outcome"

    goal_id: str = Field(primary_key=True, foreign_key="goal.id")
    key: str = Field(primary_key=True)
    seq: int
    step: str
    status: str
    reason: str = Field(default="", sa_type=Text)
    base: str | None = None
    commit: str | None = None
    exit_code: int | None = None
    agent: str = ""
    attempts: int = 1
    duration_s: float = 0.0
    changed: list[str] = Field(default_factory=list, sa_type=JSON)
    kept: list[str] = Field(default_factory=list, sa_type=JSON)
    tail: str = Field(default="", sa_type=Text)
    output_path: str | None = None
    task_run_id: str | None = None
    ended_at: str


class GateRow(_Row, table=True):
    """One verdict of one gate on one commit; `result` is the whole gate result as JSON."""

    __tablename__ = "gate_result"

    id: int | None = Field(default=None, primary_key=True)
    goal_id: str = Field(foreign_key="goal.id", index=True)
    stage_id: str
    commit: str | None = None
    cache_key: str | None = Field(default=None, index=True)
    gate: str
    verdict: str
    result: dict[str, Any] = Field(sa_type=JSON)
    judged_at: str


class CheckpointRow(_Row, table=True):
    """A commit to return to; `undone_at` is set once the goal's branch went back behind it."""

    __tablename__ = "checkpoint"

    id: int | None = Field(default=None, primary_key=True)
    goal_id: str = Field(foreign_key="goal.id", index=True)
    stage_id: str
    commit: str
    branch: str
    landed_at: str
    undone_at: str | None = None


class LeaseRow(_Row, table=True):
    """Which process runs the goal: a pid means nothing without the birth of that process."""

    __tablename__ = "lease"

    goal_id: str = Field(primary_key=True, foreign_key="goal.id")
    pid: int
    pid_born: str
    host: str
    taken_at: str


class CorrectionRow(_Row, table=True):
    """A plan that the user edited, for one text in one repository; it belongs to no goal."""

    __tablename__ = "correction"

    repo_id: str = Field(primary_key=True)
    text_hash: str = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    corrected_at: str


class EventRow(_Row, table=True):
    """One link of the chain; `data` is kept as the exact JSON text that was hashed.

    `goal_id` refers to nothing: the events of a goal stay when it is removed.
    """

    __tablename__ = "event"
    __table_args__ = (Index(None, "goal_id", "seq"),)

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    goal_id: str | None = None
    kind: str
    at: str
    data: str = Field(sa_type=Text)
    prev_hash: str
    hash: str


class ChainRow(_Row, table=True):
    """The end of the chain, a single row: what a cut-off tail is found by, and what writers queue at."""

    __tablename__ = "chain"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    hash: str


def table(row: type[SQLModel]) -> Table:
    """Return the table behind a row class."""
    return metadata.tables[str(row.__tablename__)]
