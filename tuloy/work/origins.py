"""Telling documents what became of the goals that came from them. Only FEATURES.json is told."""

import hashlib
from pathlib import Path

from filelock import FileLock

from tuloy.errors import UsageError
from tuloy.store import Store
from tuloy.understanding.documents.features import Became, write_status

__all__ = ["became", "write_back"]

_BECAME: dict[str, Became] = {
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "given back",
}
_LOCK_S = 30.0


def became(status: str) -> Became | None:
    """Return what a goal's status means to its document; a goal that waits is still under way."""
    return _BECAME.get(status)


def write_back(store: Store, home: Path, goal_id: str, status: str) -> str | None:
    """Write the goal's status into the FEATURES.json that it came from; return why not, None where there is no why.

    Whoever edited the feature meanwhile is right: what differs from what we read or wrote is left as it is.
    """
    origin = store.origin_of(goal_id)
    what = became(status)
    if origin is None or origin.kind != "features" or what is None:
        return None
    path = Path(origin.file)
    words = frozenset({origin.word, *origin.given})
    try:
        with FileLock(_lock(home, path), timeout=_LOCK_S):
            word = write_status(path, origin.entry, what, origin.content, words)
            if word is not None:
                store.set_word(goal_id, word)
    except (UsageError, TimeoutError) as error:
        store.emit(goal_id, "origin.not_written", reason=str(error))
        return str(error)
    return None


def _lock(home: Path, path: Path) -> Path:
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}.lock"
