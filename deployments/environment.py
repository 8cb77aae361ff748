"""Every PREFECT_* variable of Tuloy's processes, and how a process takes them on.

Owns: settings of clients and of the local server, the empty current directory, the import path.
Does not own: starting the server (deployments.server), settings of Tuloy itself (tuloy.settings).
Prefect reads its settings once, at import, from the environment and from `.env`, `prefect.toml` and
`pyproject.toml` of the current directory: all of this has to happen before, and nothing here imports it.
"""

import os
import sys
from pathlib import Path

from tuloy.errors import StoreUnavailable, TuloyError

__all__ = ["apply", "external_api_url", "prefect_environment", "quiet_directory"]

OUR_ROOT = Path(__file__).resolve().parents[1]

_CLIENT = {
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "tuloy",
    "PREFECT_LOGGING_LEVEL": "INFO",
    # "Finished in state Completed()", a row for each task run that repeats its state; `tasks.logs` has its own level.
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "WARNING",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_LOCAL_CLIENT = {
    # Client and server are the same installation: a request per client saved.
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    # 30 s of a server that is gone, per call; by default a minute.
    "PREFECT_CLIENT_MAX_RETRIES": "4",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_RUNNER_POLL_FREQUENCY": "2",
}
_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    # One row and one transaction per event would record 15 task runs a second.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
    "PREFECT_SERVER_FLOW_RUN_GRAPH_MAX_NODES": "20000",
}


def external_api_url() -> str | None:
    """Return the PREFECT_API_URL that the user set, or None where the local server is meant.

    A child of a process that called `apply` inherits an address of ours: a second variable tells it apart.
    """
    url = os.environ.get("PREFECT_API_URL", "").strip().rstrip("/")
    return None if url == os.environ.get("TULOY_LOCAL_API_URL", "") else url


def prefect_environment(home: Path, api_url: str | None) -> dict[str, str]:
    """Return the variables that make Prefect's clients, and the server at `api_url`, those of this home.

    Where the user set PREFECT_API_URL, every PREFECT_* variable of theirs stays as it is, PREFECT_HOME too.
    Without `api_url` no server is named, and none is started by Prefect itself either.
    """
    environment = {
        "TULOY_HOME": str(home),
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "results"),
        **_CLIENT,
    }
    if (external := external_api_url()) is not None:
        theirs = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
        return {**environment, **theirs, "PREFECT_API_URL": external}
    environment |= {"PREFECT_HOME": str(home / "prefect"), **_LOCAL_CLIENT, **_SERVER}
    environment["PREFECT_SERVER_UI_STATIC_DIRECTORY"] = str(home / "prefect" / "ui")
    if api_url is not None:
        environment |= _address(api_url)
    return environment


def _address(api_url: str) -> dict[str, str]:
    origin = api_url.removesuffix("/api")
    port = origin.rpartition(":")[2]
    return {
        "PREFECT_API_URL": api_url,
        "TULOY_LOCAL_API_URL": api_url,
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": f"{origin},http://localhost:{port}",
    }


def quiet_directory(home: Path) -> Path:
    """Make and return the empty directory in which processes of ours live; raises StoreUnavailable."""
    directory = home / "cwd"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreUnavailable(
            f"cannot make {str(directory)!r}: {error.strerror}; set TULOY_HOME to a directory of your own"
        ) from error
    return directory


def apply(environment: dict[str, str]) -> None:
    """Take on what `prefect_environment` returned, an empty current directory and a clean import path.

    Call it before anything imports prefect, and resolve relative paths of the user before it. A second call
    with the same variables changes nothing. Raises TuloyError when prefect was imported under other ones.
    """
    stale = sorted(name for name in os.environ if name.startswith("PREFECT_") and name not in environment)
    different = sorted(name for name, value in environment.items() if os.environ.get(name) != value)
    if "prefect" in sys.modules and (stale or different):
        raise TuloyError(
            f"prefect was imported before its settings were made: {(stale + different)[0]!r} differs; "
            "call deployments.environment.apply first"
        )
    for name in stale:
        del os.environ[name]
    os.environ.update(environment)
    _leave(quiet_directory(Path(environment["TULOY_HOME"])))


def _leave(directory: Path) -> None:
    """Move to `directory` and forget where we were: nothing of the user's repository can be imported."""
    try:
        before = Path.cwd()
    except FileNotFoundError:
        before = directory
    os.chdir(directory)
    given = {part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part}
    sys.path[:] = [entry for entry in sys.path if _wanted(entry, before, given)]


def _wanted(entry: str, before: Path, given: set[str]) -> bool:
    path = Path(entry)
    if not path.is_absolute():
        return False
    if path.resolve() == OUR_ROOT:
        return True
    return path != before and not (entry in given and path.is_relative_to(before))
