"""How the process of the local server is started: its socket, its environment, its log, its record.

Owns: one start. Does not own: whether one is needed (deployments.server).
"""

import os
import secrets
import socket
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from deployments import record as records
from deployments.environment import prefect_environment
from deployments.record import Record
from tuloy import __version__
from tuloy.errors import ServerUnavailable
from tuloy.processes import born

__all__ = ["launch", "reap"]

FIRST_PORT = 4810
LOG_LIMIT_BYTES = 10_000_000
_INHERITED = {
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SHELL", "SSL_CERT_DIR",
    "SSL_CERT_FILE", "TEMP", "TMP", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
}  # fmt: skip
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
_STARTED: list[subprocess.Popen[bytes]] = []


def launch(home: Path, port: int | None = None) -> Record:
    """Start the server of this home, detached, and return its record; raises OSError, ServerUnavailable.

    `port` is taken where it is free: clients of a server that died find the new one there.
    """
    listening = _listening(port)
    try:
        port = listening.getsockname()[1]
        api_url = f"http://127.0.0.1:{port}/api"
        instance = secrets.token_hex(8)
        log = _rotated_log(home)
        offset = log.stat().st_size if log.exists() else 0
        process = _spawn(home, listening.fileno(), instance, api_url, log)
    finally:
        listening.close()
    try:
        record = Record(
            pid=process.pid,
            born=born(process.pid) or "",
            instance=instance,
            port=port,
            api_url=api_url,
            prefect_version=version("prefect"),
            tuloy_version=__version__,
            started_at=datetime.now(UTC).isoformat(),
            log_offset=offset,
        )
        records.write(home, record)
    except OSError:
        process.kill()
        process.wait()
        raise
    _STARTED.append(process)
    return record


def _spawn(home: Path, descriptor: int, instance: str, api_url: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-P", records.SCRIPT, str(home), str(descriptor), instance],
            cwd=home / "cwd",
            env=_server_environment(home, api_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(descriptor,),
        )


def _server_environment(home: Path, api_url: str) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or name.upper() in _PROXIES or name.startswith(("LC_", "XDG_"))
    }
    return {**inherited, **prefect_environment(home, api_url)}


def _listening(wanted: int | None) -> socket.socket:
    """Return a socket that holds the first free port: no start can lose it on the way."""
    for port in [*([wanted] if wanted else []), *range(FIRST_PORT, FIRST_PORT + 100), 0]:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen(1024)
        except OSError:
            listening.close()
            continue
        return listening
    raise ServerUnavailable("no port of 127.0.0.1 is free for the local server; free one, or set PREFECT_API_URL")


def _rotated_log(home: Path) -> Path:
    log = home / "server.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(home / "server.log.1")
    return log


def reap() -> None:
    """Collect the exit status of servers that this process started and that have ended."""
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]
