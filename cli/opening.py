"""The home of our state, and the store in it, made where there is none yet."""

from pathlib import Path
from typing import TYPE_CHECKING

from tuloy.errors import StoreUnavailable
from tuloy.settings import Settings

if TYPE_CHECKING:
    from tuloy.store import Store

__all__ = ["home_of", "open_the_store"]


def open_the_store(settings: Settings) -> "Store":
    """Open this machine's store, making its directory first."""
    from tuloy.store import open_store

    return open_store(home_of(settings) / "tuloy.db")


def home_of(settings: Settings) -> Path:
    """Return the directory of our state, made if need be.

    Raises:
        StoreUnavailable: when it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{str(settings.home)!r} cannot be made: {error.strerror}; set TULOY_HOME to a directory you can write"
        ) from error
    return settings.home
