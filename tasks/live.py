"""The runs that are open in this process, by goal, and the threads that the sync core works in."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from tuloy.errors import TuloyError
from tuloy.work.run import Run

__all__ = ["in_thread", "live", "open_here"]

T = TypeVar("T")

_RUNS: dict[str, tuple[Run, ThreadPoolExecutor]] = {}


def live(goal_id: str) -> Run:
    """Return the open run of a goal.

    Raises:
        TuloyError: when this process has none open.
    """
    try:
        return _RUNS[goal_id][0]
    except KeyError as error:
        raise TuloyError(f"goal {goal_id!r} is not open in this process; use `tuloy resume {goal_id}`") from error


@contextmanager
def open_here(run: Run) -> Iterator[None]:
    """Make the run known to the tasks of this process, with threads enough for its steps, gates and joins."""
    pool = ThreadPoolExecutor(run.settings.max_workers + 4, thread_name_prefix=run.goal.id)
    _RUNS[run.goal.id] = run, pool
    try:
        yield
    finally:
        del _RUNS[run.goal.id]
        pool.shutdown(wait=True, cancel_futures=True)


async def in_thread(goal_id: str, call: Callable[..., T], *args: object, **named: object) -> T:
    """Run a sync function of the core in one of the run's threads, with this task's context."""
    context = contextvars.copy_context()
    pool = _RUNS[goal_id][1]
    return await asyncio.get_running_loop().run_in_executor(pool, partial(context.run, call, *args, **named))
