"""How an outcome becomes a Prefect state.

Only work that is done returns a value (and so is persisted and cached by Prefect). Everything else raises or returns a
state from a task without a cache: Prefect 3.8 stores a state returned by a cached task as a completed result.
"""

import itertools
import secrets

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Crashed

from tuloy.outcome import Outcome

__all__ = ["CouldNotRun", "SaidNo", "end_of", "may_retry"]

_PROCESS, _NUMBERS = f"{secrets.token_hex(4)}-", itertools.count(1)


class SaidNo(Exception):
    """Raised when the work itself said no; trying again would say no again."""


class CouldNotRun(Exception):
    """Raised when a step could not be tried; trying again may help."""


def end_of(outcome: Outcome) -> str | State:
    """Return the short unique string that Prefect tracks edges by, or raise what the outcome means."""
    if outcome.status == "failed":
        raise SaidNo(outcome.reason)
    if outcome.status == "lost":
        return Crashed(name="Interrupted", message=outcome.reason)
    if outcome.status != "done":
        raise CouldNotRun(outcome.reason)
    return f"tuloy://{outcome.key}/{(outcome.commit or '')[:12]}/{_PROCESS}{next(_NUMBERS)}"


def may_retry(task: Task, task_run: TaskRun, state: State) -> bool:
    """Retry what could not run; never what said no. (Prefect 3.8 takes only a plain function here.)"""
    return not isinstance(state.data, SaidNo) and not isinstance(getattr(state.data, "exception", None), SaidNo)
