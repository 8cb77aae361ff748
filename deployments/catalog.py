"""What `tuloy up --worker` makes on the server: pool, limits, blocks, deployments with their schedules and triggers.

Owns: making them, as often as one likes, from the shipped prefect.yaml. Does not own: the worker (deployments.worker).
What the user changed in the UI (a schedule switched on) stays until the shipped file changes. Imports prefect when it
is called: `deployments.environment.apply` comes before.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from deployments.environment import OUR_ROOT, quiet_directory
from tuloy import __version__
from tuloy.errors import ServerUnavailable, TuloyError
from tuloy.settings import Settings

__all__ = ["POOL", "install", "shipped_file"]

POOL = "tuloy"
DEPLOYMENTS = ("run-goal/default", "run-goal/nightly", "run-goal/terminal")
DEPLOY_TIMEOUT_S = 180


def shipped_file() -> Path:
    """Return the prefect.yaml of this installation: in the wheel beside this module, in a checkout at its top.

    Raises:
        TuloyError: when it is missing.
    """
    places = [Path(__file__).with_name("prefect.yaml"), OUR_ROOT / "prefect.yaml"]
    for place in places:
        if place.is_file():
            return place
    raise TuloyError(f"{str(places[0])!r} is missing; install Tuloy again")


def install(settings: Settings, api_url: str, environment: dict[str, str]) -> bool:
    """Make pool, limits, blocks and deployments on the server, and tell whether the deployments were made anew.

    `environment` is that of a child process. Raises TuloyError when the server refuses.
    """
    _pool_and_limits(settings)
    _register_blocks()
    file = shipped_file()
    mark = settings.home / "deployed.json"
    wanted = {"file": _hash(file, OUR_ROOT / "flows" / "run_goal.py"), "api_url": api_url, "versions": _versions()}
    if _read(mark) == wanted and all(_exists(name) for name in DEPLOYMENTS):
        return False
    _deploy(file, quiet_directory(settings.home), environment)
    mark.write_text(json.dumps(wanted), "utf-8")
    return True


def _hash(*files: Path) -> str:
    """What the deployments are made of: the shipped file, and the flow whose parameters they offer."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _pool_and_limits(settings: Settings) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists
    from prefect.workers.process import ProcessWorker

    pool = WorkPoolCreate(
        name=POOL,
        type="process",
        description="Goals are worked on by `tuloy up --worker`.",
        base_job_template=ProcessWorker.get_default_base_job_template(),
    )
    agents = sum(agent.limit for agent in settings.agents.values())
    with get_client(sync_client=True) as client:
        with contextlib.suppress(ObjectAlreadyExists):
            client.create_work_pool(pool)
        # The limit of a tag is the global limit of this name; 0 would refuse the steps instead of letting them wait.
        client.upsert_global_concurrency_limit_by_name("tag:instruct", max(agents, 1))


def _register_blocks() -> None:
    import blocks

    for name in blocks.__all__:
        getattr(blocks, name).register_type_and_schema()


def _deploy(file: Path, directory: Path, environment: dict[str, str]) -> None:
    argv = [sys.executable, "-P", "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    try:
        ran = subprocess.run(
            argv,
            cwd=directory,
            env={**environment, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=DEPLOY_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerUnavailable(
            f"the deployments were not made within {DEPLOY_TIMEOUT_S} s; run `tuloy down`, then try again"
        ) from error
    if ran.returncode:
        said = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-12:])
        raise TuloyError(f"`prefect deploy --prefect-file {file}` ended with {ran.returncode}; its last words:\n{said}")


def _exists(name: str) -> bool:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(name)
        except ObjectNotFound:
            return False
    return True


def _versions() -> list[str]:
    return [version("prefect"), __version__]


def _read(mark: Path) -> object:
    try:
        return json.loads(mark.read_text("utf-8"))
    except (OSError, ValueError):
        return None
