"""Several threads and processes at one store, and processes that are killed while they write."""

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tuloy.outcome import Outcome
from tuloy.store import Store, open_store, verify

WRITE = """
import sys
from tuloy.outcome import Outcome
from tuloy.store import open_store
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_store(path) as store:
    store.create_goal(name, "words")
    print("writing", flush=True)
    for n in range(count):
        attempt = store.start_attempt(name, f"s{n}", f"k{n}")
        store.record_outcome(name, Outcome(key=f"k{n}", step=f"s{n}", status="done"), attempt.id)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", WRITE, str(path), name, str(count)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_write_side_by_side(path: Path) -> None:
    """Four processes with 200 writes each never meet a lock, and leave one chain."""
    writers = [writer(path, f"g{n}", 100) for n in range(4)]
    assert [process.communicate()[1] for process in writers] == [""] * 4
    with open_store(path) as store:
        report = verify(store)
        assert report.intact
        assert (report.goals, report.events) == (4, 4 * 201)


def test_threads_write_side_by_side(store: Store, goal: str) -> None:
    """Threads of one process share a store, to read and to write: each write lands once, in order."""

    def work(n: int) -> bool:
        attempt = store.start_attempt(goal, f"s{n}", f"k{n % 10}")
        store.record_outcome(goal, Outcome(key=f"k{n % 10}", step=f"s{n}", status="lost"), attempt.id)
        return attempt.id in [one.id for one in store.attempts(goal)]

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(200)))
    numbers = sorted((one.key, one.number) for one in store.attempts(goal))
    assert numbers == [(f"k{key}", number) for key in range(10) for number in range(1, 21)]
    assert verify(store).intact


def kill_while_writing(path: Path, times: int) -> None:
    chance = random.Random(times)
    for n in range(times):
        process = writer(path, f"g{n}", 100_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        process.communicate()
        with open_store(path) as store:
            report = verify(store)
            assert report.intact, report
            assert len(store.open_attempts(f"g{n}")) <= 1


def test_killed_writers_leave_a_whole_store(path: Path) -> None:
    """However a writer is killed, the next one finds whole transactions, and at most one open attempt."""
    kill_while_writing(path, 5)


@pytest.mark.soak
def test_many_killed_writers_leave_a_whole_store(path: Path) -> None:
    """The same holds over a hundred killed writers."""
    kill_while_writing(path, 100)


@pytest.mark.soak
def test_processes_killed_at_the_first_opening(tmp_path: Path) -> None:
    """A process killed while it makes the store leaves one that the next process can open."""
    chance = random.Random(1)
    for n in range(40):
        path = tmp_path / f"{n}.db"
        process = writer(path, "g", 10)
        time.sleep(chance.uniform(0.3, 0.8))
        process.kill()
        process.communicate()
        with open_store(path) as store:
            assert verify(store).intact
