"""`server.json`: which process is the local server of a home, and whether it still is that process.

Owns: the file, the identity of the process, one quick question over its socket. Does not own: its life.
"""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tuloy.errors import ServerUnavailable
from tuloy.processes import born

if TYPE_CHECKING:
    from psutil import Process

__all__ = [
    "Record",
    "answers",
    "is_alive",
    "process_of",
    "read",
    "remove",
    "servers_of",
    "set_aside",
    "write",
]

SCRIPT = str(Path(__file__).with_name("serve.py"))


@dataclass(frozen=True)
class Record:
    """One started server; `born` is its process's, as `tuloy.processes` tells it."""

    pid: int
    born: str
    instance: str
    port: int
    api_url: str
    prefect_version: str
    tuloy_version: str
    started_at: str
    log_offset: int

    @property
    def age_s(self) -> float:
        """Seconds since it was started; 0 where the clock was set back meanwhile, so that no wait grows by that."""
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.started_at)).total_seconds())


_TYPES = {field.name: field.type for field in fields(Record)}


def read(home: Path) -> Record | None:
    """Return the record of this home, None where there is none; raises ValueError for one that is broken."""
    try:
        text = (home / "server.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ServerUnavailable(
            f"cannot read {str(error.filename)!r}: {error.strerror}; set TULOY_HOME to another directory"
        ) from error
    found = json.loads(text)
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != _TYPES:
        raise ValueError("its fields are not those of a server's record")
    record = Record(**found)
    if datetime.fromisoformat(record.started_at).tzinfo is None:
        raise ValueError(f"its started_at {record.started_at!r} has no time zone")
    return record


def write(home: Path, record: Record) -> None:
    """Replace the record, whole or not at all; raises OSError."""
    new = home / "server.json.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(home / "server.json")


def remove(home: Path) -> None:
    """Forget the record."""
    (home / "server.json").unlink(missing_ok=True)


def set_aside(home: Path) -> Path:
    """Move a broken record out of the way, under a name that tells when, and return that."""
    aside = home / f"server.json.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    (home / "server.json").replace(aside)
    return aside


def process_of(record: Record, home: Path) -> "Process | None":
    """Return the live process of the record, None where it is gone or another one has its number now."""
    import psutil

    try:
        process = psutil.Process(record.pid)
        return process if born(record.pid) == record.born and _serves(process, home) else None
    except psutil.Error:
        return None


def is_alive(record: Record, home: Path) -> bool:
    """Tell whether the recorded process still runs."""
    return process_of(record, home) is not None


def servers_of(home: Path) -> "Iterator[Process]":
    """Yield every process that serves this home, recorded or not."""
    import psutil

    for process in psutil.process_iter():
        try:
            if _serves(process, home):
                yield process
        except psutil.Error:
            continue


def _serves(process: "Process", home: Path) -> bool:
    import psutil

    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    # Not the whole path of the script: another installation's server of this home is ours too.
    flag, script, served = [*process.cmdline()[1:4], "", "", ""][:3]
    return (flag, Path(script).name, served) == ("-P", Path(SCRIPT).name, str(home))


def answers(record: Record, timeout_s: float) -> bool:
    """Tell whether this very server says that it is healthy, within the time.

    A bare socket: the modules that speak HTTP cost more to import than the whole question.
    """
    request = f"GET /api/health HTTP/1.0\r\nHost: 127.0.0.1:{record.port}\r\n\r\n".encode()
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", record.port), timeout=timeout_s) as connection:
            connection.sendall(request)
            while part := connection.recv(4096):
                answer += part
    except OSError:
        return False
    head, _, body = answer.partition(b"\r\n\r\n")
    named = f"x-tuloy-instance: {record.instance}".encode()
    return b" 200 " in head.split(b"\r\n")[0] and named in head.lower() and body == b"true"
