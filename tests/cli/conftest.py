"""What tests of the command share: the real command as a process, and repositories to work on.

The start of that process is the subject of few tests: those take `cold_tuloy` or `COMMAND`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.warm import Warm

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-c", "from cli.main import main; main()"]


@dataclass(frozen=True)
class Ran:
    """What one call of the command left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def goal(self) -> dict[str, Any]:
        (goal,) = self.document["goals"]
        return goal

    @property
    def statuses(self) -> dict[str, str]:
        return {step["title"]: step["status"] for step in self.goal["steps"]}


@pytest.fixture
def tuloy(warm: Warm, shell: dict[str, str]) -> Callable[..., Ran]:
    """Call the command in a directory and return what it left."""

    def call(*words: str | bytes, cwd: Path = Path("/"), env: Mapping[str, str] | None = None) -> Ran:
        ran = warm.run(words, cwd=cwd, env={**shell, **(env or {})})
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return call


@pytest.fixture
def cold_tuloy(shell: dict[str, str]) -> Callable[..., Ran]:
    """Do as `tuloy` does, in a process that starts from nothing, as the user's does."""

    def call(*words: str, cwd: Path = Path("/")) -> Ran:
        argv = [*COMMAND, *words]
        ran = subprocess.run(argv, cwd=cwd, env=shell, capture_output=True, text=True, timeout=90)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return call


@pytest.fixture
def elsewhere(tuloy: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Do as `tuloy` does, with a home that does not exist yet; no server is needed."""
    variables = {"TULOY_HOME": str(tmp_path / "home"), "TULOY_CONFIG": str(tmp_path / "none.toml")}

    def call(*words: str | bytes, cwd: Path = Path("/"), env: Mapping[str, str] | None = None) -> Ran:
        return tuloy(*words, cwd=cwd, env={**variables, **(env or {})})

    return call


@pytest.fixture
def git() -> Callable[..., str]:
    """Plain git, as the user calls it."""

    def call(repo: Path, *words: str) -> str:
        argv = ["git", "-C", str(repo), "-c", "user.name=U", "-c", "user.email=u@localhost", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    return call


@pytest.fixture
def commit_all(git: Callable[..., str]) -> Callable[[Path], Path]:
    """Make a directory a repository with one commit of everything in it."""

    def make(root: Path) -> Path:
        git(root, "init", "-q", "-b", "main")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "start")
        return root

    return make


@pytest.fixture
def greeter(tmp_path: Path, commit_all: Callable[[Path], Path]) -> Path:
    """The bundled sample repository."""
    return commit_all(Path(shutil.copytree(ROOT / "examples" / "greeter", tmp_path / "greeter")))


@pytest.fixture
def small(tmp_path: Path, commit_all: Callable[[Path], Path]) -> Path:
    """A repository with a text file and no tools: nothing there can be gated."""
    root = tmp_path / "small"
    root.mkdir()
    (root / "notes.txt").write_text("one\n")
    return commit_all(root)
