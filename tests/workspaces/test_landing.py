"""Moving the goal's branch and the user's."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.errors import LandingRefused, UsageError
from tuloy.workspaces.fingerprint import fingerprint, fingerprint_parts
from tuloy.workspaces.git import git, head, log_between, read_ref, tree_of
from tuloy.workspaces.landing import accept, free_branch, land, revert_commit
from tuloy.workspaces.merge import merge
from tuloy.workspaces.pool import Workspaces, commit_all
from tuloy.workspaces.records import Repository

Git = Callable[..., str]


def _commit(pool: Workspaces, base: str, files: dict[str, str | None]) -> str:
    workspace = pool.lease(base)
    for name, text in files.items():
        path = workspace.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
            path.parent.rmdir() if not any(path.parent.iterdir()) else None
        else:
            path.write_text(text)
    commit = commit_all(workspace, "change")
    pool.give_back(workspace)
    assert commit is not None
    return commit.id


def test_free_branch_finds_a_name(repo: Repository, base: str) -> None:
    """A goal's branch is called after its words, with a number when the name is taken."""
    assert free_branch(repo, "Ayusin ang  LOGIN, ñ!") == "tuloy/ayusin-ang-login-n"
    assert free_branch(repo, "…") == "tuloy/goal"
    land(repo, "tuloy/goal", base, None)
    git(repo, "branch", "tuloy/goal-2/below")
    assert free_branch(repo, "goal") == "tuloy/goal-3"


def test_branch_called_tuloy_is_in_the_way(repo: Repository) -> None:
    """A branch `tuloy` leaves no room for `tuloy/x`; the user is told to rename it."""
    git(repo, "branch", "tuloy")
    with pytest.raises(UsageError, match="rename it"):
        free_branch(repo, "x")


def test_landing_leaves_the_user_alone(repo: Repository, base: str, pool: Workspaces, checkout: Path) -> None:
    """Landing moves the goal's branch only: files, index, branches, settings of the user stay."""
    (checkout / "mine.txt").write_text("uncommitted")
    before = fingerprint_parts(checkout)
    first = _commit(pool, base, {"a.txt": "a"})
    land(repo, "tuloy/x", first, None)
    land(repo, "tuloy/x", _commit(pool, first, {"a.txt": "b"}), first)
    pool.close()
    assert fingerprint_parts(checkout) == before
    assert [entry.subject for entry in log_between(repo, base, "tuloy/x")] == ["change", "change"]


def test_a_goal_does_not_land_on_a_users_branch(repo: Repository, base: str) -> None:
    """Landing refuses any branch that is not below tuloy/."""
    with pytest.raises(UsageError, match="branch of its own"):
        land(repo, "main", base, base)


