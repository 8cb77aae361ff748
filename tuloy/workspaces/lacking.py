"""What a workspace lacks of a repository: submodules, and what filters such as LFS would make of files."""

import os
from collections.abc import Sequence

from tuloy.workspaces.escapes import filtered_paths
from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Repository

__all__ = ["lacking"]


def lacking(repo: Repository, commit: str) -> tuple[str, ...]:
    """Return a sentence per kind of thing that is in the commit, but not in a workspace that stands on it."""
    rows = [entry.split(b"\t", 1) for entry in _tree(repo, commit).split(b"\0") if entry]
    modules = [os.fsdecode(path) for about, path in rows if about.startswith(b"160000")]
    told = []
    if modules:
        told.append(f"submodules are empty directories in workspaces: {_names(modules)}")
    if filtered := [] if repo.private else _filtered(repo, [path for _, path in rows]):
        told.append(
            f"filters do not run, so steps see these files as git stores them (LFS: pointers): {_names(filtered)}"
        )
    return tuple(told)


def _tree(repo: Repository, commit: str) -> bytes:
    return run_git(repo.checkout, ["ls-tree", "-r", "-z", commit], bare=True).out


def _filtered(repo: Repository, paths: Sequence[bytes]) -> list[str]:
    """Asked of the attributes in the user's checkout, and only where some are tracked."""
    tracked = any(path.rpartition(b"/")[2] == b".gitattributes" for path in paths)
    if not tracked and not (repo.git_dir / "info" / "attributes").is_file():
        return []
    return filtered_paths(repo.checkout, [os.fsdecode(path) for path in paths])


def _names(paths: Sequence[str]) -> str:
    shown = [os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths[:5]]
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return ", ".join(map(repr, shown)) + more
