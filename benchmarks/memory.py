"""Memory: the resident size of a process that runs a goal, before the first step and after a thousand.

One process, as `tuloy run` would be, runs a goal of 1,000 steps; its resident set is read from the system as the first
and as the last step is done.
"""

from pathlib import Path

import psutil

from benchmarks.figures import Figure, Figures, enter_prefect, ground, main, repository
from benchmarks.goals import InProcess, compiled, layered
from tuloy.agents.protocol import Assignment, Report

__all__ = ["measure"]

STEPS = 1000


class _Watching(InProcess):
    """Notes the process's size at every step."""

    sizes: list[float] = []  # noqa: RUF012

    def do(self, work: Assignment) -> Report:
        self.sizes.append(psutil.Process().memory_info().rss / 2**20)
        return super().do(work)


def measure() -> Figures:
    """Return the megabytes at the first step, and how many a thousand steps add."""
    from tuloy.settings import load_settings
    from tuloy.store import open_store

    with ground() as here:
        enter_prefect(here.home)
        repo: Path = repository(here.work / "repo")
        with open_store(here.home / "tuloy.db") as store:
            agent = _Watching()
            compiled(store, load_settings(), repo, layered(STEPS), agent)
    first, last = agent.sizes[0], agent.sizes[-1]
    return (
        Figure("memory at the first step", first, "MB", 256),
        Figure("memory at 1,000 steps", last, "MB", 266),
        Figure("memory that 1,000 steps add, first imports and caches included", last - first, "MB"),
    )


if __name__ == "__main__":
    main(measure)
