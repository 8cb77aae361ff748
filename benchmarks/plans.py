"""Plans and the store: validating and ordering 10,000 steps, reading goals by rules, 10,000 open goals.

The goals that are read are the ones the tests hold back from the rules' author, and some invented here; each is read
for a project with a Python package and a Makefile. The store's figures are of single calls, each a transaction that is
committed to disk as in production.
"""

import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.figures import ROOT, Figure, Figures, main, percentile, repository, seconds
from benchmarks.goals import layered

__all__ = ["measure"]

STEPS = 10_000
OPEN_GOALS = 10_000
CALLS = 500
INVENTED = (
    "Fix the lint errors and format the code, then run the tests and, if they pass, build the package",
    "run the tests; if they fail, fix them and run them again",
    "Ayusin mo muna ang lint errors, tapos i-run ang tests at kung pumasa, i-build ang package",
    "Add a --version flag to the command, document it in the README, write a test for it, and run everything",
    "1. Install the dependencies\n2. Type-check\n3. In parallel: lint and test\n4. Build the wheel",
    "Rename the module, update every import, run `make check`, and do not touch the tests",
    "Refactor the parser into smaller functions while keeping the public API, then benchmark before and after",
    "Pakitingnan kung pumapasa ang tests, at kung hindi, ayusin ang mga nasira bago mag-commit",
)


def measure() -> Figures:
    """Return the figures of plans, of the rule lane, and of the store."""
    with tempfile.TemporaryDirectory(prefix="tuloy-bench-") as place:
        return (*_big_plan(), *_rules(Path(place)), *_store(Path(place)))


def _big_plan() -> Figures:
    from tuloy.plan import Plan

    document = layered(STEPS, across=100, needs=3).model_dump_json()
    took = [seconds(lambda: Plan.read(document).order()) for _ in range(7)]
    return (Figure("10,000 steps validated and ordered", median(took), "s", 1.0, note="read from JSON, median of 7"),)


def _rules(place: Path) -> Figures:
    from tuloy.understanding import look_at, understand

    repo = repository(place / "repo")
    (repo / "Makefile").write_text("check:\n\ttrue\n")
    project = look_at(repo)
    goals = [*INVENTED, *_held_back()]
    for goal in goals:
        understand(goal, project)
    took = [1000 * min(seconds(lambda: understand(goal, project)) for _ in range(3)) for goal in goals]  # noqa: B023
    looking = median(1000 * seconds(lambda: look_at(repo)) for _ in range(50))
    note = f"{len(goals)} goals, best of 3 each"
    return (
        Figure("rule lane per goal, p50", percentile(took, 0.5), "ms", 5, note=note),
        Figure("rule lane per goal, p99", percentile(took, 0.99), "ms", 5, note=note),
        Figure("looking at the project", looking, "ms"),
    )


def _held_back() -> list[str]:
    cases = tomllib.loads((ROOT / "tests" / "understanding" / "held_back.toml").read_text())
    found = [case.get("goal") or case.get("text") for rows in cases.values() if isinstance(rows, list) for case in rows]
    return [text for text in found if text]


def _store(place: Path) -> Figures:
    from tuloy.store import open_store

    with open_store(place / "tuloy.db") as store:
        for number in range(OPEN_GOALS):
            store.create_goal(id=f"g{number}", text=f"goal {number}", repo_id="r", branch=f"tuloy/goal-{number}")
            store.set_goal(f"g{number}", "planned")
        adds = _p99(lambda n: store.create_goal(id=f"new{n}", text="one more"))
        nexts = _p99(lambda n: store.next_goals(1))
        updates = _p99(lambda n: store.set_goal(f"g{n}", "running"))
    return (
        Figure("store at 10,000 open goals: add, p99", adds, "ms", 5, note=f"{CALLS} calls"),
        Figure("store at 10,000 open goals: next, p99", nexts, "ms", 5, note=f"{CALLS} calls"),
        Figure("store at 10,000 open goals: update, p99", updates, "ms", 5, note=f"{CALLS} calls"),
    )


def _p99(call: Callable[[int], object]) -> float:
    took = []
    for number in range(CALLS):
        began = time.perf_counter()
        call(number)
        took.append(1000 * (time.perf_counter() - began))
    return percentile(took, 0.99)


if __name__ == "__main__":
    main(measure)
