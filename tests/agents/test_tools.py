"""Where a program is found, and what its environment holds."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tuloy.agents.tools import (
    Place,
    exit_means,
    find_tool,
    on_path,
    project_bins,
    resolve_argv,
    step_environment,
)
from tuloy.errors import ToolMissing


def program(path: Path) -> Path:
    """Make an executable file there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def user_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def test_the_projects_environment_wins_over_path_and_path_over_ours(place: Place, user_bin: Path) -> None:
    """A project's own ruff is the one that its people use; ours is there for those who have none."""
    ours = Path(sys.prefix) / "bin" / "ruff"
    assert find_tool("ruff", place) == ours
    path = program(user_bin / "ruff")
    assert find_tool("ruff", place) == path
    modules = program(place.workspace / "node_modules/.bin/ruff")
    assert find_tool("ruff", place) == modules
    program(place.checkout / ".venv/bin/python")
    environment = program(place.checkout / ".venv/bin/ruff")
    assert find_tool("ruff", place) == environment


def test_only_a_few_tools_are_ours(place: Place, user_bin: Path) -> None:
    """What else happens to be installed beside Tuloy is not offered to steps."""
    assert (Path(sys.prefix) / "bin" / "mypy").exists()
    assert find_tool("mypy", place) is None


def test_an_environment_made_in_the_workspace_is_used(place: Place, user_bin: Path) -> None:
    """What a step installed into `.venv` of its workspace is found by the steps after it, before the checkout's."""
    program(place.checkout / ".venv/bin/python")
    program(place.checkout / ".venv/bin/ruff")
    program(place.workspace / ".venv/bin/python")
    assert find_tool("ruff", place) != place.checkout / ".venv/bin/ruff"
    assert find_tool("python", place) == place.workspace / ".venv/bin/python"


@pytest.mark.parametrize("where", [".", "bin", "scripts"])
def test_a_repository_cannot_put_a_program_before_the_users(place: Place, user_bin: Path, where: str) -> None:
    """Files of the workspace are no programs; only an environment's are, as everywhere."""
    mine = program(user_bin / "git")
    program(place.workspace / where / "git")
    program(place.workspace / where / "python")
    assert find_tool("git", place) == mine


@pytest.mark.parametrize("entries", ["", ".", ":", "bin:.", "::", "../workspace", "./", "~/bin"])
def test_relative_entries_of_path_are_not_looked_into(
    place: Place, monkeypatch: pytest.MonkeyPatch, entries: str
) -> None:
    """With '.' or an empty entry on PATH, a repository that ships ./git would otherwise be run as git."""
    for folder in (".", "bin", "~/bin"):
        program(place.workspace / folder / "tuloy-evil")
    monkeypatch.setenv("PATH", entries)
    monkeypatch.chdir(place.workspace)
    assert find_tool("tuloy-evil", place) is None
    assert on_path("tuloy-evil") is None
    dirs = step_environment(place)["PATH"].split(os.pathsep)
    assert dirs
    assert all(Path(folder).is_absolute() for folder in dirs)


def test_absolute_entries_stay_in_their_order(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was dropped is all that changes."""
    monkeypatch.setenv("PATH", "/one:.::/two:three")
    assert step_environment(place)["PATH"] == "/one:/two"


def test_a_machine_without_path_has_the_systems(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unset PATH does not become an empty one, which shells read as the current directory."""
    monkeypatch.delenv("PATH")
    assert step_environment(place)["PATH"] == os.defpath
    assert find_tool("sh", place) is not None


def test_a_path_is_meant_from_the_workspace(place: Place) -> None:
    """`./run.sh` is the workspace's, an absolute one is itself; what cannot be executed is not there."""
    mine = program(place.workspace / "run.sh")
    assert find_tool("./run.sh", place) == mine
    assert find_tool("/bin/sh", place) == Path("/bin/sh")
    mine.chmod(stat.S_IRUSR)
    (place.workspace / "folder").mkdir()
    assert find_tool("./folder", place) is None
    assert find_tool("./absent", place) is None


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "./a\0b", "x" * 5000, "./" + "x" * 5000, "-rf", "\udce9"])
def test_odd_names_are_found_nowhere(place: Place, name: str) -> None:
    """No name makes the search itself fail."""
    assert find_tool(name, place) is None
    with pytest.raises(ToolMissing):
        resolve_argv([name], place)


