"""The durable store: goals, plans, attempts, outcomes, verdicts, leases, and the event chain behind them.

`open_store` returns a `Store`, which reads and writes; `verify` proves it.
"""

from tuloy.store.audit import AuditReport, backup, rows_of, verify
from tuloy.store.events import Event
from tuloy.store.rebuild import GoalState, rebuild
from tuloy.store.store import Store, open_store
from tuloy.store.tables import (
    AttemptRow,
    CheckpointRow,
    GateRow,
    GoalRow,
    GoalStatus,
    LeaseRow,
)

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
    "rebuild",
    "rows_of",
    "verify",
]
