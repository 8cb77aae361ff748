"""`tuloy run` and its kin as a user meets them: real processes, real git, a real Prefect server."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from deployments.server import Server
from flows.watch import EVERY_S
from tests.cli.conftest import COMMAND, Ran
from tuloy.workspaces.fingerprint import fingerprint

pytestmark = pytest.mark.server

DEMO = "Fix the lint errors and format the code, then run the tests and, if they pass, build the package"


def test_the_main_job_ends_on_a_gated_branch(cold_tuloy: Callable[..., Ran], git: Callable[..., str], greeter: Path):
    """The demo's goal ends done: fixes on a branch, gates passed with evidence, a wheel, the user's tree as it was."""
    before = fingerprint(greeter)
    ran = cold_tuloy("run", DEMO, "--repo", str(greeter), "--json")

    assert ran.code == 0, ran.err
    assert set(ran.statuses.values()) == {"done"}
    assert list(ran.statuses) == ["Fix the lint errors", "Format the code", "Run the tests", "Build the package"]
    gates = {gate["gate"]: gate for gate in ran.goal["gates"]}
    assert {name: gate["verdict"] for name, gate in gates.items()} == {"lint": "pass", "tests": "pass"}
    assert "11 tests collected, 11 passed" in gates["tests"]["evidence"]
    assert gates["tests"]["commit"] == ran.goal["commit"] == git(greeter, "rev-parse", ran.goal["branch"]).strip()
    assert "import os" not in git(greeter, "show", f"{ran.goal['branch']}:src/greeter/greeting.py")
    kept = [Path(path) for step in ran.goal["steps"] for path in step["kept"]]
    assert {path.suffix for path in kept if path.is_file()} == {".whl", ".gz"}
    assert before == fingerprint(greeter)
    assert git(greeter, "worktree", "list").count("\n") == 1


def test_a_broken_test_ends_the_goal_with_one(tuloy: Callable[..., Ran], git: Callable[..., str], greeter: Path):
    """With a test that fails, the exit status is 1, the build is skipped, and the report shows the failing test."""
    tests = greeter / "tests" / "test_greeting.py"
    tests.write_text(tests.read_text() + '\n\ndef test_broken():\n    assert greet("Ana") == "Hello"\n')
    git(greeter, "commit", "-qam", "break")
    ran = tuloy("run", DEMO, "--repo", str(greeter))

    assert ran.code == 1
    assert "– Build the package" in ran.out
    assert "test_broken" in ran.out
    assert tuloy("show", "--json").statuses["Build the package"] == "skipped"


def test_a_step_nobody_can_do_waits_and_is_done_by_a_cli_later(
    tuloy: Callable[..., Ran], git: Callable[..., str], small: Path, tmp_path: Path
):
    """Without a coding agent the goal waits (3) and says what would help; with one, resume finishes it (0)."""
    waiting = tuloy("run", "Add a second line to notes.txt", "--repo", str(small), "--json")

    assert waiting.code == 3
    assert waiting.goal["status"] == "waiting"
    assert "coding CLI" in waiting.goal["steps"][0]["reason"]
    script = tmp_path / "coder.sh"
    script.write_text("#!/bin/sh\ncase \"$1\" in *'second line'*) echo two >> notes.txt;; *) exit 9;; esac\n")
    script.chmod(0o755)
    agents = json.dumps({"scripted": {"argv": [str(script), "{prompt}"]}})
    resumed = tuloy("resume", waiting.goal["id"], "--json", env={"TULOY_AGENTS": agents})
    assert resumed.code == 0, resumed.err
    assert resumed.goal["steps"][0]["agent"] == "scripted"
    assert git(small, "show", f"{resumed.goal['branch']}:notes.txt") == "one\ntwo\n"


def test_an_agent_that_changes_nothing_did_not_do_it(tuloy: Callable[..., Ran], small: Path):
    """Exit 0 of a coding CLI without any change is no success."""
    agents = json.dumps({"lazy": {"argv": ["true", "{prompt}"]}})
    ran = tuloy("run", "Add a second line to notes.txt", "--repo", str(small), "--json", env={"TULOY_AGENTS": agents})

    assert ran.code == 1
    assert "changed nothing" in ran.goal["steps"][0]["reason"]


def test_the_branch_not_taken_is_skipped(tuloy: Callable[..., Ran], small: Path):
    """A failure that the goal asks about takes its own branch, and is no failure of the goal."""
    text = "Run `test -e missing.txt`. If it fails, run `touch made.txt`, otherwise run `rm missing.txt`."
    ran = tuloy("run", text, "--repo", str(small), "--json")

    assert ran.code == 0, ran.out
    assert list(ran.statuses.values()) == ["failed", "done", "skipped"]


def test_accept_and_take_back(tuloy: Callable[..., Ran], git: Callable[..., str], small: Path):
    """Acceptance moves the branch and the files of its checkout; rollback takes that back by a commit."""
    goal = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--json").goal
    accepted = tuloy("accept", goal["id"], "--json")

    assert accepted.code == 0, accepted.err
    assert accepted.document["commit"] == git(small, "rev-parse", "main").strip()
    assert (small / "made.txt").exists()
    assert git(small, "status", "--porcelain") == ""
    assert tuloy("accept", goal["id"]).code == 2
    assert tuloy("rollback", goal["id"]).code == 0
    assert not (small / "made.txt").exists()
    assert git(small, "rev-list", "--count", "main").strip() == "3"
    assert tuloy("audit", "verify").code == 0


def test_accepted_by_the_run_itself(tuloy: Callable[..., Ran], git: Callable[..., str], small: Path):
    """`run --accept` prints one JSON document, which says that the branch has moved."""
    ran = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--accept", "--json")

    assert ran.code == 0, ran.err
    assert ran.goal["accepted"] == git(small, "rev-parse", "main").strip()
    assert (small / "made.txt").exists()


def test_a_failed_goal_is_not_accepted_unasked(tuloy: Callable[..., Ran], git: Callable[..., str], small: Path):
    """What landed of a goal that failed is taken only with --partial."""
    goal = tuloy("run", "Run `touch made.txt`. Also run `false`", "--repo", str(small), "--json").goal
    assert goal["status"] == "failed"
    assert goal["branch"]

    refused = tuloy("accept", goal["id"])
    assert refused.code == 2
    assert "--partial" in refused.err
    assert tuloy("accept", goal["id"], "--partial").code == 0
    assert (small / "made.txt").exists()


def test_rollback_before_acceptance_moves_only_the_goals_branch(
    tuloy: Callable[..., Ran], git: Callable[..., str], small: Path
):
    """Rolled back to its base, the goal has nothing to accept any more; the work stays under refs/tuloy."""
    goal = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--json").goal
    assert tuloy("rollback", goal["id"]).code == 0

    assert git(small, "rev-parse", goal["branch"]) == git(small, "rev-parse", "main")
    assert goal["commit"] in git(small, "for-each-ref", "--format=%(objectname)", "refs/tuloy")
    assert tuloy("accept", goal["id"]).code == 2


def test_interrupt_is_clean_and_resumable(
    tuloy: Callable[..., Ran], shell: dict[str, str], git: Callable[..., str], small: Path, gate: Path
):
    """Ctrl-C ends the children, keeps what is finished, exits 130; resume does the rest once."""
    process = _begin(shell, small, f"Run `touch first.txt`, then run {waits_for(gate)}", gate)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert _waiting(gate) == []
    gate.touch()
    shown = tuloy("show", "--json").goal
    assert shown["status"] == "waiting"
    assert "tuloy resume" in shown["reason"]
    resumed = tuloy("resume", shown["id"], "--json")
    assert resumed.code == 0, resumed.err
    assert [(step["status"], step["cached"]) for step in resumed.goal["steps"]] == [("done", True), ("done", False)]
    assert git(small, "worktree", "list").count("\n") == 1


def test_nothing_of_the_directory_reaches_our_processes(cold_tuloy: Callable[..., Ran], small: Path, tmp_path: Path):
    """A directory's own tasks.py, flows/, .env, prefect.toml, sitecustomize.py are neither imported nor read."""
    trap = tmp_path / "sprung"
    spring = f"open({str(trap)!r}, 'a').write(__name__)\n"
    for name in ("tasks.py", "sitecustomize.py", "blocks.py", "prefect.py"):
        (small / name).write_text(spring)
    (small / "flows").mkdir()
    (small / "flows" / "__init__.py").write_text(spring)
    (small / ".env").write_text("PREFECT_API_URL=http://127.0.0.1:9/api\nPREFECT_LOGGING_LEVEL=NONSENSE\n")
    (small / "prefect.toml").write_text('[api]\nurl = "http://127.0.0.1:9/api"\n')
    ran = cold_tuloy("run", "Run `touch made.txt`", "--json", cwd=small)

    assert ran.code == 0, ran.err
    assert not trap.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", ""], "the goal is empty"),
        (["run", "run the tests", "--repo", "/no/such/place"], "/no/such/place"),
        (["run", "run the tests", "--priority", "huge"], "'huge'"),
        (["resume", "no-such-goal"], "no-such-goal"),
        (["run", "run the tests", "--agent", "nobody"], "'nobody'"),
    ],
)
def test_bad_words_are_refused_with_two(words: list[str], said: str, tuloy: Callable[..., Ran], small: Path):
    """What cannot be meant exits 2 with a sentence that names it, and leaves no goal."""
    before = tuloy("status", "--json").document["goals"]
    ran = tuloy(*words, cwd=small)

    assert ran.code == 2, ran.err
    assert said in ran.err
    assert len(before) == len(tuloy("status", "--json").document["goals"])


