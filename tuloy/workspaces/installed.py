"""What steps installed: their `node_modules`, kept for the rest of the goal, so that workspaces made later have them.

A set is what one workspace held when its step had ended: `<folder>/<n>/tree` is laid out like the workspace, with the
`node_modules` alone, so that links between packages still lead where they led; `keys.json` says for which package.json
and lock files each was made. A set never changes. Does not link anything into a workspace (`prepare.py`).
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tuloy.workspaces.git import git
from tuloy.workspaces.records import Workspace
from tuloy.workspaces.removal import remove

__all__ = [
    "Installed",
    "installation_key",
    "is_farm",
    "is_locked",
    "keep_installed",
    "kept_sets",
    "package_directories",
    "sweep",
]

LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_PART = "part-"
_KEYS = "keys.json"


@dataclass(frozen=True)
class Installed:
    """A kept set: `tree` holds `<directory>/node_modules` for every directory in `keys`."""

    tree: Path
    keys: dict[str, str]


def keep_installed(workspace: Workspace, folder: Path) -> Installed | None:
    """Move what was installed in the workspace into a new set below `folder`; None when nothing was.

    A farm of links is no installation, nor is what git does not ignore. With one that is, the farms go along: its
    packages may need theirs. The workspace is left without `node_modules`.
    """
    found = [d for d in package_directories(workspace.path) if _is_directory(workspace.path / d / "node_modules")]
    if all(is_farm(workspace.path / directory / "node_modules") for directory in found):
        return None
    ignored = _ignored(workspace)
    found = [directory for directory in found if f"{(directory / 'node_modules').as_posix()}/" in ignored]
    if all(is_farm(workspace.path / directory / "node_modules") for directory in found):
        return None
    keys = {str(directory): installation_key(workspace.path, directory, ignored=ignored) for directory in found}
    folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=folder))
    for directory in found:
        source, target = workspace.path / directory / "node_modules", part / "tree" / directory / "node_modules"
        _make_relative(source, workspace.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
    (part / _KEYS).write_text(json.dumps(keys))
    return _read(_published(part, folder))


def kept_sets(folder: Path) -> list[Installed]:
    """Return the sets that are whole, the newest first."""
    return [_read(folder / str(number)) for number in sorted(_numbers(folder), reverse=True)]


def sweep(folder: Path) -> None:
    """Remove the half kept sets of processes that died. Call it while nobody else keeps anything there."""
    for part in folder.glob(f"{_PART}*"):
        remove(part)


def installation_key(root: Path, directory: Path, *, ignored: Collection[str] = ()) -> str:
    """Hash what an installation is made for: its place, package.json and the lock files that are not `ignored`."""
    parts = [str(directory)]
    for place in (directory / "package.json", *_lock_places(directory)):
        there = (root / place).is_file() and place.as_posix() not in ignored
        parts.append(_digest(root / place) if there else "")
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()


def is_locked(root: Path, directory: Path) -> bool:
    """Whether a lock file says what is installed there: one beside the package.json, or that of a workspace above."""
    return any((root / place).is_file() for place in _lock_places(directory))


def package_directories(root: Path) -> Iterator[Path]:
    """Yield the directories below `root` that hold a package.json, relative to it; those of a project that shows none
    at its top or one level below are not looked for."""
    if not any((place / "package.json").is_file() for place in (root, *_directories(root))):
        return
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if name not in ("node_modules", ".git", ".venv")]
        if "package.json" in files:
            yield Path(directory).relative_to(root)


def is_farm(modules: Path) -> bool:
    """Whether a `node_modules` holds our links alone: they are absolute, those of installers are relative."""
    return _is_directory(modules) and all(
        entry.is_symlink() and entry.readlink().is_absolute() for entry in _packages(modules)
    )


def _lock_places(directory: Path) -> list[Path]:
    return [place / name for place in (directory, *directory.parents) for name in LOCKS]


def _directories(root: Path) -> list[Path]:
    with os.scandir(root) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _packages(modules: Path) -> Iterator[Path]:
    """Yield the packages of a `node_modules`, those within scopes too."""
    for entry in modules.iterdir():
        if entry.name.startswith("@") and _is_directory(entry):
            yield from entry.iterdir()
        elif not entry.name.startswith("."):
            yield entry


def _ignored(workspace: Workspace) -> frozenset[str]:
    """Paths that git ignores, a directory with all that is in it as one that ends in /."""
    args = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    return frozenset(git(workspace, *args, reading=True).split("\0"))


def _make_relative(modules: Path, root: Path) -> None:
    """Links to the workspace's own code must not lead to this workspace when they are read in the set."""
    for entry in [*_packages(modules)]:
        if entry.is_symlink() and (target := entry.readlink()).is_absolute() and target.is_relative_to(root):
            entry.unlink()
            entry.symlink_to(os.path.relpath(target, entry.parent))


def _published(part: Path, folder: Path) -> Path:
    """Give a whole set its number, at one stroke. Somebody else may take the same: a set is never replaced."""
    while True:
        place = folder / str(max(_numbers(folder), default=0) + 1)
        try:
            return part.rename(place)
        except OSError:
            if not place.exists():
                raise


def _numbers(folder: Path) -> list[int]:
    return [int(place.name) for place in folder.iterdir() if place.name.isdecimal()] if folder.is_dir() else []


def _read(place: Path) -> Installed:
    return Installed((place / "tree").resolve(), json.loads((place / _KEYS).read_text()))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
