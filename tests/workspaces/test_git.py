"""Opening repositories, commits and refs."""

import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuloy.errors import GitFailed, LandingRefused, UsageError
from tuloy.workspaces.git import (
    changed_paths,
    commit_tree,
    diff_stat,
    dirty_files,
    forget,
    git,
    head,
    is_ancestor,
    keep,
    kept,
    log_between,
    open_repository,
    read_ref,
    tree_of,
    update_ref,
)
from tuloy.workspaces.records import DiffStat, Head, Repository

Git = Callable[..., str]

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_opens_from_a_subdirectory(checkout: Path) -> None:
    """A directory below the top opens the whole checkout."""
    assert open_repository(checkout / "src").root == checkout


def test_linked_worktree_shares_the_repository(checkout: Path, tmp_path: Path, plain_git: Git) -> None:
    """A linked worktree is opened at its own top and HEAD, and has the id of the repository it belongs to."""
    plain_git(checkout, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    main, side = open_repository(checkout), open_repository(tmp_path / "side")
    assert (main.id, main.git_dir) == (side.id, side.git_dir)
    assert side.root == tmp_path / "side"
    assert head(side).branch == "side"


def test_submodule_checkout_opens(checkout: Path, tmp_path: Path, plain_git: Git) -> None:
    """The checkout of a submodule is a repository like any other."""
    plain_git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(checkout), "sub")
    assert head(open_repository(checkout / "sub")).commit == head(open_repository(checkout)).commit


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path, git: None, "does not exist"),
        (lambda path, git: path.write_text("x"), "is a file"),
        (lambda path, git: path.mkdir(), "git init"),
        (lambda path, git: git(path.parent, "init", "-q", "--bare", str(path)), "bare repository"),
        (lambda path, git: git(path.parent, "init", "-q", str(path)), "no commits yet"),
    ],
    ids=["missing", "file", "no repository", "bare", "no commits"],
)
def test_refuses_what_is_no_repository(make, words: str, tmp_path: Path, plain_git: Git) -> None:  # type: ignore[no-untyped-def]
    """What cannot be worked on is refused in one line that says what to do."""
    make(tmp_path / "place", plain_git)
    with pytest.raises(UsageError, match=words) as refused:
        open_repository(tmp_path / "place")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["MERGE_HEAD", "rebase-merge", "CHERRY_PICK_HEAD", "BISECT_LOG"])
def test_refuses_unfinished_work(name: str, checkout: Path) -> None:
    """A checkout in the middle of a merge, rebase, cherry-pick or bisect is refused with the way out."""
    (checkout / ".git" / name).write_text("x")
    with pytest.raises(UsageError, match=r"in the middle of .*end it first with 'git "):
        open_repository(checkout)


def test_head_names_commit_and_branch(repo: Repository, base: str, checkout: Path, plain_git: Git) -> None:
    """HEAD is a commit with its branch, or with none when detached."""
    assert head(repo) == Head(plain_git(checkout, "rev-parse", "HEAD"), "main")
    plain_git(checkout, "checkout", "-q", "--detach")
    assert head(repo) == Head(base, None)


def test_dirty_files_are_told(repo: Repository, checkout: Path) -> None:
    """Changed and untracked files are told, whatever is in their names; ignored ones and caches are not."""
    assert dirty_files(repo) == []
    (checkout / "README.md").write_text("changed")
    (checkout / "a b\nñ.txt").write_text("new")
    (checkout / "x.log").write_text("ignored")
    (checkout / "__pycache__").mkdir()
    (checkout / "__pycache__" / "x.pyc").write_text("")
    assert sorted(dirty_files(repo)) == ["README.md", "a b\nñ.txt"]


def test_same_input_same_commit(repo: Repository, base: str) -> None:
    """With a time given, the same tree, parents and message are the same commit, and Tuloy's."""
    first, again = (commit_tree(repo, tree_of(repo, base), [base], "Añade\n\nbody", AT) for _ in range(2))
    assert first == again
    assert git(repo, "log", "-1", "--format=%an <%ae> %cn %ct %s", first) == (
        f"Tuloy <tuloy@localhost> Tuloy {int(AT.timestamp())} Añade\n"
    )


