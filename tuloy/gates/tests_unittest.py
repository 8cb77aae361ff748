"""Unittest, for projects whose environment has no pytest and whose tests need none: judged by its summary."""

from pathlib import Path

from tuloy.agents.tools import find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_tests
from tuloy.gates.judging import Judging, Lane, run_tool
from tuloy.gates.origins import installed, require_workspace
from tuloy.gates.project import test_files
from tuloy.gates.tests_scripts import heard
from tuloy.gates.verdict import GateResult

__all__ = ["LANE"]


def _judge(at: Judging) -> GateResult:
    python = _program(at)
    require_workspace(at, python, as_module=True)
    argv: list[str | Path] = [
        python,
        "-m",
        "unittest",
        "discover",
        "-s",
        _start(at.workspace),
        "-p",
        _pattern(at.workspace),
    ]
    ended = run_tool(at, "unittest", argv, env={"PYTHONDONTWRITEBYTECODE": "1"})
    return heard(at, ended, "python -m unittest")


def _program(at: Judging) -> Path:
    if found := find_tool("python", at.place) or find_tool("python3", at.place):
        return found
    raise ToolMissing("'python' is neither in the project's environment nor on PATH; install it there")


def _start(root: Path) -> str:
    """Return where discovery begins: unittest does not descend into a directory that is no package."""
    homes = [name for name in ("tests", "test") if (root / name).is_dir()]
    return next((name for name in homes if not (root / name / "__init__.py").exists()), ".")


def _pattern(root: Path) -> str:
    return "test*.py" if any(path.name.startswith("test") for path in test_files(root)) else "*_test.py"


def _identity(at: Judging) -> str:
    python = _program(at)
    return f"{python} {' '.join(installed(python))}"


LANE = Lane("unittest", _judge, tell_tests, _identity)
