"""Goals that wait: taken in once, edited while they wait, started, removed; the log explains every row."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import IntegrityError

import tuloy.store
from tuloy.errors import GoalBusy, UsageError
from tuloy.store import Store, open_store, verify
from tuloy.store.database import FIRST_HASH, digest
from tuloy.store.glance import listed
from tuloy.store.intake import Incoming, Origin
from tuloy.store.tables import metadata


def incoming(entry: str, content: str = "c", *needs: str, file: str = "/f", kind: str = "features", **more) -> Incoming:
    origin = Origin(kind, file, entry, content, "approved", "{}")
    return Incoming(f"Do {entry} {content}", "/src", "repo", origin=origin, needs=needs, **more)


@pytest.fixture
def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"g{next(numbers)}"


def test_taken_in_twice_adds_nothing(store: Store, ids) -> None:
    """The same entries again change no row and leave no event."""
    wanted = [incoming("a"), incoming("b", "c", "a")]
    assert store.take_in(wanted, ids).added == ["g1", "g2"]
    before = store.events()
    taken = store.take_in(wanted, ids)
    assert (taken.added, taken.edited, taken.same) == ([], [], ["g1", "g2"])
    assert store.events() == before
    assert verify(store).intact


def test_an_edited_entry_that_waits_is_edited(store: Store, ids) -> None:
    """Words, priority and needs follow the document until the goal is started, and not afterwards."""
    store.take_in([incoming("a"), incoming("b")], ids)
    taken = store.take_in([incoming("a"), incoming("b", "new", "a", priority="high")], ids)
    assert (taken.edited, taken.same) == (["g2"], ["g1"])
    found = store.find_goal("g2")
    assert (found.text, found.priority, [goal.id for goal in store.needs_of("g2")]) == ("Do b new", "high", ["g1"])
    store.start_goal("g2", {"base_commit": "c" * 40})
    assert store.take_in([incoming("b", "newer")], ids).same == ["g2"]
    assert store.find_goal("g2").text == "Do b new"
    assert verify(store).intact


def test_a_file_that_was_moved_is_known(store: Store, ids) -> None:
    """The same entry with the same content in another file is the same goal; with other content it is another."""
    store.take_in([incoming("a")], ids)
    assert store.take_in([incoming("a", file="/moved")], ids).same == ["g1"]
    assert store.take_in([incoming("a", "other", file="/third")], ids).added == ["g2"]


def test_a_text_that_ended_may_come_again_as_another(store: Store, ids) -> None:
    """A text file that was rewritten after its goal ended is a new goal; the same words are not."""
    store.take_in([incoming("", "one", kind="text")], ids)
    store.set_goal("g1", "done")
    assert store.take_in([incoming("", "one", kind="text")], ids).same == ["g1"]
    assert store.take_in([incoming("", "two", kind="text")], ids).added == ["g2"]


@pytest.mark.parametrize(("state", "status"), [("done", "done"), ("left out", "cancelled"), ("held", "open")])
def test_what_ended_in_the_document_ends_here(state, status: str, store: Store, ids) -> None:
    """A goal that waits ends when its entry is done or put aside; one that is only held back goes on waiting."""
    store.take_in([incoming("a")], ids)
    store.take_in([incoming("a", state=state), incoming("b", state=state)], ids)
    assert [(goal.id, goal.status) for goal in store.goals()] == [("g1", status)]
    assert verify(store).intact


def test_done_in_the_document_counts_for_one_that_failed(store: Store, ids) -> None:
    """Whoever says in the document that a failed goal's entry is done frees what needs it."""
    store.take_in([incoming("a"), incoming("b", "c", "a")], ids)
    store.set_goal("g1", "failed")
    assert store.take_in([incoming("a", state="done"), incoming("b", "c", "a")], ids).ended == ["g1"]
    assert [(goal.id, goal.status) for goal in store.needs_of("g2")] == [("g1", "done")]


def test_all_or_nothing(store: Store) -> None:
    """When one goal cannot be stored, none is."""

    def broken() -> str:
        raise UsageError("no more ids")

    given = iter(["g1"])
    with pytest.raises(UsageError, match="no more ids"):
        store.take_in([incoming("a"), incoming("b")], lambda: next(given, None) or broken())
    assert store.goals() == []
    assert store.events() == []


