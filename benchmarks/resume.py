"""Resume: a goal with 1,000 finished steps is killed by SIGKILL; `tuloy resume` goes on with the next one.

A first process runs a goal of 1,000 steps that cost nothing, and 20 that follow them, and is killed as the first of
those 20 begins. Then the real command resumes it against a server that runs. The clock runs from the start of that
process to the start of the first new attempt, as the store has it.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from benchmarks.figures import ROOT, Figure, Figures, enter_prefect, ground, main, repository
from benchmarks.goals import InProcess, compiled, layered
from tuloy.agents.protocol import Assignment, Report

__all__ = ["measure"]

FINISHED, NEW = 1000, 20


class _Mortal(InProcess):
    """Kills its process, as a power cut would, when it is given the step after the last finished one."""

    def do(self, work: Assignment) -> Report:
        if work.step.id == f"n{FINISHED}":
            time.sleep(1)  # whatever runs beside it is recorded by then
            os.kill(os.getpid(), signal.SIGKILL)
        return super().do(work)


def measure() -> Figures:
    """Return the seconds to the first new step, and how many finished steps were done again."""
    with ground() as here:
        repo = repository(here.work / "repo")
        child = [sys.executable, "-P", "-m", "benchmarks.resume", "--die", str(here.home), str(repo)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        died = subprocess.run(child, env=environment, capture_output=True, text=True, timeout=300)
        assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
        goal, before = _last_goal(here.home), _finished(here.home)
        began = time.time()
        resume = [sys.executable, "-P", "-c", "from cli.main import main; main()", "resume", goal, "--json"]
        ran = subprocess.run(resume, env=environment, capture_output=True, text=True, timeout=300, cwd="/")
        took_s = time.time() - began
        assert ran.returncode == 0, ran.stderr[-2000:]
        starts = _starts_since(here.home, goal, began)
    repeated = len([step for step, _ in starts if step in before])
    first_s = min(at for _, at in starts) - began
    return (
        Figure(f"resume of {len(before)} finished steps to the first new one", first_s, "s", 5),
        Figure("finished steps repeated by resume", repeated, "steps", 0),
        Figure("resume to the end, every finished step shown again", took_s, "s"),
    )


def die(home: Path, repo: Path) -> None:
    """Run the goal until it kills this process."""
    from tuloy.settings import load_settings
    from tuloy.store import open_store

    enter_prefect(home)
    with open_store(home / "tuloy.db") as store:
        compiled(store, load_settings(), repo, layered(FINISHED + NEW), _Mortal())


def _rows(home: Path, query: str, *values: object) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(home / "tuloy.db")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def _last_goal(home: Path) -> str:
    return _rows(home, "SELECT id FROM goal ORDER BY created_at DESC LIMIT 1")[0][0]


def _finished(home: Path) -> set[str]:
    goal = _last_goal(home)
    return {step for (step,) in _rows(home, "SELECT step FROM outcome WHERE goal_id = ? AND status = 'done'", goal)}


def _starts_since(home: Path, goal: str, began: float) -> list[tuple[str, float]]:
    rows = _rows(home, "SELECT step_id, started_at FROM attempt WHERE goal_id = ?", goal)
    starts = [(step, datetime.fromisoformat(at).timestamp()) for step, at in rows]
    return [(step, at) for step, at in starts if at >= began]


if __name__ == "__main__":
    if "--die" in sys.argv:
        die(*map(Path, sys.argv[-2:]))
    else:
        main(measure)
