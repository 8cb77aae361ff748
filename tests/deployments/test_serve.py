"""What stands between the local server's clients and Prefect's application: writes that collide are tried again."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.serve import MOST_BYTES, PAUSES_S, patient
from deployments.server import Server


class Busy:
    """An application that is unavailable so many times, raising behind its answer as Prefect's does; then it echoes."""

    def __init__(self, times: int) -> None:
        self.times, self.bodies = times, []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        busy = len(self.bodies) <= self.times
        scope["path"] = "changed by the application"
        await send({"type": "http.response.start", "status": 503 if busy else 200, "headers": []})
        await send({"type": "http.response.body", "body": b"busy" if busy else body})
        if busy:
            raise OSError("database is locked")


def answered(application: Busy, *parts: bytes, method: str = "POST") -> tuple[list[int], bytes]:
    """The statuses that a client sees, and the body, of a request that comes in parts."""
    sent: list[dict[str, Any]] = []
    left = [*parts]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(patient(application)({"type": "http", "method": method, "path": "/", "headers": []}, receive, send))
    statuses = [message["status"] for message in sent if "status" in message]
    return statuses, b"".join(message.get("body", b"") for message in sent)


@given(st.integers(0, 3), st.lists(st.binary(), min_size=1, max_size=4))
def test_a_write_that_is_refused_is_tried_again(times: int, parts: list[bytes]) -> None:
    """The client sees one answer, the last; each try gets the whole body."""
    application = Busy(times)

    assert answered(application, *parts) == ([200], b"".join(parts))
    assert application.bodies == [b"".join(parts)] * (times + 1)


def test_patience_ends() -> None:
    """What stays unavailable is told so, once, with the fault behind it."""
    application = Busy(1000)
    with pytest.raises(OSError, match="locked"):
        answered(application, b"x")
    assert len(application.bodies) == len(PAUSES_S) + 1


@pytest.mark.parametrize(("method", "parts"), [("GET", [b""]), ("POST", [b"x" * MOST_BYTES, b"y", b"z"])])
def test_what_is_not_tried_again(method: str, parts: list[bytes]) -> None:
    """Reading meets no other write, and what is too large to keep goes through once, whole."""
    application = Busy(1)
    with pytest.raises(OSError, match="locked"):
        answered(application, *parts, method=method)
    assert application.bodies == [b"".join(parts)]


@pytest.mark.server
def test_clients_that_write_at_once_are_not_refused(prefect_server: Server) -> None:
    """Nobody hears 503 while some look for limits, which is a write, and others write logs."""

    async def write(client: httpx.AsyncClient, number: int) -> set[int]:
        now, seen = datetime.now(UTC).isoformat(), set()
        log = {"name": "x", "level": 20, "message": "x", "timestamp": now, "flow_run_id": str(uuid4())}
        look = {"names": [f"tag:none-{number}"], "slots": 1, "mode": "concurrency"}
        for _ in range(40):
            if number % 2:
                answer = await client.post("/v2/concurrency_limits/increment-with-lease", json=look)
            else:
                answer = await client.post("/logs/", json=[log] * 50)
            seen.add(answer.status_code)
        return seen

    async def write_all() -> set[int]:
        async with httpx.AsyncClient(base_url=prefect_server.api_url, timeout=60) as client:
            token = (await client.get("/csrf-token", params={"client": "test"})).json()["token"]
            client.headers.update({"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "test"})
            return set().union(*await asyncio.gather(*(write(client, number) for number in range(4))))

    assert asyncio.run(write_all()) == {200, 201}
