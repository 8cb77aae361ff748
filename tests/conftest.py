"""One real Prefect server per test session, and an environment in which importing prefect is safe.

`prefect_server` is the server; `start_test_server` starts another one on a home of the test's own. Both begin
from a database that was migrated once and is kept in pytest's cache: 3 s instead of 9.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from filelock import FileLock

from deployments.environment import prefect_environment
from deployments.server import Server, ensure_server, stop_server

SESSION_HOME = Path(tempfile.mkdtemp(prefix="tuloy-tests-"))


def _take_on(environment: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(environment)


# Prefect reads its settings at its import, which collecting the test modules may do.
_take_on(prefect_environment(SESSION_HOME, None))


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(SESSION_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def prefect_template(request: pytest.FixtureRequest) -> Path:
    """A PREFECT_HOME with a migrated database and unpacked web pages, made once per Prefect version."""
    cache = getattr(request.config, "cache", None)
    place = Path(cache.mkdir("prefect")) if cache is not None else SESSION_HOME
    template = place / version("prefect")
    with FileLock(place / "template.lock"):
        if not template.exists():
            home = Path(tempfile.mkdtemp(dir=place))
            ensure_server(home, tell=lambda line: None)
            stop_server(home)
            (home / "prefect").replace(template)
            shutil.rmtree(home)
    return template


@pytest.fixture(scope="session")
def prepare_home(prefect_template: Path) -> Callable[[Path], None]:
    """A function that makes a home whose server will start quickly."""

    def prepare(home: Path) -> None:
        state = home / "prefect"
        state.mkdir(parents=True, exist_ok=True)
        for database in prefect_template.glob("prefect.db*"):
            shutil.copy(database, state)
        (state / "ui").symlink_to(prefect_template / "ui")

    return prepare


@pytest.fixture(scope="session")
def start_test_server(prepare_home: Callable[[Path], None]) -> Iterator[Callable[[Path], Server]]:
    """A function that starts a server on a new home; all of them are stopped at the end."""
    homes: list[Path] = []

    def start(home: Path) -> Server:
        prepare_home(home)
        homes.append(home)
        return ensure_server(home, tell=lambda line: None)

    yield start
    for home in homes:
        stop_server(home)


@pytest.fixture(scope="session")
def prefect_home() -> Path:
    """The TULOY_HOME of the session's server and of this process."""
    return SESSION_HOME


@pytest.fixture(scope="session")
def prefect_server(start_test_server: Callable[[Path], Server], prefect_home: Path) -> Iterator[Server]:
    """The session's server; from here on prefect in this process, and in its children, talks to it."""
    server = start_test_server(prefect_home)
    _take_on(prefect_environment(prefect_home, server.api_url))
    import prefect.context
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    before = prefect.context.GLOBAL_SETTINGS_CONTEXT
    # Joining the heartbeat's thread costs a sync flow a second, and no variable can say "none".
    with temporary_settings({PREFECT_API_URL: server.api_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        prefect.context.GLOBAL_SETTINGS_CONTEXT = prefect.context.SettingsContext.get()  # for threads
        yield server
        EventsWorker.drain_all(timeout=5)  # what is still queued would find the server gone
        APILogWorker.drain_all(timeout=5)
    prefect.context.GLOBAL_SETTINGS_CONTEXT = before
