"""Leasing workspaces: from one thread, from many, from many processes, after a crash."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tuloy.errors import GitFailed
from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import commit_tree, git, tree_of
from tuloy.workspaces.pool import Workspaces, collect_dead, commit_all, verify
from tuloy.workspaces.records import Repository

Git = Callable[..., str]
ROOT = Path(__file__).parents[2]


def test_lease_is_the_commit_and_nobody_elses(repo: Repository, base: str, pool: Workspaces) -> None:
    """Every lease is a workspace of its own that holds exactly the commit, detached."""
    one, two = pool.lease(base), pool.lease(base)
    assert one.path != two.path
    assert verify(one, base)
    assert verify(two, base)
    assert (one.git_dir / "HEAD").read_text() == f"{base}\n"


def test_user_is_untouched(repo: Repository, base: str, pool: Workspaces, checkout: Path) -> None:
    """Leasing, working, committing and closing change nothing that is the user's, uncommitted work included."""
    (checkout / "README.md").write_text("in the middle of work")
    (checkout / "untracked").write_text("x")
    before = fingerprint(checkout)
    workspace = pool.lease(base)
    (workspace.path / "new").write_text("x")
    commit_all(workspace, "x")
    pool.give_back(workspace)
    pool.lease(base, fresh=True)
    pool.close()
    assert fingerprint(checkout) == before
    assert git(repo, "worktree", "list", "--porcelain").count("worktree ") == 1


def test_chain_keeps_its_workspace_with_ignored_files(base: str, pool: Workspaces) -> None:
    """A step that starts where another ended gets the same workspace, with what was built there."""
    first, other = pool.lease(base), pool.lease(base)
    (first.path / "a.txt").write_text("a")
    (first.path / "build").mkdir()
    (first.path / "build" / "out").write_text("costly")
    commit = commit_all(first, "a")
    assert commit is not None
    pool.give_back(other)
    pool.give_back(first)
    again = pool.lease(commit.id)
    assert again == first
    assert (again.path / "build" / "out").read_text() == "costly"


def test_retry_does_not_see_what_failed(base: str, pool: Workspaces) -> None:
    """Uncommitted work is gone at the next lease, though the commit is the same."""
    workspace = pool.lease(base)
    (workspace.path / "half").write_text("done")
    (workspace.path / "README.md").write_text("half")
    pool.give_back(workspace)
    again = pool.lease(base)
    assert again == workspace
    assert verify(again, base)


def test_fresh_lease_has_no_ignored_files(base: str, pool: Workspaces) -> None:
    """A fresh lease holds the commit and nothing else."""
    workspace = pool.lease(base)
    (workspace.path / "x.log").write_text("left")
    pool.give_back(workspace)
    assert verify(pool.lease(base, fresh=True), base)


def test_idle_workspace_is_reused_for_another_commit(repo: Repository, base: str, pool: Workspaces) -> None:
    """An idle workspace is brought to the commit that is asked for rather than a new one made."""
    workspace = pool.lease(base)
    (workspace.path / "src" / "app.py").unlink()
    commit = commit_all(workspace, "delete")
    assert commit is not None
    (workspace.path / "x.log").write_text("left")
    pool.give_back(workspace)
    again = pool.lease(base)
    assert again == workspace
    assert verify(again, base)


def test_unknown_commit_leaves_nothing_behind(repo: Repository, base: str, pool: Workspaces) -> None:
    """A commit that does not exist is an error, and no half-made worktree stays, with or without idle ones."""
    for _ in range(2):
        with pytest.raises(GitFailed):
            pool.lease("1" * 40)
        pool.give_back(pool.lease(base))
    pool.close()
    assert list((repo.git_dir / "worktrees").glob("*")) == []


def test_sixteen_threads_lease_at_once(base: str, pool: Workspaces) -> None:
    """Sixteen threads that lease, commit and give back at once never share a workspace or fail."""

    def step(n: int) -> tuple[str, str]:
        workspace = pool.lease(base)
        (workspace.path / "mine").write_text(str(n))
        commit = commit_all(workspace, f"step {n}")
        assert (workspace.path / "mine").read_text() == str(n)
        assert commit is not None
        if n % 2:
            pool.give_back(workspace)
        return workspace.id, commit.id

    with ThreadPoolExecutor(16) as threads:
        done = list(threads.map(step, range(32)))
    assert len({commit for _, commit in done}) == 32
    held = [workspace for n, (workspace, _) in enumerate(done) if n % 2 == 0]
    assert len(held) == len(set(held))


_RUN = """
import sys
from pathlib import Path
from tuloy.workspaces.git import open_repository, head
from tuloy.workspaces.pool import Workspaces, commit_all
repo = open_repository(Path(sys.argv[1]))
pool = Workspaces(repo, Path(sys.argv[2]))
print(pool.directory, flush=True)
for n in range(int(sys.argv[3])):
    workspaces = [pool.lease(head(repo).commit) for _ in range(3)]
    for workspace in workspaces:
        (workspace.path / "work").write_text(sys.argv[4])
        if sys.argv[4] != "die":
            print(commit_all(workspace, sys.argv[4] + str(n)).id)
            pool.give_back(workspace)
print("ready", flush=True)
if sys.argv[4] == "die":
    sys.stdin.read()
pool.close()
"""


