"""Bring parallel work together: which commits are to be joined, and which steps to redo where they collide.

Two steps that ran side by side may touch the same lines. A step is a base commit and an action, so instead of asking
somebody to resolve the conflict, the later step is simply done again on top of the earlier one's commit. What is in
which commit is known from how it was made (`Run.includes`); git is asked only to merge.
"""

from collections.abc import Iterable

from tuloy.outcome import Outcome
from tuloy.plan import Stage, Step
from tuloy.work.run import Run
from tuloy.workspaces.merge import Merged, merge

__all__ = ["missing_steps", "note_commit", "open_ends", "try_merge"]


def note_commit(run: Run, outcome: Outcome) -> None:
    """Remember that the outcome's commit holds what its base holds, and this step's change."""
    if outcome.commit and outcome.base and outcome.commit != outcome.base:
        run.includes[outcome.commit] = run.includes.get(outcome.base, frozenset()) | {outcome.step}


def open_ends(run: Run, stage: Stage, commits: Iterable[str]) -> list[str]:
    """Return those commits that no other one includes, in the given order; the stage's base when there are none."""
    made = [commit for commit in dict.fromkeys(commits) if run.includes.get(commit)]
    ends = [
        commit
        for n, commit in enumerate(made)
        if not any(
            run.includes[commit] < run.includes[other] or (run.includes[commit] == run.includes[other] and m < n)
            for m, other in enumerate(made)
            if m != n
        )
    ]
    return ends or [run.base_of(stage)]


def try_merge(run: Run, ours: str, theirs: str) -> Merged:
    """Merge two commits of this goal, and remember what the merge includes."""
    merged = merge(run.repo, ours, theirs, f"Join parallel steps\n\nTuloy-Goal: {run.goal.id}\n")
    if merged.commit:
        mine, others = (run.includes.get(commit, frozenset()) for commit in (ours, theirs))
        run.includes[merged.commit] = mine | others
    return merged


def missing_steps(run: Run, ours: str, theirs: str) -> list[Step]:
    """Return the steps whose changes are in `theirs` but not in `ours`, in an order that respects their needs."""
    missing = run.includes.get(theirs, frozenset()) - run.includes.get(ours, frozenset())
    return [run.plan.steps[step_id] for step_id in run.plan.order() if step_id in missing]
