"""The quick look at a store agrees with the store."""

from pathlib import Path

import pytest

from tuloy.errors import StoreUnavailable
from tuloy.outcome import Outcome
from tuloy.plan import Plan
from tuloy.store import Store, open_store
from tuloy.store.glance import glance


def plan_of(*names: str) -> Plan:
    steps = [{"id": name, "title": name, "action": {"kind": "command", "argv": ["true"]}} for name in names]
    return Plan.of(goal={"text": "try"}, stages=[{"id": "s1", "title": "Only", "steps": steps}])


def fill(store: Store) -> None:
    """Three goals: one half done and running here, one whose process died, one that ended."""
    for name in ("g1", "g2", "g3"):
        store.create_goal(id=name, text=f"goal {name}", repo="/r")
        store.save_plan(name, plan_of("a", "b"))
    store.record_outcome("g1", Outcome(key="k1", step="a", status="done"))
    store.record_outcome("g1", Outcome(key="k2", step="b", status="waiting"))
    store.set_goal("g1", "running")
    store.take_lease("g1")
    store.set_goal("g2", "running")
    store.set_goal("g3", "failed", "said no", 1)


def test_a_glance_is_what_the_store_says(tmp_path: Path):
    """Ids in the store's order, status with dead processes told, steps ended of all."""
    with open_store(tmp_path / "tuloy.db") as store:
        fill(store)
        seen = {goal["id"]: (goal["status"], goal["ended"], goal["steps"]) for goal in glance(tmp_path / "tuloy.db", 9)}

        assert [goal.id for goal in store.goals()] == list(seen)
        assert seen == {"g3": ("failed", 0, 2), "g2": ("waiting", 0, 2), "g1": ("running", 1, 2)}
        assert len(glance(tmp_path / "tuloy.db", 2)) == 2


def test_a_glance_makes_nothing(tmp_path: Path):
    """Where there is no store there are no goals, and none is made."""
    assert glance(tmp_path / "tuloy.db", 9) == []
    assert not list(tmp_path.iterdir())


def test_what_is_no_store_is_named(tmp_path: Path):
    """A file that is no store is refused with its path."""
    (tmp_path / "tuloy.db").write_text("hello " * 1000)
    with pytest.raises(StoreUnavailable, match=r"tuloy\.db"):
        glance(tmp_path / "tuloy.db", 9)
