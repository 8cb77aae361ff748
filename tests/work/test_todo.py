"""The list of goals on real repositories: added, taken in from documents, started on what they need, removed."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest

from tuloy.errors import GoalBusy, UsageError
from tuloy.outcome import Outcome
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store, open_store, verify
from tuloy.store.intake import Apart
from tuloy.work.begin import Begun
from tuloy.work.origins import write_back
from tuloy.work.starting import all_held, begin_open, next_open
from tuloy.work.todo import add_goal, mark_done, read_documents, remove_goals, take_in, told_apart
from tuloy.workspaces.git import commit_tree, git, keep, open_repository, read_ref, update_ref
from tuloy.workspaces.records import Repository

FEATURES = {
    "features": [
        {"id": "a", "title": "Run `true`", "status": "approved"},
        {"id": "b", "title": "Run `echo b`", "status": "approved", "dependencies": ["a"], "priority": "high"},
    ]
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home / "tuloy.db") as opened:
        yield opened


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


@pytest.fixture
def repo(made_repo: Path) -> Repository:
    return open_repository(made_repo)


@pytest.fixture
def features(made_repo: Path) -> Path:
    path = made_repo / "FEATURES.json"
    path.write_text(json.dumps(FEATURES))
    return path


def taken_in(store: Store, repo: Repository, path: Path) -> list[GoalRow]:
    take_in(store, repo, read_documents([path], repo.root))
    return sorted(store.goals(), key=lambda goal: goal.created_at)


def land(store: Store, repo: Repository, begun: Begun, name: str, words: str) -> str:
    """Do the goal's work: one file on its branch, past a checkpoint, and done."""
    goal = begun.goal
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=words).strip()
    entries = git(repo, "ls-tree", goal.base_commit or "", bare=True) + f"100644 blob {blob}\t{name}\n"
    commit = commit_tree(repo, git(repo, "mktree", stdin=entries).strip(), [goal.base_commit or ""], "work\n")
    update_ref(repo, f"refs/heads/{goal.branch}", commit, None)
    keep(repo, goal.id, "s1", commit)
    store.record_checkpoint(goal.id, "s1", commit, goal.branch or "")
    store.set_goal(goal.id, "done")
    return commit


def test_added_words_wait(store: Store, repo: Repository) -> None:
    """A goal in words waits in the list with the priority that it says; what is no goal is refused."""
    goal = store.find_goal(add_goal(store, repo, "Fix the tests ASAP"))
    assert (goal.status, goal.priority, goal.repo_id, goal.base_commit) == ("open", "high", repo.id, None)
    with pytest.raises(UsageError, match="empty"):
        add_goal(store, repo, " ")


def test_a_goal_begins_when_what_it_needs_is_done(store: Store, repo: Repository, settings, features: Path) -> None:
    """The more urgent goal waits for the one that it needs, by name, and is next after it."""
    first, second = taken_in(store, repo, features)
    assert [held.goal.id for held in all_held(store, repo.id)] == [second.id]
    with pytest.raises(UsageError, match=f"{second.id} needs {first.id}"):
        begin_open(store, settings, second)
    assert next_open(store, repo.id) == first
    store.set_goal(first.id, "done")
    begun = begin_open(store, settings, second)
    assert (begun.goal.status, [step.title for step in begun.plan]) == ("planning", ["Run `echo b`"])
    assert next_open(store, repo.id) is None
    assert verify(store).intact


def test_a_goal_begins_with_the_work_that_it_needs(store: Store, repo: Repository, settings, features: Path) -> None:
    """Work that was not accepted is in the commit that the next goal begins from, with what the user did meanwhile."""
    first, second = taken_in(store, repo, features)
    land(store, repo, begin_open(store, settings, first), "made.txt", "made\n")
    (repo.root / "notes.txt").write_text("mine\n")
    run(["git", "-C", str(repo.root), "-c", "user.name=U", "-c", "user.email=u@l", "commit", "-qam", "x"], check=True)
    begun = begin_open(store, settings, second)
    assert git(repo, "show", f"{begun.goal.base_commit}:made.txt", bare=True) == "made\n"
    assert git(repo, "show", f"{begun.goal.base_commit}:notes.txt", bare=True) == "mine\n"
    assert begun.goal.base_branch == "main"


def test_work_that_conflicts_is_named(store: Store, repo: Repository, settings, features: Path) -> None:
    """When the needed work cannot be merged with what is here now, the goal stays open and says which files."""
    first, second = taken_in(store, repo, features)
    land(store, repo, begin_open(store, settings, first), "new.txt", "theirs\n")
    (repo.root / "new.txt").write_text("mine\n")
    for words in (["add", "-A"], ["-c", "user.name=U", "-c", "user.email=u@l", "commit", "-qm", "x"]):
        run(["git", "-C", str(repo.root), *words], check=True)
    with pytest.raises(UsageError, match=r"conflicts with what is here now \(new.txt\)"):
        begin_open(store, settings, second)
    assert store.find_goal(second.id).status == "open"


