"""Moving branches: the goal's own, and the user's when the result is accepted. Always by compare-and-swap.

Knows nothing of gates: whoever calls has judged exactly the commit that lands.
"""

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from tuloy.errors import GitFailed, LandingRefused, UsageError
from tuloy.printable import one_line
from tuloy.workspaces.checkouts import checkouts_of, move_checkout, refuse_if_in_the_way
from tuloy.workspaces.git import change_ref, commit_tree, git, is_ancestor, read_ref
from tuloy.workspaces.hardened import talking_git
from tuloy.workspaces.merge import Merged, merge_trees
from tuloy.workspaces.objects import read_commit
from tuloy.workspaces.records import Repository

__all__ = ["accept", "free_branch", "land", "revert_commit"]

_PREFIX = "tuloy/"


def free_branch(repo: Repository, slug: str) -> str:
    """Return a name, `tuloy/<slug>` or with a number after it, that no branch has yet.

    Raises:
        UsageError: when a branch called `tuloy` leaves no room for such names.
    """
    taken = set(git(repo, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/tuloy", bare=True).split())
    if "tuloy" in taken:
        raise UsageError("a branch called 'tuloy' is in the way of 'tuloy/…'; rename it with 'git branch -m tuloy NEW'")
    taken |= {"/".join(name.split("/")[:2]) for name in taken}
    wanted = _PREFIX + _slug(slug)
    names = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def land(repo: Repository, branch: str, new: str, old: str | None) -> None:
    """Move the goal's branch from `old` (None: make it) to `new`; a checkout of it moves along.

    Raises:
        LandingRefused: when the branch is not at `old`, or uncommitted work in a checkout of it is in the
        way.
    """
    if not branch.startswith(_PREFIX):
        raise UsageError(f"a goal lands on a branch of its own, not on {branch!r}; use a name from free_branch")
    _move(repo, branch, new, old)


def accept(repo: Repository, target_branch: str, merged_commit: str, expected_old: str) -> None:
    """Move the user's branch from `expected_old` to a commit that contains it, with the files of its
    checkouts.

    Uncommitted work that the move does not concern stays as it is.

    Raises:
        LandingRefused: when the branch is elsewhere, `merged_commit` does not contain it, or uncommitted
        work would
            be overwritten (the message names the files). Then nothing was changed.
    """
    if read_ref(repo, f"refs/heads/{target_branch}") is None:
        raise LandingRefused(f"there is no branch {target_branch!r}; name one that 'git branch' shows")
    if not is_ancestor(repo, expected_old, merged_commit):
        raise LandingRefused(
            f"{merged_commit[:10]} does not contain {expected_old[:10]} of {target_branch!r}; merge again and gate that"
        )
    _move(repo, target_branch, merged_commit, expected_old)


def revert_commit(repo: Repository, branch_head: str, bad_commit: str, before: str) -> Merged:
    """Make a commit on top of `branch_head` that takes back what came between `before` and `bad_commit`.

    Later work stays; where it touches the same lines there are conflicts and no commit. `bad_commit` must be
    contained in `branch_head`.
    """
    tree = read_commit(repo, before).tree
    if branch_head != bad_commit:
        undone = commit_tree(repo, tree, [bad_commit], "undo", datetime.fromtimestamp(0, UTC))
        tree, conflicts = merge_trees(repo, branch_head, undone)
        if conflicts:
            return Merged(None, conflicts, tree, bad_commit)
    message = f"Take back {bad_commit[:10]}\n\nThis restores what {before[:10]} had.\n"
    at = datetime.fromtimestamp(read_commit(repo, branch_head).committed_at, UTC)
    return Merged(commit_tree(repo, tree, [branch_head], message, at), tree=tree)


def _move(repo: Repository, branch: str, new: str, old: str | None) -> None:
    ref = f"refs/heads/{branch}"
    checkouts = checkouts_of(repo, branch) if old else []
    if not checkouts or old is None:
        change_ref(repo, ref, new, old, reason="tuloy: land")
        return
    for checkout in checkouts:
        refuse_if_in_the_way(repo, checkout, old, new)
    with ExitStack() as undo:
        with _held(repo, ref, new, old):
            for checkout in checkouts:
                move_checkout(checkout, old, new)
                undo.callback(move_checkout, checkout, new, old)
        undo.pop_all()


@contextmanager
def _held(repo: Repository, ref: str, new: str, old: str) -> Iterator[None]:
    """Hold the ref locked at `old` while the body runs; then move it, or leave it if the body raises."""
    with talking_git(repo.checkout, ["update-ref", "--no-deref", "-m", "tuloy: land", "--stdin"]) as process:
        said = _tell(process, f"start\nupdate {ref} {new} {old}\nprepare\n", answers=2)
        if said != "prepare: ok":
            raise LandingRefused(f"{ref} is not at {old[:10]} any more, or locked ({said}); start again from there")
        yield
        said = _tell(process, "commit\n", answers=1)
        if said != "commit: ok":
            raise GitFailed(f"{ref} could not be moved to {new[:10]}: {said}; see whether the disk is full")


def _tell(process: "subprocess.Popen[str]", commands: str, answers: int) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(commands)
        process.stdin.flush()
    except BrokenPipeError:
        return one_line(process.stdout.read())
    lines = [process.stdout.readline() for _ in range(answers)]
    return one_line(lines[-1] or lines[0])


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:50].strip("-") or "goal"
