"""Kill -9 of a run at every phase, then resume: nothing is lost, nothing that was finished is done again."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.warm import Warm
from tuloy.plan import Plan
from tuloy.workspaces.fingerprint import fingerprint

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]

STEPS = ("a1", "a2", "b1", "join", "last")

PHASES = {
    "before a step": "tuloy.store.store:Store.start_attempt:before:1",
    "as a step begins": "tuloy.store.store:Store.start_attempt:after:2",
    "during a step": "tuloy.agents.process:_await_end:before:2",
    "after a step's work": "tuloy.agents.shell:report_of:after:2",
    "between commit and outcome": "tuloy.workspaces.contents:commit_all:after:2",
    "after a step": "tuloy.store.store:Store.record_outcome:after:2",
    "after a join": "tuloy.work.joins:try_merge:after:1",
    "in a gate": "tuloy.gates.judge:judge:before:1",
    "after a gate": "tuloy.store.store:Store.record_gate:after:1",
    "while landing": "tuloy.workspaces.landing:land:before:1",
    "between landing and checkpoint": "tuloy.workspaces.landing:land:after:1",
    "after landing": "tuloy.store.store:Store.record_checkpoint:after:1",
}
QUICK = [
    ("before a step", "after a step", "between landing and checkpoint"),
    ("during a step", "between commit and outcome", "while landing"),
    ("after a join", "in a gate", "after landing"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small Python project under git, with a test that passes."""
    repo = tmp_path / "project"
    (repo / "tests").mkdir(parents=True)
    (repo / "calc.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
    (repo / "tests" / "test_calc.py").write_text(
        "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    )
    (repo / "pyproject.toml").write_text('[project]\nname = "calc"\nversion = "1"\n')
    (repo / "unique.txt").write_text(f"{tmp_path}\n")  # no verdict of another test is of this tree
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "-A")
    git(repo, "-c", "user.name=U", "-c", "user.email=u@localhost", "commit", "-q", "-m", "start")
    return repo


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """A plan of two chains that meet; every step leaves a line outside the workspace each time it is done."""
    log = tmp_path / "done.log"
    log.touch()

    def step(name: str, *needs: str) -> dict[str, Any]:
        words = f"sleep 0.15; echo {name} >> {log}; echo {name} > {name}.txt"
        return {
            "id": name,
            "title": f"Write {name}",
            "action": {"kind": "command", "argv": ["sh", "-c", words]},
            "needs": [{"step": need} for need in needs],
            "capabilities": ["shell"],
        }

    plan = {
        "goal": {"text": "write five files"},
        "lane": "given",
        "stages": [
            {"id": "s1", "title": "Both chains", "gates": ["tests"],
             "steps": [step("a1"), step("a2", "a1"), step("b1"), step("join", "a2", "b1")]},
            {"id": "s2", "title": "The end", "gates": [], "steps": [step("last", "join")]},
        ],
    }  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    Plan.read(path.read_text())
    return path


@pytest.fixture
def crash(warm: Warm, shell: dict[str, str], project: Path, plan_file: Path) -> Callable[..., Crash]:
    """Run the goal, killed at a point, and look at what the store and the log hold then."""

    def run(point: str, text: str | None = None) -> Crash:
        return Crash(warm, shell, project, plan_file, point, text)

    return run


class Crash:
    """One killed run, the resumes that were killed too, and the one that was not."""

    def __init__(
        self, warm: Warm, shell: dict[str, str], project: Path, plan_file: Path, point: str, text: str | None
    ) -> None:
        self.warm, self.shell, self.home = warm, shell, Path(shell["TULOY_HOME"])
        self.project, self.plan_file = project, plan_file
        self.before = fingerprint(project)
        self.seen: list[tuple[set[str], Counter[str]]] = []
        self.run(text or str(plan_file), point)

    @property
    def done_before(self) -> set[str]:
        """The steps whose outcome was committed at the last kill."""
        return self.seen[-1][0]

    def again(self, point: str) -> None:
        """Resume, and be killed at a point."""
        self.run(f"resume:{self.goal_id}", point)

    def run(self, text: str, point: str) -> None:
        """Run or resume, killed at a point, and remember what was finished then."""
        ran = self.die([str(self.home), str(self.project), text, point])
        self.killed = ran.returncode == -9
        self.stderr = ran.stderr
        self.goal_id = self.last_goal()
        self.seen.append((self.finished(), self.log()))

    def die(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """Run `die_at`; cold where it is killed after a time, which is to fall into every part of a run."""
        if not words[-1].startswith("time:"):
            return self.warm.run(words, program="tests.faults.die_at:command", env=self.shell)
        argv = [sys.executable, str(Path(__file__).with_name("die_at.py")), *words]
        return subprocess.run(argv, env=self.shell, capture_output=True, text=True, timeout=90, cwd="/")

    def tuloy(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the real command."""
        return self.warm.run(words, env=self.shell)

    def resume(self) -> dict[str, Any]:
        """Resume with the real command and return its JSON document."""
        ran = self.tuloy("resume", self.goal_id, "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        (goal,) = json.loads(ran.stdout)["goals"]
        return goal

    def log(self) -> Counter[str]:
        """How often each step's work was done."""
        return Counter((self.plan_file.parent / "done.log").read_text().split())

    def finished(self) -> set[str]:
        """The steps whose outcome is committed."""
        return {row[0] for row in self.rows("select step from outcome where goal_id = ? and status = 'done'")}

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.home / "tuloy.db") as connection:
            return connection.execute(query, (self.goal_id,)).fetchall()

    def last_goal(self) -> str:
        with sqlite3.connect(self.home / "tuloy.db") as connection:
            query = "select id from goal where repo = ? order by created_at desc limit 1"
            return connection.execute(query, (str(self.project),)).fetchone()[0]


def assert_whole(crashed: Crash, goal: dict[str, Any]) -> None:
    """What has to hold after any crash and its resume."""
    assert goal["status"] == "done"
    assert {step["id"]: step["status"] for step in goal["steps"]} == dict.fromkeys(STEPS, "done")
    names = git(crashed.project, "ls-tree", "--name-only", goal["branch"]).split()
    assert {f"{step}.txt" for step in STEPS} <= set(names)
    after = crashed.log()
    for done, log in crashed.seen:
        for step in done:
            assert after[step] == log[step], f"finished step {step!r} was done again"
    lost = Counter(row[0] for row in crashed.rows("select step_id from attempt where goal_id = ? and end = 'lost'"))
    assert all(1 <= after[step] <= 1 + lost[step] for step in STEPS), (after, lost)
    assert not crashed.rows("select id from attempt where goal_id = ? and ended_at is null")
    assert crashed.before == fingerprint(crashed.project)
    assert git(crashed.project, "worktree", "list").count("\n") == 1
    assert crashed.tuloy("audit", "verify").returncode == 0


@pytest.mark.parametrize("phases", QUICK, ids=", ".join)
def test_a_killed_run_is_resumed_whole(phases: tuple[str, ...], crash: Callable[..., Crash]):
    """Killed in one phase, resumed and killed in another, and so on, the goal is done; no finished step is repeated."""
    first, *others = phases
    crashed = crash(PHASES[first])
    assert crashed.killed, crashed.stderr
    for phase in others:
        crashed.again(PHASES[phase])
        assert crashed.killed, (phase, crashed.stderr)

    assert_whole(crashed, crashed.resume())


def test_a_goal_killed_while_planned_is_planned_on_resume(crash: Callable[..., Crash]):
    """Killed between its words and its plan, the goal is there, and resume plans and does it."""
    crashed = crash("tuloy.store.store:Store.save_plan:before:1", text="run the tests")
    goal = crashed.resume()

    assert crashed.killed, crashed.stderr
    assert goal["status"] == "done"
    assert [step["title"] for step in goal["steps"]] == ["Run the tests"]


def test_orphaned_task_runs_are_crashed(crash: Callable[..., Crash]):
    """What the dead run left Running in Prefect is Crashed after the resume; finished steps show Cached."""
    crashed = crash("tuloy.store.store:Store.record_outcome:after:2")
    goal = crashed.resume()

    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterFlowRunId

    deadline = time.monotonic() + 20
    of_run = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[goal["flow_run_id"]]))
    with get_client(sync_client=True) as client:
        while True:
            runs = client.read_task_runs(task_run_filter=of_run, limit=200)
            states = Counter(run.state_name for run in runs)
            if not states["Running"] and not states["Pending"] and states["Cached"] >= 1:
                break
            assert time.monotonic() < deadline, states
            time.sleep(0.3)
        flow_run = client.read_flow_run(goal["flow_run_id"])
    assert flow_run.state_name == "Completed"
    assert {step["id"] for step in goal["steps"] if step["cached"]} == crashed.done_before


@pytest.mark.soak
@pytest.mark.parametrize("number", range(50))
def test_fifty_kills_spread_over_the_run(number: int, crash: Callable[..., Crash]):
    """Whenever it is killed, at an exact point or at any moment, the resumed goal is whole."""
    points = list(PHASES.values())
    chance = random.Random(number)
    point = points[number % len(points)] if number < 39 else f"time:{chance.uniform(0.5, 6):.2f}"
    crashed = crash(point)

    assert_whole(crashed, crashed.resume())


def git(repo: Path, *words: str) -> str:
    """Run plain git, as the user would."""
    return subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True, text=True).stdout
