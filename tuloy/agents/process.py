"""Run one program to its end: bounded, recorded, and with nothing left running.

Owns process groups, time limits, capture and clean-up. Knows nothing of steps or gates; both use it.
Every process carries `TULOY_ATTEMPT` in its environment, so that a child which left its group, or outlived a killed
run, can still be found and ended (`end_marked`).
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
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
POLL_S = 0.05
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    `exit_code` is None when a signal ended it (then `signal_name` says which) or the limit did (`timed_out`,
    `cancelled`). `tail` is the printable end of stdout and stderr together; all of it, up to 64 MB, is in
    `output_path`. `output_bytes` counts everything that was written, kept or not.
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
        return f"exit code {self.exit_code}"


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
    began = time.monotonic()
    with output_path.open("wb") as kept:
        process = _start(argv, cwd, {**env, MARK: mark})
        capture = _Capture(process.stdout, kept)
        capture.start()
        timed_out, cancelled = _await_end(process, began + timeout_s, cancel)
        survivors = _end_group(process) + end_marked(mark)
        capture.join(timeout=GRACE_S)
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


def end_marked(mark: str, *, family: bool = False) -> int:
    """Kill every process of this user that carries `mark` (or, with `family`, one that begins so); return how many."""
    wanted = f"{MARK}={mark}" + ("" if family else "\0")
    found = [pid for pid in psutil.pids() if pid != os.getpid() and _carries(pid, wanted)]
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + GRACE_S
    while any(_lives(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.005)
    return len(found)


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ToolMissing(
            f"{argv[0]!r} cannot be started: {error}; install it or correct the command"
        ) from error


def _await_end(
    process: subprocess.Popen[bytes], deadline: float, cancel: threading.Event | None
) -> tuple[bool, bool]:
    """Wait; return whether the time limit or a request ended the waiting."""
    pause = 0.002
    while process.poll() is None:
        if cancel is not None and cancel.is_set():
            return False, True
        left = deadline - time.monotonic()
        if left <= 0:
            return True, False
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(pause, left))
        pause = min(pause * 1.5, POLL_S)
    return False, False


def _end_group(process: subprocess.Popen[bytes]) -> int:
    """Ask the whole group to end, then make it; return 1 when the leader itself had to be ended."""
    running = process.poll() is None
    if running:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    return int(running)


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


class _Capture(threading.Thread):
    """Drains a pipe into a file up to the limit, and remembers the end of it."""

    def __init__(self, pipe: IO[bytes] | None, kept: IO[bytes]) -> None:
        super().__init__(daemon=True, name="capture")
        assert pipe is not None
        self._pipe, self._kept, self._end = pipe, kept, b""
        self.total = 0

    def run(self) -> None:
        while chunk := os.read(self._pipe.fileno(), 65536):
            room = OUTPUT_LIMIT_BYTES - self.total
            self.total += len(chunk)
            if room > 0:
                with contextlib.suppress(
                    OSError, ValueError
                ):  # a full disk must not stop the program's own end
                    self._kept.write(chunk[:room])
            self._end = (self._end + chunk)[-TAIL_BYTES:]

    def tail(self) -> str:
        return printable(self._end.decode("utf-8", "replace"))
