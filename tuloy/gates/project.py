"""What a directory says about its own tools, read from files only: nothing of it is run or imported."""

import configparser
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "flake8_configured",
    "make_target",
    "package_json",
    "pytest_settings",
    "python_files",
    "ruff_configured",
    "script_of",
    "test_files",
    "text_of",
    "uses_pytest",
    "walk",
]

UNSEEN = frozenset({"node_modules", "__pycache__", "site-packages"})
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
TEST_FILE = re.compile(r"(test_.*|.*_test)\.py\Z")
PYTEST_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
PYTEST_SIGNS = re.compile(r"^\s*(?:import|from) pytest\b|^(?:async )?def test_", re.MULTILINE)
MOST_BYTES = 4_000_000
NO_TEST = "no test specified"


def walk(root: Path) -> Iterator[Path]:
    """Yield the files below `root`, without hidden directories, environments and installed packages."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders
            if name not in UNSEEN and not name.startswith(".") and not (here / name / "pyvenv.cfg").exists()
        )  # fmt: skip
        yield from (here / name for name in sorted(files))


def python_files(root: Path) -> Iterator[Path]:
    """Yield the Python files below `root`."""
    return (path for path in walk(root) if path.suffix in (".py", ".pyi"))


def test_files(root: Path) -> Iterator[Path]:
    """Yield the files below `root` whose names make them Python tests."""
    return (path for path in walk(root) if TEST_FILE.match(path.name))


def ruff_configured(root: Path) -> bool:
    """Whether any file below `root` configures ruff, or cannot be read so that only ruff can say."""
    for path in walk(root):
        if path.name in ("ruff.toml", ".ruff.toml"):
            return True
        if path.name == "pyproject.toml" and "ruff" in _tools(path, assume="ruff"):
            return True
    return False


def flake8_configured(root: Path) -> bool:
    """Whether the project configures flake8."""
    return any(_section(root / name, "flake8") is not None for name in (".flake8", "setup.cfg", "tox.ini"))


def pytest_settings(root: Path) -> dict[str, Any] | None:
    """Return the settings that pytest would take from `root`, {} when unreadable, None without any."""
    for name in PYTEST_FILES:
        if (root / name).is_file():
            return _toml(root / name).get("pytest", {}) if name.endswith(".toml") else _ini(root / name, "pytest")
    tools = _tools(root / "pyproject.toml", assume="pytest")
    if "pytest" in tools:
        found = tools["pytest"]
        return {**found, **found.get("ini_options", {})} if isinstance(found, dict) else {}
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        if (settings := _section(root / name, section)) is not None:
            return settings
    return None


def uses_pytest(root: Path) -> bool:
    """Whether the tests below `root` need pytest: unittest could not run them."""
    if pytest_settings(root) is not None:
        return True
    return any(
        path.name == "conftest.py" or (TEST_FILE.match(path.name) and PYTEST_SIGNS.search(text_of(path)))
        for path in walk(root)
    )


def package_json(root: Path) -> dict[str, Any] | None:
    """Return the project's package.json, {} when it is not an object, None when there is none."""
    path = root / "package.json"
    if not path.is_file():
        return None
    try:
        found = json.loads(text_of(path))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def script_of(root: Path, name: str) -> str | None:
    """Return the package's script `name`; npm's placeholder for missing tests is none."""
    scripts = (package_json(root) or {}).get("scripts")
    found = scripts.get(name) if isinstance(scripts, dict) else None
    return found if isinstance(found, str) and found.strip() and NO_TEST not in found else None


def make_target(root: Path, names: tuple[str, ...]) -> str | None:
    """Return the first of `names` that the project's Makefile has as a target."""
    path = next((root / name for name in MAKEFILES if (root / name).is_file()), None)
    if path is None:
        return None
    rules = re.findall(r"^([^\s#:=][^:=#\n]*):(?!=)", text_of(path), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    return next((name for name in names if name in targets), None)


def text_of(path: Path) -> str:
    """Return the first 4 MB of a file as text, nothing where there is no regular file (a link may lead to a device)."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _tools(path: Path, *, assume: str) -> dict[str, Any]:
    """Return `[tool.*]`; a broken file is taken to have `assume`, so that the tool itself complains."""
    try:
        found = tomllib.loads(text_of(path)).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return {assume: {}}
    return found if isinstance(found, dict) else {}


def _ini(path: Path, section: str) -> dict[str, Any]:
    return _section(path, section) or {}


def _section(path: Path, section: str) -> dict[str, Any] | None:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text_of(path))
    except configparser.Error:
        return None
    return dict(parser[section]) if parser.has_section(section) else None