def test_order_is_kept_and_ids_are_free(store: Store) -> None:
    """Goals of one document keep its order, and an id that is taken is not used again."""
    given = iter(["g1", "g1", "g2"])
    store.take_in([incoming("z"), incoming("a")], lambda: next(given))
    assert [goal.text for goal in store.goals()] == ["Do a c", "Do z c"]


def test_started_once(store: Store, ids) -> None:
    """A goal of the list is started once."""
    store.take_in([incoming("a")], ids)
    assert store.start_goal("g1", {"branch": "tuloy/a"}).status == "planning"
    with pytest.raises(UsageError, match="not open any more"):
        store.start_goal("g1", {})


def test_the_last_goal_is_one_that_was_started(store: Store, ids) -> None:
    """`last` is the newest goal that was started, and only where there is none the newest of the list."""
    store.take_in([incoming("a"), incoming("b")], ids)
    assert store.find_goal("last").id == "g2"
    store.start_goal("g1", {})
    assert store.find_goal("last").id == "g1"


def test_removed_for_good(store: Store, ids, make_plan, make_outcome) -> None:
    """Every row of a removed goal is gone, its events stay, the log explains it, and it can come again."""
    store.take_in([incoming("a"), incoming("b", "c", "a")], ids)
    store.save_plan("g1", make_plan("one"))
    store.start_attempt("g1", "s0", "k")
    store.record_outcome("g1", make_outcome())
    store.record_checkpoint("g1", "a", "c" * 40, "tuloy/a")
    with pytest.raises(UsageError, match="'g2' needs 'g1'"):
        store.remove_goals(["g1"])
    store.set_goal("g2", "done")
    store.remove_goals(["g1"])
    assert [goal.id for goal in store.goals()] == ["g2"]
    assert (store.needs_of("g2"), store.outcomes("g1"), store.origin_of("g1")) == ([], {}, None)
    assert store.events("g1")[-1].kind == "goal.removed"
    assert verify(store).intact
    assert store.take_in([incoming("a")], ids).added == ["g3"]


def test_removed_together(store: Store, ids) -> None:
    """Goals that need each other go together; where one cannot go, none goes."""
    store.take_in([incoming("a"), incoming("b", "c", "a"), incoming("x")], ids)
    store.take_lease("g3")
    with pytest.raises(GoalBusy, match="'g3' is running"):
        store.remove_goals(["g1", "g2", "g3"])
    with pytest.raises(UsageError, match="no goal 'nobody'"):
        store.remove_goals(["g1", "g2", "nobody"])
    store.remove_goals(["g1", "g2"])
    assert [goal.id for goal in store.goals()] == ["g3"]
    assert verify(store).intact


def test_the_list_is_what_the_store_says(store: Store, ids, path: Path) -> None:
    """The quick list has what has not ended, under way first, then by priority; with `everything` all."""
    store.take_in([incoming("a"), incoming("b", "c", "a", priority="high"), incoming("d"), incoming("e")], ids)
    store.set_goal("g3", "waiting")
    store.set_goal("g4", "failed")
    found = listed(path, 10)
    assert [(goal["id"], goal["needs"]) for goal in found] == [("g3", []), ("g2", ["g1"]), ("g1", [])]
    assert found[1]["origin"] == {"file": "/f", "kind": "features", "entry": "b"}
    assert len(listed(path, 10, everything=True)) == 4
    assert len(listed(path, 2)) == 2


TAKE = """
import sys
from tuloy.store import open_store
from tuloy.store.intake import Incoming, Origin
from tuloy.work.begin import made_id
wanted = [
    Incoming(f"Do {n}", "/src", "repo", origin=Origin("todo", "/f", str(n), "c", "", "{}"), needs=(str(n - 1),) if n else ())
    for n in range(200)
]
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(store.take_in(wanted, made_id).added))
"""  # noqa: E501


