"""Whether the Prefect server of this process is still there. Its health is not judged: Prefect's client does that."""

import asyncio
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from prefect.settings import get_current_settings

__all__ = ["LOOK_S", "until_gone"]

LOOK_S = 2.0
GONE_S = 30.0


async def until_gone(revive: Callable[[], None] | None) -> None:
    """Return when nobody has listened at the server's address for 30 s. One that a proxy hides is not watched."""
    if not await asyncio.to_thread(_listens):
        await asyncio.Event().wait()
    last = time.monotonic()
    while time.monotonic() - last < GONE_S:
        await asyncio.sleep(LOOK_S)
        if await asyncio.to_thread(_listens):
            last = time.monotonic()
        elif revive is not None:
            await asyncio.to_thread(revive)


def _listens() -> bool:
    address = urlsplit(get_current_settings().api.url or "")
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname or "", port), timeout=LOOK_S).close()
    except (OSError, ValueError):
        return False
    return True
