"""One local Prefect server per home: started detached when it is needed, found again, stopped.

Owns: start, wait, stop, status, and what goes wrong with them. Does not own: the record of the process
(deployments.record), its settings (deployments.environment), what runs in it (deployments.serve).
Imports cheaply: finding the running server costs reading one file and one question over loopback.
"""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deployments import record as records
from deployments.environment import external_api_url, quiet_directory
from deployments.launch import launch, reap
from deployments.record import Record
from tuloy import __version__
from tuloy.errors import ServerUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from psutil import Process

__all__ = ["Server", "ServerStatus", "begin_server", "ensure_server", "revive_server", "server_status", "stop_server"]

HUNG_S = 10.0


@dataclass(frozen=True)
class Server:
    """A server that answers; `pid` is None for one that the user named, `started` tells whether it is new."""

    api_url: str
    ui_url: str
    pid: int | None
    version: str | None
    started: bool


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the server of a home, and the fact that shows it."""

    state: Literal["running", "starting", "hung", "stopped", "broken"]
    fact: str
    server: Server | None


def ensure_server(home: Path, *, wait_s: float = 120, tell: Callable[[str], None]) -> Server:
    """Return a server that answers: the one in PREFECT_API_URL, else the local one, started if need be.

    `tell` gets one line for whatever the user should know while waiting. Raises ServerUnavailable when none
    answers within `wait_s` seconds, at once when it dies; StoreUnavailable when the home cannot be written.
    """
    if (url := external_api_url()) is not None:
        from deployments.external import examined

        return Server(url, url.removesuffix("/api"), None, examined(url), started=False)
    if (warm := _warm(home)) is not None:
        return _server(warm, started=False)
    record, started = _begin(home, tell)
    if started:
        tell(f"starting the local Prefect server on port {record.port}: 3 s, on a new home 8 s")
    _wait(home, record, wait_s)
    return _server(record, started=started)


def begin_server(home: Path) -> None:
    """Start the local server where none runs, without waiting for it; `ensure_server` waits.

    Raises what `ensure_server` raises, as far as it can be known at once. Does nothing where PREFECT_API_URL
    names a server.
    """
    if external_api_url() is None and _warm(home) is None:
        _begin(home, lambda line: None)


def revive_server(home: Path) -> None:
    """Start the local server again where it died. One that was stopped stays so: its record is gone.

    Raises what `ensure_server` raises, as far as it can be known at once.
    """
    if external_api_url() is None and _warm(home) is None and (home / "server.json").exists():
        with _locked(home):
            stopped = not (home / "server.json").exists()
        if not stopped:
            _begin(home, lambda line: None)


def stop_server(home: Path) -> bool:
    """Stop the local server of this home, and tell whether there was one. Kills nothing that is not ours."""
    if not home.is_dir():
        return False
    with _locked(home):
        processes = list(records.servers_of(home))
        _stop(processes)
        records.remove(home)
    return bool(processes)


def server_status(home: Path) -> ServerStatus:
    """Return what is known of the local server, changing nothing and waiting two seconds at most."""
    try:
        record = records.read(home)
    except ValueError as error:
        return ServerStatus("broken", f"{str(home / 'server.json')!r} cannot be understood: {error}", None)
    if record is None:
        return ServerStatus("stopped", "no local server was started", None)
    if records.answers(record, 2.0):
        return ServerStatus("running", f"pid {record.pid} answers at {record.api_url}", _server(record, started=False))
    if not records.is_alive(record, home):
        return ServerStatus("stopped", f"pid {record.pid} is gone", None)
    if record.age_s < 60:
        return ServerStatus("starting", f"pid {record.pid} was started {record.age_s:.0f} s ago", None)
    return ServerStatus("hung", f"pid {record.pid} is alive and does not answer at {record.api_url}", None)


def _server(record: Record, *, started: bool) -> Server:
    ui_url = record.api_url.removesuffix("/api")
    return Server(record.api_url, ui_url, record.pid, record.prefect_version, started)


def _warm(home: Path) -> Record | None:
    """Return the record of a server that answers and is of this version."""
    try:
        record = records.read(home)
    except ValueError:
        return None
    return record if record is not None and _current(record) and records.answers(record, 1.0) else None


def _current(record: Record) -> bool:
    return (record.prefect_version, record.tuloy_version) == (version("prefect"), __version__)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    quiet_directory(home)
    try:
        with FileLock(home / "server.lock", timeout=30):
            yield
    except Timeout as error:
        raise ServerUnavailable(
            f"another process has held {str(home / 'server.lock')!r} for 30 s; end it, or try again"
        ) from error
    except OSError as error:
        raise _unwritable(home, error) from error


def _unwritable(home: Path, error: OSError) -> StoreUnavailable:
    remedy = "free some space" if error.errno == errno.ENOSPC else "make it writable"
    where = error.filename or str(home)
    return StoreUnavailable(
        f"cannot write {str(where)!r}: {error.strerror}; {remedy}, or set TULOY_HOME to another directory"
    )


def _begin(home: Path, tell: Callable[[str], None]) -> tuple[Record, bool]:
    """Return the record of the live server and whether this call started it."""
    with _locked(home):
        record = _recorded(home, tell)
        if record is not None and records.is_alive(record, home):
            if _current(record):
                return record, False
            tell(
                f"the local server is of Prefect {record.prefect_version} and Tuloy {record.tuloy_version}; "
                f"it is started again as {version('prefect')} and {__version__}"
            )
        # Two servers on one database would lose history: an unrecorded one goes first.
        _stop(list(records.servers_of(home)))
        return launch(home, record.port if record else None), True


def _recorded(home: Path, tell: Callable[[str], None]) -> Record | None:
    try:
        return records.read(home)
    except ValueError as error:
        aside = records.set_aside(home)
        tell(f"{str(home / 'server.json')!r} cannot be understood ({error}); it is kept as {aside.name!r}")
        return None


def _wait(home: Path, record: Record, wait_s: float) -> None:
    """Return when the server answers; raise at once when it dies, and when the time is up."""
    deadline = time.monotonic() + max(min(wait_s, HUNG_S), wait_s - record.age_s)
    while not records.answers(record, 0.5):
        if not records.is_alive(record, home):
            raise ServerUnavailable(f"the local Prefect server died while starting; {_last_words(home, record)}")
        if time.monotonic() > deadline:
            raise ServerUnavailable(
                f"the local Prefect server (pid {record.pid}, {record.age_s:.0f} s old) does not answer at "
                f"{record.api_url}; run `tuloy down`, then try again; {_last_words(home, record)}"
            )
        time.sleep(0.02)


def _last_words(home: Path, record: Record, lines: int = 12) -> str:
    log = home / "server.log"
    try:
        with log.open("rb") as file:
            file.seek(max(record.log_offset, log.stat().st_size - 20_000))
            said = file.read().decode(errors="replace").strip().splitlines()[-lines:]
    except OSError as error:
        return f"its log {str(log)!r} cannot be read: {error.strerror}"
    if not said:
        return f"its log {str(log)!r} says nothing"
    return f"the end of {str(log)!r}:\n" + "\n".join(said)


def _stop(processes: "list[Process]", grace_s: float = 10) -> None:
    """Ask the processes to end, and end those that do not within the grace."""
    if not processes:
        return
    import psutil

    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            process.resume()  # one that is stopped would never hear it
    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    reap()
