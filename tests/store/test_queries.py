"""Finding goals."""

import pytest

from tuloy.errors import UsageError
from tuloy.store import Store


@pytest.fixture
def three(store: Store) -> Store:
    for name, priority in (("fix-tests-1a", "low"), ("fix-tests-2b", "normal"), ("add-docs-3c", "critical")):
        store.create_goal(name, "words", priority=priority)
    return store


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fix-tests-1a", "fix-tests-1a"),
        ("add", "add-docs-3c"),
        ("last", "add-docs-3c"),
        ("fix-tests-2", "fix-tests-2b"),
    ],
)
def test_goal_is_found(three: Store, name: str, found: str) -> None:
    """A goal is found by its id, by a beginning that no other has, and the newest by `last`."""
    assert three.find_goal(name).id == found


def test_id_wins_over_a_beginning(three: Store) -> None:
    """An id that begins another id is found all the same, and a goal called last is not the newest one."""
    for name in ("fix", "last", "newer"):
        three.create_goal(name, "words")
    assert (three.find_goal("fix").id, three.find_goal("last").id) == ("fix", "last")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fix-tests", "'fix-tests' begins several goals: 'fix-tests-2b', 'fix-tests-1a'"),
        ("fix-test-1a", "no goal 'fix-test-1a'; near: 'fix-tests-1a'"),
        ("%", "no goal '%'"),
        ("", "no goal ''"),
    ],
)
def test_goal_is_not_found(three: Store, name: str, message: str) -> None:
    """What names no goal, or several, is refused with the nearest ids."""
    with pytest.raises(UsageError, match=message):
        three.find_goal(name)


def test_no_goals_yet(store: Store) -> None:
    """In an empty store `last` says how to start."""
    with pytest.raises(UsageError, match="tuloy run GOAL"):
        store.find_goal("last")


def test_goals_newest_first(three: Store) -> None:
    """Goals are listed newest first, by status and up to a limit."""
    three.set_goal("fix-tests-1a", "running")
    assert [goal.id for goal in three.goals()] == ["add-docs-3c", "fix-tests-2b", "fix-tests-1a"]
    assert [goal.id for goal in three.goals(status="planning", limit=1)] == ["add-docs-3c"]
    assert three.counts() == {"planning": 2, "running": 1}


def test_next_goals(three: Store) -> None:
    """The next goals are the most urgent, then the oldest; only those with the status."""
    three.create_goal("newer", "words")
    three.set_goal("fix-tests-1a", "running")
    found = [goal.id for goal in three.next_goals(limit=5, status="planning")]
    assert found == ["add-docs-3c", "fix-tests-2b", "newer"]
    assert [goal.id for goal in three.next_goals(status="planning")] == found[:1]
    assert three.next_goals() == []
