"""`tuloy up --worker`: what it makes on the server, as often as it is called, and the worker that it starts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
import yaml

from deployments.catalog import shipped_file
from deployments.server import Server
from deployments.worker import worker_of
from tests.warm import Warm

pytestmark = [pytest.mark.server, pytest.mark.timeout(150)]

COMMAND = [sys.executable, "-P", "-c", "from cli.main import main; main()"]
PREFECT = [sys.executable, "-P", "-m", "prefect", "--no-prompt"]


def up(shell: dict[str, str], *words: str) -> str:
    """Call `tuloy up` and return what it said."""
    ran = subprocess.run([*COMMAND, "up", *words], env=shell, cwd="/", capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def up_again(warm: Warm, shell: dict[str, str]) -> str:
    """Call `tuloy up --worker` where it was called before."""
    ran = warm.run(["up", "--worker"], env=shell, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def made() -> dict[str, Any]:
    """What the server has of ours, by identity."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        named = [client.read_deployment_by_name(f"run-goal/{name}") for name in ("default", "nightly")]
        automations = client.request("POST", "/automations/filter", json={}).json()
        return {
            "deployments": [one.id for one in named],
            "schedules": [(one.slug, one.active, one.id) for one in named[1].schedules],
            "automations": [(one["id"], one["name"], one["enabled"]) for one in automations],
            "pools": [pool.name for pool in client.read_work_pools()],
            "instruct": client.read_global_concurrency_limit_by_name("tag:instruct").limit,
        }


def test_everything_is_made_once(worker: str, warm: Warm, shell: dict[str, str], prefect_home: Path) -> None:
    """Called again, `up --worker` finds pool, limits, deployments, schedule, trigger and worker, and changes none."""
    before, running = made(), worker_of(prefect_home)
    said = up_again(warm, shell)

    assert made() == before
    assert before["pools"] == ["tuloy"]
    assert before["instruct"] == 1
    assert [(slug, active) for slug, active, _ in before["schedules"]] == [("nightly", False)]
    assert [(name, enabled) for _, name, enabled in before["automations"]] == [("tuloy-goal-requested", True)]
    assert running is not None
    assert worker_of(prefect_home) == running
    assert f"runs: pid {running.pid}" in said


