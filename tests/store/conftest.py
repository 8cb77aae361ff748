"""A real store on disk, and goals in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tuloy.outcome import Outcome, OutcomeStatus
from tuloy.plan import Goal, InstructAction, Plan, Stage, Step
from tuloy.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tuloy.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as opened:
        yield opened


@pytest.fixture
def goal(store: Store) -> str:
    store.create_goal("green-field", "Fix the tests", repo="/src", base_commit="a" * 40, branch="tuloy/green")
    return "green-field"


@pytest.fixture
def make_plan():
    def make(*titles: str) -> Plan:
        steps = tuple(
            Step(id=f"s{n}", title=title, action=InstructAction(prompt=title)) for n, title in enumerate(titles)
        )
        return Plan(goal=Goal(text=titles[0], language="fil"), stages=(Stage(id="a", title="A", steps=steps),))

    return make


@pytest.fixture
def make_outcome():
    def make(key: str = "k", status: OutcomeStatus = "done", **fields: object) -> Outcome:
        return Outcome(key=key, step=f"step-{key}", status=status, **fields)

    return make
