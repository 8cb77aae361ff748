"""Bring parallel commits together while the flow runs, doing a step again where two of them collide."""

import asyncio
from collections.abc import Sequence

from flows.progress import Progress, do_on
from tasks.live import in_thread
from tuloy.plan import Step
from tuloy.work.joins import missing_steps, note_commit, try_merge
from tuloy.work.steps import finished

__all__ = ["Collided", "joined"]


class Collided(Exception):
    """Raised when parallel steps changed the same lines and doing one again on top of the other did not help."""


async def joined(this: Progress, commits: Sequence[str]) -> str:
    """Return one commit that holds all of these; equal requests share one join.

    Raises:
        Collided: naming the files and the step.
    """
    if len(commits) == 1:
        return commits[0]
    name = tuple(commits)
    if name not in this.joins:
        this.joins[name] = asyncio.create_task(_join(this, name))
    return await asyncio.shield(this.joins[name])


async def _join(this: Progress, commits: tuple[str, ...]) -> str:
    run = this.run
    current, *others = commits
    for other in others:
        merged = await in_thread(run.goal.id, try_merge, run, current, other)
        if merged.commit is not None:
            current = merged.commit
            continue
        for step in missing_steps(run, current, other):
            current = await _again(this, step, current, merged.conflicts)
    return current


async def _again(this: Progress, step: Step, on: str, conflicts: Sequence[str]) -> str:
    """Do the step on top of what it collides with; return the commit that holds both."""
    outcome = finished(this.run, step, on=on) or await do_on(this, step, on, on=on)
    note_commit(this.run, outcome)
    if outcome.status != "done" or outcome.commit is None:
        files = ", ".join(conflicts[:5])
        raise Collided(
            f"parallel steps changed the same lines ({files}); {step.title!r}, done again on top of the other, "
            f"said: {outcome.reason}"
        )
    this.run.includes.setdefault(outcome.commit, frozenset())
    this.run.includes[outcome.commit] |= {step.id}
    return outcome.commit
