"""A chain that changes nothing keeps its workspace without asking git; whatever else was done to it is noticed."""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.workspaces.pool import Workspaces, verify
from tuloy.workspaces.records import Workspace
from tuloy.workspaces.unchanged import look


def _sneaky_edit(workspace: Workspace) -> None:
    """Change a file's content, and nothing that `ls -l` shows."""
    path = workspace.path / "src" / "app.py"
    times = path.stat()
    path.write_text(path.read_text().replace("42", "43"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _replaced(workspace: Workspace) -> None:
    other = workspace.path / "other"
    other.write_text((workspace.path / "README.md").read_text().upper())
    other.replace(workspace.path / "README.md")


DONE: dict[str, Callable[[Workspace], object]] = {
    "an edit that keeps size and time": _sneaky_edit,
    "a file replaced by another": _replaced,
    "a new file": lambda workspace: (workspace.path / "new.txt").write_text("new"),
    "a file that is gone": lambda workspace: (workspace.path / "README.md").unlink(),
    "a file made a program": lambda workspace: (workspace.path / "README.md").chmod(0o755),
    "a link instead of a file": lambda workspace: (
        (workspace.path / "README.md").unlink(),
        (workspace.path / "README.md").symlink_to("src/app.py"),
    ),
    "a lock that a dead git left": lambda workspace: (workspace.git_dir / "index.lock").touch(),
    "a branch checked out inside": lambda workspace: (workspace.git_dir / "HEAD").write_text("ref: refs/heads/main\n"),
}


@pytest.mark.parametrize("done", DONE.values(), ids=DONE.keys())
def test_whatever_was_done_is_undone_at_the_next_lease(
    done: Callable[[Workspace], object], base: str, pool: Workspaces
) -> None:
    """After steps that changed nothing, a change of any kind, however well hidden, is found and taken back."""
    for _ in range(2):
        workspace = pool.lease(base)
        pool.give_back(workspace)
    done(workspace)
    again = pool.lease(base)
    assert again.id == workspace.id
    assert verify(again, base)
    assert (again.git_dir / "HEAD").read_text() == f"{base}\n"
    assert not (again.git_dir / "index.lock").exists()


def test_a_chain_that_changes_nothing_starts_no_process(base: str, pool: Workspaces) -> None:
    """Leasing a workspace again that nobody touched costs no git process."""
    workspace = pool.lease(base)
    pool.give_back(workspace)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert pool.lease(base).id == workspace.id
    assert resource.getrusage(resource.RUSAGE_CHILDREN) == before


def test_a_file_written_just_now_is_not_settled(base: str, pool: Workspaces) -> None:
    """While a file could be edited again within the same tick of the clock, its look proves nothing."""
    workspace = pool.lease(base)
    assert look(workspace).settled
    path: Path = workspace.path / "README.md"
    path.write_text("now")
    assert not look(workspace).settled
    time.sleep(0.03)
    assert look(workspace).settled
