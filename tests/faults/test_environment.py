"""The ground gives way under a goal: its server is killed, its disk fills, its store, plan or log is damaged.

Nothing of this may end in a success that is none, and once the cause is gone `resume` completes the goal.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deployments import record as records
from deployments.server import Server, stop_server
from tests.warm import Warm

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-c", "from cli.main import main; main()"]


@dataclass(frozen=True)
class Place:
    """A home and a repository; `tuloy` is the real command there, forked off `warm` where that is given.

    Where no server is named the home starts one of its own.
    """

    home: Path
    repo: Path
    server: str = ""
    warm: Warm | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
        named = {"PREFECT_API_URL": self.server} if self.server else {}
        nowhere = str(self.home / "none.toml")
        return {**kept, "TULOY_HOME": str(self.home), "TULOY_CONFIG": nowhere, "PYTHONPATH": str(ROOT), **named}

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*COMMAND, *words], env={**self.environment, **variables}, cwd="/", text=True, **pipes)  # type: ignore[call-overload]

    def tuloy(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        if self.warm is not None:
            return self.warm.run(words, env={**self.environment, **variables}, timeout=170)
        process = self.start(*words, **variables)
        out, err = process.communicate(timeout=170)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def goal(self, *words: str) -> dict[str, Any]:
        ran = self.tuloy(*words, "--json")
        (goal,) = json.loads(ran.stdout)["goals"]
        return {**goal, "code": ran.returncode}

    def sql(self, statement: str, *values: object) -> list[Any]:
        with sqlite3.connect(self.home / "tuloy.db", timeout=30) as connection:
            return connection.execute(statement, values).fetchall()


@pytest.fixture
def repo(made_repo: Path, tmp_path: Path) -> Path:
    """A repository of which no verdict is known from another test."""
    (made_repo / "notes.txt").write_text(f"{tmp_path}\n")
    identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
    subprocess.run(["git", "-C", str(made_repo), *identity, "commit", "-qam", "unique"], check=True)
    return made_repo


@pytest.fixture
def make_place(repo: Path, prepare_home: Callable[[Path], None]) -> Iterator[Callable[[Path], Place]]:
    """Make a place whose state lies in a given directory; its server is stopped at the end."""
    made: list[Place] = []

    def make(home: Path) -> Place:
        prepare_home(home)
        made.append(Place(home, repo))
        return made[-1]

    yield make
    for place in made:
        stop_server(place.home)


@pytest.fixture
def place(make_place: Callable[[Path], Place], tmp_path: Path) -> Place:
    """A place on the ordinary disk."""
    return make_place(tmp_path / "home")


@pytest.fixture(scope="module")
def harmed_home(
    start_test_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A home for tests that harm its server: each ends with one that answers."""
    home = tmp_path_factory.mktemp("harmed") / "home"
    start_test_server(home)
    yield home
    stop_server(home)


@pytest.fixture
def place_with_a_server(harmed_home: Path, repo: Path) -> Place:
    """A place with a server of its own, which a test may harm."""
    return Place(harmed_home, repo)


@pytest.fixture
def common_place(warm: Warm, prefect_home: Path, repo: Path) -> Place:
    """A place in the session's home, for what harms neither store nor server."""
    return Place(prefect_home, repo, warm=warm)


@pytest.fixture(scope="module")
def home_on_the_server(prefect_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A home of its own on the session's server, as if the user had named that."""
    home = tmp_path_factory.mktemp("own") / "home"
    place = Place(home, home, prefect_server.api_url)
    warm = Warm(place.environment, prefect_server.api_url)
    yield replace(place, warm=warm)
    warm.close()


@pytest.fixture
def place_with_a_store(home_on_the_server: Place, repo: Path) -> Place:
    """A place with a new store of its own, which a test may harm, on the session's server."""
    for file in home_on_the_server.home.glob("tuloy.db*"):
        file.unlink()
    return replace(home_on_the_server, repo=repo)


@pytest.fixture
def make_server(start_test_server: Callable[[Path], Server]) -> Callable[[Path], Server]:
    """Start a server that the user may name in PREFECT_API_URL."""
    return start_test_server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB, where one can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def until(holds: Callable[[], Any], limit_s: float = 80) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def kill_server(place: Place) -> None:
    record = records.read(place.home)
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)


