"""One detached worker per home, which does what the deployments' flow runs ask: started, found again, stopped.

Owns: its process, record and log. Does not own: pool and deployments (deployments.catalog), the server.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.catalog import POOL
from deployments.environment import OUR_ROOT, prefect_environment, quiet_directory
from deployments.launch import LOG_LIMIT_BYTES
from tuloy import __version__
from tuloy.agents.process import MARK
from tuloy.errors import ServerUnavailable, TuloyError
from tuloy.processes import born

if TYPE_CHECKING:
    from psutil import Process

__all__ = ["Worker", "child_environment", "ensure_worker", "stop_worker", "worker_lock", "worker_of"]

LOCK_TIMEOUT_S = 240
END_GRACE_S = 25.0
START_S = 1.5
# Loaded early: a worker that has to import the flow after a crash reports it seconds later, and hits the retry.
PROGRAM = "import flows.run_goal, deployments.reporting; from prefect.cli import app; app()"
_STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Worker:
    """One started worker; `born` is its process's, as `tuloy.processes` tells it."""

    pid: int
    born: str
    name: str
    api_url: str
    tuloy_version: str


def child_environment(home: Path, api_url: str) -> dict[str, str]:
    """Return the environment of the worker and of whoever deploys: the user's, with Prefect's settings made ours.

    All of the user's, because coding CLIs take their keys from it; steps see what `pass_env` names. Flow runs
    inherit it, so that no directory that one is started in can be imported from.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**inherited, **prefect_environment(home, api_url), "PYTHONSAFEPATH": "1"}
    environment["TULOY_PYTHON"] = sys.executable
    environment.pop("PYTHONPATH", None)
    if not any(OUR_ROOT.is_relative_to(place) for place in _site_packages()):
        environment["PYTHONPATH"] = str(OUR_ROOT)
    return environment


def ensure_worker(home: Path, api_url: str) -> tuple[Worker, bool]:
    """Return the worker of this home for this server, started if need be, and whether it was; hold `worker_lock`.

    Raises:
        TuloyError: when it dies at once; the message has its last words.
    """
    worker = worker_of(home)
    if worker is not None and (worker.api_url, worker.tuloy_version) == (api_url, __version__):
        return worker, False
    stop_worker(home)
    return _start(home, api_url), True


def worker_of(home: Path) -> Worker | None:
    """Return the recorded worker of this home while it lives; one that crashed is none."""
    record = _record(home)
    return record if record is not None and _process(record) is not None else None


def stop_worker(home: Path) -> bool:
    """Stop the worker and the flow runs that it works on, whose goals stay resumable; tell whether there was one."""
    workers = list(_workers(home))
    if workers:
        _end(workers)
    (home / "worker.json").unlink(missing_ok=True)
    return bool(workers)


@contextmanager
def worker_lock(home: Path) -> Iterator[None]:
    """Be the only one who deploys, starts or stops in this home."""
    from filelock import FileLock, Timeout

    quiet_directory(home)
    try:
        with FileLock(home / "worker.lock", timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise ServerUnavailable(
            f"another process has held {str(home / 'worker.lock')!r} for {LOCK_TIMEOUT_S} s; end it, or try again"
        ) from error


def _start(home: Path, api_url: str) -> Worker:

    log = home / "worker.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(home / "worker.log.1")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_argv(), _name(home)],
            cwd=quiet_directory(home),
            env=child_environment(home, api_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    worker = Worker(process.pid, born(process.pid) or "", _name(home), api_url, __version__)
    new = home / "worker.json.new"
    new.write_text(json.dumps(asdict(worker), indent=1), "utf-8")
    new.replace(home / "worker.json")
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(START_S)
        raise TuloyError(f"the worker ended at once with {code}; the end of {str(log)!r}:\n{_tail(log)}")
    _STARTED.append(process)
    return worker


def _argv() -> list[str]:
    return [sys.executable, "-P", "-c", PROGRAM, "worker", "start", "--type", "process", "--pool", POOL, "--name"]


def _name(home: Path) -> str:
    """Name the worker after the machine and the home: that is also how its process is known."""
    import hashlib

    return f"tuloy-{socket.gethostname()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}"


def _record(home: Path) -> Worker | None:
    try:
        return Worker(**json.loads((home / "worker.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _process(worker: Worker) -> "Process | None":
    import psutil

    try:
        return psutil.Process(worker.pid) if born(worker.pid) == worker.born else None
    except psutil.Error:
        return None


def _workers(home: Path) -> "Iterator[Process]":
    """Yield every worker of this home, recorded or not."""
    import psutil

    wanted = ["worker", "start", "--type", "process", "--pool", POOL, "--name", _name(home)]
    for process in psutil.process_iter():
        try:
            if process.cmdline()[-len(wanted) :] == wanted and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def _end(workers: "list[Process]") -> None:
    """Ask the workers and their flow runs to end; the flow runs end their own steps. Then end what is left."""
    import psutil

    family = [*workers, *(child for worker in workers for child in _flow_runs(worker))]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            process.resume()  # one that is stopped would never hear it
    _, alive = psutil.wait_procs(family, timeout=END_GRACE_S)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]


def _flow_runs(worker: "Process") -> "Iterator[Process]":
    """Yield what the worker started, but not what steps started: their flow run ends those."""
    import psutil

    with suppress(psutil.Error):
        for child in worker.children(recursive=True):
            with suppress(psutil.Error):
                if MARK not in child.environ():
                    yield child


def _site_packages() -> list[str]:
    import sysconfig

    return [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        return file.read().decode(errors="replace").strip()
