"""The checkouts of a repository, and moving one from commit to commit without losing anybody's work."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tuloy.errors import LandingRefused
from tuloy.workspaces.escapes import filtered_paths
from tuloy.workspaces.git import changed_paths
from tuloy.workspaces.hardened import paths_of, run_git
from tuloy.workspaces.records import Checkout, Repository

__all__ = ["checkouts_of", "move_checkout", "refuse_if_in_the_way"]

_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def checkouts_of(repo: Repository, branch: str) -> list[Checkout]:
    """Return every checkout that has the branch checked out, or is in the middle of rebasing it."""
    ref = f"refs/heads/{branch}"
    return [checkout for checkout in _checkouts(repo) if _works_on(checkout.git_dir, ref)]


def refuse_if_in_the_way(repo: Repository, checkout: Checkout, old: str, new: str) -> None:
    """Try the move from `old` to `new` without doing it.

    Raises:
        LandingRefused: when it would overwrite uncommitted work (naming the files), or the checkout is busy.
    """
    for name in _UNFINISHED:
        if (checkout.git_dir / name).exists():
            raise LandingRefused(f"{str(checkout.root)!r} is in the middle of a merge or rebase; end that first")
    paths = changed_paths(repo, old, new)
    filtered = filtered_paths(checkout, paths)
    if filtered:
        raise LandingRefused(
            f"{_names(filtered)} need a filter (.gitattributes) that does not run here; check out "
            f"another branch, accept, and check this one out again"
        )
    run_git(checkout, ["update-index", "-q", "--refresh"], accept=(0, 1, 128))
    answer = run_git(checkout, _read_tree(old, new, "-n"), reading=True, accept=(0, 1, 128))
    if ".lock'" in answer.err:
        raise LandingRefused(
            f"another git process works in {str(checkout.root)!r} ({answer.err}); try again, and if none is "
            f"running remove the lock file"
        )
    mine = _changed_here(checkout, set(paths)) if answer.code else _untracked_in_the_way(checkout, old, new)
    if answer.code or mine:
        files = f": {_names(mine)}" if mine else f" ({answer.err})"
        if repo.private:
            raise LandingRefused(
                f"{str(checkout.root)!r} changed since the goal began{files}; take that back, or run the goal again"
            )
        raise LandingRefused(
            f"uncommitted work in {str(checkout.root)!r} is in the way{files}; commit, stash or move it"
        )


def move_checkout(checkout: Checkout, old: str, new: str) -> None:
    """Move index and files from `old` to `new` (two-tree merge of git-read-tree); local changes elsewhere
    stay.

    Raises:
        LandingRefused: when work came in the way meanwhile; then nothing was moved.
    """
    answer = run_git(checkout, _read_tree(old, new), accept=(0, 1, 128))
    if answer.code:
        raise LandingRefused(f"{str(checkout.root)!r} cannot be moved now: {answer.err}; try again")


def _checkouts(repo: Repository) -> Iterator[Checkout]:
    if repo.git_dir.name == ".git":
        yield Checkout(repo.git_dir.parent, repo.git_dir, repo.git_dir)
    elif repo.own_dir == repo.git_dir:
        yield repo.checkout
    for pointer in (repo.git_dir / "worktrees").glob("*/gitdir"):
        root = (pointer.parent / pointer.read_text(errors="surrogateescape").strip()).parent
        if root.is_dir():
            yield Checkout(root, pointer.parent, repo.git_dir)


def _works_on(git_dir: Path, ref: str) -> bool:
    files = (git_dir / "HEAD", git_dir / "rebase-merge/head-name", git_dir / "rebase-apply/head-name")
    texts = (file.read_text(errors="surrogateescape").strip() for file in files if file.is_file())
    return any(text.removeprefix("ref:").strip() == ref for text in texts)


def _read_tree(old: str, new: str, *more: str) -> list[str]:
    return ["read-tree", "-m", "-u", *more, old, new]


def _changed_here(checkout: Checkout, paths: set[str]) -> list[str]:
    """Return uncommitted work, ignored files too, at these paths or in directories where they go."""
    status = [
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignore-submodules=all",
    ]
    entries = paths_of(run_git(checkout, [*status, "--ignored=matching"], reading=True).out)
    work = {entry[3:] for entry in entries}
    above = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    return sorted(path for path in work if path in paths or path.rstrip("/") in above or _below(path, paths))


def _below(path: str, paths: set[str]) -> bool:
    return any(str(parent) in paths for parent in PurePosixPath(path).parents)


def _untracked_in_the_way(checkout: Checkout, old: str, new: str) -> list[str]:
    """Return untracked files where the move adds some; git-read-tree would overwrite the ignored ones."""
    args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", old, new]
    added = run_git(checkout, args, bare=True).out.split(b"\0")[:-1]
    taken = sorted({place for path in added if (place := _taken(checkout.root, os.fsdecode(path)))})
    found: list[str] = []
    for start in range(0, len(taken), 500):
        others = ["ls-files", "--others", "-z", "--", *taken[start : start + 500]]
        found += paths_of(run_git(checkout, others, variables={"GIT_LITERAL_PATHSPECS": "1"}).out)
    return found


def _taken(root: Path, path: str) -> str | None:
    """Return what exists at the path, or instead of one of the directories that lead to it."""
    place = PurePosixPath(path)
    for parent in reversed(place.parents[:-1]):
        on_disk = root / parent
        if on_disk.is_symlink() or (on_disk.exists() and not on_disk.is_dir()):
            return str(parent)
    return path if os.path.lexists(root / path) else None


def _names(paths: list[str]) -> str:
    return ", ".join(repr(path) for path in paths[:8]) + (", …" if len(paths) > 8 else "")
