"""The durable store: goals, plans, attempts, outcomes, verdicts, leases, and the event chain behind them.

`open_store` returns a `Store`, which reads and writes; `verify` proves it; `glance` only looks. Names are imported when
they are asked for: SQLModel is loaded for those who read or write through `Store`, not for those who glance.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuloy.store.audit import AuditReport, backup, rows_of, verify
    from tuloy.store.events import Event
    from tuloy.store.rebuild import GoalState
    from tuloy.store.store import Store, open_store
    from tuloy.store.tables import AttemptRow, CheckpointRow, GateRow, GoalRow, GoalStatus, LeaseRow

__all__ = [
    "AttemptRow",
    "AuditReport",
    "CheckpointRow",
    "Event",
    "GateRow",
    "GoalRow",
    "GoalState",
    "GoalStatus",
    "LeaseRow",
    "Store",
    "backup",
    "open_store",
    "rows_of",
    "verify",
]

_ROOMS = {
    "audit": ("AuditReport", "backup", "rows_of", "verify"),
    "events": ("Event",),
    "rebuild": ("GoalState",),
    "store": ("Store", "open_store"),
    "tables": ("AttemptRow", "CheckpointRow", "GateRow", "GoalRow", "GoalStatus", "LeaseRow"),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its room when it is first asked for."""
    room = next((room for room, names in _ROOMS.items() if name in names), None)
    if room is None:
        raise AttributeError(f"module 'tuloy.store' has no attribute {name!r}")
    return getattr(import_module(f"tuloy.store.{room}"), name)