def test_goals_run_side_by_side(tuloy: Callable[..., Ran], git: Callable[..., str], small: Path):
    """Several goals of one call each end on a branch of their own."""
    ran = tuloy("run", "Run `touch a.txt`", "Run `touch b.txt`", "--repo", str(small), "--json")

    assert ran.code == 0, ran.err
    branches = [goal["branch"] for goal in ran.document["goals"]]
    assert [git(small, "show", "--name-only", "--format=", branch).strip() for branch in branches] == ["a.txt", "b.txt"]


def test_uncommitted_work_is_told_and_left(tuloy: Callable[..., Ran], small: Path):
    """Uncommitted files are not in the run, stay as they are, and the user is told."""
    (small / "draft.txt").write_text("mine")
    ran = tuloy("run", "Run `test ! -e draft.txt`", "--repo", str(small))

    assert ran.code == 0, ran.out
    assert "not included: 1 uncommitted file" in ran.err
    assert (small / "draft.txt").read_text() == "mine"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that is not there yet, for which a step waits."""
    return tmp_path / "gate"


def waits_for(gate: Path) -> str:
    """A command for a goal's text that ends when the file is there."""
    return f"`sh -c 'until test -e {gate}; do sleep 0.1; done'`"


def _waiting(gate: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        argv = process.info["cmdline"] or []
        if argv[:2] == ["sh", "-c"] and str(gate) in argv[2] and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def _until(holds: Callable[[], bool], limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("by", ["command", "prefect"])
def test_cancel_from_elsewhere(
    by: str, tuloy: Callable[..., Ran], shell: dict[str, str], small: Path, prefect_server: Server, gate: Path
):
    """Cancelled by `tuloy cancel` or in Prefect, a running goal ends its children and says cancelled."""
    process = _begin(shell, small, f"Run {waits_for(gate)}, then run `touch late.txt`", gate)
    goal = tuloy("show", "--json").goal
    if by == "command":
        assert tuloy("cancel", goal["id"]).code == 0
    else:
        _set_state(prefect_server, goal["flow_run_id"], "CANCELLING")
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert _waiting(gate) == []
    assert tuloy("show", goal["id"], "--json").goal["status"] == "cancelled"
    assert _state(prefect_server, goal["flow_run_id"]) == "CANCELLED"


@pytest.mark.parametrize("by", ["command", pytest.param("prefect", marks=pytest.mark.soak)])
def test_pause_from_elsewhere(
    by: str, tuloy: Callable[..., Ran], shell: dict[str, str], small: Path, prefect_server: Server, gate: Path
):
    """Paused by `tuloy pause` or in Prefect, a goal starts no further step until it is resumed the same way."""
    process = _begin(shell, small, f"Run {waits_for(gate)}, then run `touch late.txt`", gate)
    goal = tuloy("show", "--json").goal
    if by == "command":
        assert tuloy("pause", goal["id"]).code == 0
    else:
        _set_state(prefect_server, goal["flow_run_id"], "PAUSED")
    time.sleep(3 * EVERY_S)  # nothing says when the run has seen it
    gate.touch()
    _until(lambda: tuloy("show", goal["id"], "--json").goal["steps"][0]["status"] == "done")
    time.sleep(1)
    assert process.poll() is None
    assert tuloy("show", goal["id"], "--json").goal["steps"][1]["status"] == "waiting"
    if by == "command":
        assert tuloy("resume", goal["id"]).code == 0
    else:
        _set_state(prefect_server, goal["flow_run_id"], "RUNNING")
    _, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert tuloy("show", goal["id"], "--json").goal["status"] == "done"
    assert _state(prefect_server, goal["flow_run_id"]) == "COMPLETED"


def _begin(shell: dict[str, str], repo: Path, text: str, gate: Path) -> subprocess.Popen[str]:
    """Start a run of which a step waits for the gate, and return when it does."""
    words = [*COMMAND, "run", text, "--repo", str(repo)]
    process = subprocess.Popen(words, env=shell, cwd="/", text=True, stderr=subprocess.PIPE, stdout=-3)
    _until(lambda: _waiting(gate) != [])
    return process


def _set_state(server: Server, flow_run_id: str, kind: str) -> None:
    """Do what a button of the Prefect UI does."""
    body = json.dumps({"state": {"type": kind}, "force": True})
    answer = httpx.post(f"{server.api_url}/flow_runs/{flow_run_id}/set_state", content=body, headers=_csrf(server))
    assert answer.status_code in (200, 201), answer.text


def _state(server: Server, flow_run_id: str) -> str:
    return httpx.get(f"{server.api_url}/flow_runs/{flow_run_id}").json()["state"]["type"]


def _csrf(server: Server) -> dict[str, str]:
    client = "tests"
    token = httpx.get(f"{server.api_url}/csrf-token", params={"client": client}).json()["token"]
    return {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token, "Content-Type": "application/json"}