def test_racing_landers_lose_nothing(repo: Repository, base: str, pool: Workspaces) -> None:
    """Landers that race each merge with what the other landed: every change is in the branch at the end."""
    commits = [_commit(pool, base, {f"{n}.txt": str(n)}) for n in range(4)]
    land(repo, "tuloy/race", base, None)

    def lander(commit: str) -> None:
        while True:
            old = read_ref(repo, "refs/heads/tuloy/race")
            merged = merge(repo, str(old), commit, "merge")
            try:
                return land(repo, "tuloy/race", str(merged.commit), old)
            except LandingRefused:
                continue

    threads = [threading.Thread(target=lander, args=(commit,)) for commit in commits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    landed = {entry.commit for entry in log_between(repo, base, "tuloy/race")}
    assert set(commits) <= landed


def test_accept_moves_branch_index_and_files(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """After accepting, the user's checkout is the merge: files changed, added and deleted, nothing dirty."""
    commit = _commit(pool, base, {"README.md": "new\n", "deep/é x.txt": "1", "src/app.py": None})
    accept(repo, "main", commit, base)
    assert head(repo).commit == commit
    assert head(repo).branch == "main"
    assert plain_git(checkout, "status", "--porcelain") == ""
    assert (checkout / "deep" / "é x.txt").read_text() == "1"
    assert not (checkout / "src").exists()
    assert "tuloy: land" in plain_git(checkout, "reflog", "main")


def test_accept_keeps_uncommitted_work_elsewhere(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """Staged, unstaged and untracked work in other files is as it was."""
    (checkout / "README.md").write_text("mine\n")
    (checkout / "staged.txt").write_text("staged")
    plain_git(checkout, "add", "staged.txt")
    (checkout / "untracked.txt").write_text("untracked")
    accept(repo, "main", _commit(pool, base, {"src/app.py": "x = 1\n"}), base)
    assert (checkout / "README.md").read_text() == "mine\n"
    assert plain_git(checkout, "status", "--porcelain").splitlines() == [
        "M README.md", "A  staged.txt", "?? untracked.txt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"README.md": "mine\n"}, {"README.md": "theirs\n"}),
        ({"new.txt": "mine"}, {"new.txt": "theirs"}),
        ({"secret.log": "ignored, and precious"}, {"secret.log": "theirs", ".gitignore": ""}),
        ({"README.md": "mine\n"}, {"README.md": None}),
        ({"new/inside.txt": "mine"}, {"new": "a file now"}),
        ({"build/precious": "mine"}, {"build": "a file now", ".gitignore": ""}),
        ({"x.log": "mine"}, {"x.log/inside": "a directory now", ".gitignore": ""}),
        ({"src/ignored.log": "mine"}, {"src/app.py": None, "src": "a file now"}),
    ],
    ids=[
        "changed",
        "untracked",
        "ignored",
        "deleted",
        "directory",
        "ignored directory",
        "parent",
        "replaced",
    ],
)
def test_accept_refuses_to_overwrite(
    mine: dict[str, str],
    theirs: dict[str, str | None],
    repo: Repository,
    base: str,
    pool: Workspaces,
    checkout: Path,
) -> None:
    """Uncommitted work that the move would overwrite stops it; the message names it, nothing changed."""
    commit = _commit(pool, base, theirs)
    for name, text in mine.items():
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text(text)
    before = fingerprint(checkout)
    with pytest.raises(LandingRefused, match=next(iter(mine)).split("/")[0]):
        accept(repo, "main", commit, base)
    assert fingerprint(checkout) == before


def test_touched_files_are_not_work(repo: Repository, base: str, pool: Workspaces, checkout: Path) -> None:
    """A file whose time changed but not its content does not stand in the way."""
    os.utime(checkout / "README.md", (1_000_000_000, 1_000_000_000))
    accept(repo, "main", _commit(pool, base, {"README.md": "new\n"}), base)
    assert (checkout / "README.md").read_text() == "new\n"


def test_accept_refuses_a_branch_that_moved(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """When the user committed meanwhile nothing moves, nor for a commit without the user's work."""
    commit = _commit(pool, base, {"a.txt": "a"})
    plain_git(checkout, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    before = fingerprint(checkout)
    with pytest.raises(LandingRefused, match="not at"):
        accept(repo, "main", commit, base)
    with pytest.raises(LandingRefused, match="does not contain"):
        accept(repo, "main", commit, head(repo).commit)
    with pytest.raises(LandingRefused, match="no branch 'nope'"):
        accept(repo, "nope", commit, base)
    assert fingerprint(checkout) == before


def test_accept_into_a_branch_that_nobody_has_checked_out(
    repo: Repository, base: str, pool: Workspaces, checkout: Path
) -> None:
    """A branch without a checkout moves alone; the user's files stay."""
    git(repo, "branch", "release")
    before = fingerprint_parts(checkout)
    commit = _commit(pool, base, {"README.md": "new\n"})
    accept(repo, "release", commit, base)
    after = fingerprint_parts(checkout)
    assert read_ref(repo, "refs/heads/release") == commit
    assert {part for part in before if before[part] != after[part]} == {"refs"}


def test_accept_moves_a_linked_worktree(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path, plain_git: Git
) -> None:
    """A branch checked out in another worktree of the user's moves with that worktree's files."""
    plain_git(checkout, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    accept(repo, "side", _commit(pool, base, {"README.md": "new\n"}), base)
    assert (tmp_path / "side" / "README.md").read_text() == "new\n"
    assert plain_git(tmp_path / "side", "status", "--porcelain") == ""
    assert plain_git(checkout, "status", "--porcelain") == ""


def test_accept_waits_for_a_rebase_of_the_branch(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """A branch that is being rebased, its HEAD detached meanwhile, does not move."""
    plain_git(checkout, "checkout", "-q", "--detach")
    (checkout / ".git" / "rebase-merge").mkdir()
    (checkout / ".git" / "rebase-merge" / "head-name").write_text("refs/heads/main\n")
    with pytest.raises(LandingRefused, match="middle of a merge or rebase"):
        accept(repo, "main", _commit(pool, base, {"a.txt": "a"}), base)
    assert read_ref(repo, "refs/heads/main") == base


def test_accept_refuses_while_another_git_works(repo: Repository, base: str, pool: Workspaces, checkout: Path) -> None:
    """While another git process holds the checkout's index nothing moves, and the message says why."""
    commit = _commit(pool, base, {"README.md": "new\n"})
    before = fingerprint(checkout)
    (checkout / ".git" / "index.lock").write_text("")
    with pytest.raises(LandingRefused, match=r"another git process works in .*index\.lock"):
        accept(repo, "main", commit, base)
    assert fingerprint(checkout) == before


def test_accept_runs_no_hook(repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path) -> None:
    """Neither branch nor files move through the repository's hooks."""
    for name in ("post-checkout", "reference-transaction", "post-index-change", "update"):
        hook = checkout / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        hook.chmod(0o755)
    accept(repo, "main", _commit(pool, base, {"README.md": "new\n"}), base)
    assert not (tmp_path / "ran").exists()


def test_accept_leaves_filtered_files_to_the_user(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """A changed file that needs a filter such as LFS is not written unfiltered into the user's checkout."""
    plain_git(checkout, "checkout", "-q", "-b", "lfs")
    (checkout / ".gitattributes").write_text("*.bin filter=lfs\n")
    (checkout / "x.bin").write_text("pointer 1")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "1")
    (checkout / "x.bin").write_text("pointer 2")
    plain_git(checkout, "commit", "-q", "-a", "-m", "2")
    newer = head(repo).commit
    plain_git(checkout, "reset", "-q", "--hard", "HEAD~1")
    with pytest.raises(LandingRefused, match=r"'x\.bin' need a filter"):
        accept(repo, "lfs", newer, head(repo).commit)


def test_revert_keeps_later_work(repo: Repository, base: str, pool: Workspaces) -> None:
    """Reverting undoes what one commit did, keeps what came after, and adds to the history."""
    bad = _commit(pool, base, {"README.md": "bad\n", "bad.txt": "bad"})
    later = _commit(pool, bad, {"good.txt": "good"})
    reverted = revert_commit(repo, later, bad, base)
    assert reverted == revert_commit(repo, later, bad, base)
    names = git(repo, "ls-tree", "--name-only", str(reverted.commit)).split()
    assert "good.txt" in names
    assert "bad.txt" not in names
    assert tree_of(repo, str(revert_commit(repo, bad, bad, base).commit)) == tree_of(repo, base)
    accept(repo, "main", str(reverted.commit), base)


def test_revert_of_overwritten_lines_is_a_conflict(repo: Repository, base: str, pool: Workspaces) -> None:
    """Where later work changed the same lines there is no commit, only the paths."""
    bad = _commit(pool, base, {"README.md": "bad\n"})
    later = _commit(pool, bad, {"README.md": "later\n"})
    assert revert_commit(repo, later, bad, base).conflicts == ("README.md",)
