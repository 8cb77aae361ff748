"""Watch what others want of a running goal: through its flow run's state in Prefect, or through our store.

Only asks and notes; the drive acts on `Run.cancel` and `Run.held`. A server that does not answer wants nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectException

from tasks.live import in_thread
from tuloy.work.run import Run
from tuloy.work.wishes import wishes_since

__all__ = ["watched"]

EVERY_S = 1.5
STOPPING = (StateType.CANCELLING, StateType.CANCELLED)


@asynccontextmanager
async def watched(run: Run, flow_run_id: UUID | None) -> AsyncIterator[None]:
    """Watch while the body runs."""
    watcher = asyncio.create_task(_watch(run, flow_run_id))
    try:
        yield
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


async def _watch(run: Run, flow_run_id: UUID | None) -> None:
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
                if state is not None and state.type in STOPPING:
                    _follow(run, "cancel")
                elif state is not None and (state.type == StateType.PAUSED) != held_in_prefect:
                    held_in_prefect = not held_in_prefect
                    _follow(run, "pause" if held_in_prefect else "go-on")


def _follow(run: Run, wish: str) -> None:
    if wish == "cancel" and not run.cancel.is_set():
        run.stopped_by = "cancelled"
        run.cancel.set()
    elif wish in ("pause", "go-on"):
        run.held = wish == "pause"