def test_inherited_git_variables_are_dropped(
    repo: Repository, base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GIT_ variables of whoever started Tuloy change nothing."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    commit = commit_tree(repo, tree_of(repo, base), [base], "x")
    assert git(repo, "log", "-1", "--format=%an", commit) == "Tuloy\n"
    assert dirty_files(repo) == []


def test_update_ref_is_compare_and_swap(repo: Repository, base: str) -> None:
    """A ref moves only from where it is believed to be, and is made only where there is none."""
    other = commit_tree(repo, tree_of(repo, base), [base], "x", AT)
    update_ref(repo, "refs/tuloy/g/x", base, None)
    update_ref(repo, "refs/tuloy/g/x", other, base)
    for old in (base, None):
        with pytest.raises(LandingRefused, match="somebody moved it"):
            update_ref(repo, "refs/tuloy/g/x", base, old)
    assert read_ref(repo, "refs/tuloy/g/x") == other


def test_racing_updates_lose_nothing(repo: Repository, base: str) -> None:
    """Of many writers that move a ref at once exactly as many succeed as there are commits in its history."""
    won: list[str] = []

    def add(n: int) -> None:
        while True:
            old = read_ref(repo, "refs/heads/tuloy/race")
            new = commit_tree(repo, tree_of(repo, base), [old or base], f"commit {n}")
            try:
                update_ref(repo, "refs/heads/tuloy/race", new, old)
            except LandingRefused:
                continue
            won.append(new)
            return

    _in_threads([lambda n=n: add(n) for n in range(8)])  # type: ignore[misc]
    logged = log_between(repo, base, "refs/heads/tuloy/race")
    assert sorted(won) == sorted(entry.commit for entry in logged)
    assert {f"commit {n}" for n in range(8)} == {entry.subject for entry in logged}


def test_kept_commits_are_forgotten(repo: Repository, base: str, checkout: Path, plain_git: Git) -> None:
    """What is kept survives git's collection until its goal is forgotten; other goals keep theirs."""
    mine, other = (commit_tree(repo, tree_of(repo, base), [base], name) for name in ("mine", "other"))
    assert keep(repo, "g1", "s1.1", mine) == "refs/tuloy/g1/s1.1"
    keep(repo, "g10", "s1.1", other)
    plain_git(checkout, "gc", "-q", "--prune=now")
    assert (kept(repo, "g1", "s1.1"), kept(repo, "g10", "s1.1")) == (mine, other)
    forget(repo, "g1")
    forget(repo, "g1")
    assert (kept(repo, "g1", "s1.1"), kept(repo, "g10", "s1.1")) == (None, other)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=12) | st.sampled_from(["a..b", "x.lock", ".", "@", "-x", "a/b"]))
def test_any_name_can_be_kept(repo: Repository, base: str, name: str) -> None:
    """Whatever a step is called, its commit can be kept and found again."""
    keep(repo, name, name, base)
    assert kept(repo, name, name) == base
    forget(repo, name)
    assert kept(repo, name, name) is None


def test_differences_of_commits(repo: Repository, base: str, checkout: Path, plain_git: Git) -> None:
    """Paths, line counts and history between two commits are told exactly."""
    (checkout / "new\nline é").write_text("1\n2\n")
    (checkout / "src" / "app.py").rename(checkout / "src" / "core.py")
    (checkout / "picture").write_bytes(b"\0\1")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "second")
    second = head(repo).commit
    assert set(changed_paths(repo, base, second)) == {"new\nline é", "picture", "src/app.py", "src/core.py"}
    assert diff_stat(repo, base, second) == DiffStat(files=4, added=4, removed=2)
    assert [entry.subject for entry in log_between(repo, base, second)] == ["second"]
    assert is_ancestor(repo, base, second)
    assert not is_ancestor(repo, second, base)


def test_failure_says_what_and_what_next(repo: Repository) -> None:
    """A git command that fails names its arguments, its exit code, what git said, and what to do."""
    with pytest.raises(GitFailed, match=r"'rev-parse' '--verify' 'nope' failed with exit code 128: .*; "):
        git(repo, "rev-parse", "--verify", "nope")


def test_lock_left_by_a_dead_git_is_named(repo: Repository, base: str, checkout: Path) -> None:
    """A stale lock file stops an update with a message that names it."""
    lock = checkout / ".git" / "refs" / "tuloy" / "g" / "x.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    done = subprocess.run(["git", "update-ref", "refs/tuloy/g/x", base], cwd=checkout, capture_output=True)
    assert done.returncode != 0
    with pytest.raises(GitFailed, match=r"x\.lock"):
        update_ref(repo, "refs/tuloy/g/x", base, None)


def _in_threads(calls: list) -> None:  # type: ignore[type-arg]
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
