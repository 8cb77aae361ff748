"""The deployed flow: the same job as `tuloy run`, by a worker; cancelled, killed and run again it stays one goal."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.states import AwaitingRetry, Cancelling

from blocks import AgentSet, GatePolicy, OllamaModel, Repository
from deployments.server import Server
from deployments.worker import child_environment, worker_of
from flows.run_goal import run_goal
from tests.warm import Warm
from tuloy.plan import Goal
from tuloy.store import GoalRow, Store, open_store
from tuloy.testing.scripted_ollama import ScriptedOllama, Turn
from tuloy.understanding import understand
from tuloy.workspaces.directories import open_place

pytestmark = [pytest.mark.server, pytest.mark.timeout(150)]


@pytest.fixture
def store(prefect_server: Server, prefect_home: Path) -> Iterator[Store]:
    """The session's store, which the runs write."""
    with open_store(prefect_home / "tuloy.db") as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file outside every workspace, in which each command leaves a line each time that it is done."""
    path = tmp_path / "done.log"
    path.touch()
    return path


def here(goal: str, repo: object, **parameters: Any) -> Any:
    """Run the flow in this process and return its state."""
    return asyncio.run(run_goal(goal, str(repo), **parameters, return_state=True))


def goal_of(store: Store, run_id: UUID) -> GoalRow:
    """Wait until the flow run has begun its goal, and return it."""
    deadline = time.monotonic() + 30
    while (goal := store.goal_of_flow_run(str(run_id))) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return goal


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sleepers(log: Path) -> list[psutil.Process]:
    """The processes of the step that sleeps, and whatever it started."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and any(str(log) in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def long_goal(log: Path) -> str:
    """Three steps: one is quick, one sleeps with a child until `.go` is beside the log when it begins, one is last."""
    return (
        f"run `sh -c 'echo first >> {log}'` then "
        f"run `sh -c 'echo began >> {log}; test -e {log}.go || sleep 60; echo slept >> {log}'` then "
        f"run `sh -c 'echo last >> {log}; echo last > last.txt'`"
    )


@pytest.mark.parametrize("repo", [".", "./here", "up/../here"])
def test_a_relative_repo_is_refused(prefect_server: Server, repo: str) -> None:
    """A relative path means nothing to a worker: the run fails, in one sentence that says what to write."""
    state = here("run the tests", repo)

    assert state.name == "Failed"
    assert f"repo '{repo}' is a relative path" in state.message
    assert "write the whole path" in state.message


def test_what_is_not_there_is_named(prefect_server: Server, made_repo: Path, tmp_path: Path) -> None:
    """A repository, an agent or a block that is not there fails the run by its name, and no goal is made."""
    assert "does not exist" in here("run the tests", tmp_path / "nowhere").message
    assert "no Repository block" in here("run the tests", "unknown-name").message
    assert "no agent is called 'nobody'" in here("run `true`", made_repo, agent="nobody").message
    assert (
        "agents 'nothing' is the name of no AgentSet block" in here("run `true`", made_repo, agents="nothing").message
    )
    assert (
        "gates 'nothing' is the name of no GatePolicy block" in here("run `true`", made_repo, gates="nothing").message
    )


def test_blocks_are_parameters_by_name(prefect_server: Server, made_repo: Path, store: Store, tmp_path: Path) -> None:
    """A run takes its repository, its coding CLIs and its gates from saved blocks that the parameters name."""
    (made_repo / "calc.py").write_text("import os\n\n\ndef add(a, b):\n    return a + b\n")
    (made_repo / "test_calc.py").write_text("from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n")
    git(made_repo, "add", "-A")
    git(made_repo, "commit", "-q", "-m", "code")
    cli = tmp_path / "cli"
    cli.write_text("#!/bin/sh\necho '# done' >> calc.py\n")
    cli.chmod(0o755)
    name = f"n{uuid4().hex[:8]}"
    Repository(path=str(made_repo), branch="main").save(name)
    AgentSet(agents={"mine": {"argv": [str(cli), "{prompt}"]}}).save(name)  # type: ignore[dict-item]
    GatePolicy(gates=["tests"], timeout_s=100).save(name)
    state = here("add a docstring to add", name, agents=name, gates=name, accept=True)

    assert state.name == "Completed", state.message
    assert "# done" in git(made_repo, "show", "main:calc.py")
    (goal,) = store.goals(limit=1)
    assert {result["gate"] for result in map(dict, store.gate_results(goal.id))} == {"tests"}


