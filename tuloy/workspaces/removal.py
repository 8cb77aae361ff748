"""Deleting files and directories that others may have made hard to delete."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["remove"]


def remove(path: Path) -> None:
    """Delete a file, a link (never what it leads to) or a whole directory, read-only ones too; nothing there
    is fine.

    Raises:
        OSError: when it still exists afterwards.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for last in (False, False, True):  # a process that is just dying may write once more
        try:
            shutil.rmtree(path, onerror=_make_writable)
            return
        except FileNotFoundError:
            return
        except OSError:
            if last:
                raise


def _make_writable(function: Callable[..., Any], path: str, _: object) -> None:
    failed = Path(path)
    if not failed.exists() and not failed.is_symlink():
        return
    for place in (failed.parent, failed):
        if place.is_dir() and not place.is_symlink():
            place.chmod(stat.S_IRWXU)
    if failed.is_dir() and not failed.is_symlink():
        shutil.rmtree(failed)
    else:
        failed.unlink(missing_ok=True)