def test_two_at_once_make_no_doubles(path: Path) -> None:
    """Processes that take in the same document at the same time make each of its goals once."""
    open_store(path).close()
    argv = [sys.executable, "-c", TAKE, str(path)]
    running = [subprocess.Popen(argv, stdin=-1, stdout=-1, text=True, cwd=Path(__file__).parents[2]) for _ in range(3)]
    for one in running:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    said = [one.communicate("go\n")[0].strip() for one in running]
    assert sorted(said) == ["0", "0", "200"]
    with open_store(path) as store:
        assert len(store.goals()) == 200
        assert verify(store).intact


def test_an_older_store_is_brought_up_to_date(path: Path) -> None:
    """A store of the first revision keeps its log whole and append-only, and goals can be removed from it."""
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(tuloy.store.__file__).parent / "migrations"))
    at, data = "2026-01-01T00:00:00.000000+00:00", '{"gone":{"lease":[{"goal_id":"old"}]}}'
    link = {"seq": 1, "goal_id": "old", "kind": "lease.released", "at": at, "data": data, "prev_hash": FIRST_HASH}
    link["hash"] = digest(FIRST_HASH, 1, "old", "lease.released", at, data)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(metadata.tables["event"]), link)
        connection.execute(text("UPDATE chain SET seq = 1, hash = :hash"), {"hash": link["hash"]})
    engine.dispose()
    assert listed(path, 9) == []
    with open_store(path) as store:
        assert verify(store).intact
        assert [event.hash for event in store.events()] == [link["hash"]]
        with pytest.raises(IntegrityError, match="append-only"), store.engine.begin() as connection:
            connection.execute(text("DELETE FROM event"))
        store.create_goal("g", "words")
        store.remove_goals(["g"])
        assert verify(store).intact


def test_an_entry_that_is_gone_ends_its_goal(store: Store, ids) -> None:
    """A goal that waits ends when its file has it no more; one under way is named; other files have no part in it."""
    store.take_in([incoming("a"), incoming("b"), incoming("c"), incoming("x", file="/other")], ids)
    store.start_goal("g2", {})
    taken = store.take_in([incoming("c")], ids, whole=[("repo", "/f")])
    assert (taken.ended, taken.same) == (["g1"], ["g3"])
    assert [(one.how, one.goal_id, one.entry) for one in taken.apart] == [("gone", "g2", "b")]
    assert (store.find_goal("g1").status, store.find_goal("g1").reason) == ("cancelled", "no longer in /f")
    assert store.find_goal("g4").status == "open"
    assert store.take_in([], ids, whole=[("repo", "/f")]).ended == ["g3"]
    assert verify(store).intact


@pytest.mark.parametrize("status", ["done", "failed", "cancelled"])
def test_what_ended_here_and_is_open_there_is_told(status: str, store: Store, ids) -> None:
    """A goal that has ended stays ended when its entry is open again, and is named each time."""
    store.take_in([incoming("a")], ids)
    store.set_goal("g1", status)
    for _ in range(2):
        taken = store.take_in([incoming("a")], ids, whole=[("repo", "/f")])
        assert (taken.same, [(one.how, one.status) for one in taken.apart]) == (["g1"], [("ended", status)])


def test_a_priority_that_was_given_stays(store: Store, ids) -> None:
    """An unchanged document does not take back the priority that the user gave; an edited one, or the user, does."""
    store.take_in([incoming("a", priority="high", urged=True)], ids)
    assert store.take_in([incoming("a")], ids).same == ["g1"]
    assert store.find_goal("g1").priority == "high"
    store.take_in([incoming("a", priority="low", urged=True)], ids)
    assert store.find_goal("g1").priority == "low"
    store.take_in([incoming("a", "new", priority="critical")], ids)
    assert store.find_goal("g1").priority == "critical"


def test_equal_entries_in_two_files_are_told(store: Store, ids) -> None:
    """An entry that stands in two files is one goal, which goes on belonging to the first; the other is named."""
    store.take_in([incoming("a")], ids)
    taken = store.take_in([incoming("a", file="/copy")], ids, holds=lambda origin: origin.file == "/f")
    assert (taken.added, taken.edited, taken.same) == ([], [], ["g1"])
    assert [(one.how, one.goal_id, one.file) for one in taken.apart] == [("double", "g1", "/copy")]
    assert store.origin_of("g1").file == "/f"
