"""Run a goal's compiled flow in this process: begun, or resumed as the same flow run where Prefect still has it."""

import asyncio
import inspect
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, cast
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    TaskRunFilter,
    TaskRunFilterFlowRunId,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.events.worker import EventsWorker
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.flow_engine import run_flow
from prefect.settings import get_current_settings
from prefect.states import Crashed, Scheduled

from flows.compile import compile_plan
from flows.presence import LOOK_S, until_gone
from tasks.live import open_here
from tuloy.errors import ServerUnavailable, TuloyError
from tuloy.printable import one_line
from tuloy.work.run import Run

__all__ = ["execute"]

TURN_S = 0.0005
FLUSH_S = 30.0


def execute(runs: Sequence[Run], *, revive: Callable[[], None] | None = None) -> list[State]:
    """Run goals side by side to their ends and return the states of their flow runs, in order.

    The first interrupt asks the steps to stop and keeps what is finished; a second one is left to Python. When the
    server goes away `revive` is called, again and again; when it stays away for 30 s there are no states, and goals
    that had not ended wait to be resumed.
    """
    gone: Exception | None = None
    with ExitStack() as opened, _stops_on_signal(runs), _short_turns():
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
    formers = [_former_run(run) for run in runs]
    return list(await asyncio.gather(*(map(_one, runs, formers))))


async def _one(run: Run, former: FlowRun | None) -> State:
    parameters = {"goal_id": run.goal.id}
    call = run_flow(compile_plan(run.plan), flow_run=former, parameters=parameters, return_type="state")
    assert inspect.isawaitable(call)
    return cast(State, await cast(Awaitable[Any], call))


def _settle(run: Run, status: Literal["failed", "waiting"], reason: str) -> None:
    """Say in the store what the flow could not say itself any more."""
    if run.store.find_goal(run.goal.id).status in ("planning", "planned", "running"):
        run.store.set_goal(run.goal.id, status, reason, TuloyError.exit_code)


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
        if found.state is not None and not found.state.is_final():
            client.set_flow_run_state(found.id, Crashed(message="its process was lost"), force=True)
        _crash_orphans(client, found.id)
        client.set_flow_run_state(found.id, Scheduled(message="resumed"), force=True)
        return client.read_flow_run(found.id)


def _crash_orphans(client: SyncPrefectClient, flow_run_id: UUID) -> None:
    """Mark task runs that still say Running as crashed: nobody else will."""
    running = TaskRunFilter(
        flow_run_id=TaskRunFilterFlowRunId(any_=[flow_run_id]),
        state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])),
    )
    while orphans := client.read_task_runs(task_run_filter=running, limit=200):
        for orphan in orphans:
            client.set_task_run_state(orphan.id, Crashed(message="its process was lost"), force=True)


@contextmanager
def _stops_on_signal(runs: Sequence[Run]) -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request to stop."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def ask_to_stop(number: int, frame: object) -> None:
        for run in runs:
            run.cancel.set()
        for one in numbers:
            signal.signal(one, former[one])

    former = {number: signal.signal(number, ask_to_stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let the steps' threads wait less for the flow's: each system call of theirs may cost a turn, 5 ms by default."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(former)


def _flush() -> None:
    """Hand the last events to the server before the process ends, so that its history is whole, if it still takes them.

    A thread, because that wait has no limit of its own.
    """
    waiting = threading.Thread(target=EventsWorker.instance().wait_until_empty, daemon=True)
    waiting.start()
    waiting.join(FLUSH_S)
