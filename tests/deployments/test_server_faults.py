"""What happens when the local server dies, hangs, is another's, is started twice, or has nowhere to live."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from deployments import record as records
from deployments.launch import FIRST_PORT, LOG_LIMIT_BYTES
from deployments.record import Record
from deployments.server import Server, begin_server, ensure_server, server_status, stop_server
from tuloy.errors import ServerUnavailable, StoreUnavailable, TuloyError
from tuloy.processes import born

SILENT: Callable[[str], None] = lambda line: None  # noqa: E731


def recorded(home: Path) -> Record:
    """Return the record that has to be there."""
    record = records.read(home)
    assert record is not None
    return record


START = """
import json, sys
from pathlib import Path
from deployments.server import ensure_server
server = ensure_server(Path(sys.argv[1]), tell=lambda line: None)
print(json.dumps([server.pid, server.started]))
"""


@pytest.mark.server
def test_life(
    new_home: Path,
    prepare_home: Callable[[Path], None],
    plain_environment: dict[str, str],
    python: Callable[..., list[str]],
) -> None:
    """Two starts give one server; hung it is named, old or killed it is replaced, stopped it is gone."""
    prepare_home(new_home)
    starts = [
        subprocess.Popen(python(START, new_home), env=plain_environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    (first, started), (second, started_too) = (json.loads(start.communicate()[0]) for start in starts)
    assert first == second
    assert sorted([started, started_too]) == [False, True]

    os.kill(first, signal.SIGSTOP)
    with pytest.raises(ServerUnavailable, match=f"pid {first}, .* does not answer .*tuloy down"):
        ensure_server(new_home, wait_s=0.5, tell=SILENT)
    records.write(new_home, replace(recorded(new_home), started_at="2026-01-01T00:00:00+00:00"))
    assert server_status(new_home).state == "hung"
    os.kill(first, signal.SIGCONT)

    told: list[str] = []
    records.write(new_home, replace(recorded(new_home), prefect_version="3.0.0"))
    newer = ensure_server(new_home, tell=told.append)
    assert not psutil.pid_exists(first)
    assert newer.started
    assert "Prefect 3.0.0" in told[0]

    os.kill(newer.pid or 0, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(newer.pid)], timeout=5)
    assert server_status(new_home).state == "stopped"
    after = ensure_server(new_home, tell=SILENT)
    assert (after.started, after.pid != newer.pid) == (True, True)

    assert stop_server(new_home)
    assert not psutil.pid_exists(after.pid or 0)
    assert not stop_server(new_home)


@pytest.mark.server
def test_dying_start_is_told_at_once(new_home: Path) -> None:
    """A server that dies while starting is reported with its last words, long before the time limit."""
    (new_home / "prefect").mkdir(parents=True)
    (new_home / "prefect" / "prefect.db").write_text("this is no database, " * 200)
    began = time.monotonic()
    with pytest.raises(ServerUnavailable, match="file is not a database"):
        ensure_server(new_home, wait_s=100, tell=SILENT)
    assert time.monotonic() - began < 30


def test_number_of_another_process(new_home: Path) -> None:
    """A recorded number that another process has by now is neither taken for the server nor killed."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        try:
            new_home.mkdir()
            port = 9  # discard: nobody answers
            records.write(
                new_home,
                Record(
                    other.pid,
                    born(other.pid) or "",
                    "x",
                    port,
                    "http://127.0.0.1:9/api",
                    "3.8.8",
                    "0",
                    "2026-01-01T00:00:00+00:00",
                    0,
                ),
            )
            assert server_status(new_home).state == "stopped"
            assert not stop_server(new_home)
            assert other.poll() is None
        finally:
            other.kill()


def test_stranger_on_the_port(new_home: Path, prefect_server: Server, prefect_home: Path) -> None:
    """A healthy server that is not the recorded instance is not taken for ours."""
    new_home.mkdir()
    records.write(new_home, replace(recorded(prefect_home), instance="another"))
    assert server_status(new_home).state == "stopped"