def test_a_schedule_that_was_switched_on_stays_on(worker: str, warm: Warm, shell: dict[str, str]) -> None:
    """What the user changed in Prefect is not undone by the next `up --worker`."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        nightly = client.read_deployment_by_name("run-goal/nightly")
        address = f"/deployments/{nightly.id}/schedules/{nightly.schedules[0].id}"
        client.request("PATCH", address, json={"active": True}).raise_for_status()
        try:
            up_again(warm, shell)
            assert client.read_deployment(nightly.id).schedules[0].active
        finally:
            client.request("PATCH", address, json={"active": False}).raise_for_status()


def test_a_crashed_worker_is_replaced_by_one(worker: str, shell: dict[str, str], prefect_home: Path) -> None:
    """After kill -9, two `up --worker` at once start one worker, in an empty directory, without a console."""
    killed = worker_of(prefect_home)
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda _: up(shell, "--worker"), range(2)))

    now = worker_of(prefect_home)
    assert now is not None
    assert now.pid != killed.pid
    assert sorted("started" in one for one in said) == [False, True]
    process = psutil.Process(now.pid)
    assert process.cwd() == str(prefect_home / "cwd")
    assert process.terminal() is None


def test_a_run_from_the_command_line_of_prefect(
    worker: str, prefect_server: Server, made_repo: Path, tmp_path: Path
) -> None:
    """With the printed address only, plain `prefect deployment run` gets a goal done, on a branch."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
    theirs = {"PREFECT_API_URL": prefect_server.api_url, "PREFECT_HOME": str(tmp_path / "prefect")}
    goal = "goal=run `sh -c 'echo two > two.txt'`"
    argv = [*PREFECT, "deployment", "run", "run-goal/default", "-p", goal, "-p", f"repo={made_repo}", "--watch"]
    ran = subprocess.run(argv, env={**kept, **theirs}, cwd=tmp_path, capture_output=True, text=True, timeout=90)

    assert f"export PREFECT_API_URL={prefect_server.api_url}" in worker
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (branch,) = branches(made_repo)
    files = subprocess.run(
        ["git", "-C", made_repo, "ls-tree", "--name-only", branch], check=True, capture_output=True, text=True
    )
    assert files.stdout.split() == ["notes.txt", "two.txt"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"goal": ""}, "non-empty"),
        ({"goal": " \n"}, "does not match"),
        ({"goal": "x" * 20_001}, "too long"),
        ({"max_workers": 0}, "minimum"),
        ({"max_workers": 65}, "maximum"),
        ({"priority": "soon"}, "is not one of"),
        ({"accept": "maybe"}, "boolean"),
    ],
)
def test_bad_parameters_are_refused(worker: str, parameters: dict[str, object], expected: str) -> None:
    """The server refuses a run whose parameters break the schema, says why, and makes none."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("run-goal/default")
        given = {"goal": "run the tests", "repo": "/r", **parameters}
        with pytest.raises(PrefectHTTPStatusError) as caught:
            client.request("POST", f"/deployments/{deployment.id}/create_flow_run", json={"parameters": given})
    assert caught.value.response.status_code in (409, 422)
    assert expected in caught.value.response.text


def test_the_form_is_plain(worker: str) -> None:
    """Every parameter has a description, and none is a union, a reference or an open object."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        schema = client.read_deployment_by_name("run-goal/default").parameter_openapi_schema
    assert schema["required"] == ["goal", "repo"]
    assert schema["properties"]["priority"]["enum"][0] == "as written"
    for name, field in schema["properties"].items():
        assert field["description"], name
        assert field["type"] in ("string", "integer", "boolean"), name


def test_an_event_starts_a_goal(worker: str, made_repo: Path, state_within: Callable[..., Any]) -> None:
    """The event `tuloy.goal.requested` starts a run with its payload's goal, as it is written, and it is done."""
    from prefect.client.orchestration import get_client
    from prefect.events import emit_event

    goal = f"run `sh -c 'echo {{{{ 7 * 7 }}}} > {made_repo.parent.name}.txt'`"
    emit_event(
        "tuloy.goal.requested",
        resource={"prefect.resource.id": "tuloy.test"},
        payload={"goal": goal, "repo": str(made_repo)},
    )
    run_id = _run_of(str(made_repo))
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(run_id).parameters == {"goal": goal, "repo": str(made_repo)}
    state_within(run_id, "Completed")
    assert len(branches(made_repo)) == 1


def _run_of(repo: str) -> UUID:
    from prefect.client.orchestration import get_client

    deadline = time.monotonic() + 20
    with get_client(sync_client=True) as client:
        while True:
            found = [run.id for run in client.read_flow_runs(limit=50) if run.parameters.get("repo") == repo]
            if found:
                return found[0]
            assert time.monotonic() < deadline
            time.sleep(0.2)


