"""What a user wants of a goal that runs elsewhere: written to the store, followed by the process that runs it."""

from typing import TYPE_CHECKING, Literal

from tuloy.errors import UsageError
from tuloy.work.report import is_running

if TYPE_CHECKING:
    from tuloy.store import GoalRow, Store

__all__ = ["Wish", "wish_for", "wishes_since"]

Wish = Literal["cancel", "pause", "go-on"]
PREFIX = "wish."


def wish_for(store: "Store", goal: "GoalRow", wish: Wish) -> str:
    """Ask the process that runs the goal, or decide at once where none does; return what happens now.

    Raises:
        UsageError: when the goal has ended, or pausing is asked of one that nobody runs.
    """
    if is_running(store, goal):
        store.emit(goal.id, PREFIX + wish)
        return {"cancel": "is being cancelled", "pause": "starts no further step", "go-on": "goes on"}[wish]
    if wish == "cancel" and goal.status not in ("done", "failed", "cancelled"):
        store.set_goal(goal.id, "cancelled", "cancelled by the user", 130)
        return "is cancelled"
    raise UsageError(f"goal {goal.id} is {goal.status} and nobody runs it; there is nothing to {wish}")


def wishes_since(store: "Store", goal_id: str, seq: int) -> list[tuple[int, str]]:
    """Return the wishes after an event, oldest first, each with its event's number."""
    found = store.events_of_kind(goal_id, PREFIX, after=seq)
    return [(event.seq, event.kind.removeprefix(PREFIX)) for event in found]
