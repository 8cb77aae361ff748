"""Every error that Tuloy raises on purpose, and the exit status that each one means.

    TuloyError                   4  could not run
    ├── UsageError               2  what was asked makes no sense
    │   └── PlanInvalid          2
    ├── ReadingUnsure            3  several readings, and nobody to ask
    ├── GitFailed                4
    ├── ToolMissing              4
    ├── StoreUnavailable         4
    ├── ServerUnavailable        4
    ├── ModelFailed              4
    ├── GoalBusy                 4
    ├── LandingRefused           1  the answer is no: a gate, a moved branch, a dirty checkout
    └── Interrupted            130

"The work said no" is never an exception: it is an outcome or a verdict.
"""

from typing import Literal

__all__ = [
    "Fault",
    "GitFailed",
    "GoalBusy",
    "Interrupted",
    "LandingRefused",
    "ModelFailed",
    "PlanInvalid",
    "ReadingUnsure",
    "ServerUnavailable",
    "StoreUnavailable",
    "ToolMissing",
    "TuloyError",
    "UsageError",
]


class TuloyError(Exception):
    """Raised when Tuloy itself could not go on; the message gives the fact, the value, the next action."""

    exit_code = 4


class UsageError(TuloyError):
    """Raised when what the user asked for cannot be meant."""

    exit_code = 2


class PlanInvalid(UsageError, ValueError):
    """Raised when steps do not form a plan: a cycle, an unknown need, a duplicate id, nothing at all."""


class ReadingUnsure(TuloyError):
    """Raised when a goal can be meant in several ways and nobody is there to be asked."""

    exit_code = 3


class GitFailed(TuloyError):
    """Raised when a git command that had to succeed did not."""


class ToolMissing(TuloyError):
    """Raised when a program that a step or a gate needs is found nowhere."""


class StoreUnavailable(TuloyError):
    """Raised when the store cannot be opened, written or understood."""


class ServerUnavailable(TuloyError):
    """Raised when no Prefect server answers and none could be started."""


Fault = Literal[
    "not running",
    "model missing",
    "busy",
    "refused",
    "failed",
    "no ollama",
    "cut",
    "stalled",
    "truncated",
    "too long",
]


class ModelFailed(TuloyError):
    """Raised when a language model gave no answer that can be trusted to be whole; `fault` says how."""

    def __init__(self, message: str, *, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


class GoalBusy(TuloyError):
    """Raised when another live process is already running the goal."""


class LandingRefused(TuloyError):
    """Raised when a branch may not move: it moved meanwhile, its checkout is dirty, or a gate said no."""

    exit_code = 1


class Interrupted(TuloyError):
    """Raised when the user or the machine asked the run to stop; what was finished is kept."""

    exit_code = 130
