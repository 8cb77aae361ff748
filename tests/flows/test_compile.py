"""A compiled plan in a real Prefect: its graph is the plan, its states are what the outcomes mean."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import Log

from deployments.server import Server
from flows.compile import compile_plan
from flows.execute import execute
from tuloy.plan import Plan
from tuloy.settings import Settings
from tuloy.store import Store, open_store
from tuloy.work.begin import begin_goal
from tuloy.work.run import Change, open_run
from tuloy.workspaces.git import open_repository

pytestmark = pytest.mark.server


def step(name: str, argv: Sequence[str], *needs: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A command step in few words."""
    return {
        "id": name,
        "title": name.upper(),
        "action": {"kind": "command", "argv": list(argv)},
        "needs": [{"step": other, "when": when.split()[-1], "any": when.startswith("any ")} for other, when in needs],
        "effects": "none",
        **fields,
    }


def plan_of(*steps: dict[str, Any], gates: Sequence[str] = ()) -> Plan:
    """A plan of one stage."""
    stage = {"id": "s1", "title": "Only", "gates": list(gates), "steps": list(steps)}
    return Plan.of(goal={"text": "try a plan"}, lane="given", stages=[stage])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "repo"
    root.mkdir()
    (root / "file.txt").write_text("x\n" * 3)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
        subprocess.run(["git", "-C", str(root), *identity, *words], check=True)
    return root


@pytest.fixture
def run_plan(prefect_server: Server, tmp_path: Path, repo: Path) -> Callable[..., Ended]:
    """Run a plan in this process and return what Prefect and the store know of it."""

    def run(plan: Plan) -> Ended:
        settings = Settings(home=tmp_path / "home")
        settings.home.mkdir(exist_ok=True)
        with open_store(settings.home / "tuloy.db") as store:
            begun = begin_goal(store, settings, open_repository(repo), plan.goal.text, plan=plan)
            changes: list[Change] = []
            with open_run(begun.goal, begun.plan, settings, store, tell=changes.append) as opened:
                (state,) = execute([opened])
            return Ended(store, begun.goal.id, state.name or "", changes)

    return run


class Ended:
    """A run that ended: its flow run's graph as titles, and the final state of each task run."""

    def __init__(self, store: Store, goal_id: str, state: str, changes: list[Change]) -> None:
        self.state, self.changes = state, changes
        self.goal = store.find_goal(goal_id)
        self.outcomes = store.outcomes_by_step(goal_id)
        self.nodes = self._nodes()
        self.runs = {UUID(node["id"]): node["label"] for node in self.nodes}
        self.edges = {(self.runs[UUID(one["id"])], node["label"]) for node in self.nodes for one in node["parents"]}

    def logs(self) -> list[Log]:
        """Every record of the flow run, once its last one is there: how the flow run ended."""
        of_the_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[UUID(self.goal.flow_run_id)]))
        deadline = time.monotonic() + 30
        with get_client(sync_client=True) as client:
            while True:
                logs = client.read_logs(of_the_run)
                if any(log.task_run_id is None and log.message.startswith("Finished in state") for log in logs):
                    return logs
                assert time.monotonic() < deadline, logs
                time.sleep(0.2)

    def _nodes(self) -> list[dict[str, Any]]:
        deadline, seen = time.monotonic() + 60, -1
        with get_client(sync_client=True) as client:
            while True:
                answer = client._client.get(f"/flow_runs/{self.goal.flow_run_id}/graph-v2").json()
                nodes = [node for _, node in answer["nodes"]]
                ended = all(node["state_type"] not in ("RUNNING", "PENDING") for node in nodes)
                if ended and len(nodes) == seen and seen >= len(self.outcomes):
                    self.states = {node["label"]: client.read_task_run(node["id"]).state_name for node in nodes}
                    return nodes
                assert time.monotonic() < deadline, nodes
                seen = len(nodes)
                time.sleep(1.2)  # longer than the server keeps what it records next


def test_a_plan_compiles_to_a_flow():
    """What comes out is a real Prefect flow, named as asked, described by the goal."""
    compiled = compile_plan(plan_of(step("a", ["true"])), name="mine")

    assert isinstance(compiled, Flow)
    assert (compiled.name, compiled.description) == ("mine", "try a plan")


def test_the_graph_is_the_plan_and_the_states_are_the_outcomes(run_plan: Callable[..., Ended]):
    """Every edge of the plan, and no other, is in the graph; done, no, and not needed have their own states."""
    ended = run_plan(
        plan_of(
            step("a", ["true"]),
            step("b", ["true"]),
            step("tests", ["false"], ("a", "succeeded"), ("b", "succeeded")),
            step("build", ["true"], ("tests", "succeeded")),
            step("report", ["true"], ("tests", "failed")),
            step("tidy", ["true"], ("tests", "finished")),
        )
    )

    wanted = {("A", "TESTS"), ("B", "TESTS"), ("TESTS", "BUILD"), ("TESTS", "REPORT"), ("TESTS", "TIDY")}
    assert wanted == {edge for edge in ended.edges if not edge[1].startswith("land")}
    done = dict.fromkeys(("A", "B", "REPORT", "TIDY"), "Completed")
    assert {**done, "TESTS": "Failed", "BUILD": "Skipped", "land s1": "Completed"} == ended.states
    assert (ended.state, ended.goal.status, ended.goal.exit_code) == ("Completed", "done", 0)