def test_a_damaged_document_changes_nothing(store: Store, repo: Repository, features: Path, tmp_path: Path) -> None:
    """With one of several documents damaged, or one entry that cannot be a goal, nothing is taken in."""
    (tmp_path / "bad.json").write_text('{"features": [')
    with pytest.raises(UsageError, match=r"bad\.json.* line 1, column"):
        read_documents([features, tmp_path / "bad.json"], repo.root)
    (tmp_path / "odd.json").write_text('{"features": [{"id": 1, "title": "a\\u202eb", "status": "approved"}]}')
    with pytest.raises(UsageError, match=r"odd\.json.*features\[0\].*control character"):
        read_documents([features, tmp_path / "odd.json"], repo.root)
    assert store.goals() == []


def test_the_feature_says_what_became_of_it(store: Store, repo: Repository, home: Path, features: Path) -> None:
    """Under way, done, failed and given back are written; taking the file in again changes nothing."""
    first, _ = taken_in(store, repo, features)
    before = features.read_text()
    for status, word in [("running", "in_progress"), ("failed", "failed"), ("running", "in_progress"),
                         ("cancelled", "approved"), ("waiting", "approved"), ("done", "completed")]:  # fmt: skip
        store.set_goal(first.id, status)
        assert write_back(store, home, first.id, status) is None
        assert features.read_text() == before.replace('"approved"', f'"{word}"', 1)
        taken = take_in(store, repo, read_documents([features], repo.root))
        assert (taken.added, taken.edited, taken.ended) == ([], [], [])
    assert verify(store).intact


def test_an_edited_feature_is_left_alone(store: Store, repo: Repository, home: Path, features: Path) -> None:
    """What somebody set meanwhile stays, is told, and stands in the log."""
    first, _ = taken_in(store, repo, features)
    features.write_text(features.read_text().replace('"approved"', '"rejected"', 1))
    edited = features.read_bytes()
    assert "was set to 'rejected' meanwhile" in (write_back(store, home, first.id, "done") or "")
    assert features.read_bytes() == edited
    assert store.events(first.id)[-1].kind == "origin.not_written"


def test_marked_done_by_hand(store: Store, repo: Repository, home: Path, features: Path) -> None:
    """A goal marked done is done in its document too, frees what needs it, and is not marked twice."""
    first, second = taken_in(store, repo, features)
    assert mark_done(store, home, first) is None
    assert '"completed"' in features.read_text()
    assert next_open(store, repo.id) == second
    with pytest.raises(UsageError, match="done already"):
        mark_done(store, home, store.find_goal(first.id))
    store.take_lease(second.id)
    with pytest.raises(GoalBusy):
        mark_done(store, home, second)


def test_removed_with_refs_but_not_with_work(store: Store, repo: Repository, settings) -> None:
    """Refs, outputs and branches without work of their own go; a branch with unmerged work stays, and is named."""
    first, second = (store.find_goal(add_goal(store, repo, words)) for words in ("Fix a", "Fix b"))
    landed = land(store, repo, begin_open(store, settings, first), "made.txt", "made\n")
    begun = begin_open(store, settings, second)
    update_ref(repo, f"refs/heads/{begun.goal.branch}", begun.goal.base_commit or "", None)
    store.record_outcome(second.id, Outcome(key="k", step="s1.1", status="done"))
    (settings.home / "goals" / second.id).mkdir(parents=True)
    goals = [store.find_goal(goal.id) for goal in (first, second)]
    (said,) = remove_goals(store, settings, goals)
    assert f"git branch -D {goals[0].branch}" in said
    assert read_ref(repo, f"refs/heads/{goals[0].branch}") == landed
    assert read_ref(repo, f"refs/heads/{begun.goal.branch}") is None
    assert git(repo, "for-each-ref", "refs/tuloy", bare=True) == ""
    assert not (settings.home / "goals" / second.id).exists()
    assert store.goals() == []
    assert verify(store).intact


def test_list_and_file_do_not_drift_apart_unsaid(store: Store, repo: Repository, features: Path) -> None:
    """Taken in again, a file ends what it has no more, and what stays another is said with what to type."""
    first, second = taken_in(store, repo, features)
    store.set_goal(first.id, "cancelled")
    copy = repo.root / "copy.json"
    copy.write_text(features.read_text())
    taken = take_in(store, repo, read_documents([features, copy], repo.root))
    lines = told_apart(taken.apart)
    assert lines[0].startswith(f"FEATURES.json: still open there, cancelled here: {first.id} ('a'); `tuloy rm")
    assert told_apart([Apart("ended", "g1", "done", "", "/f/a.md"), Apart("gone", "g2", "running", "b", "/f/b")]) == [
        "a.md: still open there, done here: g1; say so there, or `tuloy rm g1`, and it is taken in anew",
        "b: no longer has what g2 ('b') came from, running here; `tuloy cancel g2` ends it",
    ]
    assert lines[1:] == [
        f"copy.json: what {one.id} ({name!r}) came from is here too; only the file that it came from is told its end"
        for one, name in ((first, "a"), (second, "b"))
    ]
    assert {store.origin_of(goal.id).file for goal in (first, second)} == {str(features)}
    moved = copy.rename(repo.root / "moved.json")
    features.unlink()
    assert take_in(store, repo, read_documents([moved], repo.root)).added == []
    assert store.origin_of(second.id).file == str(moved)
    moved.write_text(json.dumps({"features": []}))
    assert take_in(store, repo, read_documents([moved], repo.root)).ended == [second.id]
    assert verify(store).intact
