"""The process of the local server: Prefect's application behind a guard, on a socket that is already bound.

Run by `deployments.server` as a script: `python -P serve.py HOME FD INSTANCE`; nothing else imports it.
Owns: the guard and the life of the process. Does not own: where, when and with which settings it is started.
"""

import gc
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["guarded", "main"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

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
    gc.enable()
    config = uvicorn.Config(
        guarded(application, instance),  # type: ignore[arg-type]
        log_level=logging.WARNING,
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[2]), sys.argv[3])
