"""Plans that the user edited."""

import sqlite3
from contextlib import closing

from tuloy.plan import CommandAction, Goal, Plan, Stage, Step
from tuloy.store import Store, verify


def plan(text: str, title: str = "Do it") -> Plan:
    """A plan of one step."""
    step = Step(id="s1.1", title=title, action=CommandAction(argv=("true",)))
    return Plan.of(goal=Goal(text=text), stages=(Stage(id="s1", title="all", steps=(step,)),))


def test_a_correction_is_for_one_text_in_one_repository(store: Store) -> None:
    """The newest correction of a text is found again, whatever its spaces, and only for its repository."""
    store.save_correction("r1", plan("do  it"))
    store.save_correction("r1", plan("do it", "Otherwise"))
    assert store.corrected_plan("r1", "do it\n") == plan("do it", "Otherwise")
    assert store.corrected_plan("r2", "do it") is None
    assert store.corrected_plan("r1", "do that") is None


def test_a_correction_can_be_forgotten(store: Store) -> None:
    """Forgotten, it is gone; there is nothing to forget twice."""
    store.save_correction("r1", plan("do it"))
    assert store.forget_correction("r1", "do it")
    assert store.corrected_plan("r1", "do it") is None
    assert not store.forget_correction("r1", "do it")


def test_corrections_are_proved_by_the_log(store: Store) -> None:
    """Events tell of every correction; one that was changed beside them is found."""
    store.save_correction("r1", plan("do it"))
    store.save_correction("r1", plan("do that"))
    store.forget_correction("r1", "do that")
    report = verify(store)
    assert report.intact
    assert report.goals == 0
    with closing(sqlite3.connect(store.place)) as raw, raw:
        raw.execute("UPDATE correction SET document = '{}'")
    assert "the store: correction" in verify(store).differing[0]
