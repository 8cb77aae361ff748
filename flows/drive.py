"""Drive one open run to its end: the body that every flow of a goal shares.

The ready machine decides what may start, the tasks do it, the store remembers it; this only awaits them. Async tasks
are awaited directly: submitting them costs Prefect a thread and a client each.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from prefect import allow_failure
from prefect.exceptions import Pause
from prefect.states import Suspended

from flows.joining import Collided, joined
from flows.progress import Progress, awaited, do_on, edge_from, edges, named, replay_the_rest
from tasks.gate import judge, land
from tasks.live import in_thread
from tasks.report import show_gates
from tasks.step import skip, wait
from tuloy.agents.matching import choose
from tuloy.gates.verdict import GateResult
from tuloy.outcome import Outcome, ended
from tuloy.plan import Stage, Step
from tuloy.scheduling.ready import Ready
from tuloy.work.ending import GoalEnd, goal_end, unhandled
from tuloy.work.joins import note_commit, open_ends
from tuloy.work.run import Change, Run
from tuloy.work.steps import commits_before, finished, step_key

__all__ = ["drive"]

MOST_EDGES = 50
HELD_S = 0.3


async def drive(run: Run) -> GoalEnd:
    """Run every stage of the plan that is not finished, in order, until the goal is done or cannot go on."""
    this = Progress(run)
    base = run.goal.base_commit
    landed = {point.stage_id: point.commit for point in run.store.checkpoints(run.goal.id)}
    for stage in run.plan.stages:
        assert base is not None
        run.stage_base[stage.id] = base
        commit = await _stage(this, stage, landed.get(stage.id))
        if commit is None:
            break
        base = commit
    await replay_the_rest(this)
    return goal_end(run, this.gates)


async def _stage(this: Progress, stage: Stage, landed: str | None) -> str | None:
    """Do a stage's steps, judge and land what they made; return its commit, or None when the goal ends here."""
    run = this.run
    await _steps(this, stage)
    statuses = [run.outcomes[step.id].status for step in stage.steps if step.id in run.outcomes]
    if run.cancel.is_set() or len(statuses) < len(stage.steps) or not all(map(ended, statuses)):
        return None
    commit = landed or await _land(this, stage)
    may_go_on = not any(unhandled(run, step) for step in stage.steps)
    return commit if may_go_on else None


async def _steps(this: Progress, stage: Stage) -> None:
    """Do the steps of a stage; when the run is suspended, let those that are under way come to their ends first."""
    running: dict[asyncio.Task[Outcome], Step] = {}
    try:
        await _keep_going(this, stage, running)
    except Pause:  # Prefect raises it too, where a task run would begin and after it ended
        await asyncio.gather(*running, return_exceptions=True)
        raise


async def _keep_going(this: Progress, stage: Stage, running: dict[asyncio.Task[Outcome], Step]) -> None:
    """Keep as many steps going as may, most urgent first, until none can start."""
    run = this.run
    ready = Ready(stage.steps, ended=run.statuses, width=run.settings.max_workers, limits=_limits(run))
    await _skip(this, ready.skipped_at_start)
    while True:
        for step in [] if run.cancel.is_set() or run.held else ready.take():
            standing = await _standing(this, step)
            if standing is None:
                running[asyncio.create_task(_step(this, step), name=step.id)] = step
            else:
                run.end(step, standing)
                await _skip(this, ready.finish(step.id, standing.status))
        if not running and (ready.idle or run.cancel.is_set()):
            return
        if not running and run.suspended:
            raise Pause(state=Suspended())
        if not running:
            await asyncio.sleep(HELD_S if run.held else 0)
            continue
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            step, outcome = running.pop(task), task.result()
            run.end(step, outcome)
            await _skip(this, ready.finish(step.id, outcome.status))


