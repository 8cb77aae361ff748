"""Workspaces that run the project with what the checkout has installed, on the workspace's own code."""

import os
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import git
from tuloy.workspaces.pool import Workspaces, commit_all
from tuloy.workspaces.prepare import clear_for_install, installs, prepare, python_path

Git = Callable[..., str]


def _editable_install(checkout: Path, package: Path, how: str) -> Path:
    """Install `package` editable into the checkout's .venv, as pip does by a path or by setuptools' finder."""
    venv.create(checkout / ".venv", symlinks=True, with_pip=False)
    site = next((checkout / ".venv" / "lib").glob("python*")) / "site-packages"
    if how == "pth":
        (site / "__editable__.demo.pth").write_text(f"{package.parent}\n")
    else:
        editable_wheel = pytest.importorskip("setuptools.command.editable_wheel")
        finder = editable_wheel._finder_template("__editable___demo_finder", {"demo": str(package)}, {})
        (site / "__editable___demo_finder.py").write_text(finder)
        (site / "__editable__.demo.pth").write_text("import __editable___demo_finder as f; f.install()\n")
    return checkout / ".venv" / "bin" / "python"


def _imported(python: Path, cwd: Path, entries: list[str]) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if entries:
        environment["PYTHONPATH"] = os.pathsep.join(entries)
    program = "import sys; sys.path.remove(''); import demo; print(demo.WHERE)"
    done = subprocess.run([python, "-c", program], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("how", ["pth", "finder"])
@pytest.mark.parametrize("layout", ["src/demo", "demo"])
def test_worktree_code_wins_over_an_editable_install(
    how: str, layout: str, checkout: Path, pool: Workspaces, plain_git: Git
) -> None:
    """With the PYTHONPATH, the checkout's environment imports the worktree's code; without it, the checkout's."""
    if layout == "demo":
        plain_git(checkout, "rm", "-q", "-r", "src")
    (checkout / layout).mkdir(parents=True)
    (checkout / layout / "__init__.py").write_text("WHERE = 'checkout'\n")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "package")
    python = _editable_install(checkout, checkout / layout, how)
    workspace = pool.lease(plain_git(checkout, "rev-parse", "HEAD"))
    (workspace.path / layout / "__init__.py").write_text("WHERE = 'worktree'\n")
    assert _imported(python, workspace.path, []) == "checkout"
    assert _imported(python, workspace.path, python_path(workspace.path)) == "worktree"


def test_python_path_follows_the_layout(tmp_path: Path) -> None:
    """The entries are src for a src layout, what pyproject.toml declares, members of a workspace, else the top."""
    assert python_path(tmp_path) == [str(tmp_path)]
    (tmp_path / "src").mkdir()
    assert python_path(tmp_path) == [str(tmp_path)]
    (tmp_path / "src" / "demo").mkdir()
    assert python_path(tmp_path) == [str(tmp_path / "src")]
    (tmp_path / "lib").mkdir()
    (tmp_path / "packages" / "one" / "src" / "one").mkdir(parents=True)
    (tmp_path / "packages" / "one" / "pyproject.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.setuptools.packages.find]\nwhere = ["lib", "missing"]\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    )
    assert python_path(tmp_path) == [str(tmp_path / "lib"), str(tmp_path / "packages" / "one" / "src")]
    (tmp_path / "pyproject.toml").write_text("not TOML [")
    assert python_path(tmp_path) == [str(tmp_path / "src")]
    (tmp_path / "src" / "__init__.py").write_text("")
    assert python_path(tmp_path) == [str(tmp_path)]


def test_node_modules_become_a_farm_of_links(checkout: Path, pool: Workspaces, tmp_path: Path, plain_git: Git) -> None:
    """Packages, scopes and programs work in the workspace; what is written beside them stays there; the project's own
    packages are the workspace's."""
    _node_project(checkout)
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "node")
    before = fingerprint(checkout)
    workspace = pool.lease(plain_git(checkout, "rev-parse", "HEAD"))
    prepare(workspace, checkout)
    prepare(workspace, checkout)
    modules = workspace.path / "node_modules"
    assert (modules / "left-pad" / "index.js").read_text() == "pad"
    assert (modules / "@scope" / "tool" / "cli.js").read_text() == "cli"
    assert (modules / ".bin" / "tool").read_text() == "cli"
    (workspace.path / "packages" / "own" / "index.js").write_text("workspace")
    assert (modules / "own" / "index.js").read_text() == "workspace"
    assert (workspace.path / "packages" / "own" / "node_modules" / "deep" / "x.js").read_text() == "deep"
    (modules / ".cache").mkdir()
    (modules / ".cache" / "x").write_text("x")
    (modules / "@scope" / "new").mkdir()
    assert fingerprint(checkout) == before
    commit = commit_all(workspace, "x")
    assert commit is not None
    assert commit.changed == ("packages/own/index.js",)
    assert git(workspace, "status", "--porcelain") == ""


def _node_project(root: Path) -> None:
    files = {
        "package.json": "{}",
        "packages/own/package.json": "{}",
        "packages/own/index.js": "checkout",
        "packages/own/node_modules/deep/x.js": "deep",
        "node_modules/left-pad/index.js": "pad",
        "node_modules/@scope/tool/cli.js": "cli",
        "node_modules/.cache/old": "x",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".gitignore").write_text("node_modules\n")
    (root / "node_modules" / ".bin").mkdir()
    (root / "node_modules" / ".bin" / "tool").symlink_to("../@scope/tool/cli.js")
    (root / "node_modules" / "own").symlink_to("../packages/own")


def test_projects_without_packages_are_left_alone(checkout: Path, base: str, pool: Workspaces) -> None:
    """Without node_modules beside a package.json nothing is added."""
    workspace = pool.lease(base)
    (workspace.path / "package.json").write_text("{}")
    prepare(workspace, checkout)
    assert not (workspace.path / "node_modules").exists()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npm install", True),
        ("npm i left-pad", True),
        ("/usr/bin/npm ci", True),
        ("npm --prefix web --silent install", True),
        ("sh -c cd web && pnpm add left-pad", True),
        ("yarn", True),
        ("sh -c yarn && yarn test", True),
        ("bun update", True),
        ("npm test", False),
        ("npm run install-hooks", False),
        ("yarn build", False),
        ("pip install npm", False),
        ("npm " + "-a " * 5000, False),
    ],
)
def test_commands_that_install_are_known(command: str, expected: bool) -> None:
    """A package manager that is told to install is recognised, in a shell's words too; running scripts is not meant."""
    assert installs(command.split(" ")) == expected


def test_links_are_taken_away_before_a_first_lock_file_is_written(
    checkout: Path, pool: Workspaces, plain_git: Git
) -> None:
    """Where no lock file says what links stand for, an installer starts with none; where one does, and where something
    real is installed, `node_modules` stays."""
    _node_project(checkout)
    (checkout / "packages" / "own" / "yarn.lock").write_text("")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "node")
    before = fingerprint(checkout)
    workspace = pool.lease(plain_git(checkout, "rev-parse", "HEAD"))
    prepare(workspace, checkout)
    clear_for_install(workspace)
    assert not (workspace.path / "node_modules").exists()
    assert (workspace.path / "packages" / "own" / "node_modules" / "deep" / "x.js").read_text() == "deep"
    (workspace.path / "node_modules" / "real").mkdir(parents=True)
    clear_for_install(workspace)
    assert (workspace.path / "node_modules" / "real").exists()
    assert fingerprint(checkout) == before
