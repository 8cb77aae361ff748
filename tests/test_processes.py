"""Which process a number means."""

import os
import subprocess
import sys

from tuloy.processes import born


def test_a_process_keeps_its_birth():
    """The same process is told the same each time, whatever the clock of the machine says."""
    assert born(os.getpid()) == born(os.getpid()) is not None


def test_two_processes_differ():
    """A process that starts later is born later, even on the same clock second."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert born(other.pid) not in (None, born(os.getpid()))


def test_the_dead_are_not_born():
    """A process that ended is dead while nobody has asked for its exit code, and after."""
    with subprocess.Popen([sys.executable, "-c", ""]) as other:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert born(other.pid) is None
    assert born(other.pid) is None


def test_a_name_with_brackets_is_read(tmp_path):
    """The kernel puts the program's name in brackets before the fields: one with brackets of its own is no trap."""
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "60"]) as other:
        assert (born(other.pid) or "").rpartition("/")[2].isdecimal()
        other.kill()
