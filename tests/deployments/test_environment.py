"""What a process of ours takes from the directory and the shell that it was started in: nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.environment import prefect_environment

APPLY = """
import json, os, sys
from pathlib import Path
from deployments.environment import apply, prefect_environment
if "early" in sys.argv: import prefect
home = Path(sys.argv[1])
apply(prefect_environment(home, "http://127.0.0.1:4999/api"))
apply(prefect_environment(home, "http://127.0.0.1:4999/api"))
import importlib.util
import prefect.settings
settings = prefect.settings.get_current_settings()
print(json.dumps({
    "api": settings.api.url, "home": str(settings.home), "retries": settings.tasks.default_retries,
    "serializer": settings.results.default_serializer, "stored": str(settings.results.local_storage_path),
    "csrf": settings.server.api.csrf_protection_enabled, "profile": settings.server.ephemeral.enabled,
    "origins": settings.server.api.cors_allowed_origins, "ui": settings.server.ui.show_promotional_content,
    "batch": settings.server.services.task_run_recorder.batch_size,
    "vacuum": sorted(settings.server.services.db_vacuum.enabled),
    "kept_s": [settings.server.services.db_vacuum.retention_period.total_seconds(),
               settings.server.events.retention_period.total_seconds()],
    "cwd": os.getcwd(), "planted": importlib.util.find_spec("planted") is not None,
}))
"""


@pytest.fixture
def hostile_repo(tmp_path: Path) -> Path:
    """A repository whose files would change Prefect's settings, with a module that must not be imported."""
    repo = tmp_path / "repo"
    (repo / "src").mkdir(parents=True)
    (repo / ".env").write_text("PREFECT_TASKS_DEFAULT_RETRIES=7\nPREFECT_API_URL=http://evil.example/api\n")
    (repo / "prefect.toml").write_text("[tasks]\ndefault_retries = 8\n")
    (repo / "pyproject.toml").write_text("[tool.prefect]\nresults.default_serializer = 'pickle'\n")
    (repo / "planted.py").write_text("raise SystemExit('planted')\n")
    (repo / "src" / "planted.py").write_text("raise SystemExit('planted')\n")
    return repo


def run_in(repo: Path, home: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the repository as current directory and on the import path in every usual way."""
    environment = {**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}:.:{repo / 'src'}:{repo}"}
    argv = [sys.executable, "-c", APPLY, str(home), *arguments]
    return subprocess.run(argv, cwd=repo, env=environment, capture_output=True, text=True)


def test_settings_are_ours(hostile_repo: Path, tmp_path: Path, plain_environment: dict[str, str]) -> None:
    """Neither files of the repository nor PREFECT_* variables of the shell change a process of ours."""
    home = tmp_path / "home"
    theirs = {"PREFECT_PROFILE": "x", "PREFECT_TASKS_DEFAULT_RETRIES": "9"}
    ran = run_in(hostile_repo, home, {**plain_environment, **theirs})
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "api": "http://127.0.0.1:4999/api", "home": str(home / "prefect"), "retries": 0,
        "serializer": "json", "stored": str(home / "results"), "csrf": True, "profile": False,
        "origins": "http://127.0.0.1:4999,http://localhost:4999", "ui": False, "batch": 200,
        "vacuum": ["events", "flow_runs"], "kept_s": [2592000.0, 259200.0],
        "cwd": str(home / "cwd"), "planted": False,
    }  # fmt: skip


def test_prefect_imported_too_early(hostile_repo: Path, tmp_path: Path, plain_environment: dict[str, str]) -> None:
    """Settings that come after prefect's import would be without effect, so they are refused."""
    ran = run_in(hostile_repo, tmp_path / "home", plain_environment, "early")
    assert "prefect was imported before its settings were made" in ran.stderr


EXTERNAL = """
import json, sys
from pathlib import Path
from deployments.environment import prefect_environment
print(json.dumps(prefect_environment(Path(sys.argv[1]), None)))
"""


def test_server_of_the_user_keeps_their_settings(
    tmp_path: Path, plain_environment: dict[str, str], python: Callable[..., list[str]]
) -> None:
    """With PREFECT_API_URL set, the user's own variables win, and their PREFECT_HOME is not replaced."""
    theirs = {"PREFECT_API_URL": "https://prefect.example/api/", "PREFECT_LOGGING_LEVEL": "DEBUG"}
    ran = subprocess.run(
        python(EXTERNAL, tmp_path),
        env={**plain_environment, **theirs},
        capture_output=True,
        text=True,
        check=True,
    )
    environment = json.loads(ran.stdout)
    assert environment["PREFECT_API_URL"] == "https://prefect.example/api"
    assert environment["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert environment["PREFECT_RESULTS_DEFAULT_SERIALIZER"] == "json"
    assert "PREFECT_HOME" not in environment


def test_nothing_is_named_without_a_server(tmp_path: Path) -> None:
    """Without an address no server is named, and Prefect may not start one of its own."""
    environment = prefect_environment(tmp_path, None)
    assert "PREFECT_SERVER_API_PORT" not in environment
    assert environment["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "false"
