"""What reached the user's checkout while a goal ran, told in every report of it."""

from tuloy.work.run import Run
from tuloy.workspaces.leaks import Seen, changes_since

__all__ = ["note_leaks"]


def note_leaks(run: Run, before: Seen) -> None:
    """Record what changed in the user's checkout since `before`."""
    found = changes_since(run.repo, before)
    if found:
        options = run.store.find_goal(run.goal.id).options
        run.store.set_options(run.goal.id, options | {"leaks": [*options.get("leaks", ()), *found]})
