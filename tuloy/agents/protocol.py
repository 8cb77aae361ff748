"""Assignment, Report, Agent: what every kind of agent is given, and what it answers."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from tuloy.agents.tools import Place
from tuloy.plan import Goal, Step

__all__ = ["Agent", "Assignment", "Report"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt at one step. `mark` names the attempt on every process; `output_path` takes the full output."""

    goal: Goal
    step: Step
    place: Place
    env: Mapping[str, str]
    output_path: Path
    mark: str
    accept: tuple[str, ...] = ()
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent says of its attempt.

    `done` and `failed` are answers of the work; `error` means that it could not be tried; `waiting` that something
    or somebody is missing; `lost` that it was stopped on the way.
    """

    status: Literal["done", "failed", "error", "waiting", "lost"]
    reason: str = ""
    exit_code: int | None = None
    tail: str = ""


class Agent(Protocol):
    """Who can do steps. `capabilities` are what a step's own `capabilities` are matched with."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[str]: ...

    def do(self, work: Assignment) -> Report:
        """Do the step in `work.place.workspace`; never commit, never raise for what the work itself said."""
        ...
