"""Run one program to its end: bounded, recorded, and with nothing left running.

Owns process groups, time limits, capture and clean-up. Knows nothing of steps or gates; both use it.
Every process carries `TULOY_ATTEMPT` in its environment, so that a child which left its group, or outlived a killed
run, can still be found and ended (`end_marked`).
"""

import contextlib
import errno
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from tuloy.errors import ToolMissing
from tuloy.printable import printable

__all__ = ["MARK", "Ended", "end_marked", "run_process"]

MARK = "TULOY_ATTEMPT"
TAIL_BYTES = 16_000
OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024
GRACE_S = 2.0
DRAIN_BYTES = 1024 * 1024  # more than a pipe holds
POLL_S = 0.05
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    `exit_code` is None when a signal ended it (then `signal_name` says which) or the limit did (`timed_out`,
    `cancelled`). `tail` is the printable end of stdout and stderr together; all of it, up to 64 MB, is in
    `output_path`. `output_bytes` counts everything that was written, kept or not. `survivors` are the processes,
    the program among them, that did not end by themselves and were killed.
    """

    argv: tuple[str, ...]
    exit_code: int | None
    signal_name: str | None
    timed_out: bool
    cancelled: bool
    duration_s: float
    tail: str
    output_path: Path
    output_bytes: int
    survivors: int

    @property
    def ok(self) -> bool:
        """Whether it exited by itself with status 0."""
        return self.exit_code == 0

    def describe(self, limit_s: float) -> str:
        """One sentence on how it ended."""
        if self.cancelled:
            return "stopped on request"
        if self.timed_out:
            return f"still running after {limit_s:g} s; ended with its children"
        if self.signal_name:
            return f"ended by signal {self.signal_name}"
        left = f"; {self.survivors} left-over process{'es' * (self.survivors > 1)} ended" if self.survivors else ""
        over = f"; only the first 64 of {self.output_bytes // 10**6} MB of output kept" * (
            self.output_bytes > OUTPUT_LIMIT_BYTES
        )
        return f"exit code {self.exit_code}{left}{over}"


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output_path: Path,
    timeout_s: float,
    mark: str,
    cancel: threading.Event | None = None,
) -> Ended:
    """Run `argv` in its own session and wait for it, its time limit or `cancel`; then end whatever it left behind.

    Raises:
        ToolMissing: when the program cannot be started at all.
    """
    output_path.parent.mkdir(parents=True, exist_ok=True)
    older = psutil.pids()
    began = time.monotonic()
    with output_path.open("wb", buffering=0) as kept, _start(argv, cwd, {**env, MARK: mark}) as process:
        capture = _Capture(process.stdout, kept)
        try:
            timed_out, cancelled = _await_end(process, capture, began + timeout_s, cancel)
        finally:
            survivors = _end_all(process, capture, mark, older)
        capture.drain()
    code = process.returncode
    forced = timed_out or cancelled
    return Ended(
        argv=tuple(argv),
        exit_code=None if forced or code < 0 else code,
        signal_name=_signal_name(-code) if code < 0 and not forced else None,
        timed_out=timed_out,
        cancelled=cancelled,
        duration_s=time.monotonic() - began,
        tail=capture.tail(),
        output_path=output_path,
        output_bytes=capture.total,
        survivors=survivors,
    )


def end_marked(mark: str, *, family: bool = False, older: Collection[int] = ()) -> int:
    """Kill every process of this user that carries `mark` (or, with `family`, one that begins so); return how many.

    What they start meanwhile is found by looking again, for two seconds at most. `older` are process ids that were
    there before anything could carry the mark, and need not be looked at.

    Raises:
        ValueError: when the mark is empty: it would mean every run on this machine.
    """
    if not mark:
        raise ValueError("an empty mark names no attempt; give the mark of a run")
    wanted = f"{MARK}={mark}" + ("" if family else "\0")
    deadline = time.monotonic() + GRACE_S
    ended: set[int] = set()
    seen = {os.getpid(), *older}
    while (new := set(psutil.pids()) - seen) and time.monotonic() < deadline:
        seen |= new
        found = [pid for pid in new if _carries(pid, wanted)]
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended.update(found)
        while any(_lives(pid) for pid in found) and time.monotonic() < deadline:
            time.sleep(0.005)
    return len(ended)


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    if not argv:
        raise ToolMissing("an empty command cannot be started; name a program")
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        raise ToolMissing(f"{argv[0]!r} cannot be started: {_why_not(error, argv, cwd)}") from error


def _why_not(error: OSError | ValueError, argv: Sequence[str], cwd: Path) -> str:
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        longest = max(len(os.fsencode(part)) for part in argv)
        return (
            f"its arguments and variables are too long for this system (the longest argument has {longest} bytes, "
            "Linux takes 131071); put the words into a file and name that"
        )
    if not cwd.is_dir():
        return f"its directory {str(cwd)!r} is not there; run `tuloy resume`"
    return f"{error}; install it or correct the command"


def _await_end(
    process: subprocess.Popen[bytes], capture: "_Capture", deadline: float, cancel: threading.Event | None
) -> tuple[bool, bool]:
    """Take output until the end; return whether the time limit or a request ended the waiting."""
    pause = 0.002
    while process.poll() is None:
        if cancel is not None and cancel.is_set():
            return False, True
        left = deadline - time.monotonic()
        if left <= 0:
            return True, False
        took = capture.take(min(pause, left))
        if not took and capture.closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(pause, left))
        pause = min(pause * 1.5, POLL_S)
    return False, False


def _end_all(process: subprocess.Popen[bytes], capture: "_Capture", mark: str, older: Collection[int]) -> int:
    """Ask the group to end, then make everything end; return how many had to be made."""
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        _await_end(process, capture, time.monotonic() + GRACE_S, None)
    survivors = end_marked(mark, older=older)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    return survivors


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _carries(pid: int, wanted: str) -> bool:
    """Whether the process has our mark; other users' processes cannot be read, and are not ours."""
    try:
        if PROC.is_dir():
            return b"\0" + wanted.encode() in b"\0" + (PROC / str(pid) / "environ").read_bytes()
        variables = psutil.Process(pid).environ()
        return f"{MARK}={variables.get(MARK, '')}\0".startswith(wanted)
    except (OSError, psutil.Error):
        return False


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


class _Capture:
    """Takes a pipe's content into a file up to the limit, and remembers the end of it."""

    def __init__(self, pipe: IO[bytes] | None, kept: IO[bytes]) -> None:
        assert pipe is not None
        self._pipe, self._kept, self._end = pipe, kept, b""
        self._readable = select.poll()
        self._readable.register(pipe, select.POLLIN)
        self.closed = False
        self.total = 0

    def take(self, wait_s: float) -> bool:
        """Wait so long for output; return whether some came. `closed` is set at its end."""
        if self.closed or not self._readable.poll(wait_s * 1000):
            return False
        chunk = os.read(self._pipe.fileno(), 65536)
        self.closed = not chunk
        room = OUTPUT_LIMIT_BYTES - self.total
        self.total += len(chunk)
        if room > 0:
            with contextlib.suppress(OSError):  # a full disk must not stop the program's own end
                self._kept.write(chunk[:room])
        self._end = (self._end + chunk)[-TAIL_BYTES:]
        return bool(chunk)

    def drain(self) -> None:
        """Take what is there already; a process that got away may hold the pipe open and write for ever."""
        most = self.total + DRAIN_BYTES
        while self.take(0) and self.total < most:
            pass

    def tail(self) -> str:
        return printable(self._end.decode("utf-8", "replace"))
