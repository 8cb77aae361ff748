"""Starting goals that wait in the list: which one is next, from which commit it begins, what holds it back.

A goal that needs others begins where their work is: on the user's branch if they were accepted, else on the merge of
it with theirs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from filelock import FileLock

from tuloy.errors import UsageError
from tuloy.plan import Priority
from tuloy.printable import one_line
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store
from tuloy.work.begin import Begun, place_of, plan_goal
from tuloy.workspaces.directories import reopen, snapshot
from tuloy.workspaces.git import head, keep
from tuloy.workspaces.merge import merge
from tuloy.workspaces.records import Repository

__all__ = ["Held", "all_held", "begin_open", "held_back", "next_open"]


@dataclass(frozen=True)
class Held:
    """A goal that cannot begin, and the sentence that says why."""

    goal: GoalRow
    why: str


def next_open(store: Store, repo_id: str, among: Collection[str] | None = None) -> GoalRow | None:
    """Return the open goal of a repository to start next: all its needs done, most urgent first, then oldest first."""
    for goal in _waiting(store, repo_id, among):
        if held_back(store, goal) is None:
            return goal
    return None


def held_back(store: Store, goal: GoalRow) -> Held | None:
    """Say what an open goal waits for, None where nothing holds it back."""
    unmet = [need for need in store.needs_of(goal.id) if need.status != "done"]
    if not unmet:
        return None
    first = unmet[0]
    more = f" and {len(unmet) - 1} more" if len(unmet) > 1 else ""
    what = f"{first.id} ({one_line(first.text, 60)!r}, {first.status}){more}"
    return Held(goal, f"goal {goal.id} needs {what}; `tuloy resume {first.id}` does that first")


def all_held(store: Store, repo_id: str, among: Collection[str] | None = None) -> list[Held]:
    """Return the open goals of a repository that are held back, the most urgent first."""
    return [held for goal in _waiting(store, repo_id, among) if (held := held_back(store, goal))]


def begin_open(store: Store, settings: Settings, goal: GoalRow) -> Begun:
    """Begin a goal of the list: choose its commit and branch, plan it for the project as it is now.

    Raises:
        UsageError: when it waits for another goal, or the work of those it needs cannot be merged.
    """
    if (held := held_back(store, goal)) is not None:
        raise UsageError(held.why)
    repo = reopen(Path(goal.repo or "."), settings.home, goal.repo_id)
    if repo.private:
        snapshot(repo)
    at = head(repo)
    commit = _base(store, repo, goal, at.commit)
    with FileLock(settings.home / "begin.lock"):
        place = place_of(store, repo, goal.text, commit, at.branch)
        begun = store.start_goal(goal.id, place)
    return Begun(begun, plan_goal(store, begun))


def _base(store: Store, repo: Repository, goal: GoalRow, commit: str) -> str:
    """Return the commit that holds the user's branch and the work of every goal that this one needs."""
    for need in store.needs_of(goal.id):
        points = store.checkpoints(need.id)
        if not points or points[-1].commit == need.base_commit:
            continue
        merged = merge(repo, commit, points[-1].commit, f"Merge {need.branch} for {goal.id}\n")
        if merged.commit is None:
            files = ", ".join(merged.conflicts[:5])
            raise UsageError(
                f"goal {goal.id} needs the work of {need.id}, which conflicts with what is here now ({files}); "
                f"`tuloy accept {need.id}`, or merge {need.branch!r} yourself, then start it again"
            )
        commit = merged.commit
    keep(repo, goal.id, "base", commit)
    return commit


def _waiting(store: Store, repo_id: str, among: Collection[str] | None) -> Sequence[GoalRow]:
    found = [goal for goal in store.goals("open") if goal.repo_id == repo_id and (among is None or goal.id in among)]
    rank = {priority: place for place, priority in enumerate(get_args(Priority))}
    return sorted(found, key=lambda goal: (rank.get(goal.priority, len(rank)), goal.created_at, goal.id))
