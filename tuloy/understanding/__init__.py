"""Text to plan: reads a goal, looks at a project, resolves words to the project's own commands.

Owns how a text is read and which command a phrase means. Runs nothing, and asks no model. Imports are deferred:
importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tuloy.plan import Plan, Priority
    from tuloy.understanding.project import Project
    from tuloy.understanding.toolbox import Resolved

__all__ = ["look_at", "resolve", "understand"]


def understand(
    text: str,
    project: Project | None = None,
    *,
    priority: Priority | None = None,
    now: datetime | None = None,
) -> Plan:
    """Read a goal by rules alone: the same text, project and `now` always give the same plan.

    `priority` overrides what the text says. `now` (aware; default: the clock) is what "by Friday" counts from.
    Characters that nobody sees have no part in it.

    Raises:
        UsageError: when the text is empty or longer than 100,000 characters.
    """
    from tuloy.understanding.rules import read_goal
    from tuloy.understanding.unseen import read_as_seen

    return read_as_seen(text, lambda clean: read_goal(clean, project, priority=priority, now=now))


def look_at(root: Path) -> Project:
    """Record what the files of a project say about it, by parsing them; nothing is imported or run."""
    from tuloy.understanding.project import look_at as look

    return look(root)


def resolve(phrase: str, project: Project | None) -> Resolved | None:
    """Return the project's own command for a step's words, or None when no tool covers them."""
    from tuloy.understanding.toolbox import resolve as find

    return find(phrase, project)
