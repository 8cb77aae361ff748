"""What tasks log to their runs: what a tool or a gate said, and nothing of what the state says already.

Prefect logs a line for every task run that ends. It repeats the state, and costs both the flow and the server a tenth
of a task run, so Tuloy's processes set Prefect's own logger of task runs to WARNING (`deployments.environment`).
"""

import logging

from prefect import get_run_logger
from prefect.logging import get_logger

__all__ = ["log"]

_CHILD = "tuloy"
get_logger(f"prefect.task_runs.{_CHILD}").setLevel(logging.INFO)  # Prefect's, which keeps API keys out of records


def log(text: str) -> None:
    """Log text as one record of the task run that is under way here.

    Raises:
        MissingContextError: outside of a task run.
    """
    get_run_logger().getChild(_CHILD).info("%s", text)  # type: ignore[union-attr]