async def _standing(this: Progress, step: Step) -> Outcome | None:
    """Return the outcome that a former run recorded; what its base joined is worked out again, from records."""
    run = this.run
    outcome = finished(run, step)
    if outcome is None:
        return None
    run.cached.add(step.id)
    commits = commits_before(run, step)
    if len(commits) > 1 and outcome.base is not None:
        await joined(this, commits)
    note_commit(run, outcome)
    return outcome


async def _step(this: Progress, step: Step) -> Outcome:
    """Do one step on what its needs made."""
    run = this.run
    try:
        base = await joined(this, commits_before(run, step))
    except Collided as error:
        collided = Outcome(key=step_key(run, step), step=step.id, status="failed", reason=str(error))
        run.tell(Change("step", step.id, step.title, "failed", str(error)))
        return await in_thread(run.goal.id, run.store.record_outcome, run.goal.id, collided)
    if step.id in run.plan.parts or choose(step, run.agents) is not None:
        return await do_on(this, step, base)
    call: Any = named(wait, step)(run.goal.id, step.id, base, return_state=True, wait_for=await edges(this, step))
    return await awaited(this, step, step_key(run, step), call)


async def _skip(this: Progress, steps: Sequence[Step]) -> None:
    """Record and show the steps whose branch was not taken."""
    run = this.run
    for step in steps:
        standing = finished(run, step)
        if standing is None:
            waits = await edges(this, step)
            call: Any = named(skip, step)(run.goal.id, step.id, return_state=True, wait_for=waits)
            standing = await awaited(this, step, step_key(run, step), call)
        else:
            run.cached.add(step.id)
        run.end(step, standing)


async def _land(this: Progress, stage: Stage) -> str | None:
    """Join what is open, judge exactly that commit with every gate of the stage, land it when none says no."""
    run = this.run
    results = this.gates.setdefault(stage.id, {})
    commits = [run.outcomes[step.id].commit for step in stage.steps]
    try:
        commit = await joined(this, open_ends(run, stage, [one for one in commits if one]))
    except Collided as error:
        results["merge"] = GateResult(gate="merge", verdict="fail", reason=str(error))
        run.tell(Change("gate", "merge", "gate merge", "fail", str(error)))
        return None
    judged = await _judge(this, stage, commit, results)
    if results:
        await show_gates(run.goal.id, stage, results)
    if run.cancel.is_set() or any(result.verdict in ("fail", "error") for result in results.values()):
        return None
    call: Any = land(run.goal.id, stage.id, commit, return_state=True, wait_for=judged)
    state = await call
    if not state.is_completed():
        results["landing"] = GateResult(gate="landing", verdict="fail", reason=state.message or "")
        return None
    return commit


async def _judge(this: Progress, stage: Stage, commit: str, results: dict[str, GateResult]) -> list[Any]:
    """Let every gate of the stage judge the commit, side by side; return what the landing waits for."""
    run = this.run
    changed = commit if commit != run.base_of(stage) else None
    followed = {need.step for step in stage.steps for need in step.needs}
    last = [step.id for step in stage.steps if step.id not in followed and step.id in this.states]
    ends = [edge_from(this.states[step_id]) for step_id in last[-MOST_EDGES:]]
    calls: list[Any] = [
        judge.with_options(name=f"gate {gate}", task_run_name=f"gate {gate}", tags=["gate"])(
            run.goal.id, stage.id, gate, changed, results, return_state=True, wait_for=ends
        )
        for gate in stage.gates
    ]
    states: list[Any] = await asyncio.gather(*calls, return_exceptions=True)  # all come to their ends
    for failed in (state for state in states if isinstance(state, BaseException)):
        raise failed
    for gate, state in zip(stage.gates, states, strict=True):
        if gate not in results:
            results[gate] = GateResult(gate=gate, verdict="error", reason=state.message or state.name or "")
    return [allow_failure(state) for state in states] or ends


def _limits(run: Run) -> dict[str, int]:
    """How many coding CLIs may run at once: what their settings allow together."""
    described = run.settings.agents.values()
    return {"code": sum(agent.limit for agent in described)} if described else {}