def test_the_branch_of_a_block_must_be_checked_out(prefect_server: Server, made_repo: Path) -> None:
    """A goal does not begin on another branch than the Repository block names."""
    name = f"n{uuid4().hex[:8]}"
    Repository(path=str(made_repo), branch="release").save(name)

    assert "has 'main' checked out" in here("run `true`", name).message


def test_a_goal_that_fails_or_waits_says_so(prefect_server: Server, made_repo: Path) -> None:
    """The run ends in the states that `tuloy run` ends in: Failed where a step says no, Waiting for what is missing."""
    assert here("run `false`", made_repo).name == "Failed"
    assert here("write a poem about the sea into poem.txt", made_repo).name == "Waiting"


UNCLEAR = "Improve the code"


def test_an_unclear_goal_without_a_form_is_not_begun(prefect_server: Server, made_repo: Path, store: Store) -> None:
    """Where nobody could answer, the run says which readings there are; a number takes one of them, if it is one."""
    before = len(store.goals())
    state = here(UNCLEAR, made_repo)
    assert state.is_failed()
    assert "1. Improve the code" in state.message
    assert "`reading`" in state.message
    assert "there is no reading 9" in here(UNCLEAR, made_repo, reading=9).message
    assert len(store.goals()) == before
    assert here(UNCLEAR, made_repo, reading=1).name == "Waiting"  # for an agent
    assert store.goals()[0].text == UNCLEAR


def test_an_edited_plan_is_taken_for_its_words(made_repo: Path, store: Store, prefect_home: Path) -> None:
    """What the user made of these words in this repository holds for deployed runs as well, and is not asked about."""
    edited = understand("Run `true`").model_copy(update={"goal": Goal(text=UNCLEAR)})
    store.save_correction(open_place(made_repo, prefect_home).id, edited)
    assert here(UNCLEAR, made_repo).is_completed()


def test_a_killed_run_is_retried_whole(
    made_repo: Path, log: Path, store: Store, start_run: Callable[..., UUID], state_within: Callable[..., Any]
) -> None:
    """A flow run killed with -9 is Crashed, once; retried at once as the UI does, it goes on and repeats nothing."""
    run_id = start_run(goal=long_goal(log), repo=str(made_repo))
    goal = goal_of(store, run_id)
    until(lambda: "began" in log.read_text())
    lease = store.lease_of(goal.id)
    assert lease is not None
    assert lease.pid is not None
    os.kill(lease.pid, signal.SIGKILL)
    state_within(run_id, "Crashed")
    Path(f"{log}.go").touch()
    with get_client(sync_client=True) as client:
        assert client.set_flow_run_state(run_id, AwaitingRetry()).status.name == "ACCEPT"
    state_within(run_id, "Completed")

    assert Counter(log.read_text().split()) == {"first": 1, "began": 2, "slept": 1, "last": 1}
    assert [one.id for one in store.goals(limit=100) if one.repo == str(made_repo)] == [goal.id]
    assert store.find_goal(goal.id).status == "done"
    assert len(git(made_repo, "branch", "--list", "tuloy/*").splitlines()) == 1
    until(lambda: not _unfinished(run_id))


def _unfinished(run_id: UUID) -> list[str]:
    from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterFlowRunId

    of_run = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[run_id]))
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(task_run_filter=of_run, limit=200)
    return [run.name for run in runs if run.state is None or not run.state.is_final()]


def test_a_cancelled_run_ends_its_children(
    made_repo: Path, log: Path, store: Store, start_run: Callable[..., UUID], state_within: Callable[..., Any]
) -> None:
    """Cancelled in Prefect, the run ends what its steps started, the goal is cancelled, and nothing more is done."""
    run_id = start_run(goal=long_goal(log), repo=str(made_repo))
    goal = goal_of(store, run_id)
    until(lambda: "began" in log.read_text())
    assert sleepers(log)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Cancelling())
    state_within(run_id, "Cancelled")

    until(lambda: not sleepers(log), 5)
    assert log.read_text().split() == ["first", "began"]
    assert store.find_goal(goal.id).status == "cancelled"
    assert store.lease_of(goal.id) is None


