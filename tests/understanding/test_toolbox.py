"""Words to commands, on small real project trees."""

import json
from pathlib import Path

import pytest

from tuloy.plan import CommandAction
from tuloy.understanding import look_at, resolve, understand
from tuloy.understanding.toolbox import literal_command

PYPROJECT = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"
[project]
name = "shop"
[tool.ruff]
line-length = 100
[tool.pytest.ini_options]
testpaths = ["tests"]
[tool.mypy]
files = ["src"]
"""
PACKAGE = {
    "scripts": {"test": "vitest", "build": "vite build", "build:css": "sass", "lint": "eslint .", "release": "x"},
    "devDependencies": {"eslint": "9", "prettier": "3", "typescript": "5"},
}


def tree(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a project."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A Python project with a src layout."""
    return tree(
        tmp_path,
        {"pyproject.toml": PYPROJECT, "src/shop/__init__.py": "", "tests/test_a.py": "def test(): ...\n"},
    )


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A Node project with eslint, prettier and TypeScript."""
    return tree(tmp_path, {"package.json": json.dumps(PACKAGE), "package-lock.json": "{}", "tsconfig.json": "{}"})


def argv(phrase: str, root: Path) -> str | None:
    """Return the command line that the words mean in a project."""
    found = resolve(phrase, look_at(root))
    return " ".join(found.action.argv) if found else None


@pytest.mark.parametrize(
    ("phrase", "command"),
    [
        ("run the linter", "ruff check ."),
        ("lint the code", "ruff check ."),
        ("Fix the lint errors", "ruff check --fix ."),
        ("format the code", "ruff format ."),
        ("check the formatting", "ruff format --check ."),
        ("check types", "mypy"),
        ("Run the tests", "pytest"),
        ("i-run ang tests", "pytest"),
        ("run the tests in tests/test_a.py", "pytest tests/test_a.py"),
        ("run mypy", "mypy"),
        ("run ruff", "ruff check ."),
        ("build the package", "pyproject-build --no-isolation"),
        ("build the wheel", "pyproject-build --no-isolation --wheel"),
        ("install the dependencies", "sh -c python3 -m venv .venv && .venv/bin/python -m pip install -e ."),
        ("run pytest -x tests", "pytest -x tests"),
        ("fix the failing tests", None),
        ("test the login page", None),
        ("build a login page", None),
        ("run the integration tests", None),
        ("make docs", None),
        ("build the frontend", None),
    ],
)
def test_python(python: Path, phrase: str, command: str | None) -> None:
    """Plain phrases mean the tools that a Python project configures; anything more is for an agent."""
    assert command == argv(phrase, python)


@pytest.mark.parametrize(
    ("phrase", "command"),
    [
        ("lint", "eslint ."),
        ("fix the lint errors", "eslint --fix ."),
        ("format the code", "prettier --write ."),
        ("run the tests", "npm test"),
        ("build the app", "npm run build"),
        ("check types", "tsc --noEmit"),
        ("install the dependencies", "npm ci"),
        ("run the lint script", "npm run lint"),
        ("npm run build:css", "npm run build:css"),
        ("run npm run build:css", "npm run build:css"),
    ],
)
def test_node(node: Path, phrase: str, command: str) -> None:
    """A Node project's configured tools come first, its scripts where they are the tool."""
    assert command == argv(phrase, node)


def test_makefile_stands_in_where_nothing_is_configured(tmp_path: Path) -> None:
    """A target of that name beats the usual tool, but not one that the project configures."""
    make = ".PHONY: lint\nlint test: deps\n\techo\nVERSION := 1\ndocs:\n\techo\ndeploy:\n\techo\n%.o: %.c\n"
    root = tree(tmp_path, {"Makefile": make, "a.py": "", "ruff.toml": ""})
    assert look_at(root).targets == ("lint", "test", "docs", "deploy")
    assert argv("run the linter", root) == "ruff check ."
    assert argv("run the tests", root) == "make test"
    assert argv("run make docs", root) == "make docs"
    assert argv("build the docs", root) == "make docs"
    deploy = resolve("run the deploy target", look_at(root))
    assert deploy is not None
    assert deploy.effects == "external"


def test_gnu_makefile_is_the_one_that_make_reads(tmp_path: Path) -> None:
    """`GNUmakefile` hides `Makefile`, as it does for make."""
    root = tree(tmp_path, {"Makefile": "a:\n", "GNUmakefile": "b:\n"})
    assert look_at(root).targets == ("b",)


def test_defaults_without_configuration(tmp_path: Path) -> None:
    """Plain Python files get ruff, and unittest where nothing hints at pytest."""
    test = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): ...\n"
    root = tree(tmp_path, {"a.py": "", "test_a.py": test})
    assert argv("lint", root) == "ruff check ."
    assert argv("run the tests", root) == "python -m unittest discover"
    assert argv("check types", root) is None
    assert argv("build the package", root) is None


