"""The command line: how long a person waits for `--help`, `plan`, `status`, and for `run` to begin its first step.

Every figure is the median of seven processes started as the installed script starts them, byte-compiled, by the wall
clock from before the process exists. The server runs already; the store holds 50 goals.
"""

import compileall
import os
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.figures import ROOT, Figure, Figures, Ground, ground, main, repository, seconds, spread
from benchmarks.goals import layered

__all__ = ["measure"]

REPEATS = 7
GOALS = 50


def measure() -> Figures:
    """Return the seconds of the commands that people wait for."""
    for package in ("tuloy", "cli", "deployments", "flows", "tasks", "blocks"):
        compileall.compile_dir(ROOT / package, quiet=2)
    with ground() as here:
        repo = repository(here.work / "repo")
        (repo / "Makefile").write_text("check:\n\ttrue\n")
        subprocess.run(["git", "-C", str(repo), "add", "-A"], check=True)
        identity = ["-c", "user.name=B", "-c", "user.email=b@localhost"]
        subprocess.run(["git", "-C", str(repo), *identity, "commit", "-qm", "make"], check=True)
        _fill(here)
        runs = [_to_first_step(here, repo) for _ in range(REPEATS + 1)][1:]
        return (
            _timed("--help", 0.3, ["--help"], repo),
            _timed("plan", 0.6, ["plan", "fix the lint errors, then run the tests"], repo),
            _timed("status with 50 goals", 0.6, ["status", "--limit", str(GOALS)], repo),
            Figure("warm run to its first step", median(runs), "s", 4, note=spread(runs)),
        )


def _command() -> list[str]:
    script = Path(sys.prefix) / "bin" / "tuloy"
    return [str(script)] if script.exists() else [sys.executable, "-P", "-c", "from cli.main import main; main()"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _call(words: list[str], repo: Path) -> None:
    done = subprocess.run([*_command(), *words], cwd=repo, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def _timed(what: str, bar: float, words: list[str], repo: Path) -> Figure:
    _call(words, repo)
    took = [seconds(lambda: _call(words, repo)) for _ in range(REPEATS)]
    return Figure(f"tuloy {what}", median(took), "s", bar, note=spread(took))


def _fill(here: Ground) -> None:
    """Put so many goals with plans into the store."""
    from tuloy.store import open_store

    with open_store(here.home / "tuloy.db") as store:
        for number in range(GOALS):
            goal = store.create_goal(id=f"bench{os.getpid()}x{number}", text=f"goal {number}")
            store.save_plan(goal.id, layered(10))


def _to_first_step(here: Ground, repo: Path) -> float:
    began = time.time()
    _call(["run", "run make check", "--json"], repo)
    connection = sqlite3.connect(here.home / "tuloy.db")
    try:
        (first,) = connection.execute("SELECT started_at FROM attempt ORDER BY id DESC LIMIT 1").fetchone()
    finally:
        connection.close()
    return datetime.fromisoformat(first).timestamp() - began


if __name__ == "__main__":
    main(measure)