def test_a_terminated_run_leaves_its_goal_resumable(
    made_repo: Path, log: Path, store: Store, warm: Warm, shell: dict[str, str], start_run: Callable[..., UUID],
    state_within: Callable[..., Any],
) -> None:  # fmt: skip
    """On SIGTERM the run ends as Interrupted with its goal waiting; `tuloy resume` does the rest in the same run."""
    run_id = start_run(goal=long_goal(log), repo=str(made_repo))
    goal = goal_of(store, run_id)
    until(lambda: "began" in log.read_text())
    lease = store.lease_of(goal.id)
    assert lease is not None
    assert lease.pid is not None
    os.kill(lease.pid, signal.SIGTERM)
    state_within(run_id, "Interrupted", "Crashed")
    until(lambda: store.find_goal(goal.id).status == "waiting")
    Path(f"{log}.go").touch()
    ran = warm.run(["resume", goal.id], env=shell, timeout=60)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert Counter(log.read_text().split()) == {"first": 1, "began": 2, "slept": 1, "last": 1}
    assert store.find_goal(goal.id).flow_run_id == str(run_id)
    state_within(run_id, "Completed", seconds=10)


@pytest.mark.soak
@pytest.mark.parametrize("number", [4, 10])
def test_two_workers_share_goals(
    number: int, made_repo: Path, prefect_home: Path, prefect_server: Server, log: Path, shell: dict[str, str],
    start_run: Callable[..., UUID], state_within: Callable[..., Any],
) -> None:  # fmt: skip
    """Goals on one repository, asked for at once, are each done once, by two workers of one pool."""
    argv = [sys.executable, "-P", "-m", "prefect", "worker", "start", "--type", "process", "--pool", "tuloy"]
    environment = {**child_environment(prefect_home, prefect_server.api_url), "PYTHONPATH": shell["PYTHONPATH"]}
    names = [f"{which}-{uuid4().hex[:6]}" for which in ("first", "second")]
    standing = worker_of(prefect_home)
    assert standing is not None
    with ExitStack() as opened:
        psutil.Process(standing.pid).suspend()
        opened.callback(psutil.Process(standing.pid).resume)
        for name in names:
            words = [*argv, "--limit", "2", "--name", name]
            process = subprocess.Popen(words, env=environment, cwd=prefect_home / "cwd")
            opened.callback(process.wait, 30)
            opened.callback(process.terminate)
        for name in names:
            _until_online(name)
        runs = [
            start_run(goal=f"run `sh -c 'echo {n} > {n}.txt; echo {n} >> {log}'`", repo=str(made_repo))
            for n in range(number)
        ]
        for run_id in runs:
            state_within(run_id, "Completed", seconds=100)
        workers = {_worker_of(run_id) for run_id in runs}
    assert Counter(log.read_text().split()) == {str(n): 1 for n in range(number)}
    assert len(git(made_repo, "branch", "--list", "tuloy/*").splitlines()) == number
    assert workers == set(names)


def _until_online(name: str) -> None:
    def online() -> bool:
        with get_client(sync_client=True) as client:
            found = client.request("POST", "/work_pools/tuloy/workers/filter", json={}).json()
        return any(one["name"] == name and one["status"] == "ONLINE" for one in found)

    until(online)


def _worker_of(run_id: UUID) -> str:
    """Say which worker took the run: its Pending state's event names it."""
    with get_client(sync_client=True) as client:
        related = {"related": {"id": [f"prefect.flow-run.{run_id}"]}, "event": {"prefix": ["prefect.worker.submitted"]}}
        found: list[str] = []

        def named() -> list[str]:
            body = {"filter": related, "limit": 20}
            text = client.request("POST", "/events/filter", json=body).text
            found[:] = re.findall(r"prefect\.worker\.process\.([\w-]+)", text)
            return found

        until(named, 15)
    return found[0]


def git(repo: Path, *words: str) -> str:
    """Plain git, as the user calls it."""
    identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
    return subprocess.run(
        ["git", "-C", str(repo), *identity, *words], check=True, capture_output=True, text=True
    ).stdout


def test_a_block_says_which_model_reads_the_goal(made_repo: Path, store: Store) -> None:
    """The parameter `model` names an OllamaModel block; its server, key and window are used, and its plan is stored."""
    answer = {"steps": [{"title": "Look around", "after": "", "when": "succeeded", "command": ""}]}
    name = f"n{uuid4().hex[:8]}"
    with ScriptedOllama([Turn("look around"), Turn(answer)], models=["small"]) as server:
        OllamaModel(host=server.url, model="small", num_ctx=16384, api_key="hush").save(name)  # type: ignore[arg-type]
        here("Tidy up", made_repo, lane="model", model=name)
        asked = server.asked("/api/chat")
        keys = {request.headers.get("authorization") for request in server.requests}
    (goal,) = store.goals(limit=1)
    plan = store.plan_of(goal.id)
    assert plan is not None
    assert (plan.lane, [step.title for step in plan]) == ("model", ["Look around"])
    assert [body["options"]["num_ctx"] for body in asked] == [16384, 16384]
    assert keys == {"Bearer hush"}