def test_isolation_stays_where_the_build_needs_more(tmp_path: Path) -> None:
    """A build that needs more than hatchling gets its own environment."""
    more = PYPROJECT.replace('"hatchling>=1.27"', '"hatchling", "hatch-vcs"')
    assert argv("build the package", tree(tmp_path, {"pyproject.toml": more})) == "pyproject-build"


def test_black_formats_where_black_is_configured(tmp_path: Path) -> None:
    """A project that configures black and not ruff is formatted by black."""
    assert argv("format the code", tree(tmp_path, {"pyproject.toml": "[tool.black]\n"})) == "black ."


def test_facts(python: Path) -> None:
    """Layout, packages, tools, tests and gates are read from the files."""
    project = look_at(python)
    assert project.kinds == ("python",)
    assert (project.layout, project.packages) == ("src", ("shop",))
    assert project.tools == {"ruff", "pytest", "mypy"}
    assert project.tests == ("tests/test_a.py",)
    assert project.build_backend == "hatchling.build"
    assert project.environment is None
    [stage] = understand("Refactor the parser", project).stages
    assert stage.gates == ("lint", "tests")


def test_gates_are_those_that_the_project_has(tmp_path: Path) -> None:
    """A project without tests has no test gate, one without anything no gate at all."""
    assert understand("Fix it", look_at(tree(tmp_path, {"a.py": ""}))).stages[0].gates == ("lint",)
    assert understand("Fix it").stages[0].gates == ()
    (tmp_path / "a.py").unlink()
    assert understand("Fix it", look_at(tmp_path)).stages[0].gates == ()


def test_environments(tmp_path: Path) -> None:
    """The project's own environment is found by its marker, not by its name alone."""
    tree(tmp_path, {"env/readme": "", ".venv/pyvenv.cfg": "", "node_modules/x/y.js": "", "package.json": "{}"})
    project = look_at(tmp_path)
    assert project.environment == tmp_path.resolve() / ".venv"
    assert project.node_modules


@pytest.mark.parametrize("name", ["pyproject.toml", "package.json", "setup.cfg", "tox.ini"])
@pytest.mark.parametrize("text", ["[[[", '{"a": ', "\x00\xff", "[1, 2]", "[a\nb = [", "[" * 5000])
def test_malformed_files_are_noted(tmp_path: Path, name: str, text: str) -> None:
    """A file that does not parse never raises."""
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    project = look_at(tmp_path)
    assert set(project.unreadable) <= {name}
    assert resolve("run the tests", project) is None or "python" in project.kinds


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """The broken file is named, and the others still count."""
    tree(tmp_path, {"pyproject.toml": "[tool.ruff", "package.json": '{"scripts": {"test": "x"}}'})
    project = look_at(tmp_path)
    assert project.unreadable == ("pyproject.toml",)
    assert project.scripts == {"test": "x"}


def test_nothing_is_imported_or_run(tmp_path: Path) -> None:
    """Looking at a project runs none of its code."""
    boom = "import pathlib; pathlib.Path(__file__).with_name('ran').touch()\n"
    tree(tmp_path, {"setup.py": boom, "conftest.py": boom, "noxfile.py": boom, "tests/test_a.py": boom})
    look_at(tmp_path)
    assert not list(tmp_path.rglob("ran"))


@pytest.mark.parametrize(
    ("line", "command", "effects"),
    [
        ("pytest -x 'tests/a b'", ("pytest", "-x", "tests/a b"), "workspace"),
        ("a && b", ("sh", "-c", "a && b"), "workspace"),
        ("X=1 make", ("sh", "-c", "X=1 make"), "workspace"),
        ("echo 'open", ("sh", "-c", "echo 'open"), "workspace"),
        ("app.py", ("python", "app.py"), "workspace"),
        ("make x && git push", ("sh", "-c", "make x && git push"), "external"),
        ("npm publish", ("npm", "publish"), "external"),
        ("npm run deploy:prod", ("npm", "run", "deploy:prod"), "external"),
    ],
)
def test_literal_command(line: str, command: tuple[str, ...], effects: str) -> None:
    """What the user wrote is run as written, through a shell only where it needs one."""
    found = literal_command(line)
    assert command == found.action.argv
    assert effects == found.effects


def test_the_demo_goal_on_a_python_project(python: Path) -> None:
    """The demo goal becomes four commands of the project."""
    goal = "Fix the lint errors and format the code, then run the tests and, if they pass, build the package"
    plan = understand(goal, look_at(python))
    assert [step.action.argv[0] for step in plan if isinstance(step.action, CommandAction)] == [
        "ruff",
        "ruff",
        "pytest",
        "pyproject-build",
    ]
    assert [step.effects for step in plan] == ["workspace", "workspace", "none", "none"]
    assert plan.steps["s1.4"].action.outputs == ("dist/*",)  # type: ignore[union-attr]
