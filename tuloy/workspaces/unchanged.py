"""Whether anything in a workspace changed since it was last found clean, seen from its files' metadata alone.

A chain of steps that change nothing (tests, checks) then keeps its workspace without a git process per step. Does not
say that a workspace is clean: that is git's answer (`contents.py`), and this remembers it.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuloy.workspaces.records import Workspace

__all__ = ["Look", "look", "look_settled"]

_FINE_NS, _COARSE_NS = 20 * 10**6, 3 * 10**9


@dataclass(frozen=True)
class Look:
    """How the files of a workspace looked; `settled` when a later change is bound to look different.

    A change time (ctime) cannot be set at will. But an edit within the same tick of the file system's clock as the
    last one keeps it, so what was written just now may change once more unseen.
    """

    digest: bytes
    settled: bool


def look(workspace: Workspace) -> Look:
    """Look at every file of the workspace, ignored ones too, and of its part of the repository's directory.

    Raises:
        OSError: when a file goes away meanwhile.
    """
    seen = hashlib.blake2b(digest_size=20)
    newest_ns = 0
    for root in (workspace.path, workspace.git_dir):
        for path, entry in _entries(root):
            if entry is None:
                seen.update(b"%s\0/" % os.fsencode(path))
                continue
            told = f"{entry.st_mode} {entry.st_ino} {entry.st_size} {entry.st_mtime_ns} {entry.st_ctime_ns}\0"
            seen.update(b"%s\0" % os.fsencode(path) + told.encode())
            newest_ns = max(newest_ns, entry.st_ctime_ns)
    tick_ns = _FINE_NS if newest_ns % 10**6 else _COARSE_NS
    return Look(seen.digest(), 0 < newest_ns < time.time_ns() - tick_ns)


def look_settled(workspace: Workspace) -> Look:
    """Look at a workspace that was only just filled, once its files are old enough: 20 ms, where times are fine."""
    time.sleep(_FINE_NS / 10**9)
    return look(workspace)


def _entries(root: Path) -> Iterator[tuple[str, os.stat_result | None]]:
    """Yield every path below `root` in a fixed order, with what the system knows of it; None for a directory."""
    places = [str(root)]
    while places:
        with os.scandir(places.pop()) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                places.append(entry.path)
                yield entry.path, None
            else:
                yield entry.path, entry.stat(follow_symlinks=False)
