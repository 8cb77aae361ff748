"""Compile a plan to a Prefect flow whose tasks are its steps."""

from pathlib import Path
from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings

from flows.whole import run_whole
from tasks.live import live
from tuloy.plan import Plan
from tuloy.printable import one_line

__all__ = ["compile_plan"]


def compile_plan(plan: Plan, *, name: str = "goal") -> Flow[Any, Any]:
    """Return the flow of a plan: one task run per step, gate tasks at each stage's end.

    The flow takes the id of a goal that is open in this process (`tasks.live.open_here`) and returns a state whose
    name says how the goal ended. `name` is the flow's name in Prefect; its runs are called after the goal.
    """
    title = one_line(plan.goal.text, 80).replace("{", "(").replace("}", ")")

    @flow(
        name=name,
        flow_run_name=title,
        description=one_line(plan.goal.text, 500),
        persist_result=True,
        result_storage=_results(),
        result_serializer="json",
        validate_parameters=False,
    )
    async def goal(goal_id: str) -> State:
        """Run a stored goal whose plan this flow was compiled from."""
        return await run_whole(live(goal_id))

    return goal


def _results() -> Path | None:
    """Return where results go: the user's block, else the local place. Left open, every run would ask the server."""
    results = get_current_settings().results
    return None if results.default_storage_block else results.local_storage_path
