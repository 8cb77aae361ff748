"""What one drive of a run keeps between awaits, and how it calls tasks: names, edges, replays.

Nothing here decides what runs; `flows.drive` does.
"""

import asyncio
from collections.abc import Coroutine
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from prefect import allow_failure
from prefect.client.schemas.objects import State

from tasks.step import do, skip
from tuloy.gates.verdict import GateResult
from tuloy.outcome import Outcome
from tuloy.plan import Step
from tuloy.work.joins import note_commit
from tuloy.work.run import Change, Run
from tuloy.work.steps import step_key

__all__ = ["Progress", "awaited", "do_on", "edge_from", "edges", "named", "replay_the_rest"]

CORE_GRACE_S = 60


@dataclass(slots=True)
class Progress:
    """States for the edges, joins and replays under way, and verdicts by stage."""

    run: Run
    states: dict[str, State] = field(default_factory=dict)
    joins: dict[tuple[str, ...], asyncio.Task[str]] = field(default_factory=dict)
    replays: dict[str, asyncio.Task[State]] = field(default_factory=dict)
    gates: dict[str, dict[str, GateResult]] = field(default_factory=dict)


async def do_on(this: Progress, step: Step, base: str, *, on: str | None = None) -> Outcome:
    """Do a step on a base commit, as a task run of its own; `on` marks a step done again elsewhere."""
    run = this.run
    key = step_key(run, step, on=on)
    task = named(do, step, suffix=" (again)" if on else "")
    task.retries, task.timeout_seconds = step.retries, step.timeout_s + CORE_GRACE_S
    arguments = (run.goal.id, step.id, base, f"{run.goal.id}-{key}", on)
    waits = await edges(this, step) if on is None else _collided(this, step, on)
    outcome = await awaited(this, step, key, task(*arguments, return_state=True, wait_for=waits))
    if outcome.status == "error" and this.states[step.id].name == "Cached":  # known to Prefect, but not to our store
        again = task.with_options(refresh_cache=True)
        outcome = await awaited(this, step, key, again(*arguments, return_state=True, wait_for=waits))
    return outcome


async def awaited(this: Progress, step: Step, key: str, call: Coroutine[Any, Any, State]) -> Outcome:
    """Await a task run; what it recorded is the outcome, and a task that recorded nothing could not run."""
    state = await call
    this.states[step.id] = state
    outcome = this.run.recorded.get(key)
    if outcome is None:
        reason = state.message or f"the task run ended {state.name}"
        outcome = Outcome(key=key, step=step.id, status="error", reason=reason)
        this.run.tell(Change("step", step.id, step.title, "error", reason))
    note_commit(this.run, outcome)
    return outcome


async def edges(this: Progress, step: Step) -> list[Any]:
    """Return the states that Prefect draws the step's edges from; finished needs are shown in this run first."""
    found = []
    for need in step.needs:
        if need.step not in this.states and need.step in this.run.cached:
            await _replayed(this, this.run.plan.steps[need.step])
        if need.step in this.states:
            found.append(edge_from(this.states[need.step]))
    return found


def edge_from(state: State) -> Any:
    """Return what stands for a task run in `wait_for`: the unique string it returned, known to Prefect by identity.

    A state would be searched for results by every task run that waits for it, at 2 ms each.
    """
    result = getattr(state.data, "result", None) if state.is_completed() else None
    return result if isinstance(result, str) else allow_failure(state)


def _collided(this: Progress, step: Step, on: str) -> list[Any]:
    """Return what a step done again follows: its first try, and the steps that it goes on top of."""
    before = [step.id, *sorted(this.run.includes.get(on, frozenset()) - {step.id})]
    return [edge_from(this.states[one]) for one in before if one in this.states]


async def replay_the_rest(this: Progress) -> None:
    """After the new work: let the graph of this run show every finished step too."""
    for step in this.run.plan:
        if step.id in this.run.cached and not this.run.cancel.is_set():
            await _replayed(this, step)


def named(task: Any, step: Step, suffix: str = "") -> Any:
    """Give a task run its step's words; braces would be taken for a template.

    A copy, because `with_options` reads and parses the source of the task's function again each time (1 ms).
    """
    title = (step.title + suffix).replace("{", "(").replace("}", ")")[:200]
    mine = copy(task)
    mine.name = mine.task_run_name = title
    mine.tags = {step.action.kind}
    return mine


async def _replayed(this: Progress, step: Step) -> State:
    """Show a finished step: Prefect has its result and calls it Cached."""
    if step.id not in this.replays:
        this.replays[step.id] = asyncio.create_task(_replay(this, step))
    return await asyncio.shield(this.replays[step.id])


async def _replay(this: Progress, step: Step) -> State:
    run, outcome = this.run, this.run.outcomes[step.id]
    before = [edge_from(this.states[need.step]) for need in step.needs if need.step in this.states]
    if outcome.status == "skipped":
        call = named(skip, step)(run.goal.id, step.id, return_state=True, wait_for=before)
    else:
        key = f"{run.goal.id}-{outcome.key}"
        call = named(do, step)(run.goal.id, step.id, outcome.base or "", key, return_state=True, wait_for=before)
    this.states[step.id] = await call
    return this.states[step.id]
