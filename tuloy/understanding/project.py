"""Project: what the files of a repository say about it.

Owns reading those files. They are data from outside: they are parsed, never imported, never run, and a file that
does not parse is noted in `Project.unreadable` instead of raising. Knows no command (`tuloy.understanding.toolbox`).
"""

import configparser
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Kind", "Project", "look_at"]

Kind = Literal["python", "node", "make"]
Layout = Literal["src", "flat"]

_FILE_BYTES = 2_000_000
_ENTRIES = 20_000
_SKIPPED = frozenset({"node_modules", "dist", "build", "site-packages", "__pycache__", "venv", "env", "target"})
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb")
_PYTHON_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_PYTHON_MARKS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "ruff.toml",
    ".ruff.toml",
    "pytest.ini",
)
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # the order in which GNU make looks
_TOOL_FILES = {
    "ruff": ("ruff.toml", ".ruff.toml"),
    "flake8": (".flake8",),
    "pylint": (".pylintrc", "pylintrc"),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "pyright": ("pyrightconfig.json",),
    "pytest": ("pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py"),
    "eslint": tuple(
        [f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts")]
        + [".eslintrc", *(f".eslintrc.{end}" for end in ("js", "cjs", "json", "yml", "yaml"))]
    ),
    "prettier": tuple(
        [
            ".prettierrc",
            *(f".prettierrc.{end}" for end in ("json", "yml", "yaml", "toml", "js", "cjs", "mjs")),
        ]
        + [f"prettier.config.{end}" for end in ("js", "cjs", "mjs", "ts")]
    ),
    "typescript": ("tsconfig.json",),
    "biome": ("biome.json", "biome.jsonc"),
}
_SECTIONS = {
    name: name.removeprefix("tool:")
    for name in (
        *("ruff", "black", "isort", "flake8", "pylint", "mypy", "pyright", "basedpyright", "ty"),
        *("pytest", "tool:pytest", "autopep8", "yapf", "tox"),
    )
}
_TARGET = re.compile(r"^([A-Za-z0-9][\w.%/+-]*(?:[ \t]+[A-Za-z0-9][\w.%/+-]*)*)[ \t]*::?(?!=)")


class Project(BaseModel):
    """Facts about one repository, as its files state them. Paths are relative to `root`, except `environment`.

    `tools` are the linters, formatters, type checkers and test runners that the project configures. `requirements`
    are what `[build-system]` names. `environment` is the project's own Python environment, or None.
    """

    model_config = ConfigDict(frozen=True)

    root: Path
    kinds: tuple[Kind, ...] = ()
    layout: Layout | None = None
    packages: tuple[str, ...] = ()
    tools: frozenset[str] = frozenset()
    build_backend: str | None = None
    requirements: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirement_files: tuple[str, ...] = ()
    scripts: Mapping[str, str] = {}
    dependencies: tuple[str, ...] = ()
    lock: str | None = None
    python_lock: str | None = None
    targets: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    unittest_only: bool = False
    mypy_knows_files: bool = False
    environment: Path | None = None
    node_modules: bool = False
    unreadable: tuple[str, ...] = ()

    @property
    def has_tests(self) -> bool:
        """Whether there is anything for a test gate to run."""
        return bool(self.tests) or ("node" in self.kinds and "test" in self.scripts)

    @property
    def has_lint(self) -> bool:
        """Whether there is anything for a lint gate to run: Python always (ruff), Node when it is configured."""
        return "python" in self.kinds or "eslint" in self.tools or "lint" in self.scripts


class _Files:
    """Reads files below one root and remembers which could not be read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unreadable: list[str] = []

    def text(self, name: str) -> str | None:
        """Return the text of a file, or None when it is absent, too large or not text."""
        path = self.root / name
        try:
            if not path.is_file():
                return None
            if path.stat().st_size > _FILE_BYTES:
                self.unreadable.append(name)
                return None
            return path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            self.unreadable.append(name)
            return None

    def toml(self, name: str) -> dict[str, Any]:
        """Return the parsed TOML file, or nothing."""
        return self._parsed(name, tomllib.loads)

    def json(self, name: str) -> dict[str, Any]:
        """Return the parsed JSON object, or nothing."""
        return self._parsed(name, json.loads)

    def sections(self, name: str) -> list[str]:
        """Return the section names of an INI file."""
        text = self.text(name)
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(text or "")
        except configparser.Error:
            self.unreadable.append(name)
        return parser.sections()

    def _parsed(self, name: str, parse: Any) -> dict[str, Any]:
        text = self.text(name)
        if text is None:
            return {}
        try:
            value = parse(text)
        except (ValueError, RecursionError):
            self.unreadable.append(name)
            return {}
        if not isinstance(value, dict):
            self.unreadable.append(name)
            return {}
        return value


def look_at(root: Path) -> Project:
    """Record what the files of a project say about it.

    Reads the files of the top folder and walks at most 20,000 entries for tests and packages; follows no links.
    """
    root = root.resolve()
    files = _Files(root)
    pyproject, package = files.toml("pyproject.toml"), files.json("package.json")
    targets = _make_targets(files)
    tree = _Tree(root)
    requirement_files = _requirement_files(root)
    python = requirement_files or tree.python or any((root / name).is_file() for name in _PYTHON_MARKS)
    node = (root / "package.json").is_file()
    dependencies = _node_dependencies(package)
    tools = _tools(files, pyproject, package, dependencies)
    layout, packages = _packages(root)
    build = _table(pyproject, "build-system")
    project = _table(pyproject, "project")
    marks: tuple[tuple[Any, Kind], ...] = ((python, "python"), (node, "node"), (targets, "make"))
    return Project(
        root=root,
        kinds=tuple(kind for there, kind in marks if there),
        layout=layout,
        packages=packages,
        tools=tools,
        build_backend=_string(build.get("build-backend"))
        or ("setuptools.build_meta" if build or project or (root / "setup.py").is_file() else None),
        requirements=_strings(build.get("requires")),
        extras=tuple(_table(project, "optional-dependencies")),
        groups=tuple(_table(pyproject, "dependency-groups")),
        requirement_files=requirement_files,
        scripts={k: v for k, v in _table(package, "scripts").items() if isinstance(v, str)},
        dependencies=dependencies,
        lock=_first(root, _LOCKS),
        python_lock=_first(root, _PYTHON_LOCKS),
        targets=targets,
        tests=tuple(tree.tests),
        unittest_only=bool(tree.tests) and "pytest" not in tools and _all_unittest(files, tree.tests),
        mypy_knows_files=bool({"files", "packages", "modules"} & set(_table(_table(pyproject, "tool"), "mypy"))),
        environment=_environment(root),
        node_modules=(root / "node_modules").is_dir(),
        unreadable=tuple(dict.fromkeys(files.unreadable)),
    )


class _Tree:
    """One bounded walk: test files, and whether there is Python at all."""

    def __init__(self, root: Path) -> None:
        self.tests: list[str] = []
        self.python = False
        for n, path in enumerate(_walk(root)):
            if n >= _ENTRIES:
                break
            name = path.rsplit("/", 1)[-1]
            if name.endswith(".py"):
                self.python = True
                if (name.startswith("test_") or name.endswith("_test.py") or name in ("test.py", "tests.py")) and len(
                    self.tests
                ) < 200:
                    self.tests.append(path)


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED and not name.startswith(".") and not name.endswith(".egg-info")
        )
        inside = Path(folder).relative_to(root)
        for name in sorted(names):
            yield (inside / name).as_posix()


def _all_unittest(files: _Files, tests: list[str]) -> bool:
    """Whether every test file read (the first 20) is plain unittest: nothing hints at pytest."""
    for name in tests[:20]:
        text = files.text(name) or ""
        if "unittest" not in text or re.search(r"^\s*(?:import pytest|from pytest)", text, re.MULTILINE):
            return False
    return True


def _tools(
    files: _Files, pyproject: dict[str, Any], package: dict[str, Any], dependencies: tuple[str, ...]
) -> frozenset[str]:
    found = {tool for tool, names in _TOOL_FILES.items() if _first(files.root, names)}
    sections = [*_table(pyproject, "tool"), *files.sections("setup.cfg"), *files.sections("tox.ini")]
    found |= {_SECTIONS[key] for name in sections if (key := _section_key(name)) in _SECTIONS}
    found |= {tool for tool in ("eslint", "prettier") if f"{tool}Config" in package or tool in package}
    found |= {name for name in dependencies if name in {"eslint", "prettier", "typescript", "vitest", "jest"}}
    if "@biomejs/biome" in dependencies:
        found.add("biome")
    return frozenset(found | _declared_python_tools(pyproject))


def _section_key(name: str) -> str:
    return name if name == "tool:pytest" else name.split(":")[0].split("-")[0].split(".")[0]


def _declared_python_tools(pyproject: dict[str, Any]) -> set[str]:
    """Tools that development dependencies name: a project that installs mypy means to use it."""
    lists = [
        *_table(pyproject, "dependency-groups").values(),
        *_table(_table(pyproject, "project"), "optional-dependencies").values(),
        _table(_table(pyproject, "tool"), "uv").get("dev-dependencies"),
    ]
    names = {_distribution(entry) for one in lists for entry in _strings(one)}
    poetry = _table(_table(pyproject, "tool"), "poetry")
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for table in (_table(poetry, "dev-dependencies"), *groups):
        names |= {name.lower() for name in table}
    return names & set(_SECTIONS.values())


def _distribution(requirement: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", requirement)
    return match[1].lower().replace("_", "-") if match else ""


def _node_dependencies(package: dict[str, Any]) -> tuple[str, ...]:
    fields = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    return tuple(dict.fromkeys(name for field in fields for name in _table(package, field)))


def _make_targets(files: _Files) -> tuple[str, ...]:
    name = next((name for name in _MAKEFILES if name in _names(files.root)), None)
    text = files.text(name) if name else None
    found: dict[str, None] = {}
    for line in (text or "").splitlines():
        if match := _TARGET.match(line[:500]):
            found.update(dict.fromkeys(word for word in match[1].split() if "%" not in word))
    return tuple(found)


def _names(root: Path) -> set[str]:
    try:
        return set(os.listdir(root))  # noqa: PTH208 (names exactly as spelled, also on case-blind disks)
    except OSError:
        return set()


def _packages(root: Path) -> tuple[Layout | None, tuple[str, ...]]:
    """Import packages: below `src/` when there are any, else at the top, tests and hidden folders apart."""
    below = _importable(root / "src")
    if below:
        return "src", below
    flat = tuple(name for name in _importable(root) if name not in {"tests", "test", "docs", "examples"})
    return ("flat", flat) if flat else (None, ())


def _importable(folder: Path) -> tuple[str, ...]:
    names = sorted(_names(folder))
    return tuple(name for name in names if name.isidentifier() and (folder / name / "__init__.py").is_file())


def _environment(root: Path) -> Path | None:
    found = (root / name for name in (".venv", "venv", "env"))
    return next((path for path in found if (path / "pyvenv.cfg").is_file()), None)


def _requirement_files(root: Path) -> tuple[str, ...]:
    return tuple(sorted(n for n in _names(root) if re.fullmatch(r"(?:dev-)?requirements[\w.-]*\.txt", n)))


def _first(root: Path, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if (root / name).is_file()), None)


def _table(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
