"""What is in a workspace: made one commit, saved as a patch, cleaned, verified.

A workspace's index is believed only as long as it is byte for byte the one that Tuloy left (its seal);
otherwise it is thrown away and built anew, because an index can hide edits. Does not decide who gets a
workspace (`pool.py`).
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuloy.errors import GitFailed, LandingRefused
from tuloy.workspaces.escapes import Change, refuse_escapes
from tuloy.workspaces.git import commit_tree, git
from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Commit, Workspace
from tuloy.workspaces.removal import remove

__all__ = ["Seal", "clean", "commit_all", "fill", "read_seal", "repair", "save_patch", "verify", "write_seal"]

_LEFTOVERS = (
    "index.lock", "HEAD.lock", "config.worktree", "info/sparse-checkout",
    "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply",
    "sequencer",
)  # fmt: skip


@dataclass(frozen=True)
class Seal:
    """How Tuloy left a workspace: its commit, the digest of its index and when that was written.

    Kept beside the workspace, not inside. The time is the file system's, in nanoseconds since 1970.
    """

    commit: str
    index: str
    written_ns: int


def commit_all(workspace: Workspace, message: str, *, exclude: Iterable[str] = ()) -> Commit | None:
    """Make everything changed and not ignored one commit on top of the commit that the workspace stands on.

    Commits that somebody made inside the workspace become part of this one. `exclude` are globs, from the
    top, of paths that stay uncommitted. Returns None when nothing changed.

    Raises:
        LandingRefused: for a repository inside the workspace, or a new symlink that leads out of it.
    """
    parent = _believe_or_rebuild_index(workspace).commit
    _stage(workspace, exclude)
    changes = _changes(workspace, parent)
    refuse_escapes(workspace, changes)
    if not changes:
        _settle(workspace, parent)
        return None
    tree = git(workspace, "write-tree").strip()
    commit = commit_tree(workspace.repo, tree, [parent], message)
    _settle(workspace, commit)
    return Commit(commit, parent, tree, tuple(_text(change.path) for change in changes))


def save_patch(workspace: Workspace, path: Path) -> Path | None:
    """Write what changed in the workspace, untracked files included, as a patch that `git apply` takes.

    Returns None, and writes nothing, when nothing changed. Neither the workspace nor its index is touched.
    """
    base = read_seal(workspace).commit
    with _scratch_index() as index:
        git(workspace, "read-tree", base, index=index)
        run_git(workspace.checkout, ["add", "-A", "--ignore-errors"], index=index, accept=(0, 1, 128))
        args = [
            "diff-index",
            "--cached",
            "-p",
            "--binary",
            "--full-index",
            base,
        ]
        patch = run_git(workspace.checkout, args, index=index).out
    if not patch:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(patch)
    partial.replace(path)
    return path


def verify(workspace: Workspace, commit: str) -> bool:
    """Whether the workspace's files, ignored ones too, are exactly the commit's tree. Reads every file."""
    with _scratch_index() as index:
        added = run_git(workspace.checkout, ["add", "-A", "-f", "."], index=index, accept=(0, 1, 128))
        if added.code:
            return False
        args = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--full-index", commit]
        changes = _parsed(run_git(workspace.checkout, args, index=index).out)
    return all(_same_anyway(workspace, change) for change in changes)


def fill(workspace: Workspace, commit: str) -> None:
    """Check out a commit into a workspace that has no files yet, and seal it."""
    git(workspace, "reset", "-q", "--hard", commit, "--")
    write_seal(workspace, commit)


def clean(workspace: Workspace, commit: str, *, keep_ignored: bool) -> None:
    """Bring a used workspace to exactly that commit, whatever was done to it; ignored files stay if they may.

    Raises:
        GitFailed, OSError: when it cannot be done; the workspace is then worth nothing.
    """
    repair(workspace)
    seal = read_seal(workspace)
    trusted = seal.index == _index_digest(workspace)
    if trusted:
        _show_late_changes(workspace, seal)
    if keep_ignored and trusted and not _dirty(workspace):
        return
    if not trusted:
        remove(workspace.git_dir / "index")
    git(workspace, "reset", "-q", "--hard", commit, "--")
    git(workspace, "clean", "-q", "-ffd" if keep_ignored else "-ffdx")
    if not trusted and not keep_ignored and not verify(workspace, commit):
        raise GitFailed(f"workspace {workspace.id!r} does not come clean; it is replaced")
    write_seal(workspace, commit)


def repair(workspace: Workspace) -> None:
    """Put right the files that tie the worktree to its repository, and remove what a dead git left there.

    HEAD is detached again: a reset would otherwise move whatever branch somebody had checked out inside.
    """
    _ensure(workspace.path / ".git", f"gitdir: {workspace.git_dir}\n")
    _ensure(workspace.git_dir / "gitdir", f"{workspace.path / '.git'}\n")
    _ensure(workspace.git_dir / "commondir", "../..\n")
    for name in _LEFTOVERS:
        remove(workspace.git_dir / name)
    _ensure(workspace.git_dir / "HEAD", f"{read_seal(workspace).commit}\n")


def read_seal(workspace: Workspace) -> Seal:
    """Read how Tuloy left the workspace."""
    try:
        commit, index, written_ns = _seal_path(workspace).read_text().split()
    except (OSError, ValueError) as error:
        raise GitFailed(f"workspace {workspace.id!r} has no seal; lease another one") from error
    return Seal(commit, index, int(written_ns))


def write_seal(workspace: Workspace, commit: str) -> None:
    """Note that the workspace now stands on this commit and that its index is ours."""
    path = _seal_path(workspace)
    partial = path.with_suffix(".part")
    written_ns = (workspace.git_dir / "index").stat().st_mtime_ns
    partial.write_text(f"{commit} {_index_digest(workspace)} {written_ns}\n")
    partial.replace(path)


def _seal_path(workspace: Workspace) -> Path:
    return workspace.path.with_name(f"{workspace.path.name}.seal")


def _index_digest(workspace: Workspace) -> str:
    try:
        return hashlib.sha256((workspace.git_dir / "index").read_bytes()).hexdigest()
    except FileNotFoundError:
        return "none"


def _believe_or_rebuild_index(workspace: Workspace) -> Seal:
    seal = read_seal(workspace)
    repair(workspace)
    if seal.index != _index_digest(workspace):
        remove(workspace.git_dir / "index")
        git(workspace, "read-tree", seal.commit)
    else:
        _show_late_changes(workspace, seal)
    return seal


def _show_late_changes(workspace: Workspace, seal: Seal) -> None:
    """Touch files changed in the second in which the index was written: git compares times by whole seconds.

    An edit that keeps size and modification time would otherwise stay unseen. Its change time (ctime) gives it away.
    """
    end_ns = (seal.written_ns // 10**9 + 1) * 10**9
    places = [str(workspace.path)]
    while places:
        with os.scandir(places.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    places.append(entry.path)
                elif seal.written_ns <= entry.stat(follow_symlinks=False).st_ctime_ns < end_ns:
                    os.utime(entry.path, follow_symlinks=False)


def _settle(workspace: Workspace, commit: str) -> None:
    """Detach HEAD at the commit and seal. HEAD is plain text for every ref store that is made of files."""
    _ensure(workspace.git_dir / "HEAD", f"{commit}\n")
    write_seal(workspace, commit)


def _stage(workspace: Workspace, exclude: Iterable[str]) -> None:
    pathspecs = [".", *(f":(top,exclude,glob){glob}" for glob in exclude)]
    answer = run_git(workspace.checkout, ["add", "-A", "--", *pathspecs], accept=(0, 128))
    if not answer.code:
        return
    if "does not have a commit checked out" in answer.err:
        raise LandingRefused(f"a repository lies inside the workspace ({answer.err}); remove its .git directory")
    raise GitFailed(f"the work cannot be staged: {answer.err}; see whether every file can be read")


def _changes(workspace: Workspace, base: str) -> list[Change]:
    args = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--full-index", base]
    return _parsed(run_git(workspace.checkout, args).out)


def _parsed(out: bytes) -> list[Change]:
    fields = out.split(b"\0")
    pairs: Sequence[tuple[bytes, bytes]] = list(zip(fields[::2], fields[1::2], strict=False))
    rows = ((meta.decode().lstrip(":").split(), os.fsdecode(path)) for meta, path in pairs)
    return [Change(path, row[0], row[1], row[2], row[3]) for row, path in rows]


def _dirty(workspace: Workspace) -> bool:
    args = ["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"]
    return bool(run_git(workspace.checkout, args, reading=True).out)


def _same_anyway(workspace: Workspace, change: Change) -> bool:
    """Whether a difference is none: an empty submodule directory, or bytes equal but for line endings."""
    path = workspace.path / change.path
    if change.old_mode == "160000":
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    if change.old_mode != change.new_mode or path.is_symlink() or not path.is_file():
        return False
    data = path.read_bytes()
    digest = hashlib.sha1 if len(change.old_id) == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data).hexdigest() == change.old_id


@contextlib.contextmanager
def _scratch_index() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tuloy-") as directory:
        yield Path(directory) / "index"


def _ensure(path: Path, text: str) -> None:
    if path.is_symlink() or path.is_dir() or not path.exists() or path.read_text(errors="replace") != text:
        remove(path)
        path.write_text(text)


def _text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
