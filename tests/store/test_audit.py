"""The event log: it rebuilds the rows, and no change to it goes unseen."""

import itertools
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuloy.errors import GoalBusy, StoreUnavailable, UsageError
from tuloy.outcome import Outcome
from tuloy.plan import Goal, InstructAction, Plan, Stage, Step
from tuloy.store import Store, backup, open_store, rows_of, verify
from tuloy.store.database import digest
from tuloy.store.intake import Incoming, Origin
from tuloy.store.rebuild import rebuild

WORDS = st.text(max_size=8)
GOALS = st.sampled_from(["g1", "g2"])
KEYS = st.sampled_from(["k1", "k2", "k3"])
STATUSES = st.sampled_from(["done", "failed", "error", "skipped", "waiting", "lost"])


def _plan(title: str) -> Plan:
    step = Step(id="s", title="t" + title, action=InstructAction(prompt="p" + title))
    return Plan(goal=Goal(text="x" + title), stages=(Stage(id="a", title="A", steps=(step,)),))


def _outcome(key: str, status: Any, reason: str, number: float) -> Outcome:
    fields = {"reason": reason, "duration_s": number, "changed": (reason,), "exit_code": int(number) % 256}
    return Outcome(key=key, step=f"s-{key}", status=status, **fields)


def _calls(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Store], object]]:
    return st.tuples(*arguments).map(lambda values: lambda store: getattr(store, name)(*values))


def _incoming(entry: str, content: str, state: Any, needs: tuple[str, ...]) -> Incoming:
    origin = Origin("features", "/f", entry, content, "approved", "{}")
    return Incoming(f"Do {content}", "/r", "r", origin=origin, needs=needs, state=state)


NUMBERED = itertools.count()
ENTRIES = st.sampled_from(["one", "two", "three"])
STATES = st.sampled_from(["open", "open", "done", "left out", "held"])
INCOMING = st.builds(_incoming, ENTRIES, WORDS, STATES, st.lists(ENTRIES, max_size=2).map(tuple))
NUMBERS = st.floats(0, 1e9)
ATTEMPTS = st.one_of(st.none(), st.integers(1, 6))
GATE_RESULTS = st.fixed_dictionaries(
    {
        "gate": st.just("lint"),
        "verdict": st.sampled_from(["pass", "fail"]),
        "evidence": WORDS,
        "duration_s": NUMBERS,
    }
)
GOAL_STATUSES = st.sampled_from(["running", "waiting", "done", "failed", "cancelled"])
OPERATIONS = st.one_of(
    _calls("save_plan", GOALS, WORDS.map(_plan)),
    _calls("set_goal", GOALS, GOAL_STATUSES, WORDS, st.one_of(st.none(), st.integers(0, 255))),
    _calls("set_flow_run", GOALS, WORDS, WORDS),
    _calls("start_attempt", GOALS, WORDS, KEYS, WORDS),
    _calls("end_attempt", st.integers(1, 6), WORDS, WORDS),
    _calls("record_outcome", GOALS, st.builds(_outcome, KEYS, STATUSES, WORDS, NUMBERS), ATTEMPTS),
    _calls("record_gate", GOALS, WORDS, WORDS, GATE_RESULTS, st.one_of(st.none(), KEYS)),
    _calls("record_checkpoint", GOALS, WORDS, KEYS, WORDS),
    _calls("record_rollback", GOALS, st.one_of(st.none(), KEYS), WORDS),
    _calls("record_acceptance", GOALS, WORDS, WORDS, WORDS),
    _calls("take_lease", GOALS),
    _calls("release_lease", GOALS),
    _calls("emit", GOALS, WORDS),
    _calls("take_in", st.lists(INCOMING, max_size=3), st.just(lambda: f"d{next(NUMBERED)}")),
    _calls("remove_goals", st.lists(GOALS, max_size=2, unique=True)),
)
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _filled(path: Path, operations: list[Callable[[Store], object]]) -> None:
    with open_store(path) as store:
        for goal in ("g1", "g2"):
            store.create_goal(goal, f"words of {goal}")
        for operation in operations:
            try:
                operation(store)
            except (UsageError, GoalBusy):
                continue


