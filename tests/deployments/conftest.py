"""What the tests of the local server share: environments in which the user named no server."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.server import stop_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    """A home on which whatever a test starts is stopped afterwards."""
    home = tmp_path / "home"
    yield home
    stop_server(home)


@pytest.fixture(scope="session")
def plain_environment() -> dict[str, str]:
    """The environment of a user's shell: nothing of Prefect in it, and our sources importable."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
    return {**inherited, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="session")
def python() -> Callable[..., list[str]]:
    """A function that makes the argv of a Python process out of a script and its arguments."""
    return lambda script, *arguments: [sys.executable, "-c", script, *map(str, arguments)]