def test_an_empty_command_is_said(place: Place) -> None:
    """No words at all end in our error."""
    with pytest.raises(ToolMissing, match="empty"):
        resolve_argv([], place)


def test_python_may_be_called_python3(place: Place, user_bin: Path) -> None:
    """Where only python3 exists, `python` means it; arguments stay as they are."""
    found = program(user_bin / "python3")
    assert resolve_argv(["python3", "-V"], place) == [str(found), "-V"]
    assert Path(resolve_argv(["python", "-c", ""], place)[0]).name in ("python", "python3")


def test_a_program_of_the_user_is_not_looked_for_in_the_project(place: Place, user_bin: Path) -> None:
    """With `project=False` a repository's node_modules cannot pose as the user's coding CLI."""
    mine = program(user_bin / "claude")
    program(place.workspace / "node_modules/.bin/claude")
    assert resolve_argv(["claude", "x"], place, project=False) == [str(mine), "x"]


def test_bins_are_those_that_exist_nearest_first(place: Place) -> None:
    """The checkout's environment, then node_modules of workspace and checkout."""
    assert project_bins(place) == []
    program(place.checkout / "venv/bin/python")
    program(place.checkout / "node_modules/.bin/x")
    program(place.workspace / "node_modules/.bin/x")
    expected = [
        place.checkout / "venv/bin",
        place.workspace / "node_modules/.bin",
        place.checkout / "node_modules/.bin",
    ]
    assert project_bins(place) == expected
    env = step_environment(place)
    assert env["PATH"].split(os.pathsep)[:3] == [str(folder) for folder in expected]
    assert env["VIRTUAL_ENV"] == str(place.checkout / "venv")


SECRETS = (
    "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "PREFECT_API_KEY", "NPM_TOKEN",
    "DATABASE_URL", "KUBECONFIG", "PGPASSWORD", "TULOY_HOME", "TULOY_ATTEMPT", "GIT_DIR", "GIT_ASKPASS",
)  # fmt: skip
STEERING = ("LD_PRELOAD", "PYTHONSTARTUP", "PYTHONHOME", "NODE_OPTIONS", "BASH_ENV", "ENV", "GIT_SSH_COMMAND")


def test_no_secret_and_no_steering_variable_is_passed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps see what programs need, and nothing that names a secret or loads code."""
    for name in (*SECRETS, *STEERING):
        monkeypatch.setenv(name, "s3cret-value")
    monkeypatch.setenv("LC_TIME", "fil_PH.UTF-8")
    env = step_environment(place)
    assert "s3cret-value" not in env.values()
    assert env["LC_TIME"] == "fil_PH.UTF-8"
    assert env["HOME"] == os.environ["HOME"]
    assert (env["TERM"], env["NO_COLOR"], env["CI"]) == ("dumb", "1", "1")


def test_what_the_user_allows_is_passed_but_never_what_is_ours_to_set(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`passed` opens single variables by their full name; PATH stays the checked one."""
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    monkeypatch.setenv("PATH", ".:/usr/bin")
    env = step_environment(place, passed=("GITHUB_TOKEN", "ABSENT", "*", "PATH"))
    assert env["GITHUB_TOKEN"] == "t"
    assert env["PATH"] == "/usr/bin"
    assert "ABSENT" not in env


def test_pythonpath_is_given_or_not_there(place: Place) -> None:
    """An empty one is left out: scripts that extend it would add the current directory."""
    assert step_environment(place, python_path=("/w/src", "/w"))["PYTHONPATH"] == "/w/src:/w"
    assert "PYTHONPATH" not in step_environment(place)


def test_bytes_that_are_no_text_pass_through(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home directory in another encoding is still the home directory."""
    monkeypatch.setenv("HOME", os.fsdecode(b"/home/caf\xe9"))
    assert os.fsencode(step_environment(place)["HOME"]) == b"/home/caf\xe9"


@pytest.mark.parametrize(
    ("program", "code", "could_not"),
    [
        ("pytest", 5, True),
        ("/x/.venv/bin/pytest", 4, True),
        ("pytest", 1, False),
        ("pytest", 2, False),
        ("ruff", 1, False),
        ("ruff", 2, True),
        ("sh", 127, True),
        ("bash", 127, True),
        ("make", 2, False),
        ("unknown", 127, False),
    ],
)
def test_exit_codes_that_mean_that_it_could_not_run(program: str, code: int, could_not: bool) -> None:
    """Only what a tool documents is no answer of the work."""
    assert (exit_means(program, code) is not None) is could_not