@QUICK
@given(st.lists(OPERATIONS, max_size=25))
def test_events_rebuild_the_rows(operations: list[Callable[[Store], object]]) -> None:
    """After any sequence of operations, refused ones too, the events alone give every row there is."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tuloy.db"
        _filled(path, operations)
        with open_store(path) as store:
            for goal in ("g1", "g2"):
                assert rebuild(store.events(goal)) == rows_of(store, goal)
            assert verify(store).intact


COLUMNS = st.sampled_from(["seq", "goal_id", "kind", "at", "data", "prev_hash", "hash", None, "swap"])


@QUICK
@given(st.lists(OPERATIONS, min_size=1, max_size=12), COLUMNS, st.data())
def test_any_change_of_an_event_is_found(operations: Any, column: str | None, data: st.DataObject) -> None:
    """Any one event changed in any one column, taken away, or exchanged with another is found."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tuloy.db"
        _filled(path, operations)
        with closing(sqlite3.connect(path)) as raw, raw:
            _unguard(raw)
            (count,) = raw.execute("SELECT count(*) FROM event").fetchone()
            seq = data.draw(st.integers(1, count))
            if column is None:
                raw.execute("DELETE FROM event WHERE seq = ?", (seq,))
            elif column == "swap":
                other = data.draw(st.integers(1, count).filter(lambda number: number != seq))
                _swap(raw, seq, other)
            else:
                (old,) = raw.execute(f"SELECT {column} FROM event WHERE seq = ?", (seq,)).fetchone()
                new = data.draw(_another(column, old, count))
                raw.execute(f"UPDATE event SET {column} = ? WHERE seq = ?", (new, seq))
        with open_store(path) as store:
            report = verify(store)
        assert report.broken is not None
        assert report.broken.seq <= seq


def _another(column: str, old: Any, count: int) -> st.SearchStrategy[Any]:
    if column == "seq":
        return st.one_of(st.integers(-3, 0), st.integers(count + 1, count + 9))
    near = st.sampled_from([f"{old} ", f" {old}", str(old)[:-1], str(old).swapcase() + "x", str(old).encode()])
    other = {"goal_id": st.sampled_from([None, "g1", "g2"])}.get(column, st.text())
    return st.one_of(near, other).filter(lambda new: new != old)


def _unguard(raw: sqlite3.Connection) -> None:
    raw.execute("DROP TRIGGER event_no_update")
    raw.execute("DROP TRIGGER event_no_delete")


def _swap(raw: sqlite3.Connection, one: int, two: int) -> None:
    for old, new in ((one, -1), (two, one), (-1, two)):
        raw.execute("UPDATE event SET seq = ? WHERE seq = ?", (new, old))


@pytest.fixture
def chain(path: Path) -> Path:
    with open_store(path) as store:
        store.create_goal("g", "words")
        for n in range(5):
            store.emit("g", "fact", number=n)
    return path


@pytest.mark.parametrize(
    ("statement", "seq", "fault"),
    [
        ("UPDATE event SET data = '{\"number\":9}' WHERE seq = 3", 3, "changed"),
        ("DELETE FROM event WHERE seq = 4", 4, "missing"),
        ("DELETE FROM event WHERE seq = 1", 1, "missing"),
        ("DELETE FROM event WHERE seq > 4", 5, "truncated"),
        ("DELETE FROM event", 1, "truncated"),
        ("DELETE FROM chain", 6, "changed"),
    ],
)
def test_first_break_is_named(chain: Path, statement: str, seq: int, fault: str) -> None:
    """The report names the first event where the chain does not hold, and what is wrong there."""
    with closing(sqlite3.connect(chain)) as raw, raw:
        _unguard(raw)
        raw.execute(statement)
    with open_store(chain) as store:
        broken = verify(store).broken
    assert broken is not None
    assert (broken.seq, broken.fault) == (seq, fault)


