"""Small real projects, and how a gate is asked about them."""

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tuloy.agents.tools import Place, step_environment
from tuloy.gates.judge import Judging, judge
from tuloy.gates.verdict import GateResult


@dataclass(frozen=True)
class Project:
    """A workspace with an optional base beside it; `asked` counts how often the base was wanted."""

    home: Path
    asked: list[Path] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.home / "workspace"

    @property
    def checkout(self) -> Path:
        return self.home / "checkout"

    def write(self, files: Mapping[str, str], *, where: str = "workspace") -> "Project":
        for name, text in files.items():
            path = self.home / where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def program(self, name: str, text: str) -> Path:
        """Put an executable into the checkout's environment."""
        path = self.checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def judging(self, timeout_s: float = 60.0) -> Judging:
        place = Place(checkout=self.checkout, workspace=self.workspace)
        paths = [str(self.workspace / "src"), str(self.workspace)]
        return Judging(
            place=place,
            env={**step_environment(place, python_path=paths), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            scratch=self.home / "scratch",
            mark=f"gate-{self.home.name}-{id(self)}",
            timeout_s=timeout_s,
            cancel=threading.Event(),
            baseline=self._base,
        )

    def judge(self, gate: str, timeout_s: float = 60.0, **env: str) -> GateResult:
        at = self.judging(timeout_s)
        return judge(gate, replace(at, env={**at.env, **env}))

    def _base(self) -> Path | None:
        base = self.home / "base"
        self.asked.append(base)
        return base if base.is_dir() else None


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project whose workspace exists."""
    found = Project(tmp_path)
    found.workspace.mkdir()
    found.checkout.mkdir()
    return found


def own_tools(project: Project) -> None:
    """Give the checkout an environment that is the one which runs these tests."""
    bins = project.checkout / ".venv" / "bin"
    bins.mkdir(parents=True)
    for name in ("python", "pytest", "ruff"):
        (bins / name).symlink_to(Path(sys.prefix) / "bin" / name)


@pytest.fixture
def python(project: Project) -> Callable[..., Project]:
    """Write Python tests; keywords are names of test files without `.py`."""
    own_tools(project)

    def write(files: Mapping[str, str] | None = None, **tests: str) -> Project:
        named = {f"tests/{name}.py": text for name, text in tests.items()}
        return project.write({**named, **(files or {})})

    return write