def slow_step(tmp_path: Path, seconds: float = 4) -> tuple[Path, Path]:
    """A script that works for a while and notes each time that it did, and the file that says it has begun."""
    began, script = tmp_path / "began", tmp_path / "slow.sh"
    script.write_text(f"#!/bin/sh\ntouch {began}\nsleep {seconds}\necho one >> {tmp_path}/times\ntouch first.txt\n")
    script.chmod(0o755)
    return script, began


def test_a_server_killed_in_the_middle_is_brought_back(place_with_a_server: Place, tmp_path: Path):
    """The local server killed with -9 is started again at its address, and the goal goes on to its end."""
    place = place_with_a_server
    script, began = slow_step(tmp_path)
    process = place.start("run", f"Run `{script}`, then run `touch second.txt`", "--repo", str(place.repo), "--json")
    until(began.exists)
    kill_server(place)
    out, err = process.communicate(timeout=100)

    assert process.returncode == 0, err
    assert "Traceback" not in err
    (goal,) = json.loads(out)["goals"]
    assert [step["status"] for step in goal["steps"]] == ["done", "done"]
    assert (tmp_path / "times").read_text() == "one\n"


@pytest.mark.soak
def test_a_server_taken_down_stays_down(place: Place, tmp_path: Path):
    """`tuloy down` during a run is meant: nobody starts the server again, the goal waits (4), and resume completes."""
    script, began = slow_step(tmp_path, 2)
    process = place.start("run", f"Run `{script}`, then run `sleep 200`", "--repo", str(place.repo), "--json")
    until(began.exists)
    place.start("down").communicate(timeout=60)
    out, err = process.communicate(timeout=150)

    assert process.returncode == 4, err
    assert not (place.home / "server.json").exists()
    (goal,) = json.loads(out)["goals"]
    assert goal["status"] == "waiting"
    place.sql("update plan set document = replace(document, '200', '0.3') where goal_id = ?", goal["id"])
    resumed = place.goal("resume", goal["id"])
    assert (resumed["code"], resumed["status"]) == (0, "done")
    assert (tmp_path / "times").read_text() == "one\n"


