"""Merges made of objects alone: no worktree, no index, nothing written but the merge's own objects.

Conflicts are an answer, not an error. Who repairs them is not decided here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tuloy.errors import GitFailed
from tuloy.workspaces.git import commit_tree
from tuloy.workspaces.hardened import Answer, paths_of, run_git
from tuloy.workspaces.objects import contains_nearby, read_commit
from tuloy.workspaces.records import Repository

__all__ = ["Merged", "merge", "merge_all", "merge_trees"]

_OBJECT_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Merged:
    """How a merge ended. Without a commit there are `conflicts` (paths); `tree` then holds conflict markers.

    `theirs` is the commit that could not be merged, of several.
    """

    commit: str | None
    conflicts: tuple[str, ...] = ()
    tree: str | None = None
    theirs: str | None = None


def merge(repo: Repository, ours: str, theirs: str, message: str) -> Merged:
    """Merge two commits, given by full id. Where one contains the other it is the answer.

    The same two commits and message always give the same merge commit: its date is the newer of theirs.
    """
    if contains_nearby(repo, ours, theirs):
        return Merged(ours)
    if contains_nearby(repo, theirs, ours):
        return Merged(theirs)
    shared = run_git(repo.checkout, ["merge-base", ours, theirs], bare=True, accept=(0, 1)).out.decode().strip()
    if shared in (ours, theirs):
        return Merged(ours if shared == theirs else theirs)
    tree, conflicts = merge_trees(repo, ours, theirs)
    if conflicts:
        return Merged(None, conflicts, tree, theirs)
    return Merged(commit_tree(repo, tree, [ours, theirs], message, _newest(repo, ours, theirs)), tree=tree)


def merge_all(repo: Repository, commits: Sequence[str], message: str) -> Merged:
    """Merge one commit after the other into the first; stop at the first that conflicts.

    Raises:
        ValueError: when there is nothing to merge.
    """
    if not commits:
        raise ValueError("merge_all needs at least one commit")
    so_far = Merged(commits[0])
    for theirs in commits[1:]:
        assert so_far.commit is not None
        so_far = merge(repo, so_far.commit, theirs, message)
        if so_far.commit is None:
            return so_far
    return so_far


def merge_trees(repo: Repository, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """Merge two commits and return the tree with the paths that conflict (git-merge-tree, "real" merge).

    Raises:
        GitFailed: when git could not merge at all, for instance because the histories share nothing.
    """
    args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs]
    answer = run_git(repo.checkout, args, bare=True, accept=(0, 1))
    tree, *rest = answer.out.split(b"\0")
    if not _OBJECT_ID.fullmatch(tree):  # exit code 1 is a conflict and also an unknown commit
        raise GitFailed(_unmerged(ours, theirs, answer))
    conflicts = tuple(dict.fromkeys(paths_of(b"\0".join(rest))))
    if answer.code and not conflicts:
        raise GitFailed(_unmerged(ours, theirs, answer))
    return tree.decode(), conflicts


def _unmerged(ours: str, theirs: str, answer: Answer) -> str:
    said = answer.err or "git named no reason"
    return f"{theirs[:10]!r} cannot be merged into {ours[:10]!r}: {said}; see that both commits still exist"


def _newest(repo: Repository, *commits: str) -> datetime:
    return datetime.fromtimestamp(max(read_commit(repo, commit).committed_at for commit in commits), UTC)
