"""Read a goal's words as a plan for the project at hand."""

import re
from pathlib import Path

from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.understanding import look_at
from tuloy.understanding.documents import plan_text

__all__ = ["MOST_BYTES", "check_text", "read_goal"]

MOST_BYTES = 100_000
_UNSEEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but for tab, line and page ends, and those that make a text read otherwise than it is."""


def check_text(text: str) -> None:
    """Refuse what cannot be a goal, before anything is made for it.

    Raises:
        UsageError: when it is empty, over 100,000 bytes, no Unicode, or holds control characters.
    """
    if not text.strip():
        raise UsageError("the goal is empty; say in words what should be done")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"the goal is no valid UTF-8 at character {error.start + 1}; write it again there") from error
    if size > MOST_BYTES:
        raise UsageError(
            f"the goal has {size} bytes, and may have {MOST_BYTES}; put the long part into a file of the project, "
            "and name that in the goal"
        )
    if found := _UNSEEN.search(text):
        raise UsageError(
            f"the goal holds the control character {found[0]!r} at character {found.start() + 1}; take it out"
        )


def read_goal(text: str, root: Path | None, *, priority: Priority | None = None) -> Plan:
    """Read the text as a plan for the project in `root`: by its headings where it has some.

    Raises:
        UsageError: when the text cannot be a goal.
    """
    check_text(text)
    return plan_text(text, look_at(root) if root else None, priority=priority)
