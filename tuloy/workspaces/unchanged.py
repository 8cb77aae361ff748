"""Whether anything in a workspace changed since it was last found clean, seen from its files' metadata alone.

A chain of steps that change nothing (tests, checks) then keeps its workspace without a git process per step. Does not
say that a workspace is clean: that is git's answer (`contents.py`), and this remembers it.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

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
    entries = [entry for root in (workspace.path, workspace.git_dir) for entry in _entries(str(root))]
    newest_ns = max((entry[-1] for entry in entries), default=0)
    tick_ns = _FINE_NS if newest_ns % 10**6 else _COARSE_NS
    digest = hashlib.blake2b(repr(entries).encode("utf-8", "surrogateescape"), digest_size=20).digest()
    return Look(digest, 0 < newest_ns < time.time_ns() - tick_ns)


def look_settled(workspace: Workspace) -> Look:
    """Look at a workspace that was only just filled, once its files are old enough: 20 ms, where times are fine."""
    time.sleep(_FINE_NS / 10**9)
    return look(workspace)


def _entries(root: str) -> Iterator[tuple[str, int, int, int, int, int]]:
    """Yield every path below `root`: mode, inode, size, modification and change time in nanoseconds; 0 for folders."""
    places = [root]
    while places:
        with os.scandir(places.pop()) as found:
            entries = sorted(found, key=_name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                places.append(entry.path)
                yield entry.path, 0, 0, 0, 0, 0
            else:
                told = entry.stat(follow_symlinks=False)
                yield entry.path, told.st_mode, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


_name = attrgetter("name")
