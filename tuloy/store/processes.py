"""Which process this is, and whether another one still lives: a pid counts only with the time it started."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psutil

__all__ = ["alive", "this_process"]

_CLOCK_SLACK_S = 1.0  # a process's start is computed from the boot time, which follows corrections of the clock


def this_process() -> dict[str, Any]:
    """Return the columns pid, pid_started_at and host of this process."""
    return dict(_process(os.getpid()))


@cache
def _process(pid: int) -> Mapping[str, Any]:
    return {"pid": pid, "pid_started_at": _text(psutil.Process(pid).create_time()), "host": platform.node()}


def _text(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds")


def alive(holder: Mapping[str, Any]) -> bool:
    """Whether the process in these columns still lives; one of another host counts as alive."""
    if holder["host"] != platform.node():
        return True
    try:
        process = psutil.Process(holder["pid"])
        since = datetime.fromisoformat(holder["pid_started_at"]).timestamp()
        same = abs(process.create_time() - since) <= _CLOCK_SLACK_S
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
