"""Read a goal's words as a plan for the project at hand."""

from pathlib import Path

from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.understanding import look_at, understand

__all__ = ["read_goal"]


def read_goal(text: str, root: Path | None, *, priority: Priority | None = None) -> Plan:
    """Read the text as a plan for the project in `root`.

    Raises:
        UsageError: when the text cannot be a goal.
    """
    if not text.strip():
        raise UsageError("the goal is empty; say in words what should be done")
    return understand(text, look_at(root) if root else None, priority=priority)
