"""Directories that are no git repository, as a user meets them: the same guarantees, and nothing to set up."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

pytestmark = pytest.mark.server


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A directory of files that no git knows."""
    root = tmp_path / "plain"
    (root / "sub").mkdir(parents=True)
    (root / "notes.txt").write_bytes(b"one\r\n")
    (root / "sub" / "other.txt").write_text("two\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "noise.log").write_text("noise\n")
    (root / ".env").write_text("KEY=secret\n")
    return root


def contents(root: Path) -> dict[str, str]:
    """Every path with a hash of its bytes, mode and modification time."""
    found = {}
    for path in sorted(root.rglob("*")):
        told = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        seconds = told.st_mtime_ns if path.is_file() else 0
        found[str(path.relative_to(root))] = f"{hashlib.sha256(data).hexdigest()} {told.st_mode:o} {seconds}"
    return found


def test_a_goal_in_a_plain_directory_changes_it_only_when_accepted(tuloy: Callable[..., Ran], plain: Path):
    """Run works on a copy and says so; status and show know the goal; accept brings files, rollback takes them back."""
    before = contents(plain)
    ran = tuloy("run", "Run `touch made.txt`, then run `rm sub/other.txt`", "--repo", str(plain), "--json")

    assert ran.code == 0, ran.err
    assert "is no git repository: a copy is worked on" in ran.err
    assert contents(plain) == before
    goal = ran.goal
    assert goal["branch"]
    assert {one["id"]: one for one in tuloy("status", "--json").document["goals"]}[goal["id"]]["status"] == "done"
    assert f"git --git-dir={goal['git_dir']} diff" in tuloy("show", goal["id"]).out
    accepted = tuloy("accept", goal["id"])
    assert accepted.code == 0, accepted.err
    after = contents(plain)
    assert set(after) == set(before) - {"sub", "sub/other.txt"} | {"made.txt"}
    assert {name: after[name] for name in before if name in after} == {n: before[n] for n in before if n in after}
    assert tuloy("rollback", goal["id"]).code == 0
    assert {name: one.split()[:2] for name, one in contents(plain).items()} == {
        name: one.split()[:2] for name, one in before.items()
    }
    assert tuloy("audit", "verify").code == 0


def test_ignored_secret_large_and_foreign_files_stay_out(
    tuloy: Callable[..., Ran], plain: Path, git: Callable[..., str]
):
    """A step sees neither ignored files, nor .env, nor files over 50 MB, nor repositories inside; the user is told."""
    (plain / "big.bin").touch()
    os.truncate(plain / "big.bin", 50_000_001)
    (plain / "inner").mkdir()
    git(plain / "inner", "init", "-q")
    (plain / "node_modules").mkdir()
    (plain / "node_modules" / "x.js").write_text("1")
    text = "Run `test ! -e .env -a ! -e noise.log -a ! -e big.bin -a ! -e inner`. Run `test -e notes.txt`."
    ran = tuloy("run", text, "--repo", str(plain), "--json")

    assert ran.code == 0, ran.out
    assert "not included: .env, big.bin, inner/ (over 50 MB, a secret, or a repository of its own)" in ran.err


def test_bytes_are_kept_as_they_are(tuloy: Callable[..., Ran], plain: Path):
    """Attributes in the directory turn no line ends; what a step does not touch is the same byte for byte."""
    (plain / ".gitattributes").write_text("* text=auto eol=lf\n*.txt filter=lfs ident\n")
    ran = tuloy("run", "Run `cp notes.txt copy.txt`", "--repo", str(plain), "--accept", "--json")

    assert ran.code == 0, ran.err
    assert (plain / "copy.txt").read_bytes() == b"one\r\n"


def test_what_changed_meanwhile_is_not_overwritten(tuloy: Callable[..., Ran], plain: Path):
    """Accept refuses when a file that it would write changed since; other changes stay, and do not hinder it."""
    text = "Run `cp sub/other.txt notes.txt`"
    goal = tuloy("run", text, "--repo", str(plain), "--json").goal
    (plain / "notes.txt").write_text("edited meanwhile\n")
    refused = tuloy("accept", goal["id"])

    assert refused.code == 1
    assert "changed since the goal began: 'notes.txt'; take that back, or run the goal again" in refused.err
    assert (plain / "notes.txt").read_text() == "edited meanwhile\n"
    (plain / "notes.txt").write_bytes(b"one\r\n")
    (plain / "sub" / "new.txt").write_text("mine\n")
    assert tuloy("accept", goal["id"]).code == 0
    assert (plain / "notes.txt").read_text() == "two\n"
    assert (plain / "sub" / "new.txt").read_text() == "mine\n"


@pytest.mark.soak
def test_each_goal_begins_with_the_directory_as_it_is(tuloy: Callable[..., Ran], plain: Path):
    """What was edited between two goals is in the second one; an untouched directory gives the same base."""
    first = tuloy("run", "Run `true`", "--repo", str(plain), "--json").goal
    again = tuloy("run", "Run `true`", "--repo", str(plain), "--json").goal
    (plain / "notes.txt").write_text("edited\n")
    edited = tuloy("run", "Run `grep edited notes.txt`", "--repo", str(plain), "--json")

    assert first["base"] == again["base"] != edited.goal["base"]
    assert edited.code == 0, edited.out


def test_a_waiting_goal_is_resumed_from_where_the_directory_was(
    tuloy: Callable[..., Ran], plain: Path, tmp_path: Path, git: Callable[..., str]
):
    """Resume works on the directory as it was when the goal began, also after `git init` there."""
    waiting = tuloy("run", "Add a second line to notes.txt", "--repo", str(plain), "--json")
    script = tmp_path / "coder.sh"
    script.write_text("#!/bin/sh\necho two >> notes.txt\n")
    script.chmod(0o755)
    agents = json.dumps({"scripted": {"argv": [str(script), "{prompt}"]}})
    git(plain, "init", "-q")
    resumed = tuloy("resume", waiting.goal["id"], "--json", env={"TULOY_AGENTS": agents})

    assert waiting.code == 3
    assert resumed.code == 0, resumed.err
    assert tuloy("accept", resumed.goal["id"]).code == 0
    assert (plain / "notes.txt").read_bytes() == b"one\r\ntwo\n"


def test_an_empty_directory_is_a_place_too(tuloy: Callable[..., Ran], tmp_path: Path):
    """A goal may begin with nothing."""
    (tmp_path / "empty").mkdir()
    ran = tuloy("run", "Run `touch first.txt`", "--repo", str(tmp_path / "empty"), "--accept", "--json")

    assert ran.code == 0, ran.err
    assert (tmp_path / "empty" / "first.txt").exists()


def test_a_home_directory_is_refused(tuloy: Callable[..., Ran], tmp_path: Path):
    """A home directory is not swallowed by accident."""
    ran = tuloy("run", "Run `true`", "--repo", str(tmp_path), env={"HOME": str(tmp_path)})

    assert ran.code == 2
    assert "holds a home directory; name the project's own directory" in ran.err


def test_agents_that_lie_in_the_directory_are_not_trusted(tuloy: Callable[..., Ran], plain: Path, tmp_path: Path):
    """A tuloy.toml in a directory that came from anywhere brings no agents, and the user is told why."""
    trap = tmp_path / "sprung"
    (plain / "tuloy.toml").write_text(f'[agents.evil]\nargv = ["touch", "{trap}", "{{prompt}}"]\n')
    ran = tuloy("run", "Add a second line to notes.txt", "--repo", str(plain), "--json")

    assert ran.code == 3, ran.err
    assert "its agents and pass_env are left out" in ran.err
    assert not trap.exists()


def test_a_dry_run_makes_nothing(elsewhere: Callable[..., Ran], plain: Path, tmp_path: Path):
    """Only the plan is shown; no private repository comes to be."""
    ran = elsewhere("run", "Run `true`", "--repo", str(plain), "--dry-run")

    assert ran.code == 0, ran.err
    assert not (tmp_path / "home").exists()