def _run(checkout: Path, home: Path, rounds: int, word: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(checkout), str(home), str(rounds), word],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_four_processes_lease_at_once(repo: Repository, checkout: Path, tmp_path: Path) -> None:
    """Runs in four processes, adding worktrees to the same repository, do not disturb each other."""
    runs = [_run(checkout, tmp_path / "home", 3, f"run {n}") for n in range(4)]
    outputs = [run.communicate(timeout=60)[0].splitlines() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert [len(lines[1:-1]) for lines in outputs] == [9, 9, 9, 9]
    assert list((repo.git_dir / "worktrees").glob("*")) == []


def test_dead_runs_are_collected_and_live_ones_kept(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path, plain_git: Git
) -> None:
    """What a killed run left is removed, its uncommitted work kept as patches; the worktrees of live runs and the
    user's own stay."""
    plain_git(checkout, "worktree", "add", "-q", "--detach", str(tmp_path / "users-own"))
    mine = pool.lease(base)
    run = _run(checkout, tmp_path / "home", 1, "die")
    assert run.stdout is not None
    directory = Path(run.stdout.readline().strip())
    assert run.stdout.readline() == "ready\n"
    assert collect_dead(repo, tmp_path / "home") == []
    assert len(list(directory.glob("*-*"))) >= 3
    run.send_signal(signal.SIGKILL)
    run.communicate()
    patches = collect_dead(repo, tmp_path / "home", tmp_path / "patches")
    assert not directory.exists()
    assert [patch.read_text().count("+die") for patch in patches] == [1, 1, 1]
    plain_git(checkout, "apply", "--check", str(patches[0]))
    assert verify(mine, base)
    assert len(list((repo.git_dir / "worktrees").glob("*"))) == 2


def test_run_killed_while_adding(repo: Repository, base: str, pool: Workspaces, tmp_path: Path) -> None:
    """A worktree that is only half made, in a run without an owner file, is removed too."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    run = tmp_path / "home" / repo.id / f"run-{dead.pid}-abcdef"
    run.mkdir(parents=True)
    (repo.git_dir / "worktrees" / "abcdef-1").mkdir(parents=True)
    (repo.git_dir / "worktrees" / "abcdef-1" / "gitdir").write_text(f"{run}/abcdef-1/.git\n")
    collect_dead(repo, tmp_path / "home", tmp_path / "patches")
    assert not run.exists()
    assert not (repo.git_dir / "worktrees" / "abcdef-1").exists()
    assert verify(pool.lease(base), base)


def test_submodules(repo: Repository, base: str, checkout: Path, pool: Workspaces, plain_git: Git) -> None:
    """A repository with submodules is leased, verified, changed, committed and cleaned; they stay as they were."""
    plain_git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(checkout), "sub")
    plain_git(checkout, "commit", "-q", "-m", "sub")
    commit = plain_git(checkout, "rev-parse", "HEAD")
    workspace = pool.lease(commit)
    assert verify(workspace, commit)
    (workspace.path / "new").write_text("x")
    made = commit_all(workspace, "x")
    assert made is not None
    assert made.changed == ("new",)
    pool.give_back(workspace)
    assert verify(pool.lease(commit), commit)


def test_crlf_files_verify(repo: Repository, checkout: Path, pool: Workspaces, plain_git: Git) -> None:
    """Files stored with line endings that git would normalise today still count as the commit's."""
    (checkout / "dos.txt").write_bytes(b"a\r\nb\r\n")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "dos")
    (checkout / ".gitattributes").write_text("* text=auto\nunix.txt eol=crlf\n")
    (checkout / "unix.txt").write_text("a\n")
    plain_git(checkout, "add", ".gitattributes", "unix.txt")
    plain_git(checkout, "commit", "-q", "-m", "attributes")
    commit = plain_git(checkout, "rev-parse", "HEAD")
    workspace = pool.lease(commit)
    assert (workspace.path / "unix.txt").read_bytes() == b"a\r\n"
    assert verify(workspace, commit)
    (workspace.path / "dos.txt").write_bytes(b"changed\r\n")
    assert not verify(workspace, commit)


def test_two_commits_of_one_tree_are_told_apart(repo: Repository, base: str, pool: Workspaces) -> None:
    """A workspace stands on a commit, not on a tree: work on it gets that commit as its parent."""
    twin = commit_tree(repo, tree_of(repo, base), [base], "same tree")
    pool.give_back(pool.lease(base))
    workspace = pool.lease(twin)
    (workspace.path / "x").write_text("x")
    commit = commit_all(workspace, "x")
    assert commit is not None
    assert commit.parent == twin
