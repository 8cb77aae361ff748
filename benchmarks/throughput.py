"""Throughput: sustained steps per minute of one long goal, and whether Prefect's history of it is whole.

1,200 steps that cost nothing, done as production does them; the clock runs from before the goal is stored until its
flow run has ended and its last events are handed over. Five seconds later Prefect is asked how many task runs of that
flow run are Completed.
"""

import time
from typing import Any

from benchmarks.figures import Figure, Figures, enter_prefect, ground, main, repository
from benchmarks.goals import InProcess, compiled, layered

__all__ = ["measure"]

STEPS = 1200
SETTLE_S = 5


def measure() -> Figures:
    """Return steps per minute and the share of the history that is there 5 s after the end."""
    from tuloy.settings import load_settings
    from tuloy.store import open_store

    with ground() as here:
        enter_prefect(here.home)
        settings, repo = load_settings(), repository(here.work / "repo")
        with open_store(here.home / "tuloy.db") as store:
            compiled(store, settings, repo, layered(20), InProcess())
            began = time.perf_counter()
            (state,) = compiled(store, settings, repo, layered(STEPS), InProcess())
            took_s = time.perf_counter() - began
        time.sleep(SETTLE_S)
        share = 100 * _completed(state) / STEPS
    rate = 60 * STEPS / took_s
    return (
        Figure("sustained steps per minute", rate, "per min", 3000, "at least", f"{STEPS} steps in {took_s:.1f} s"),
        Figure("history complete 5 s after the end", share, "%", 100, "at least", "counted by Prefect"),
    )


def _completed(state: Any) -> int:
    """Ask Prefect how many steps of the flow run it knows as completed."""
    from prefect.client.orchestration import get_client

    wanted = {
        "task_runs": {
            "flow_run_id": {"any_": [str(state.state_details.flow_run_id)]},
            "state": {"type": {"any_": ["COMPLETED"]}},
            "tags": {"all_": ["command"]},
        }
    }
    with get_client(sync_client=True) as client:
        return int(client._client.post("/task_runs/count", json=wanted).json())


if __name__ == "__main__":
    main(measure)