def test_taken_port_is_left_alone(new_home: Path) -> None:
    """Where the first port is taken, the next free one is used."""
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", FIRST_PORT))
            taken.listen()
        except OSError:
            pass  # another server has it, which is as good
        begin_server(new_home)
    assert recorded(new_home).port > FIRST_PORT


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "\x00\xff", '{"pid": "1", "port": 4810}'])
def test_broken_record_is_kept_aside(new_home: Path, text: str) -> None:
    """A record that cannot be understood is moved aside, said, and does not stop a start."""
    new_home.mkdir()
    (new_home / "server.json").write_text(text, encoding="latin-1")
    assert server_status(new_home).state == "broken"
    begin_server(new_home)
    assert [path.read_text(encoding="latin-1") for path in new_home.glob("server.json.broken-*")] == [text]
    assert records.is_alive(recorded(new_home), new_home)


def test_unrecorded_server_goes_first(new_home: Path) -> None:
    """A server whose record was lost is stopped before another one opens the same database."""
    begin_server(new_home)
    lost = recorded(new_home).pid
    records.remove(new_home)
    begin_server(new_home)
    assert recorded(new_home).pid != lost
    assert [process.pid for process in records.servers_of(new_home)] == [recorded(new_home).pid]


def test_full_disk(new_home: Path) -> None:
    """A start whose record cannot be written names reason and way out, and leaves no process."""
    new_home.mkdir()
    (new_home / "server.json.new").symlink_to("/dev/full")
    with pytest.raises(StoreUnavailable, match=r"No space left.*free some space.*TULOY_HOME"):
        ensure_server(new_home, tell=SILENT)
    assert list(records.servers_of(new_home)) == []


@pytest.mark.parametrize("home", [Path("/proc/tuloy"), Path(__file__) / "home"])
def test_home_that_cannot_be_written(home: Path) -> None:
    """A home that cannot be written is named, with TULOY_HOME as the way out."""
    with pytest.raises(TuloyError, match=f"{home}.*TULOY_HOME") as caught:
        ensure_server(home, tell=SILENT)
    assert caught.value.exit_code == 4


def test_long_log_is_put_away(new_home: Path) -> None:
    """A log of more than 10 MB is put away when the next server starts."""
    new_home.mkdir()
    with (new_home / "server.log").open("wb") as log:
        log.truncate(LOG_LIMIT_BYTES + 1)
    begin_server(new_home)
    assert (new_home / "server.log.1").stat().st_size == LOG_LIMIT_BYTES + 1
    assert (new_home / "server.log").stat().st_size < LOG_LIMIT_BYTES


NAMED = """
import sys
from pathlib import Path
from deployments.server import ensure_server
from tuloy.errors import ServerUnavailable
from tuloy.processes import born
try:
    print(ensure_server(Path(sys.argv[1]), tell=print))
except ServerUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("/api", "pid=None, version='3.8.8', started=False"),
        ("", "usually ends in '/api'"),
        ("9/api", "unset PREFECT"),
    ],
)
def test_server_that_the_user_named(
    prefect_server: Server,
    new_home: Path,
    plain_environment: dict[str, str],
    python: Callable[..., list[str]],
    suffix: str,
    expected: str,
) -> None:
    """A server in PREFECT_API_URL is used or refused with the way out, and nothing is started or written."""
    url = prefect_server.ui_url + suffix
    ran = subprocess.run(
        python(NAMED, new_home),
        env={**plain_environment, "PREFECT_API_URL": url}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert expected in ran.stdout
    assert not new_home.exists()


def test_a_clock_that_was_set_back_lengthens_no_wait() -> None:
    """A server that seems to start in the future is 0 s old."""
    assert Record(1, 0.0, "x", 9, "http://127.0.0.1:9/api", "3", "0", "2999-01-01T00:00:00+00:00", 0).age_s == 0
