"""One goal run from its first state to its last, as the body of a flow: record, drive, report, say how it ended."""

from uuid import UUID

from prefect.client.schemas.objects import State, StateDetails, StateType
from prefect.exceptions import Pause
from prefect.runtime import deployment, flow_run
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Completed, Crashed, Failed

from flows.drive import drive
from flows.watch import watched
from tasks.live import in_thread
from tasks.report import show_plan, show_report
from tuloy.work.ending import GoalEnd
from tuloy.work.leaks import note_leaks
from tuloy.work.origins import write_back
from tuloy.work.report import goal_document, goal_markdown
from tuloy.work.run import Change, Run
from tuloy.workspaces.leaks import see

__all__ = ["run_whole", "ui_address"]


async def run_whole(run: Run) -> State:
    """Drive the run and return the state its flow run ends in; the goal's row says the same.

    Raises:
        Pause: when the flow run was suspended; its state in Prefect is that already.
    """
    goal_id = run.goal.id
    run_id = str(flow_run.get_id())
    await in_thread(goal_id, run.store.set_flow_run, goal_id, run_id, ui_address(run_id))
    await in_thread(goal_id, run.store.set_goal, goal_id, "running")
    await in_thread(goal_id, write_back, run.store, run.settings.home, goal_id, "running")
    before = await in_thread(goal_id, see, run.repo)
    await show_plan(goal_id, run.plan)
    try:
        async with watched(run, UUID(run_id)):
            end = await drive(run)
    except Pause:
        reason = f"suspended in Prefect; Resume there, or `tuloy resume {goal_id}`, goes on"
        await in_thread(goal_id, run.store.set_goal, goal_id, "waiting", reason, 3)
        raise
    await in_thread(goal_id, note_leaks, run, before)
    await in_thread(goal_id, run.store.set_goal, goal_id, end.status, end.reason, end.exit_code)
    if hindered := await in_thread(goal_id, write_back, run.store, run.settings.home, goal_id, end.status):
        run.tell(Change("stage", "origin", "telling the document that the goal came from", "error", hindered))
    document = goal_document(run.store, run.store.find_goal(goal_id), cached=run.cached)
    await show_report(goal_id, goal_markdown(document))
    return _state(end)


def ui_address(run_id: str) -> str | None:
    """Return where this flow run is seen in the Prefect UI."""
    settings = get_current_settings()
    ui = settings.ui_url or (settings.api.url or "").removesuffix("/api")
    return f"{ui}/runs/flow-run/{run_id}" if ui else None


def _state(end: GoalEnd) -> State:
    if end.status == "done":
        return Completed(message="every step done, every gate passed")
    if end.status == "cancelled":
        return Cancelled(message=end.reason)
    if end.exit_code == 130:
        return Crashed(name="Interrupted", message=end.reason)
    if end.status == "waiting":
        # Resume in the UI asks a worker to go on; without it Prefect would call the run Running, with nobody at it.
        details = StateDetails(pause_reschedule=bool(deployment.get_id()))
        return State(type=StateType.PAUSED, name="Waiting", message=end.reason, state_details=details)
    return Failed(message=end.reason)
