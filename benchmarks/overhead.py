"""Overhead: a compiled goal against the same DAG hand-written in Prefect.

Both sides run the same layered DAG with the same names, tags, cache keys, persisted JSON results, retries, time limits,
edges and width, awaited in an async flow, with the same work in a thread. Ours includes all that a user gets: the goal
and plan stored, worktrees of a real repository leased for every step, attempts journaled, outcomes recorded, artifacts.
The two run by turns in one process against one server, so that whatever else the machine does hits both.
"""

from statistics import median

from benchmarks.figures import Figure, Figures, enter_prefect, ground, main, repository, seconds, spread
from benchmarks.goals import InProcess, compiled, handwritten, layered

__all__ = ["measure"]

STEPS = 200
PAIRS = 5


def measure() -> Figures:
    """Return the median ratio of compiled to hand-written."""
    from tuloy.settings import load_settings
    from tuloy.store import open_store

    with ground() as here:
        enter_prefect(here.home)
        settings, repo = load_settings(), repository(here.work / "repo")
        with open_store(here.home / "tuloy.db") as store:
            ratios, ours = [], []
            for number in range(-1, PAIRS):
                agent = InProcess()
                size = STEPS if number >= 0 else 20  # one small pair first: imports and caches are nobody's overhead
                theirs_s = seconds(lambda: handwritten(layered(size), agent, settings.max_workers))  # noqa: B023
                ours_s = seconds(lambda: compiled(store, settings, repo, layered(size), agent))  # noqa: B023
                if number >= 0:
                    ratios.append(ours_s / theirs_s)
                    ours.append(1000 * ours_s / size)
    note = f"{STEPS} steps, {spread(ratios)}; {median(ours):.1f} ms per step"
    return (Figure("compiled goal against hand-written Prefect", median(ratios), "x", 1.15, note=note),)


if __name__ == "__main__":
    main(measure)
