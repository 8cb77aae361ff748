"""Run: everything that one run of a goal holds open, and what it knows so far.

Owns the lease on the goal, its workspaces and agents, and the outcomes in memory. The store is the truth; this is the
part of it that the run in this process needs quickly.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tuloy.agents.matching import agents_of
from tuloy.agents.protocol import Agent
from tuloy.errors import TuloyError
from tuloy.outcome import Outcome, OutcomeStatus
from tuloy.plan import Plan, Stage, Step
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store
from tuloy.workspaces.directories import reopen
from tuloy.workspaces.installed import sweep
from tuloy.workspaces.pool import Workspaces
from tuloy.workspaces.records import Repository

__all__ = ["Change", "Run", "Tell", "open_run"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of state, for whoever watches. `status` is an outcome's, a verdict, `running` or `landed`."""

    kind: Literal["step", "gate", "stage"]
    id: str
    title: str
    status: str
    note: str = ""
    duration_s: float | None = None


Tell = Callable[[Change], None]


@dataclass(slots=True)
class Run:
    """One run of one goal in this process. `stage_base` is the commit each stage starts from, once it is known;
    `includes` says of each commit made here which steps' changes are in it; `held` starts no
    further step; `suspended` is held for good: the process ends as soon as no step is under way; `stopped_by` says
    who set `cancel`; `cached` are the steps that a former run had finished."""

    goal: GoalRow
    plan: Plan
    settings: Settings
    store: Store
    repo: Repository
    workspaces: Workspaces
    agents: list[Agent]
    tell: Tell
    cancel: threading.Event = field(default_factory=threading.Event)
    stopped_by: Literal["interrupted", "cancelled"] = "interrupted"
    held: bool = False
    suspended: bool = False
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    recorded: dict[str, Outcome] = field(default_factory=dict)
    stage_base: dict[str, str] = field(default_factory=dict)
    includes: dict[str, frozenset[str]] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Where this goal's outputs, reports and kept files go."""
        return self.settings.home / "goals" / self.goal.id

    @property
    def installed(self) -> Path:
        """Where what the goal's steps installed is kept."""
        return self.folder / "installed"

    @property
    def statuses(self) -> dict[str, OutcomeStatus]:
        """How each step ended, as far as it has."""
        return {step: outcome.status for step, outcome in self.outcomes.items()}

    def base_of(self, stage: Stage) -> str:
        """The commit the stage starts from.

        Raises:
            TuloyError: when the stage before has not landed.
        """
        try:
            return self.stage_base[stage.id]
        except KeyError as error:
            raise TuloyError(f"stage {stage.id!r} was started before the one before it landed") from error

    def end(self, step: Step, outcome: Outcome) -> None:
        """Take note of how a step ended."""
        self.outcomes[step.id] = outcome
        self.recorded[outcome.key] = outcome


@contextmanager
def open_run(
    goal: GoalRow, plan: Plan, settings: Settings, store: Store, *, agent: str | None = None, tell: Tell
) -> Iterator[Run]:
    """Open what a run needs, as the only run of this goal; close it whatever happens.

    Raises:
        GoalBusy: when a live process runs the goal already.
        UsageError: when the repository is not there any more, or the agent is unknown.
    """
    agents = agents_of(settings.agents, agent)
    repo = reopen(Path(goal.repo or "."), settings.home, goal.repo_id)
    store.take_lease(goal.id)
    try:
        workspaces = Workspaces(repo, settings.home / "workspaces")
        try:
            run = Run(goal, plan, settings, store, repo, workspaces, agents, tell)
            run.recorded = store.outcomes(goal.id)
            sweep(run.installed)
            yield run
        finally:
            workspaces.close()
    finally:
        store.release_lease(goal.id)
