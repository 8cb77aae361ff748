"""The tasks that steps become: do one, skip one, or let one wait."""

import shlex

from prefect import task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.client.schemas.objects import State, StateType
from prefect.runtime import task_run
from prefect.states import Completed

from tasks.ends import end_of, may_retry
from tasks.live import in_thread, live
from tasks.logs import log
from tuloy.outcome import Outcome
from tuloy.plan import CommandAction, Step
from tuloy.work.run import Change, Run
from tuloy.work.steps import do_step, finished, skip_step

__all__ = ["do", "skip", "wait"]

KEY = CacheKeyFnPolicy(cache_key_fn=lambda context, parameters: parameters["cache_key"])


@task(
    name="step",
    cache_policy=KEY,
    persist_result=True,
    result_serializer="json",
    retry_delay_seconds=2,
    retry_jitter_factor=0.5,
    retry_condition_fn=may_retry,
)
async def do(goal_id: str, step_id: str, base: str, cache_key: str, on: str | None = None) -> str | State:
    """Do one step on `base` and return a reference to its outcome.

    Args:
        goal_id: The goal, open in this process.
        step_id: The step of the goal's plan.
        base: The commit it starts from.
        cache_key: Names the outcome; the same key is never computed twice.
        on: The base, when the step is redone on another one than its needs give.
    """
    run = live(goal_id)
    step = run.plan.steps[step_id]
    if standing := finished(run, step, on=on):
        return Completed(name="Cached", message=f"finished before: {standing.reason}", data=end_of(standing))
    run.tell(Change("step", step.id, step.title, "running"))
    outcome = await in_thread(goal_id, do_step, run, step, base, on=on, task_run_id=str(task_run.get_id()))
    run.recorded[outcome.key] = outcome
    _log(step, outcome)
    tell_end(run, step, outcome, note="again, on top of a parallel step that touched the same lines" if on else "")
    return end_of(outcome)


@task(name="skip", cache_policy=NO_CACHE, persist_result=False)
async def skip(goal_id: str, step_id: str) -> State:
    """Record that the branch of this step was not taken."""
    run = live(goal_id)
    step = run.plan.steps[step_id]
    outcome = await in_thread(goal_id, skip_step, run, step)
    run.recorded[outcome.key] = outcome
    tell_end(run, step, outcome)
    return Completed(name="Skipped", message=outcome.reason)


@task(name="wait", cache_policy=NO_CACHE, persist_result=False)
async def wait(goal_id: str, step_id: str, base: str) -> State:
    """Record that nobody here can do this step yet, and what would help."""
    run = live(goal_id)
    step = run.plan.steps[step_id]
    outcome = await in_thread(goal_id, do_step, run, step, base)
    run.recorded[outcome.key] = outcome
    tell_end(run, step, outcome)
    return State(type=StateType.PAUSED, name="Waiting", message=outcome.reason)


def tell_end(run: Run, step: Step, outcome: Outcome, note: str = "") -> None:
    """Tell whoever watches how the step ended."""
    said = note if note and outcome.status == "done" else outcome.reason
    run.tell(Change("step", step.id, step.title, outcome.status, said, outcome.duration_s))


def _log(step: Step, outcome: Outcome) -> None:
    """Log what was done and said as one record; nothing for a step that is done and said nothing.

    Each record is a row and an event in Prefect's server, and costs this process 1.5 ms: a tenth of a task run.
    """
    if outcome.status == "done" and not outcome.tail:
        return
    what = shlex.join(step.action.argv) if isinstance(step.action, CommandAction) else step.action.kind
    head = f"{step.id} · {what} · on {(outcome.base or '')[:12]}"
    tail = outcome.tail.splitlines()[-200:]
    log("\n".join([head, *tail, f"{outcome.status}: {outcome.reason}"]))
