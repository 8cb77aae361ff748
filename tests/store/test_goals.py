"""Goals and plans."""

import pytest

from tuloy.errors import UsageError
from tuloy.store import Store


def test_new_goal_is_planning(store: Store, goal: str) -> None:
    """A new goal is being planned and keeps what it was given."""
    found = store.find_goal(goal)
    assert (found.status, found.text, found.base_commit) == ("planning", "Fix the tests", "a" * 40)
    assert found.created_at.endswith("+00:00")


def test_same_id_twice(store: Store, goal: str) -> None:
    """A second goal with the same id is refused."""
    with pytest.raises(UsageError, match="'green-field' already"):
        store.create_goal(goal, "Something else")


def test_odd_text_is_kept(store: Store) -> None:
    """Any text can be stored; what UTF-8 cannot hold is replaced."""
    store.create_goal("g", "Ayusin mo 🦀 \x00 \udcff", options={"ü": ["\udcff", None, 1.5]})
    found = store.find_goal("g")
    assert (found.text, found.options) == ("Ayusin mo 🦀 \x00 ?", {"ü": ["?", None, 1.5]})


def test_plan_comes_back(store: Store, goal: str, make_plan) -> None:
    """The plan that was saved comes back equal, and the goal is planned, in the plan's language."""
    assert store.plan_of(goal) is None
    plan = make_plan("Ayusin ang tests", "Then lint")
    assert store.save_plan(goal, plan) == 1
    assert store.plan_of(goal) == plan
    found = store.find_goal(goal)
    assert (found.status, found.language) == ("planned", "fil")


def test_same_plan_adds_nothing(store: Store, goal: str, make_plan) -> None:
    """Saving the newest plan again changes nothing; another plan is the next revision, even an old one."""
    assert store.save_plan(goal, make_plan("one")) == 1
    before = len(store.events())
    assert store.save_plan(goal, make_plan("one")) == 1
    assert len(store.events()) == before
    assert [store.save_plan(goal, make_plan(title)) for title in ("two", "one")] == [2, 3]
    assert store.plan_of(goal) == make_plan("one")


def test_replanning_keeps_the_status(store: Store, goal: str, make_plan) -> None:
    """A plan saved for a running goal leaves it running."""
    store.set_goal(goal, "running")
    store.save_plan(goal, make_plan("one"))
    assert store.find_goal(goal).status == "running"


def test_finished_at_follows_the_status(store: Store, goal: str) -> None:
    """A goal has finished while its status says so, and no longer when it runs again."""
    store.set_goal(goal, "failed", "gate 'tests' said no", 1)
    found = store.find_goal(goal)
    assert (found.reason, found.exit_code, found.finished_at) == ("gate 'tests' said no", 1, found.updated_at)
    store.set_goal(goal, "running")
    found = store.find_goal(goal)
    assert (found.reason, found.exit_code, found.finished_at) == ("", None, None)


def test_same_status_adds_nothing(store: Store, goal: str) -> None:
    """Setting what is so already adds no event."""
    store.set_goal(goal, "waiting", "for an answer")
    before = store.events()
    store.set_goal(goal, "waiting", "for an answer")
    assert store.events() == before


def test_unknown_status_and_goal(store: Store, goal: str) -> None:
    """A status or a goal that does not exist is refused and leaves no event."""
    before = store.events()
    with pytest.raises(UsageError, match="'finished'; known: planning"):
        store.set_goal(goal, "finished")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no goal 'nobody'"):
        store.set_goal("nobody", "done")
    with pytest.raises(UsageError):
        store.start_attempt("nobody", "s1", "k")
    assert store.events() == before


def test_flow_run(store: Store, goal: str) -> None:
    """The goal names the flow run that works on it last."""
    store.set_flow_run(goal, "run-1", "http://one")
    store.set_flow_run(goal, "run-2", "http://two")
    found = store.find_goal(goal)
    assert (found.flow_run_id, found.flow_run_url) == ("run-2", "http://two")


def test_acceptance(store: Store, goal: str) -> None:
    """Acceptance is kept on the goal, and its event says from where to where which branch moved."""
    store.record_acceptance(goal, "main", "b" * 40, "c" * 40)
    assert store.find_goal(goal).accepted_commit == "c" * 40
    data = store.events(goal)[-1].data
    assert (data["target_branch"], data["before"], data["commit"]) == ("main", "b" * 40, "c" * 40)
