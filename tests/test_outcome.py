"""How an end decides what may follow."""

from typing import get_args

import pytest
from pydantic import ValidationError

from tuloy.outcome import Outcome, OutcomeStatus, ended, holds

TABLE = {  # status: (succeeded, failed, finished, ended)
    "done": (True, False, True, True),
    "failed": (False, True, True, True),
    "error": (None, None, True, False),
    "skipped": (False, False, True, True),
    "waiting": (None, None, None, False),
    "lost": (None, None, None, False),
}


def test_the_table_names_every_status() -> None:
    """A new status has to say what it means for those who wait for it."""
    assert set(TABLE) == set(get_args(OutcomeStatus))


@pytest.mark.parametrize("status", TABLE)
def test_an_edge_holds_fails_or_stays_open(status: OutcomeStatus) -> None:
    """Only a success succeeds, only a "no" fails; what could not run or is not over leaves both open."""
    whens = ("succeeded", "failed", "finished")
    assert TABLE[status] == (*(holds(when, status) for when in whens), ended(status))


@pytest.mark.parametrize("status", TABLE)
def test_success_and_failure_exclude_each_other(status: OutcomeStatus) -> None:
    """No end lets both branches run, and both are open or both are decided."""
    succeeded, failed = holds("succeeded", status), holds("failed", status)
    assert not (succeeded and failed)
    assert (succeeded is None) == (failed is None)


def test_an_outcome_survives_its_json_and_cannot_be_changed() -> None:
    """What the store wrote is what is read, and nobody changes it after."""
    outcome = Outcome(key="k", step="a", status="done", changed=("a.py",), duration_s=1.5, exit_code=0)
    assert outcome == Outcome.model_validate_json(outcome.model_dump_json())
    with pytest.raises(ValidationError, match="frozen"):
        outcome.status = "failed"  # type: ignore[misc]


def test_an_unknown_status_is_refused() -> None:
    """Nothing but the six words is an end."""
    with pytest.raises(ValidationError):
        Outcome(key="k", step="a", status="success")  # type: ignore[arg-type]
