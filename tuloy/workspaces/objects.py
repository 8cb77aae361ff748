"""Commit objects read straight from the object store, so that the commonest questions start no process.

New commits are loose files: a few of them are read in microseconds, where git takes milliseconds. Whatever
is packed or borrowed is asked of git.
"""

import zlib
from collections import deque
from dataclasses import dataclass

from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Repository

__all__ = ["CommitObject", "contains_nearby", "read_commit"]


@dataclass(frozen=True)
class CommitObject:
    """What a commit says; `committed_at` is seconds since 1970, UTC."""

    tree: str
    parents: tuple[str, ...]
    committed_at: int


def read_commit(repo: Repository, commit: str) -> CommitObject:
    """Read a commit by its full id.

    Raises:
        GitFailed: when there is no such commit.
    """
    return _loose(repo, commit) or _parsed(run_git(repo.checkout, ["cat-file", "commit", commit], bare=True).out)


def contains_nearby(repo: Repository, newer: str, older: str, steps: int = 64) -> bool:
    """Whether `older` is among the nearest loose ancestors of `newer`. False may mean "too far"."""
    queue, seen = deque([newer]), {newer}
    while queue and len(seen) <= steps:
        commit = queue.popleft()
        if commit == older:
            return True
        found = _loose(repo, commit)
        fresh = [parent for parent in found.parents if parent not in seen] if found else []
        seen.update(fresh)
        queue.extend(fresh)
    return False


def _loose(repo: Repository, commit: str) -> CommitObject | None:
    try:
        data = zlib.decompress((repo.git_dir / "objects" / commit[:2] / commit[2:]).read_bytes())
    except OSError:
        return None
    kind, _, body = data.partition(b"\0")
    return _parsed(body) if kind.startswith(b"commit ") else None


def _parsed(body: bytes) -> CommitObject:
    lines = body.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
    fields = [line.partition(" ")[::2] for line in lines]
    committer = next(value for key, value in fields if key == "committer")
    return CommitObject(
        tree=next(value for key, value in fields if key == "tree"),
        parents=tuple(value for key, value in fields if key == "parent"),
        committed_at=int(committer.rpartition(">")[2].split()[0]),
    )