def test_exchanged_events_are_reordered(chain: Path) -> None:
    """Two events that changed places are told from changed ones."""
    with closing(sqlite3.connect(chain)) as raw, raw:
        _unguard(raw)
        _swap(raw, 2, 5)
    with open_store(chain) as store:
        broken = verify(store).broken
    assert broken is not None
    assert (broken.seq, broken.fault) == (2, "reordered")


@pytest.mark.parametrize("seq", [3, 6])
def test_rehashed_event_is_found(chain: Path, seq: int) -> None:
    """An event that was changed and hashed anew no longer fits what follows, be it the chain's end."""
    with open_store(chain) as store:
        event = store.events(after=seq - 1)[0]
    new = digest(event.prev_hash, seq, "g", "fact", event.at, "{}")
    with closing(sqlite3.connect(chain)) as raw, raw:
        _unguard(raw)
        raw.execute("UPDATE event SET data = '{}', hash = ? WHERE seq = ?", (new, seq))
    with open_store(chain) as store:
        broken = verify(store).broken
    assert broken is not None
    assert (broken.seq, broken.fault) == (min(seq + 1, 6), "changed")


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE goal SET status = 'done'", "goal 'g': goal 'g' differs in status"),
        ("UPDATE outcome SET exit_code = 0", "outcome 'g k' differs in exit_code"),
        ("DELETE FROM outcome", "outcome 'g k' is gone"),
        ("INSERT INTO lease VALUES ('g', 1, 'x', 'y', 'z')", "lease 'g' is there, but no event"),
    ],
)
def test_changed_rows_are_found(chain: Path, statement: str, sentence: str) -> None:
    """A row that is not what the events say is named, with the columns that differ."""
    with open_store(chain) as store:
        store.record_outcome("g", Outcome(key="k", step="s", status="failed", exit_code=1))
    with closing(sqlite3.connect(chain)) as raw, raw:
        raw.execute(statement)
    with open_store(chain) as store:
        report = verify(store)
    assert not report.intact
    assert sentence in report.differing[0]


@pytest.mark.parametrize("statement", ["UPDATE event SET kind = 'x'", "DELETE FROM event"])
def test_log_is_append_only(chain: Path, statement: str) -> None:
    """The database itself refuses to change or remove an event."""
    with (
        closing(sqlite3.connect(chain)) as raw,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        raw.execute(statement)


def test_events_after(chain: Path) -> None:
    """Events come in order, after a number, of one goal or of all, up to a limit."""
    with open_store(chain) as store:
        store.emit(None, "store.checked")
        assert [event.seq for event in store.events(after=4)] == [5, 6, 7]
        assert [event.seq for event in store.events("g", after=4)] == [5, 6]
        assert [event.data for event in store.events(after=2, limit=1)] == [{"number": 1}]


def test_reserved_names_are_refused(store: Store, goal: str) -> None:
    """An event of somebody else cannot pretend to change rows."""
    with pytest.raises(UsageError, match="'rows'"):
        store.emit(goal, "fact", rows={"goal": []})


def test_backup_is_a_store(chain: Path, tmp_path: Path) -> None:
    """A backup taken of an open store is a whole store, and never replaces a file."""
    with open_store(chain) as store:
        backup(store, tmp_path / "copy.db")
        with pytest.raises(StoreUnavailable, match="exists already"):
            backup(store, tmp_path / "copy.db")
        with pytest.raises(StoreUnavailable):
            backup(store, tmp_path / "nowhere" / "copy.db")
        expected = store.events()
    with open_store(tmp_path / "copy.db") as copy:
        assert copy.events() == expected
        assert verify(copy).intact
