"""A hash of everything in a repository that Tuloy must leave alone: proof, in tests, that it did.

Covers files with content and mode, what the index says, HEAD, refs but for Tuloy's own, stash,
configuration, hooks. Not covered: objects, reflogs of branches, time stamps, the index's cached file times.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tuloy.workspaces.git import git, open_repository
from tuloy.workspaces.records import Repository

__all__ = ["fingerprint", "fingerprint_parts"]

_OURS = ("refs/tuloy/", "refs/heads/tuloy/")


def fingerprint(repo_root: Path) -> str:
    """Return one hash for the repository at `repo_root`."""
    parts = fingerprint_parts(repo_root)
    return hashlib.sha256("\n".join(f"{name} {parts[name]}" for name in sorted(parts)).encode()).hexdigest()


def fingerprint_parts(repo_root: Path) -> dict[str, str]:
    """Return a hash per part: comparing two of these shows what changed."""
    repo = open_repository(repo_root)
    refs = git(repo, "for-each-ref", "--format=%(refname) %(objectname)", bare=True).splitlines()
    index = [git(repo, "ls-files", option, "-z", reading=True) for option in ("-s", "-v")]
    stash = repo.git_dir / "logs/refs/stash"
    return {
        "files": _hash(_lines(repo.root, skip=".git")),
        "index": _hash(index),
        "head": _hash([(repo.own_dir / "HEAD").read_text()]),
        "refs": _hash(line for line in refs if not line.startswith(_OURS)),
        "stash": _hash([stash.read_text() if stash.is_file() else ""]),
        "settings": _hash(line for place in _settings(repo) for line in _lines(place)),
    }


def _settings(repo: Repository) -> list[Path]:
    return [repo.git_dir / name for name in ("config", "config.worktree", "hooks", "info", "modules")]


def _lines(place: Path, skip: str = "") -> Iterator[str]:
    """One line per file below `place`, or for `place` itself when it is a file."""
    if not place.is_dir() and place.exists():
        yield _line(place, place.parent)
    for directory, names, files in os.walk(place):
        names[:] = sorted(name for name in names if name != skip)
        links = [name for name in names if (Path(directory) / name).is_symlink()]
        yield f"{os.path.relpath(directory, place)}/"
        yield from (_line(Path(directory) / name, place) for name in sorted([*files, *links]) if name != skip)


def _line(path: Path, top: Path) -> str:
    info = path.lstat()
    content = os.fsencode(path.readlink()) if path.is_symlink() else b""
    if stat.S_ISREG(info.st_mode):
        content = path.read_bytes()
    return f"{path.relative_to(top)!s} {info.st_mode:o} {hashlib.sha256(content).hexdigest()}"


def _hash(lines: Iterator[str] | list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
