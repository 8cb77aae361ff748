"""Verdicts, the gate cache, checkpoints."""

import pytest

from tuloy.errors import UsageError
from tuloy.store import Store


def result(verdict: str, **fields: object) -> dict[str, object]:
    return {
        "gate": "tests",
        "verdict": verdict,
        "findings": [{"message": "Mali"}],
        "duration_s": 0.5,
        **fields,
    }


def test_result_comes_back(store: Store, goal: str) -> None:
    """A gate result comes back as it was given, with stage and commit."""
    store.record_gate(goal, "st1", "c" * 40, result("fail"), "key")
    (row,) = store.gate_results(goal)
    assert (row.stage_id, row.commit, row.gate, row.verdict) == ("st1", "c" * 40, "tests", "fail")
    assert row.result == result("fail")


def test_cache_is_shared_by_goals(store: Store, goal: str) -> None:
    """The newest pass or fail of any goal answers for its key."""
    assert store.gate_from_cache("key") is None
    store.record_gate(goal, "st1", "c", result("fail"), "key")
    store.create_goal("other", "words")
    store.record_gate("other", "st1", "c", result("pass"), "key")
    assert store.gate_from_cache("key") == result("pass")
    assert store.gate_from_cache("another") is None


@pytest.mark.parametrize("verdict", ["error", "skipped"])
def test_errors_and_skips_are_never_cached(store: Store, goal: str, verdict: str) -> None:
    """A gate that could not judge answers for nobody, not even over an older verdict."""
    store.record_gate(goal, "st1", "c", result(verdict), "key")
    assert store.gate_from_cache("key") is None
    store.record_gate(goal, "st1", "c", result("pass"), "key")
    store.record_gate(goal, "st1", "c", result(verdict), "key")
    assert store.gate_from_cache("key") == result("pass")


def test_rollback_undoes_later_checkpoints(store: Store, goal: str) -> None:
    """Going back to a checkpoint leaves it and those before standing; None goes back to the base."""
    for stage in ("st1", "st2", "st3"):
        store.record_checkpoint(goal, stage, f"commit-{stage}", "tuloy/green")
    store.record_rollback(goal, "commit-st2", "gate said no")
    assert [one.stage_id for one in store.checkpoints(goal)] == ["st1", "st2"]
    store.record_checkpoint(goal, "st3", "better", "tuloy/green")
    assert [one.commit for one in store.checkpoints(goal)] == ["commit-st1", "commit-st2", "better"]
    store.record_rollback(goal, None)
    assert store.checkpoints(goal) == []
    assert len(store.checkpoints(goal, undone=True)) == 4


def test_rollback_to_nowhere(store: Store, goal: str) -> None:
    """Only a standing checkpoint can be gone back to; the message names those."""
    store.record_checkpoint(goal, "st1", "one", "b")
    store.record_checkpoint(goal, "st2", "two", "b")
    store.record_rollback(goal, "one")
    with pytest.raises(UsageError, match="'two' to go back to; known: 'one'"):
        store.record_rollback(goal, "two")
