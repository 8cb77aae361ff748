"""What a workspace lacks or brings: empty submodules, files as filters such as LFS store them, links that lead out."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from tuloy.errors import UsageError
from tuloy.workspaces.escapes import filtered_paths
from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Repository

__all__ = ["lacking"]


def lacking(repo: Repository, commit: str) -> tuple[str, ...]:
    """Return a sentence per kind of thing that a workspace on this commit lacks, or that reaches out of it.

    Raises:
        UsageError: for a link to a device or pipe: a program that reads it (a linter does) never ends.
    """
    rows = [entry.split(b"\t", 1) for entry in _tree(repo, commit).split(b"\0") if entry]
    modules = [os.fsdecode(path) for about, path in rows if about.startswith(b"160000")]
    told = []
    if modules:
        told.append(f"submodules are empty directories in workspaces: {_names(modules)}")
    if filtered := [] if repo.private else _filtered(repo, [path for _, path in rows]):
        told.append(
            f"filters do not run, so steps see these files as git stores them (LFS: pointers): {_names(filtered)}"
        )
    links = [(os.fsdecode(path), about.split()[2].decode()) for about, path in rows if about.startswith(b"120000")]
    if outside := _outside(repo, links):
        told.append(f"links lead out of the tree, and so does what is written through them: {_names(outside)}")
    return tuple(told)


def _outside(repo: Repository, links: Sequence[tuple[str, str]]) -> list[str]:
    """Return the links that leave the tree, as they are in the commit, followed from the user's checkout."""
    root, found = os.path.realpath(repo.root), []
    for path, blob in links:
        to = os.fsdecode(run_git(repo.checkout, ["cat-file", "blob", blob], bare=True).out)
        target = os.path.realpath(repo.root / Path(path).parent / to)
        if _never_ends(target):
            raise UsageError(f"{path!r} is a link to the device or pipe {target!r}; take it out of the repository")
        if Path(to).is_absolute() or not Path(target).is_relative_to(root):
            found.append(path)
    return found


def _never_ends(target: str) -> bool:
    try:
        mode = Path(target).stat().st_mode
    except (OSError, ValueError):
        return False
    return target != os.devnull and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


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
