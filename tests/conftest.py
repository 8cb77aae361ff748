"""One real Prefect server per test session, and an environment in which importing prefect is safe.

`prefect_server` is the server; `start_test_server` starts another one on a home of the test's own. Both begin
from a database that was migrated once and is kept in pytest's cache: 3 s instead of 9.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from filelock import FileLock
from hypothesis import settings

from deployments.environment import prefect_environment
from deployments.server import Server, ensure_server, stop_server
from deployments.worker import stop_worker
from tests.warm import Warm

SESSION_HOME = Path(tempfile.mkdtemp(prefix="tuloy-tests-"))

# Files that need the session's server, for the two processes of `make test` that start one. It costs 10 s of a
# processor to start, with what belongs to it, and 20 more to give it deployments and a worker: the second half's.
ON_ONE_SERVER = (
    "cli/test_run cli/test_hostile_repository cli/test_bad_input cli/test_directories cli/test_parts cli/test_todo "
    "cli/test_lane cli/test_plan_screen blocks/test_blocks flows/test_compile flows/test_process",
    "faults/test_environment faults/test_kill flows/test_run_goal deployments/test_catalog "
    "deployments/test_serve deployments/test_server_faults deployments/test_session_server",
)
SHARING = {f"tests/{name}.py": half for half, names in enumerate(ON_ONE_SERVER) for name in names.split()}


def _take_on(environment: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(environment)


# Prefect reads its settings at its import, which collecting the test modules may do.
_take_on(prefect_environment(SESSION_HOME, None))
os.environ["OLLAMA_HOST"] = "127.0.0.1:9"  # no test asks the model of who runs it
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else hundreds of processes would compile the same sources


settings.register_profile("soak", max_examples=1000)  # `make soak`; a test without a number of its own takes it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process works alone at the end; let no third process start a server."""
    asking = {
        _file_of(item.nodeid)
        for item in items
        if "prefect_server" in getattr(item, "fixturenames", ())
        and not any(item.get_closest_marker(name) for name in ("browser", "docs"))
    }
    if others := sorted(asking - SHARING.keys()):
        raise pytest.UsageError(f"{others[0]} needs the Prefect server; name it in ON_ONE_SERVER of tests/conftest.py")
    items.sort(key=lambda item: SHARING.get(_file_of(item.nodeid), len(ON_ONE_SERVER)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give the tests of a file, and the files that share a server, to one process."""
    from xdist.scheduler import LoadFileScheduling

    class Sharing(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return str(SHARING.get(_file_of(nodeid), _file_of(nodeid)))

    return Sharing(config, log)


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


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


@pytest.fixture(scope="session")
def shell(prefect_server: Server, prefect_home: Path) -> dict[str, str]:
    """The environment of a user's shell on the session's home: nothing of Prefect in it, our sources importable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
    nowhere = str(prefect_home / "no-such-file.toml")
    root = str(Path(__file__).resolve().parents[1])
    return {**kept, "TULOY_HOME": str(prefect_home), "TULOY_CONFIG": nowhere, "PYTHONPATH": root}


@pytest.fixture(scope="session")
def warm(shell: dict[str, str], prefect_server: Server) -> Iterator[Warm]:
    """Calls the command on the session's home as a process that need not import what it needs."""
    started = Warm(shell, prefect_server.api_url)
    yield started
    started.close()


@pytest.fixture(scope="session")
def worker(warm: Warm, shell: dict[str, str], prefect_home: Path) -> Iterator[str]:
    """What `tuloy up --worker` said; the session's server has the deployments then, and a worker works on them."""
    ran = warm.run(["up", "--worker"], env=shell)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    yield ran.stdout
    stop_worker(prefect_home)


@pytest.fixture
def start_run(worker: str) -> Callable[..., UUID]:
    """A function that asks a deployment for a run, as the UI's form does, and returns the run's id."""
    from prefect.client.orchestration import get_client

    def start(deployment: str = "run-goal/default", **parameters: object) -> UUID:
        with get_client(sync_client=True) as client:
            found = client.read_deployment_by_name(deployment)
            return client.create_flow_run_from_deployment(found.id, parameters=parameters).id

    return start


@pytest.fixture
def state_within() -> Callable[..., Any]:
    """A function that waits until a flow run is in a state of one of these names, and returns the state."""
    from prefect.client.orchestration import get_client

    def wait(run_id: UUID, *names: str, seconds: float = 45) -> Any:
        deadline = time.monotonic() + seconds
        with get_client(sync_client=True) as client:
            while True:
                state = client.read_flow_run(run_id).state
                if state is not None and state.name in names:
                    return state
                assert time.monotonic() < deadline, state
                time.sleep(0.2)

    return wait


@pytest.fixture
def made_repo(tmp_path: Path) -> Path:
    """A repository with one commit and no tools: nothing there can be gated."""
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "notes.txt").write_text("one\n")
    identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", str(repo), *words], check=True)
    return repo
