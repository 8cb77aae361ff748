"""Whether the user's checkout changed while a goal ran: steps have no business there.

Compares HEAD and uncommitted work, by metadata. Cannot say who did it: a step, or the user.
"""

from dataclasses import dataclass

from tuloy.workspaces.git import dirty_files, head
from tuloy.workspaces.records import Head, Repository

__all__ = ["Seen", "changes_since", "see"]


@dataclass(frozen=True)
class Seen:
    """HEAD, and each uncommitted path with its change time (nanoseconds since 1970; 0 for one that is gone)."""

    head: Head
    dirty: frozenset[tuple[str, int]]


def see(repo: Repository) -> Seen:
    """Look at the checkout."""
    return Seen(head(repo), frozenset((path, _changed_at(repo, path)) for path in dirty_files(repo)))


def changes_since(repo: Repository, before: Seen) -> tuple[str, ...]:
    """Return a sentence per kind of change in the checkout since then."""
    now = see(repo)
    told = []
    if now.head != before.head:
        told.append(f"HEAD of your checkout moved from {_short(before.head)} to {_short(now.head)}")
    if paths := sorted({path for path, _ in now.dirty ^ before.dirty}):
        more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
        told.append(f"files in your checkout changed: {', '.join(map(repr, paths[:5]))}{more}")
    return tuple(f"{one} while this goal ran; if it was not you, a step wrote outside its workspace" for one in told)


def _changed_at(repo: Repository, path: str) -> int:
    try:
        return (repo.root / path).lstat().st_ctime_ns
    except (OSError, ValueError):
        return 0


def _short(head: Head) -> str:
    return f"{head.branch or 'no branch'} at {head.commit[:12]}"
