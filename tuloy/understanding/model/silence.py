"""Silence: telling who waits that nothing is heard, and for how long at most.

Owns the watching. What is told, and what an interrupt then means, is `tuloy.understanding.model`'s.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

__all__ = ["watched"]


@contextmanager
def watched(silent: Callable[[], None], after_s: float) -> Iterator[Callable[[], None]]:
    """Call `silent`, once and in another thread, when nothing was heard for so long; yields what says "heard"."""
    last, over = [time.monotonic()], Event()

    def heard() -> None:
        last[0] = time.monotonic()

    def watch() -> None:
        while not over.wait(max(last[0] + after_s - time.monotonic(), 0.01)):
            if time.monotonic() - last[0] >= after_s:
                silent()
                return

    Thread(target=watch, daemon=True).start()
    try:
        yield heard
    finally:
        over.set()
