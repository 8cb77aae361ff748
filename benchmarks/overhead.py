"""Overhead: a compiled goal against the same DAG hand-written in Prefect.

Both sides run the same layered DAG with the same names, tags, cache keys, persisted JSON results, retries, time limits,
edges and width, awaited in an async flow, with the same work in a thread. Ours includes all that a user gets: the goal
and plan stored, worktrees of a real repository leased for every step, attempts journaled, outcomes recorded, artifacts.
The two run by turns in one process against one server, each after the server has recorded the other's history.

Held to the bar are steps that take a tenth of a second, as a linter does on a small project. Steps that do nothing at
all are shown beside them: there, nothing but overhead is compared.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.figures import Figure, Figures, enter_prefect, ground, main, repository, seconds, spread
from benchmarks.goals import InProcess, compiled, handwritten, layered

__all__ = ["measure"]

STEPS, STEP_S, PAIRS = 120, 0.1, 5
EMPTY_STEPS, EMPTY_PAIRS = 200, 5
SETTLE_S = 3.0


def measure() -> Figures:
    """Return the median ratios of compiled to hand-written."""
    from tuloy.settings import load_settings
    from tuloy.store import open_store

    with ground() as here:
        enter_prefect(here.home)
        settings, repo = load_settings(), repository(here.work / "repo")
        with open_store(here.home / "tuloy.db") as store:

            def ours(size: int, agent: InProcess) -> Any:
                return compiled(store, settings, repo, layered(size), agent)

            def theirs(size: int, agent: InProcess) -> Any:
                return handwritten(layered(size), agent, settings.max_workers)

            _pair(ours, theirs, 20, InProcess())  # imports and caches are nobody's overhead
            real = [_pair(ours, theirs, STEPS, InProcess(sleep_s=STEP_S)) for _ in range(PAIRS)]
            empty = [_pair(ours, theirs, EMPTY_STEPS, InProcess()) for _ in range(EMPTY_PAIRS)]
    return (
        _figure("compiled goal against hand-written Prefect, steps of 0.1 s", real, STEPS, bar=1.15),
        _figure("the same with steps that do nothing", empty, EMPTY_STEPS, bar=None),
    )


def _pair(
    ours: Callable[[int, InProcess], Any], theirs: Callable[[int, InProcess], Any], size: int, agent: InProcess
) -> tuple[float, float]:
    """Run hand-written, then compiled; return the seconds of both."""
    theirs_s = seconds(lambda: theirs(size, agent))
    time.sleep(SETTLE_S)
    ours_s = seconds(lambda: ours(size, agent))
    time.sleep(SETTLE_S)
    return ours_s, theirs_s


def _figure(what: str, pairs: list[tuple[float, float]], size: int, bar: float | None) -> Figure:
    ratios = [ours_s / theirs_s for ours_s, theirs_s in pairs]
    mine, by_hand = (1000 * median(side) / size for side in zip(*pairs, strict=True))
    note = f"{size} steps, {spread(ratios)}; {mine:.1f} against {by_hand:.1f} ms per step"
    return Figure(what, median(ratios), "x", bar, note=note)


if __name__ == "__main__":
    main(measure)
