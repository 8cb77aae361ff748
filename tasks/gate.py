"""The tasks at a stage's end: judge the commit that would land, and land it."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.live import in_thread, live
from tasks.logs import log
from tuloy.gates.verdict import GateResult
from tuloy.work.run import Change
from tuloy.work.stage_end import judge_commit, land_stage, nothing_to_judge

__all__ = ["judge", "land"]


@task(name="gate", cache_policy=NO_CACHE, persist_result=False)
async def judge(goal_id: str, stage_id: str, gate: str, commit: str | None, results: dict[str, GateResult]) -> State:
    """Judge a stage's commit with one gate, put the result into `results`, and return its verdict as a state.

    Args:
        goal_id: The goal, open in this process.
        stage_id: The stage that ends.
        gate: The gate's name.
        commit: Exactly the commit that would land; None when the stage changed nothing.
        results: Takes the gate's result, by the gate's name.
    """
    run = live(goal_id)
    stage = next(one for one in run.plan.stages if one.id == stage_id)
    run.tell(Change("gate", gate, f"gate {gate}", "running"))
    if commit is None:
        result = nothing_to_judge(gate)
    else:
        result = await in_thread(goal_id, judge_commit, run, stage, gate, commit)
    results[gate] = result
    note = result.evidence if result.verdict in ("pass", "fail") else result.reason
    run.tell(Change("gate", gate, f"gate {gate}", result.verdict, note, result.duration_s))
    log(f"gate {gate}: {result.verdict} {note}")
    if result.verdict == "pass":
        return Completed(name="Passed", message=note)
    if result.verdict == "skipped":
        return Completed(name="Skipped", message=note)
    return Failed(name="Failed" if result.verdict == "fail" else "GateError", message=note)


@task(name="land", task_run_name="land {stage_id}", cache_policy=NO_CACHE, persist_result=False)
async def land(goal_id: str, stage_id: str, commit: str) -> str:
    """Move the goal's branch to the judged commit: a checkpoint."""
    run = live(goal_id)
    stage = next(one for one in run.plan.stages if one.id == stage_id)
    changed = commit != run.base_of(stage)
    await in_thread(goal_id, land_stage, run, stage, commit)
    note = f"{run.goal.branch} is at {commit[:12]}" if changed else "nothing changed"
    run.tell(Change("stage", stage.id, stage.title, "landed", note))
    log(note)
    return f"tuloy://{goal_id}/{stage_id}/{commit[:12]}"
