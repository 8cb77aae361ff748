"""One goal, one living process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tuloy.errors import GoalBusy
from tuloy.store import Store, verify

HOLD = """
import sys
from tuloy.store import open_store
open_store(sys.argv[1]).take_lease(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def hold(path: Path, goal: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), goal],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_living_holder_keeps_the_goal(store: Store, goal: str, path: Path) -> None:
    """While its process lives a lease is kept; who wants it learns the pid and since when."""
    with hold(path, goal) as holder:
        with pytest.raises(GoalBusy, match=rf"process {holder.pid} since \d{{4}}-"):
            store.take_lease(goal)
        assert store.release_lease(goal) is False
        lease = store.lease_of(goal)
        assert lease is not None
        assert lease.pid == holder.pid
        holder.kill()


def test_dead_holder_is_replaced(store: Store, goal: str, path: Path) -> None:
    """A lease of a killed process is taken over, even while the process is still a zombie."""
    with hold(path, goal) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        assert store.take_lease(goal).pid == os.getpid()
    assert store.events(goal)[-1].kind == "lease.taken_over"
    assert verify(store).intact


def test_reused_pid_is_not_the_holder(store: Store, goal: str) -> None:
    """A living process with the holder's pid but another start time does not hold the lease."""
    store.take_lease(goal)
    with store.write() as writing:
        writing.update("lease", {"goal_id": goal, "pid_born": "2001-01-01T00:00:00.000000+00:00"})
    assert store.take_lease(goal).pid == os.getpid()


def test_other_host_counts_as_alive(store: Store, goal: str) -> None:
    """Whether a process of another host lives cannot be known: it keeps its lease, and the host is named."""
    store.take_lease(goal)
    with store.write() as writing:
        writing.update("lease", {"goal_id": goal, "host": "elsewhere"})
    with pytest.raises(GoalBusy, match="on host 'elsewhere'"):
        store.take_lease(goal)


def test_released_goal_can_be_taken(store: Store, goal: str) -> None:
    """A lease is held once, released once, and free again."""
    store.take_lease(goal)
    with pytest.raises(GoalBusy):
        store.take_lease(goal)
    assert [store.release_lease(goal), store.release_lease(goal)] == [True, False]
    assert store.lease_of(goal) is None
    store.take_lease(goal)
