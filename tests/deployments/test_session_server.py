"""What a flow sees of the server that every test of the session shares."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from deployments.environment import prefect_environment
from deployments.server import Server, ensure_server, server_status

pytestmark = pytest.mark.server


def asked(
    server: Server, method: str, path: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one answer."""
    connection = http.client.HTTPConnection(urlsplit(server.api_url).netloc, timeout=10)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


FLOW = """
import asyncio, json, time
from deployments.environment import apply
apply(json.loads(open(0).read()))
from prefect import flow, get_client, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import FlowRunFilter, LogFilter
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

@task(cache_policy=NO_CACHE)
async def one(number):
    if number == 0:
        get_run_logger().info("what Prefect says of every task run")
        get_run_logger().warning("the first step speaks")
    return str(number)

@flow
async def many():
    await asyncio.gather(*(one(number) for number in range(300)))
    return str(FlowRunContext.get().flow_run.id)

async def main():
    from prefect.events.worker import EventsWorker
    run_id = await many()
    ended = time.monotonic()
    async with get_client() as client:
        while True:
            runs = []
            for offset in (0, 200):
                runs += await client.read_task_runs(
                    flow_run_filter=FlowRunFilter(id={"any_": [run_id]}), offset=offset)
            done = [run for run in runs if run.state_type == "COMPLETED"]
            if len(done) == 300 or time.monotonic() - ended > 20:
                break
            await asyncio.sleep(0.1)
        recorded_s = time.monotonic() - ended
        graph = (await client._client.get(f"/flow_runs/{run_id}/graph-v2")).json()
        await asyncio.sleep(max(0, 3 - recorded_s))
        logs = await client.read_logs(LogFilter(flow_run_id={"any_": [run_id]}))
    print(json.dumps({"done": len(done), "recorded_s": recorded_s, "nodes": len(graph["nodes"]),
                      "logs": [log.message for log in logs]}))

asyncio.run(main())
"""


def test_history_is_complete(prefect_server: Server, prefect_home: Path) -> None:
    """Within 5 s of a flow's end, its 300 task runs are Completed, in its graph, with their log lines."""
    environment = prefect_environment(prefect_home, prefect_server.api_url)
    ran = subprocess.run(
        [sys.executable, "-c", FLOW],
        input=json.dumps(environment), capture_output=True, text=True, timeout=90,
        env={**{n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")},
             "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert (seen["done"], seen["nodes"]) == (300, 300)
    assert seen["recorded_s"] < 5
    assert "the first step speaks" in seen["logs"]
    assert "what Prefect says of every task run" not in seen["logs"]
    assert "the first step speaks" not in ran.stderr


def test_this_process_is_a_client(prefect_server: Server) -> None:
    """A flow in the test process, and one in a thread of it, run on the session's server."""
    from prefect import flow
    from prefect.client.orchestration import get_client
    from prefect.runtime import flow_run

    @flow
    def small() -> str:
        return str(flow_run.get_id())

    with ThreadPoolExecutor(1) as pool:
        run_ids = [small(), pool.submit(small).result()]
    with get_client(sync_client=True) as client:
        assert str(client.api_url).rstrip("/") == prefect_server.api_url
        assert [client.read_flow_run(UUID(run_id)).state_name for run_id in run_ids] == ["Completed"] * 2


def test_pages_answer(prefect_server: Server) -> None:
    """The web pages are served, and know their own address."""
    status, _, page = asked(prefect_server, "GET", "/")
    assert status == 200
    assert b"<html" in page
    settings = json.loads(asked(prefect_server, "GET", "/ui-settings")[2])
    assert settings["api_url"] == prefect_server.api_url


def test_write_without_token_is_refused(prefect_server: Server) -> None:
    """A write that carries no CSRF token is refused."""
    status, _, body = asked(prefect_server, "POST", "/api/flows/", body='{"name": "forged"}')
    assert (status, b"CSRF" in body) == (403, True)


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example:4810"}, {"Origin": "null"}]
)
def test_foreign_page_is_refused(prefect_server: Server, headers: dict[str, str]) -> None:
    """A page of another origin, and a foreign name that points to this machine, read nothing."""
    status, answered, _ = asked(prefect_server, "GET", "/api/health", headers)
    assert status == 403
    assert "access-control-allow-origin" not in answered


def test_own_page_is_answered(prefect_server: Server) -> None:
    """The server's own pages, under either loopback name, may read."""
    port = urlsplit(prefect_server.api_url).port
    for name in ("127.0.0.1", "localhost"):
        origin = f"http://{name}:{port}"
        status, answered, _ = asked(prefect_server, "GET", "/api/health", {"Origin": origin})
        assert (status, answered.get("access-control-allow-origin")) == (200, origin)


@pytest.mark.parametrize(("origin", "expected"), [("http://evil.example", b"403"), (None, b"101")])
def test_foreign_socket_is_refused(prefect_server: Server, origin: str | None, expected: bytes) -> None:
    """A web socket, which no CORS rule binds, opens for clients and not for a foreign page."""
    address = urlsplit(prefect_server.api_url)
    lines = [
        "GET /api/events/in HTTP/1.1", f"Host: {address.netloc}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []), "", "",
    ]  # fmt: skip
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        assert expected in connection.recv(200).split(b"\r\n")[0]


def test_found_again(prefect_server: Server, prefect_home: Path) -> None:
    """Where a server runs, it is found and not started again."""
    again = ensure_server(prefect_home, tell=lambda line: None)
    assert (again.pid, again.started) == (prefect_server.pid, False)
    assert server_status(prefect_home).state == "running"


WARM = """
import sys, time
from pathlib import Path
from deployments.server import ensure_server
times = []
for _ in range(5):
    began = time.perf_counter()
    ensure_server(Path(sys.argv[1]), tell=print)
    times.append(time.perf_counter() - began)
heavy = {"prefect", "psutil", "filelock", "urllib.request", "asyncio", "pydantic"} & set(sys.modules)
print(min(times), sorted(heavy))
"""


def test_warm_path_is_light(prefect_server: Server, prefect_home: Path) -> None:
    """Finding the running server takes less than 30 ms and imports nothing heavy."""
    ran = subprocess.run(
        [sys.executable, "-c", WARM, str(prefect_home)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    took_s, _, heavy = ran.stdout.partition(" ")
    assert heavy.strip() == "[]"
    assert float(took_s) < 0.03
