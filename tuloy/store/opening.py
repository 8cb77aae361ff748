"""Opening a store: which database, which revision, and bringing it to ours.

The revision is read with one plain SELECT; alembic (0.15 s to import) is loaded only when it has work to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from tuloy.errors import StoreUnavailable
from tuloy.store import sqlite
from tuloy.store.text import json_text

__all__ = ["REVISIONS", "engine_at"]

REVISIONS = ("0001", "0002", "0003")
_LOCK_S = 60.0
_HERE = Path(__file__).parent


def engine_at(place: str | Path) -> tuple[Engine, str]:
    """Make or migrate the database at a path or URL if need be; return its engine, and its name for people.

    Raises:
        StoreUnavailable: when it cannot be opened or made, is no store, or was written by a newer Tuloy.
    """
    if "://" in str(place) and not str(place).startswith("sqlite:"):
        return _at_url(str(place))
    return _at_path(_path(place))


def _path(place: str | Path) -> Path:
    if str(place).startswith("sqlite:"):
        return Path(make_url(str(place)).database or "").absolute()
    return Path(place).expanduser().absolute()


def _at_path(path: Path) -> tuple[Engine, str]:
    sqlite.make_file(path)
    engine = sqlite.engine_for(path)
    with _disposed_on_failure(engine, str(path)):
        if _revision(engine, str(path)) != REVISIONS[-1]:
            _migrate_file(engine, path)
    return engine, str(path)


def _migrate_file(engine: Engine, path: Path) -> None:
    from filelock import FileLock

    with FileLock(f"{path}.lock", timeout=_LOCK_S):
        sqlite.switch_to_wal(engine, path)
        _migrate(engine, str(path))


def _at_url(address: str) -> tuple[Engine, str]:
    try:
        url = make_url(address)
        place = url.render_as_string(hide_password=True)
        engine = create_engine(url, json_serializer=json_text, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreUnavailable(
            f"cannot use the store address: {error}; give a path, or postgresql+psycopg://user@host/name"
        ) from error
    with _disposed_on_failure(engine, place):
        if _revision(engine, place) != REVISIONS[-1]:
            _migrate(engine, place)
    return engine, place


@contextmanager
def _disposed_on_failure(engine: Engine, place: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError, *sqlite.ERRORS) as error:  # a lock not had in time is an OSError too
        engine.dispose()
        fact = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise StoreUnavailable(f"cannot open the store '{place}': {fact}; {sqlite.advice(error)}") from error
    except StoreUnavailable:
        engine.dispose()
        raise


def _revision(engine: Engine, place: str) -> str | None:
    with engine.connect() as connection:
        return _revision_of(connection, place)


def _revision_of(connection: Connection, place: str) -> str | None:
    """Read the revision of the database; None when it is empty.

    Raises:
        StoreUnavailable: when the revision is unknown here, or the tables are somebody else's.
    """
    if not inspect(connection).has_table("alembic_version"):
        _refuse_foreign(connection, place)
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in REVISIONS:
        raise StoreUnavailable(
            f"the store '{place}' has revision {found!r}, newer than {REVISIONS[-1]!r}, the newest that this "
            "Tuloy knows; update Tuloy or name another store"
        )
    return found


def _refuse_foreign(connection: Connection, place: str) -> None:
    tables = inspect(connection).get_table_names()
    if tables:
        some = ", ".join(repr(name) for name in sorted(tables)[:3])
        raise StoreUnavailable(f"'{place}' is a database of something else (it has {some}); name another store")


def _migrate(engine: Engine, place: str) -> None:
    """Bring the database to our revision in one transaction; another process may have done so meanwhile."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations").replace("%", "%%"))
    with engine.connect() as connection, sqlite.for_writing(connection).begin():
        if _revision_of(connection, place) == REVISIONS[-1]:
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