def branches(repo: Path) -> list[str]:
    """The branches of goals in a repository."""
    argv = ["git", "-C", str(repo), "for-each-ref", "--format=%(refname:short)", "refs/heads/tuloy"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def test_the_profile_is_written_where_it_is_wanted(
    worker: str, shell: dict[str, str], prefect_server: Server, tmp_path: Path
) -> None:
    """`up --profile` adds and activates a profile beside the user's own; a later `up` renews its address only."""
    profiles = tmp_path / "profiles.toml"
    profiles.write_text('active = "mine"\n\n[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:9/api"\n')
    theirs = {**shell, "PREFECT_HOME": str(tmp_path)}
    said = up(theirs, "--profile")
    reached = subprocess.run(
        [*PREFECT, "deployment", "ls"], env=theirs, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    written = profiles.read_text()
    profiles.write_text(written.replace(prefect_server.api_url, "http://127.0.0.1:9/api").replace('"tuloy"', '"mine"'))
    again = up(theirs)

    assert str(profiles) in said
    assert 'active = "tuloy"' in written
    assert "[profiles.mine]" in written
    assert "run-goal/default" in reached.stdout
    assert "names " + prefect_server.api_url in again
    assert 'active = "mine"' in profiles.read_text()
    assert prefect_server.api_url in profiles.read_text()


def test_up_without_a_terminal_asks_nothing(shell: dict[str, str], prefect_server: Server, tmp_path: Path) -> None:
    """Without --profile and without a terminal, no profile is written and the line to export is printed."""
    said = up({**shell, "PREFECT_HOME": str(tmp_path)})

    assert said.splitlines()[-1] == f"export PREFECT_API_URL={prefect_server.api_url}"
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_file_is_found_and_pulls_nothing() -> None:
    """prefect.yaml names the flow by its module and has no step that would enter a repository."""
    described = yaml.safe_load(shipped_file().read_text("utf-8"))

    assert described["pull"] == []
    assert {one["entrypoint"] for one in described["deployments"]} == {"flows.run_goal.run_goal"}
    assert all(one["enforce_parameter_schema"] for one in described["deployments"])


DOWN = """
import json, sys
from pathlib import Path
from deployments.worker import Worker, stop_worker, worker_of
home = Path(sys.argv[1])
print(json.dumps([worker_of(home) is None, stop_worker(home)]))
"""


OTHERS = json.dumps({"pid": 1, "born": "b", "name": "n", "api_url": "u", "tuloy_version": "0"})


@pytest.mark.parametrize("record", ["{", "[]", '{"pid": 1}', OTHERS, None])
def test_a_broken_record_is_no_worker(record: str | None, tmp_path: Path, shell: dict[str, str]) -> None:
    """A damaged worker.json, or none, or one of a process that is not ours, is no worker, and stops nothing."""
    if record is not None:
        (tmp_path / "worker.json").write_text(record)
    ran = subprocess.run(
        [sys.executable, "-c", DOWN, str(tmp_path)], env=shell, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [True, False]


@pytest.mark.soak
def test_down_ends_the_work_and_keeps_it(
    prepare_home: Callable[[Path], None], shell: dict[str, str], made_repo: Path, tmp_path: Path
) -> None:
    """`tuloy down` during a run ends worker, run, step and server; the goal waits, and resume finishes it."""
    home = tmp_path / "home"
    prepare_home(home)
    mine = {**shell, "TULOY_HOME": str(home)}
    address = up(mine, "--worker").splitlines()[-1].removeprefix("export PREFECT_API_URL=")
    theirs = {**mine, "PREFECT_API_URL": address, "PREFECT_HOME": str(tmp_path / "prefect")}
    goal = f"goal=run `sh -c 'touch {tmp_path}/began; test -e {tmp_path}/go || sleep 60; touch slept'`"
    argv = [*PREFECT, "deployment", "run", "run-goal/default", "-p", goal, "-p", f"repo={made_repo}"]
    subprocess.run(argv, env=theirs, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    deadline = time.monotonic() + 40
    while not (tmp_path / "began").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    left = psutil.Process(worker_of(home).pid).children(recursive=True)  # type: ignore[union-attr]
    subprocess.run([*COMMAND, "down"], env=mine, cwd="/", check=True, capture_output=True, timeout=60)
    (tmp_path / "go").touch()
    status = subprocess.run([*COMMAND, "show", "--json"], env=mine, cwd="/", capture_output=True, text=True, timeout=60)
    resumed = subprocess.run([*COMMAND, "resume"], env=mine, cwd="/", capture_output=True, text=True, timeout=90)
    subprocess.run([*COMMAND, "down"], env=mine, cwd="/", check=True, capture_output=True, timeout=60)

    assert not any(process.is_running() for process in left)
    assert json.loads(status.stdout)["goals"][0]["status"] == "waiting"
    assert resumed.returncode == 0, resumed.stderr
    assert len(branches(made_repo)) == 1
