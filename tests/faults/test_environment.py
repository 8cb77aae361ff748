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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployments import record as records
from deployments.server import Server, stop_server

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-c", "from cli.main import main; main()"]


@dataclass(frozen=True)
class Place:
    """A home with a server of its own, and a repository; `tuloy` is the real command there."""

    home: Path
    repo: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
        nowhere = str(self.home / "none.toml")
        return {**kept, "TULOY_HOME": str(self.home), "TULOY_CONFIG": nowhere, "PYTHONPATH": str(ROOT)}

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*COMMAND, *words], env={**self.environment, **variables}, cwd="/", text=True, **pipes)  # type: ignore[call-overload]

    def tuloy(self, *words: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words)
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
def make_place(tmp_path: Path, prepare_home: Callable[[Path], None]) -> Iterator[Callable[[Path], Place]]:
    """Make a place whose state lies in a given directory; its server is stopped at the end."""
    made: list[Place] = []

    def make(home: Path) -> Place:
        repo = tmp_path / "repo"
        repo.mkdir()
        (repo / "notes.txt").write_text(f"{tmp_path}\n")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
            git = ["git", "-C", str(repo), "-c", "user.name=U", "-c", "user.email=u@localhost", *words]
            subprocess.run(git, check=True)
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


def until(holds: Callable[[], Any], limit_s: float = 40) -> None:
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


def test_a_server_killed_in_the_middle_is_brought_back(place: Place, tmp_path: Path):
    """The local server killed with -9 is started again at its address, and the goal goes on to its end."""
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
