"""How a row says which process it means, and whether that one still lives."""

import os
import platform
from collections.abc import Mapping
from functools import cache
from typing import Any

from tuloy.processes import born

__all__ = ["alive", "this_process"]


def this_process() -> dict[str, Any]:
    """Return the columns pid, pid_born and host of this process."""
    return dict(_process(os.getpid()))


@cache
def _process(pid: int) -> Mapping[str, Any]:
    return {"pid": pid, "pid_born": born(pid), "host": platform.node()}


def alive(holder: Mapping[str, Any]) -> bool:
    """Whether the process in these columns still lives; one of another host counts as alive."""
    return bool(holder["host"] != platform.node() or born(holder["pid"]) == holder["pid_born"])
