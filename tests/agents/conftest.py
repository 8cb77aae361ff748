"""A place with a checkout and a workspace, and a way to run a Python text as a process of its own."""

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuloy.agents.process import Ended, end_marked, run_process
from tuloy.agents.protocol import Assignment
from tuloy.agents.tools import Place, step_environment
from tuloy.plan import Goal, Step

Run = Callable[..., Ended]
Assign = Callable[..., Assignment]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty checkout and an empty workspace."""
    found = Place(checkout=tmp_path / "checkout", workspace=tmp_path / "workspace")
    found.checkout.mkdir()
    found.workspace.mkdir()
    return found


@pytest.fixture
def mark() -> Any:
    """A mark of this test alone; nothing that carries it outlives the test."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    end_marked(name, family=True)


@pytest.fixture
def run(tmp_path: Path, mark: str) -> Run:
    """Run a Python text (or `argv`) to its end."""

    def start(text: str = "", **given: Any) -> Ended:
        argv = given.pop("argv", [sys.executable, "-S", "-c", text])
        options = {
            "cwd": tmp_path,
            "env": {"PATH": os.environ["PATH"]},
            "output_path": tmp_path / "out" / "log.txt",
            "timeout_s": 20.0,
            "mark": mark,
        }
        return run_process(argv, **{**options, **given})

    return start


@pytest.fixture
def assign(place: Place, tmp_path: Path, mark: str) -> Assign:
    """Make an assignment of a step in the place."""

    def make(action: Any, *, goal: Goal | None = None, work: dict[str, Any] | None = None, **fields: Any) -> Assignment:
        return Assignment(
            goal=goal or Goal(text="the goal"),
            step=Step(id="s1", title="the title", action=action, **fields),
            place=place,
            env=step_environment(place),
            output_path=tmp_path / "log.txt",
            mark=mark,
            **(work or {}),
        )

    return make
