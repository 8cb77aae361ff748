"""Outcome: how a step ended, and what proves it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Outcome", "OutcomeStatus", "ended", "holds"]

OutcomeStatus = Literal["done", "failed", "error", "skipped", "waiting", "lost"]
"""`failed`: the work said no. `error`: it could not run. `waiting`: for an agent, an answer, a limit. `lost`: the
process died or was told to stop. Only done, failed and skipped are final; the others run again on resume."""


class Outcome(BaseModel):
    """A step's end. `commit` is what its followers start from (its base when nothing changed or it failed).

    `key` names what the outcome was computed from (goal, step, action, outcomes and commits of its needs, and the
    base when it was redone on another one): the same key is never computed twice. `changed` are paths of the commit,
    `kept` files copied out of the workspace (absolute paths), `tail` the printable end of the output.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    step: str
    status: OutcomeStatus
    reason: str = ""
    base: str | None = None
    commit: str | None = None
    exit_code: int | None = None
    agent: str = ""
    attempts: int = 1
    duration_s: float = 0.0
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    tail: str = ""
    output_path: str | None = None


def ended(status: OutcomeStatus) -> bool:
    """Whether a step with this status is finished for good."""
    return status in ("done", "failed", "skipped")


def holds(when: str, status: OutcomeStatus) -> bool | None:
    """Whether an edge `when` holds after `status`; None while that is open.

    What could not run is neither a success nor the "no" that `failed` asks for: it runs again on resume, so both stay
    open. A skipped step is finished, yet it neither succeeded nor failed.
    """
    if status in ("waiting", "lost"):
        return None
    if when == "finished":
        return True
    if status == "error":
        return None
    return status == {"succeeded": "done", "failed": "failed"}[when]