@pytest.mark.soak
def test_a_server_killed_for_good_ends_the_goal_in_time(
    place: Place, make_server: Callable[[Path], Server], tmp_path: Path
):
    """A server of the user's that stays away ends the run within a minute, waiting (4); resume completes elsewhere."""
    script, began = slow_step(tmp_path, 2)
    theirs = make_server(tmp_path / "theirs")
    words = ["run", f"Run `{script}`, then run `sleep 300`", "--repo", str(place.repo), "--json"]
    process = place.start(*words, PREFECT_API_URL=theirs.api_url)
    until(began.exists)
    assert theirs.pid
    os.kill(theirs.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    out, err = process.communicate(timeout=150)

    assert time.monotonic() - killed_at < 75
    assert process.returncode == 4, err
    assert "Traceback" not in err
    (goal,) = json.loads(out)["goals"]
    assert goal["status"] == "waiting"
    assert "the Prefect server went away" in goal["reason"]
    assert f"tuloy resume {goal['id']}" in goal["reason"]
    place.sql("update plan set document = replace(document, '300', '0.3') where goal_id = ?", goal["id"])
    resumed = place.goal("resume", goal["id"])
    assert (resumed["code"], resumed["status"]) == (0, "done")
    assert (tmp_path / "times").read_text() == "one\n"


def run_plan(place: Place, *steps: dict[str, Any]) -> dict[str, Any]:
    """Run a plan of these steps, side by side, with the real run, and return the goal."""
    assert place.warm is not None
    filled = [{"title": step["id"], "capabilities": ["shell"], **step} for step in steps]
    stage = {"id": "s1", "title": "All", "gates": [], "steps": filled}
    file = place.repo.parent / "plan.json"
    file.write_text(json.dumps({"goal": {"text": "try it all"}, "lane": "given", "stages": [stage]}))
    words = [str(place.home), str(place.repo), str(file), "never"]
    ran = place.warm.run(words, program="tests.faults.die_at:command", env=place.environment, timeout=120)
    (goal,) = json.loads(ran.stdout)["goals"]
    return {**goal, "code": ran.returncode, "by_id": {step["id"]: step for step in goal["steps"]}}


def shell(name: str, words: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "action": {"kind": "command", "argv": ["sh", "-c", words]}, **more}


def sleepers(seconds: str) -> list[str]:
    """Command lines of living processes that sleep for exactly that long."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = cmdline.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:2] == [seconds.encode()]:
            found.append(str(cmdline))
    return found


def test_steps_that_misbehave_are_bounded_recorded_and_told(common_place: Place):
    """Hanging, daemons, a gigabyte of output, a signal, a missing or broken tool, a write into the user's checkout."""
    place = common_place
    (place.repo.parent / "broken").write_bytes(b"\x7fELF this is no program")
    (place.repo.parent / "broken").chmod(0o755)
    leak = place.repo / "leaked.txt"
    goal = run_plan(
        place,
        shell("hangs", "sleep 4321 & sleep 4321", timeout_s=2),
        shell("daemon", "setsid sleep 4322 >/dev/null 2>&1 & sleep 0.3; exit 0"),
        shell("shouts", "head -c 1000000000 /dev/zero | tr '\\0' x"),
        shell("signalled", "kill -SEGV $$"),
        shell("outside", f"touch {leak}"),
        {"id": "missing", "action": {"kind": "command", "argv": ["no-such-tool-here", "x"]}},
        {"id": "broken", "action": {"kind": "command", "argv": [str(place.repo.parent / "broken")]}},
    )
    said = {name: step["reason"] for name, step in goal["by_id"].items()}

    assert (goal["code"], goal["status"]) == (4, "failed")
    statuses = {name: step["status"] for name, step in goal["by_id"].items()}
    assert statuses == {
        "hangs": "failed", "daemon": "done", "shouts": "done", "signalled": "failed", "outside": "done",
        "missing": "failed", "broken": "failed",
    }  # fmt: skip
    assert "2 s" in said["hangs"]
    assert sleepers("4321") == sleepers("4322") == []
    assert said["daemon"] == "exit code 0; 1 left-over process ended"
    assert said["shouts"] == "exit code 0; only the first 64 of 1000 MB of output kept"
    assert Path(goal["by_id"]["shouts"]["output"]).stat().st_size <= 64 * 1024 * 1024
    assert "SIGSEGV" in said["signalled"]
    assert "'no-such-tool-here' is neither in the project's environment nor on PATH; install it" in said["missing"]
    assert "cannot be started" in said["broken"]
    assert len(goal["leaks"]) == 1
    assert "'leaked.txt' while this goal ran; if it was not you, a step wrote outside" in goal["leaks"][0]
    assert "leak     files in your checkout changed" in place.tuloy("show").stdout


def test_a_commit_in_the_users_checkout_is_a_leak_and_no_change_is_none(common_place: Place):
    """A step that commits into the user's checkout is told; a goal that stays inside is not accused."""
    place = common_place
    git = f"git -C {place.repo} -c user.name=U -c user.email=u@localhost"
    goal = run_plan(place, shell("commits", f"{git} commit -q --allow-empty -m evil"))
    inside = run_plan(place, shell("inside", "touch made.txt"))

    assert "HEAD of your checkout moved from main at" in goal["leaks"][0]
    assert inside["leaks"] == []


@pytest.mark.soak
def test_a_full_disk_is_no_success_and_resume_completes(
    small_disk: Path, make_place: Callable[[Path], Place], tmp_path: Path
):
    """A step fills the disk that the home is on: 4, told, nothing landed; with space again, resume does the rest."""
    place = make_place(small_disk / "home")
    switch = tmp_path / "fill"
    switch.touch()
    script = tmp_path / "fill.sh"
    script.write_text(
        f"#!/bin/sh\nif [ -e {switch} ]; then dd if=/dev/zero of=big bs=1M count=60; fi\ntouch made.txt\n"
    )
    script.chmod(0o755)
    goal = place.tuloy("run", f"Run `{script}`", "--repo", str(place.repo), "--json")

    assert goal.returncode in (1, 4), goal.stdout + goal.stderr
    assert "No space left" in goal.stdout + goal.stderr or "disk is full" in goal.stdout + goal.stderr
    switch.unlink()
    shown = place.goal("show")
    assert shown["status"] in ("failed", "waiting")
    assert shown["branch"] is None
    resumed = place.goal("resume", shown["id"])
    assert (resumed["code"], resumed["status"]) == (0, "done"), resumed


def test_a_disk_filled_by_others_is_no_success(small_disk: Path, make_place: Callable[[Path], Place], tmp_path: Path):
    """The disk of store and server is full when a step ends: 4, not done; with space again, resume completes."""
    place = make_place(small_disk / "home")
    script, began = slow_step(tmp_path, 3)
    process = place.start("run", f"Run `{script}`", "--repo", str(place.repo), "--json")
    until(began.exists)
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(65536)):
            pass
    out, err = process.communicate(timeout=150)
    (small_disk / "filler").unlink()

    assert process.returncode == 4, out + err
    assert "Traceback" not in err
    shown = place.goal("show")
    assert shown["status"] in ("waiting", "failed")
    assert shown["branch"] is None
    resumed = place.goal("resume", shown["id"])
    assert (resumed["code"], resumed["status"]) == (0, "done"), resumed
    assert place.tuloy("audit", "verify").returncode == 0


