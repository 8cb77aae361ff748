"""Where the code under test comes from: the interpreter of the tests is asked, and must name the workspace.

An environment with an editable install of the user's checkout would otherwise test that checkout and not the
commit.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuloy.gates.judging import Judging, Unproved, output_of, run_tool
from tuloy.gates.project import pytest_settings, test_files, text_of

__all__ = ["import_packages", "installed", "interpreter_of", "require_workspace"]

ASIDE = frozenset({
    "test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "script",
    "scripts", "tool", "tools", "build", "dist", "setup", "conftest", "noxfile", "tasks", "fabfile", "manage",
})  # fmt: skip
MARKER = "tuloy-origins:"
PROBE = """
import importlib.util, json, sys
asked = json.loads(sys.argv[1])
sys.path[:] = asked["paths"] + [path for path in sys.path if path]
def origin(name):
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return []
    if spec is None:
        return []
    return [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
print("\\n" + asked["marker"] + json.dumps({name: origin(name) for name in asked["names"]}))
"""
ASKING_S = 60.0


def import_packages(root: Path) -> tuple[str, ...]:
    """Return the names of the project's own code: packages, and modules that its tests import."""
    found = list(_packages(root / "src"))
    flat = [name for name in _flat(root) if name not in ASIDE]
    return tuple(dict.fromkeys([*found, *flat]))


def interpreter_of(script: Path) -> Path | None:
    """Return the Python that runs an installed script, from its first lines, else from beside it."""
    with script.open("rb") as file:
        head = file.read(1024).decode("utf-8", "replace").splitlines()
    first = head[0] if head else ""
    words = first[2:].split() if first.startswith("#!") else []
    if words and Path(words[0]).name == "env" and len(words) > 1:
        words = [shutil.which(words[-1]) or ""]
    if words and Path(words[0]).name == "sh" and len(head) > 1:  # how installers write paths that are too long
        words = [match[1]] if (match := re.match(r"'''exec' \"?([^\" ]+)\"?", head[1])) else []
    if words and "python" in Path(words[0]).name and Path(words[0]).is_file():
        return Path(words[0])
    return next((path for path in (script.parent / "python", script.parent / "python3") if path.is_file()), None)


def installed(python: Path) -> list[str]:
    """Return what is installed beside an interpreter, as names with versions."""
    found = python.parent.parent.glob("lib/python3*/*-packages/*.dist-info")
    return sorted(path.name for path in found)


def require_workspace(at: Judging, python: Path, *, as_module: bool = False) -> None:
    """Ask the interpreter where it would import the project's packages from. `as_module`: it runs with `-m`.

    Raises:
        Unproved: when one would come from outside the workspace, or the interpreter does not answer.
    """
    names = import_packages(at.workspace)
    if not names:
        return
    paths = [str(at.workspace)] if as_module else list(_pytest_paths(at.workspace))
    asked = json.dumps({"names": names, "paths": paths, "marker": MARKER})
    ended = run_tool(at, "origins", [python, "-c", PROBE, asked], limit_s=ASKING_S)
    answer = next((line for line in output_of(ended).splitlines() if line.startswith(MARKER)), None)
    if answer is None or not ended.ok:
        raise Unproved(f"{str(python)!r} does not say where it imports from (exit code {ended.exit_code})", ended)
    origins: dict[str, list[str]] = json.loads(answer.removeprefix(MARKER))
    for name, places in origins.items():
        if places and not any(_inside(at.workspace, place) for place in places):
            raise Unproved(
                f"the tests would import {name!r} from {places[0]!r}, not from the judged workspace; is it "
                "installed there (`pip install -e`)? Put the workspace first on PYTHONPATH or in pytest's "
                "`pythonpath`",
                ended,
            )


def _inside(workspace: Path, place: str) -> bool:
    return Path(place).is_absolute() and Path(place).resolve().is_relative_to(workspace.resolve())


def _packages(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield packages and modules in a source directory; a namespace is answered for by what is in it."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".py" and path.stem.isidentifier() and path.stem != "__init__":
            yield prefix + path.stem
        elif path.is_dir() and path.name.isidentifier() and not path.name.startswith("__"):
            if (path / "__init__.py").is_file():
                yield prefix + path.name
            elif not prefix:
                yield from _packages(path, f"{path.name}.")


def _flat(root: Path) -> Iterator[str]:
    modules = {path.stem for path in root.glob("*.py")}
    yield from (path.parent.name for path in sorted(root.glob("*/__init__.py")) if path.parent.name.isidentifier())
    yield from sorted(modules & _imported(root) if modules else ())


def _imported(root: Path) -> set[str]:
    pattern = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
    texts = map(text_of, test_files(root))
    return {name for text in texts for name in pattern.findall(text)}


def _pytest_paths(root: Path) -> Iterator[str]:
    """Yield what pytest itself puts first on the path: its `pythonpath`, the root of conftest or tests."""
    settings: dict[str, Any] = pytest_settings(root) or {}
    wanted = settings.get("pythonpath", [])
    yield from (str(root / part) for part in (wanted.split() if isinstance(wanted, str) else wanted))
    prepends = not re.search(r"import.?mode[=\s\"']+(?:importlib|append)", json.dumps(settings, default=str))
    packages = (root / "tests" / "__init__.py", root / "test" / "__init__.py", root / "conftest.py")
    if prepends and any(path.is_file() for path in packages):
        yield str(root)
