"""The process of the local server: Prefect's application behind a guard, on a socket that is already bound.

Run by `deployments.server` as a script: `python -P serve.py HOME FD INSTANCE`; nothing else imports it.
Owns: the guard and the life of the process. Does not own: where, when and with which settings it is started.
"""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["guarded", "main", "patient"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SELDOM = 50_000  # objects between two collections: statements are built of many, and let go by counting
PAUSES_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28)
MOST_BYTES = 1_000_000  # of a request that is kept to be tried again
WRITES = {"POST", "PATCH", "PUT", "DELETE"}
_LOOPBACK = (b"127.0.0.1", b"localhost")


def guarded(application: Application, instance: str) -> Application:
    """Return the application, closed to pages of other origins, and naming its instance in every answer.

    CORS and CSRF tokens stop neither a web socket opened by a foreign page nor a foreign name that resolves
    to 127.0.0.1 (DNS rebinding), so Host and Origin have to be loopback names with one port. The port is not
    compared with ours: it may be forwarded.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-tuloy-instance", instance.encode())]
            await send(message)

        if scope["type"] == "lifespan" or _from_here(dict(scope["headers"])):
            await application(scope, receive, named)
        else:
            await _refuse(scope, receive, send)

    return answer


def _from_here(headers: dict[bytes, bytes]) -> bool:
    name, _, port = headers.get(b"host", b"").partition(b":")
    if name not in _LOOPBACK:
        return False
    origin = headers.get(b"origin")
    return origin is None or origin in {b"http://" + name + b":" + port for name in _LOOPBACK}


def patient(application: Application) -> Application:
    """Return the application, which tries a write again that met another one, before its client hears of it.

    SQLite refuses at once to write in a transaction that read what has changed since. Prefect answers 503 then, and its
    client sends the request again 2 s later; when it asked for the limits of a tag, no step begins until then.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in WRITES:
            return await application(scope, receive, send)
        kept, whole = await _kept(receive)
        for pause_s in PAUSES_S if whole else ():
            if await _done(application, dict(scope), _again(kept, receive), send):
                return None
            await asyncio.sleep(pause_s)
        return await application(scope, _again(kept, receive), send)

    return answer


async def _kept(receive: Receive) -> tuple[list[dict[str, Any]], bool]:
    """Read a request's body, up to what is kept of one, and tell whether that was all of it."""
    kept, size = [], 0
    while True:
        message = await receive()
        kept.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return kept, True
        if size > MOST_BYTES:
            return kept, False


def _again(kept: list[dict[str, Any]], receive: Receive) -> Receive:
    """Return what gives the messages that were kept, and then those that follow."""
    messages = iter(kept)

    async def next_message() -> dict[str, Any]:
        for message in messages:
            return message
        return await receive()

    return next_message


async def _done(application: Application, scope: Scope, receive: Receive, send: Send) -> bool:
    """Let the application answer, unless the answer is that the service is unavailable."""
    unavailable = False

    async def sent(message: dict[str, Any]) -> None:
        nonlocal unavailable
        unavailable = unavailable or message.get("status") == 503
        if not unavailable:
            await send(message)

    try:
        await application(scope, receive, sent)
    except Exception:
        if not unavailable:  # it is raised once more behind each answer that says of a fault
            raise
    return not unavailable


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = b'{"detail": "This server answers only on its own address."}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(descriptor: int, instance: str) -> None:
    """Serve until SIGTERM or SIGINT on the listening socket with this file descriptor."""
    listening = socket.socket(fileno=descriptor)
    gc.disable()  # the imports make a few million objects that all stay: 10 % of the start
    import uvicorn
    from prefect.server.api.server import create_app

    application = create_app(final=True)
    gc.freeze()
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
    gc.enable()
    config = uvicorn.Config(
        guarded(patient(application), instance),  # type: ignore[arg-type]
        log_level=logging.WARNING,
        lifespan="on",
        ws_per_message_deflate=False,  # events come over loopback: packing and unpacking them saves nobody anything
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[2]), sys.argv[3])