def test_no_place_for_the_store_is_told(common_place: Place, tmp_path: Path):
    """A home that is a file, or lies below one, ends with 4 and says which variable to set."""
    (tmp_path / "file").write_text("x")
    words = ["run", "Run `true`", "--repo", str(common_place.repo)]
    ran = common_place.tuloy(*words, TULOY_HOME=str(tmp_path / "file" / "home"))

    assert ran.returncode == 4
    assert "set TULOY_HOME to a directory you can write" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_damaged_plan_is_named_and_the_rest_unharmed(place_with_a_store: Place):
    """A plan that no longer parses stops its own goal (4), by name; status and other goals work."""
    place = place_with_a_store
    broken = place.goal("run", "Run `false`", "--repo", str(place.repo))
    place.sql("update plan set document = substr(document, 1, 40) where goal_id = ?", broken["id"])
    resumed = place.tuloy("resume", broken["id"])
    other = place.goal("run", "Run `touch other.txt`", "--repo", str(place.repo))
    status = place.tuloy("status", "--json")
    table = place.tuloy("status")

    assert broken["id"] in table.stdout, table.stderr
    assert resumed.returncode == 4, resumed.stderr
    assert broken["id"] in resumed.stderr
    assert "plan" in resumed.stderr
    assert "Traceback" not in resumed.stderr
    assert other["code"] == 0
    assert status.returncode == 0, status.stderr
    assert [goal["id"] for goal in json.loads(status.stdout)["goals"]] == [other["id"], broken["id"]]
    assert f"the stored plan of goal '{broken['id']}' cannot be read" in place.tuloy("show", broken["id"]).stdout


def test_a_damaged_server_record_is_set_aside(place_with_a_server: Place):
    """server.json of nonsense is named and kept aside, the live server is replaced, and the goal is done."""
    place = place_with_a_server
    before = records.read(place.home)
    assert before is not None
    (place.home / "server.json").write_text('{"pid": "none')
    ran = place.tuloy("run", "Run `true`", "--repo", str(place.repo))

    assert ran.returncode == 0, ran.stderr
    assert len(list(place.home.glob("server.json.broken-*"))) == 1
    assert not records.is_alive(before, place.home)


def test_a_tampered_log_is_named_and_goals_still_run(place_with_a_store: Place):
    """An event that was changed is found by `audit verify` (1), by its number; nothing else stops working."""
    place = place_with_a_store
    first = place.goal("run", "Run `false`", "--repo", str(place.repo))
    with sqlite3.connect(place.home / "tuloy.db", timeout=30) as connection:
        connection.execute("drop trigger event_no_update")
        connection.execute("update event set data = replace(data, 'failed', 'done') where kind = 'goal.failed'")
        seq = connection.execute("select seq from event where kind = 'goal.failed'").fetchone()[0]
    verified = place.tuloy("audit", "verify")

    assert verified.returncode == 1
    assert f"broken at event {seq}: changed" in verified.stdout
    assert place.goal("show", first["id"])["status"] == "failed"
    assert place.goal("run", "Run `touch x.txt`", "--repo", str(place.repo))["code"] == 0
