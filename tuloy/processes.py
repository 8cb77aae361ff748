"""Processes of this machine: which one a number means. A pid counts only together with the birth of its process.

Starts and ends none.
"""

import sys
from functools import cache
from pathlib import Path

__all__ = ["born"]


def born(pid: int) -> str | None:
    """Return what tells a living process from any other that had or will have its number; None when it is dead.

    On Linux the id of this boot and the clock ticks from boot to its start, which no correction of the clock changes
    (proc(5), field 22 of stat). Elsewhere its start in seconds since 1970. A zombie is dead.
    """
    if not sys.platform.startswith("linux"):
        return _start_time(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{_boot()}/{fields[19]}"


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _start_time(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
