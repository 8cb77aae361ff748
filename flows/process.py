"""What a process that runs goals owes them: it stops on a signal, and cleans up in Prefect what a dead one left."""

import gc
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    TaskRunFilter,
    TaskRunFilterFlowRunId,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType, TaskRun
from prefect.exceptions import PrefectException
from prefect.states import Crashed

from tuloy.work.run import Run

__all__ = ["crash_late_orphans", "crash_orphans", "stops_on_signal", "swift"]

TURN_S = 0.0005
SELDOM = 50_000
"""Objects between two collections: those of a task run are let go by counting, all but a few."""


@contextmanager
def stops_on_signal(runs: Sequence[Run]) -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request to stop; a second one is left to who listened before.

    Only the main thread hears signals: elsewhere this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
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
def swift() -> Iterator[None]:
    """Let the threads of the steps wait less for the flow's, and collect garbage seldom.

    Each system call of a step's thread may cost a turn of the flow's, 5 ms by default.
    """
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(SELDOM, *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*thresholds)


def crash_orphans(client: SyncPrefectClient, flow_run_id: UUID, before: datetime | None = None) -> None:
    """Mark task runs that still say Running as crashed: nobody else will.

    A server records in batches, and may learn only later what a dead process had begun; so it is asked once more when
    the work is done, for what was begun `before` that: the rest is only about to be recorded as ended.
    """
    running = TaskRunFilter(
        flow_run_id=TaskRunFilterFlowRunId(any_=[flow_run_id]),
        state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])),
    )
    while found := client.read_task_runs(task_run_filter=running, limit=200):
        orphans = [one for one in found if before is None or _begun(one) < before]
        for orphan in orphans:
            client.set_task_run_state(orphan.id, Crashed(message="its process was lost"), force=True)
        if not orphans:
            return


def crash_late_orphans(flow_run_id: UUID, before: datetime) -> None:
    """Do so on a client of its own, if the server answers: what it would show is untidy, and no harm."""
    with suppress(PrefectException, httpx.HTTPError), get_client(sync_client=True) as client:
        crash_orphans(client, flow_run_id, before)


def _begun(run: TaskRun) -> datetime:
    return run.start_time or run.expected_start_time or run.created or datetime.max.replace(tzinfo=UTC)
