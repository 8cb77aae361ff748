"""Documents as goals: markdown and PRDs, FEATURES.json, task-master's tasks.json, TODO JSON.

Owns what each kind says and where in it. Stores nothing (`tuloy.work.intake`); only `features.write_status` writes.
Imports are deferred: importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tuloy.plan import Plan, Priority
    from tuloy.understanding.documents.entries import Document, Entry
    from tuloy.understanding.project import Project

__all__ = ["plan_entry", "plan_text", "read_document"]


def read_document(path: Path) -> Document:
    """Read a file of any kind that is known, which its content tells and not its name.

    Raises:
        UsageError: naming the place that cannot be read or cannot be meant.
    """
    from tuloy.understanding.documents.kinds import read_document as read

    return read(path)


def plan_entry(entry: Entry, project: Project | None, *, priority: Priority | None = None) -> Plan:
    """Make the plan of one entry, for the project as it is now; `priority` overrides the document's."""
    from tuloy.understanding.documents.planning import plan_entry as make

    return make(entry, project, priority=priority)


def plan_text(
    text: str, project: Project | None, *, priority: Priority | None = None, now: datetime | None = None
) -> Plan:
    """Make the plan of a text: by its headings where it has some, else as any goal is read."""
    from tuloy.understanding import understand
    from tuloy.understanding.documents.markdown.sections import sections_of
    from tuloy.understanding.unseen import read_as_seen

    def read(clean: str) -> Plan:
        if sections := sections_of(clean):
            from tuloy.understanding.documents.markdown.plan import plan_markdown

            return plan_markdown(clean, sections, project, priority=priority, now=now)
        return understand(clean, project, priority=priority, now=now)

    return read_as_seen(text, read)
