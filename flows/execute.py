"""Run a goal's compiled flow in this process: begun, or resumed as the same flow run where Prefect still has it."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.events.worker import EventsWorker
from prefect.exceptions import ObjectNotFound, Pause, PrefectException
from prefect.flow_engine import run_flow
from prefect.settings import get_current_settings
from prefect.states import Crashed, Pending, Scheduled, Suspended

from flows.attach import attached, refuse_resume
from flows.compile import compile_plan
from flows.presence import LOOK_S, until_gone
from flows.process import crash_late_orphans, crash_orphans, stops_on_signal, swift
from tasks.live import open_here
from tuloy.errors import ServerUnavailable, TuloyError
from tuloy.printable import one_line
from tuloy.work.origins import write_back
from tuloy.work.run import Run

__all__ = ["execute"]

FLUSH_S = 30.0


def execute(runs: Sequence[Run], *, revive: Callable[[], None] | None = None) -> list[State]:
    """Run goals side by side to their ends and return the states of their flow runs, in order.

    The first interrupt asks the steps to stop and keeps what is finished; a second one is left to Python. When the
    server goes away `revive` is called, again and again; when it stays away for 30 s there are no states, and goals
    that had not ended wait to be resumed.
    """
    gone: Exception | None = None
    with ExitStack() as opened, stops_on_signal(runs), swift():
        for run in runs:
            opened.enter_context(open_here(run))
        try:
            states = asyncio.run(_while_there(runs, revive))
        except (httpx.HTTPError, httpx.InvalidURL, PrefectException, ServerUnavailable) as error:
            for run in runs:
                run.cancel.set()  # else the threads that still work would be waited for
            states, gone = [], error
    if states:
        _flush()
    for run, state in zip(runs, states, strict=False):
        _settle(run, "failed", f"could not go on: {state.message or state.name}; {_again(run)} tries again")
    for run in runs if gone else ():
        said = f"{type(gone).__name__} {'' if str(gone) == 'None' else one_line(str(gone))}".strip()
        reason = f"the Prefect server went away while the goal ran ({said}); what is finished is kept, {_again(run)}"
        _settle(run, "waiting", f"{reason} goes on")
    return states


async def _while_there(runs: Sequence[Run], revive: Callable[[], None] | None) -> list[State]:
    """Do the work, and give it up when the server stays away: Prefect alone would retry each call of each step."""
    work, watch = asyncio.create_task(_all(runs)), asyncio.create_task(until_gone(revive))
    await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        watch.cancel()
        return work.result()
    for run in runs:
        run.cancel.set()
    work.cancel()
    await asyncio.wait({work}, timeout=LOOK_S)
    raise ServerUnavailable(f"nobody listens at {get_current_settings().api.url}")


async def _all(runs: Sequence[Run]) -> list[State]:
    formers = [_former_run(run) or attached(run) for run in runs]
    return list(await asyncio.gather(*(map(_one, runs, formers))))


async def _one(run: Run, former: FlowRun | None) -> State:
    parameters = {"goal_id": run.goal.id}
    began = datetime.now(UTC)
    call = run_flow(compile_plan(run.plan), flow_run=former, parameters=parameters, return_type="state")
    assert inspect.isawaitable(call)
    try:
        state = cast(State, await cast(Awaitable[Any], call))
    except Pause as suspended:
        return suspended.state or Suspended()
    if former is not None and not state.is_crashed():
        await asyncio.to_thread(crash_late_orphans, former.id, began)
    if state.is_paused() and not (former and former.deployment_id):
        refuse_resume(run, state)
    return state


def _settle(run: Run, status: Literal["failed", "waiting"], reason: str) -> None:
    """Say in the store what the flow could not say itself any more."""
    if run.store.find_goal(run.goal.id).status in ("planning", "planned", "running"):
        run.store.set_goal(run.goal.id, status, reason, TuloyError.exit_code)
        write_back(run.store, run.settings.home, run.goal.id, status)


def _again(run: Run) -> str:
    return f"`tuloy resume {run.goal.id}`"


def _former_run(run: Run) -> FlowRun | None:
    """Return the goal's flow run made ready to run again; what a dead process left running in it is crashed."""
    if not run.goal.flow_run_id:
        return None
    with get_client(sync_client=True) as client:
        try:
            found = client.read_flow_run(UUID(run.goal.flow_run_id))
        except ObjectNotFound:
            return None
        if found.state is not None and not (found.state.is_final() or found.state.is_paused()):
            client.set_flow_run_state(found.id, Crashed(message="its process was lost"), force=True)
        crash_orphans(client, found.id)
        # What a deployment's run is scheduled to do, a worker would do too.
        again: State = Pending(message="resumed") if found.deployment_id else Scheduled(message="resumed")
        client.set_flow_run_state(found.id, again, force=True)
        return client.read_flow_run(found.id)


def _flush() -> None:
    """Hand the last events to the server before the process ends, so that its history is whole, if it still takes them.

    A thread, because that wait has no limit of its own.
    """
    waiting = threading.Thread(target=EventsWorker.instance().wait_until_empty, daemon=True)
    waiting.start()
    waiting.join(FLUSH_S)
