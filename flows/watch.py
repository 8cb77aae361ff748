"""Watch what others want of a running goal: through its flow run's state in Prefect, or through our store.

Only asks and notes, and shows meanwhile how far the run is; the drive acts on `Run.cancel`, `Run.held` and
`Run.suspended`. A server that does not answer wants nothing. Prefect's Suspend
means that this process leaves and that Resume starts another one, so it is never lifted here; Resume lifts a pause.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import PrefectException

from tasks.live import in_thread
from tasks.report import ProgressBar
from tuloy.work.run import Run
from tuloy.work.wishes import wishes_since

__all__ = ["watched"]

EVERY_S = 1.5
STOPPING = (StateType.CANCELLING, StateType.CANCELLED)


@asynccontextmanager
async def watched(run: Run, flow_run_id: UUID | None) -> AsyncIterator[None]:
    """Watch while the body runs."""
    bar = ProgressBar(run)
    watcher = asyncio.create_task(_watch(run, flow_run_id, bar))
    try:
        yield
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await bar.end()


async def _watch(run: Run, flow_run_id: UUID | None, bar: ProgressBar) -> None:
    held_in_prefect, seen = False, await in_thread(run.goal.id, run.store.last_event, run.goal.id)
    async with get_client() as client:
        while True:
            await asyncio.sleep(EVERY_S)
            for seq, wish in await in_thread(run.goal.id, wishes_since, run.store, run.goal.id, seen):
                seen = seq
                _follow(run, wish)
            if flow_run_id is None:
                continue
            with suppress(httpx.HTTPError, PrefectException):
                state = (await client.read_flow_run(flow_run_id)).state
                held_in_prefect = _follow_state(run, state, held_in_prefect)
            await bar.show(client)


def _follow_state(run: Run, state: State | None, held: bool) -> bool:
    """Do what the flow run's state asks for; tell whether it is paused there."""
    if state is None:
        return held
    paused = state.type == StateType.PAUSED
    if state.type in STOPPING:
        _follow(run, "cancel")
    elif paused and state.state_details.pause_reschedule:
        run.suspended = run.held = True
    elif paused != held:
        _follow(run, "pause" if paused else "go-on")
    return paused


def _follow(run: Run, wish: str) -> None:
    if wish == "cancel" and not run.cancel.is_set():
        run.stopped_by = "cancelled"
        run.cancel.set()
    elif wish in ("pause", "go-on"):
        run.held = run.suspended or wish == "pause"
