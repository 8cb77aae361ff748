"""Real repositories in a temporary directory, and a plain git that knows nothing of Tuloy's hardening."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuloy.workspaces.git import head, open_repository
from tuloy.workspaces.pool import Workspaces
from tuloy.workspaces.records import Repository

Git = Callable[..., str]

PLAIN = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "User",
    "GIT_AUTHOR_EMAIL": "user@example.org",
    "GIT_COMMITTER_NAME": "User",
    "GIT_COMMITTER_EMAIL": "user@example.org",
}


@pytest.fixture
def plain_git() -> Git:
    """What users and agents do: `plain_git(directory, *args)` gives standard output, or fails the test."""

    def run(directory: Path, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=directory, env=PLAIN, capture_output=True, check=False)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    return run


@pytest.fixture
def checkout(tmp_path: Path, plain_git: Git) -> Path:
    """A user's checkout with a few files, a .gitignore and one commit on main."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("def answer():\n    return 42\n")
    (root / "README.md").write_text("# Project\n\nfirst\n\nmiddle\n\nlast\n")
    (root / ".gitignore").write_text("*.log\nbuild/\n")
    plain_git(root, "init", "-q", "--template=", "-b", "main")
    plain_git(root, "add", "-A")
    plain_git(root, "commit", "-q", "-m", "first")
    return root


@pytest.fixture
def repo(checkout: Path) -> Repository:
    """The user's checkout, opened."""
    return open_repository(checkout)


@pytest.fixture
def base(repo: Repository) -> str:
    """The commit on main."""
    return head(repo).commit


@pytest.fixture
def pool(repo: Repository, tmp_path: Path) -> Iterator[Workspaces]:
    """The workspaces of one run, closed at the end."""
    workspaces = Workspaces(repo, tmp_path / "home")
    yield workspaces
    workspaces.close()
