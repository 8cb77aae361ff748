"""Attempts and the outcomes that stand."""

import os

import pytest

from tuloy.errors import UsageError
from tuloy.outcome import Outcome
from tuloy.store import Store, verify


def test_attempt_is_open_until_it_ends(store: Store, goal: str) -> None:
    """An attempt is journaled with this process before it starts, and open until its end is recorded."""
    attempt = store.start_attempt(goal, "s1", "k1", "command", "a" * 40, "/w", "/o", "task-1")
    assert [one.model_dump() for one in store.open_attempts(goal)] == [attempt.model_dump()]
    assert attempt.pid == os.getpid()
    assert attempt.id is not None
    store.end_attempt(attempt.id, "lost", "killed", "/patch")
    store.end_attempt(attempt.id, "done")
    assert store.open_attempts(goal) == []
    (ended,) = store.attempts(goal)
    assert (ended.end, ended.reason, ended.patch_path) == ("lost", "killed", "/patch")


def test_numbers_count_per_key(store: Store, goal: str) -> None:
    """Attempts count from 1 for each key of each goal."""
    store.create_goal("other", "words")
    numbers = [store.start_attempt(goal, "s", key).number for key in ("k", "k", "j", "k")]
    assert (numbers, store.start_attempt("other", "s", "k").number) == ([1, 2, 1, 3], 1)


def test_outcome_comes_back_whole(store: Store, goal: str) -> None:
    """Every field of an outcome survives, and its attempt ends with it."""
    attempt = store.start_attempt(goal, "s1", "k1")
    outcome = Outcome(
        key="k1",
        step="s1",
        status="failed",
        reason="exit 1",
        base="a" * 40,
        commit="b" * 40,
        exit_code=1,
        agent="command",
        attempts=2,
        duration_s=0.1 + 0.2,
        changed=("a.py", "ü.py"),
        kept=("/tmp/x.whl",),
        tail="Mali!\n\x1b[31m",
        output_path="/o",
    )
    assert store.record_outcome(goal, outcome, attempt.id, "task-1") == outcome
    assert store.outcomes(goal) == {"k1": outcome}
    assert [one.end for one in store.attempts(goal)] == ["failed"]


@pytest.mark.parametrize("first", ["done", "failed", "skipped"])
def test_first_final_outcome_stands(store: Store, goal: str, make_outcome, first) -> None:
    """A final outcome stands for good; who comes later gets it back, and only their attempt ends."""
    stands = store.record_outcome(goal, make_outcome("k", first, tail="first"))
    late = store.start_attempt(goal, "s", "k")
    before = len(store.events())
    assert store.record_outcome(goal, make_outcome("k", "done", tail="second"), late.id) == stands
    assert store.outcomes(goal) == {"k": stands}
    assert store.open_attempts(goal) == []
    assert [event.kind for event in store.events()[before:]] == ["attempt.ended"]
    assert store.record_outcome(goal, make_outcome("k", "failed")) == stands
    assert len(store.events()) == before + 1


@pytest.mark.parametrize("first", ["error", "waiting", "lost"])
def test_other_outcomes_are_replaced(store: Store, goal: str, make_outcome, first) -> None:
    """An outcome that is not final gives way to the next one."""
    store.record_outcome(goal, make_outcome("k", first))
    store.record_outcome(goal, make_outcome("k", "done"))
    assert store.outcomes(goal)["k"].status == "done"
    assert verify(store).intact


def test_latest_outcome_of_a_step(store: Store, goal: str) -> None:
    """A step's latest outcome is the one recorded last, whichever key it has."""
    for key, status in (("k1", "lost"), ("k2", "failed"), ("k1", "done")):
        store.record_outcome(goal, Outcome(key=key, step="s", status=status))
    assert store.outcomes_by_step(goal)["s"].key == "k1"


def test_keys_belong_to_a_goal(store: Store, goal: str, make_outcome) -> None:
    """The same key in another goal is another outcome."""
    store.create_goal("other", "words")
    store.record_outcome(goal, make_outcome("k", "done"))
    store.record_outcome("other", make_outcome("k", "failed"))
    assert (store.outcomes(goal)["k"].status, store.outcomes("other")["k"].status) == ("done", "failed")


def test_unknown_attempt_leaves_nothing(store: Store, goal: str, make_outcome) -> None:
    """An outcome for an attempt that never started is refused as a whole."""
    with pytest.raises(UsageError, match="no attempt 77"):
        store.record_outcome(goal, make_outcome("k"), 77)
    assert store.outcomes(goal) == {}