def test_one_of_several_is_enough(run_plan: Callable[..., Ended]):
    """A step that one failure of two is enough for runs when one failed, behind both; none makes it Skipped."""
    ended = run_plan(
        plan_of(
            step("lint", ["sleep", "0.5"]),
            step("tests", ["false"]),
            step("tell", ["true"], ("lint", "any failed"), ("tests", "any failed")),
            step("ship", ["true"], ("lint", "succeeded"), ("tests", "succeeded")),
            step("cheer", ["true"], ("lint", "any failed"), ("tell", "any failed")),
        )
    )

    assert ended.states == {
        "LINT": "Completed", "TESTS": "Failed", "TELL": "Completed", "SHIP": "Skipped", "CHEER": "Skipped",
        "land s1": "Completed",
    }  # fmt: skip
    assert {("LINT", "TELL"), ("TESTS", "TELL")} <= ended.edges
    assert ended.goal.status == "done"


def test_what_cannot_run_is_tried_again_and_ends_with_four(run_plan: Callable[..., Ended]):
    """A missing program is retried as Prefect was told to, then Failed; what needs it waits, nothing is skipped."""
    ended = run_plan(plan_of(step("a", ["no-such-program"], retries=1), step("b", ["true"], ("a", "succeeded"))))

    assert ended.states == {"A": "Failed"}
    assert (ended.state, ended.goal.exit_code) == ("Failed", 4)
    assert ended.outcomes["a"].status == "error"
    assert ended.outcomes["a"].attempts == 2
    assert "b" not in ended.outcomes


def test_logs_hold_what_was_said_and_not_the_states_again(run_plan: Callable[..., Ended]):
    """What a program said is one record of its task run; no record repeats that a task run ended."""
    ended = run_plan(plan_of(step("a", ["sh", "-c", "echo hello; echo there"]), step("b", ["true"])))

    (hello,) = [log for log in ended.logs() if "hello" in log.message]
    assert ended.runs[hello.task_run_id] == "A"
    assert hello.message.splitlines()[1:] == ["hello", "there", "done: exit code 0"]
    assert {ended.runs[log.task_run_id] for log in ended.logs() if log.task_run_id} == {"A", "land s1"}


def test_what_said_no_is_not_tried_again(run_plan: Callable[..., Ended]):
    """A step whose work said no is final, however many retries it has."""
    ended = run_plan(plan_of(step("a", ["false"], retries=3)))

    assert (ended.goal.exit_code, ended.outcomes["a"].attempts) == (1, 1)


def test_a_time_limit_ends_the_step_and_its_children(run_plan: Callable[..., Ended]):
    """A step that goes on too long is ended with its children, and could not run."""
    began = time.monotonic()
    ended = run_plan(plan_of(step("a", ["sh", "-c", "sleep 77 & sleep 78"], timeout_s=0.5)))

    assert ended.outcomes["a"].status == "error"
    assert "0.5 s" in ended.outcomes["a"].reason
    assert time.monotonic() - began < 20


def test_parallel_steps_that_collide_are_done_again(run_plan: Callable[..., Ended], repo: Path):
    """Two steps that change the same line both land: the later is done again on top of the earlier."""
    first = step("a", ["sed", "-i", "1s/$/-a/", "file.txt"], effects="workspace")
    second = step("b", ["sed", "-i", "1s/$/-b/", "file.txt"], effects="workspace")
    ended = run_plan(plan_of(first, second))

    assert ended.goal.status == "done"
    show = ["git", "-C", str(repo), "show", f"{ended.goal.branch}:file.txt"]
    shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[0] in ("x-a-b", "x-b-a")
    assert {("A", "B (again)"), ("B", "B (again)")} <= ended.edges


def test_a_collision_that_cannot_be_redone_is_told(run_plan: Callable[..., Ended]):
    """Where doing it again fails, the goal says which files and which step collided, and nothing lands."""
    first = step("a", ["sh", "-c", "echo a > file.txt"], effects="workspace")
    second = step("b", ["sh", "-c", "grep -q x file.txt && echo b > file.txt"], effects="workspace")
    ended = run_plan(plan_of(first, second))

    assert (ended.goal.status, ended.goal.exit_code) == ("failed", 1)
    assert "file.txt" in ended.goal.reason


def test_width_is_kept(run_plan: Callable[..., Ended]):
    """No more steps run at once than the settings allow."""
    ended = run_plan(plan_of(*(step(f"s{n}", ["sleep", "0.05"]) for n in range(12))))

    running, most = 0, 0
    for change in ended.changes:
        if change.kind == "step":
            running += 1 if change.status == "running" else -1
            most = max(most, running)
    assert (most, ended.goal.status) == (4, "done")
