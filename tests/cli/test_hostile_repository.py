"""A repository made by somebody who means harm: nothing of it runs in our processes, and nothing escapes."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

pytestmark = pytest.mark.server


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """The file that appears when something of the repository ran in a process of ours."""
    return tmp_path / "sprung"


@pytest.fixture
def hostile(tmp_path: Path, trap: Path, git: Callable[..., str]) -> Path:
    """A repository with traps of every kind. Programs of steps carry TULOY_ATTEMPT; only ours spring them."""
    root = tmp_path / "hostile"
    (root / "tests").mkdir(parents=True)
    spring = f"import os\nif 'TULOY_ATTEMPT' not in os.environ:\n    open({str(trap)!r}, 'a').write(__name__)\n"
    python = ("sitecustomize", "usercustomize", "conftest", "tasks", "flows", "prefect", "tuloy", "cli", "psutil")
    for name in python:
        (root / f"{name}.py").write_text(spring)
    (root / "tests" / "test_it.py").write_text("def test_it():\n    assert True\n")
    (root / "prefect.toml").write_text('[api]\nurl = "http://127.0.0.1:9/api"\n')
    (root / ".env").write_text("PREFECT_API_URL=http://127.0.0.1:9/api\nTULOY_HOME=/nowhere\n")
    (root / "pyproject.toml").write_text('[tool.prefect.api]\nurl = "http://127.0.0.1:9/api"\n')
    (root / "tuloy.toml").write_text(f'[agents.evil]\nargv = ["touch", "{trap}", "{{prompt}}"]\n')
    (root / "Makefile").write_text(f"test;touch${{IFS}}{trap}: ;\n\t@true\n$(shell touch {trap}):\n\t@true\n")
    scripts = {f"test; touch {trap}": "true", "--help; rm -rf": "true"}
    (root / "package.json").write_text(json.dumps({"name": "x", "scripts": scripts}))
    (root / ".gitattributes").write_text("*.py filter=evil diff=evil merge=evil\n")
    (root / "out").symlink_to("/etc")
    (root / ("x" * 250)).write_text("long\n")
    (root / "new\nline \x1b[2J").write_text("odd\n")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_text("bytes\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "start")
    for ref in ("heads/-x", "heads/tuloy/$(touch${IFS}x)", "heads/a;b", "heads/é", "tags/main"):
        git(root, "update-ref", f"refs/{ref}", "HEAD")
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\n[ -n "$TULOY_ATTEMPT" ] || echo "$0" >> {trap}\ncat\n')
    program.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.command", "merge.evil.driver"):
        git(root, "config", key, str(program))
    for hook in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change", "pre-merge-commit"):
        (root / ".git" / "hooks").mkdir(exist_ok=True)
        (root / ".git" / "hooks" / hook).write_bytes(program.read_bytes())
        (root / ".git" / "hooks" / hook).chmod(0o755)
    trap.unlink(missing_ok=True)
    return root


def test_nothing_of_a_hostile_repository_runs_or_escapes(cold_tuloy: Callable[..., Ran], hostile: Path, trap: Path):
    """Every command, called inside it: no trap springs, its settings and agents are not ours, the goal is done."""
    planned = cold_tuloy("plan", "run the tests", "--json", cwd=hostile)
    ran = cold_tuloy("run", "Run the tests, then run `touch made.txt`", "--json", cwd=hostile)
    goal = ran.goal
    for words in (["status"], ["show"], ["doctor"], ["audit", "verify"], ["run", "run the tests", "--dry-run"]):
        assert "Traceback" not in cold_tuloy(*words, cwd=hostile).err
    accepted = cold_tuloy("accept", goal["id"], cwd=hostile)

    assert not trap.exists(), trap.read_text()
    assert all(isinstance(word, str) and str(trap) not in word for word in json.dumps(planned.document))
    assert ran.code == 0, ran.out
    assert "tuloy.toml came with the files of 'hostile'" in ran.err
    assert "links lead out of the tree, and so does what is written through them: 'out'" in goal["reduced"][-1]
    assert accepted.code == 0, accepted.err
    assert (hostile / "made.txt").exists()
    assert "\x1b" not in ran.err + cold_tuloy("show", cwd=hostile).out


def test_its_agents_do_no_step(tuloy: Callable[..., Ran], hostile: Path, trap: Path):
    """A step for a coding agent waits: the agent that the repository describes is not asked."""
    ran = tuloy("run", "Improve the wording of the readme", "--json", cwd=hostile)

    assert ran.code == 3, ran.err
    assert not trap.exists()


def test_a_link_to_a_device_is_refused(tuloy: Callable[..., Ran], hostile: Path, git: Callable[..., str]):
    """A tracked link to a device, on which every linter would choke, is named and refused (2); no goal is made."""
    (hostile / "zero.py").symlink_to("/dev/zero")
    (hostile / "nothing.py").symlink_to("/dev/null")
    for key in ("core.fsmonitor", "filter.evil.clean", "core.hooksPath"):
        git(hostile, "config", key, "")
    git(hostile, "add", "zero.py", "nothing.py")
    git(hostile, "commit", "-qm", "zero")
    before = len(tuloy("status", "--json", "--limit", "1000").document["goals"])
    ran = tuloy("run", "run the tests", cwd=hostile)

    assert ran.code == 2
    assert "'zero.py' is a link to the device or pipe '/dev/zero'; take it out" in ran.err
    assert len(tuloy("status", "--json", "--limit", "1000").document["goals"]) == before


@pytest.mark.parametrize(
    "content",
    [
        b"a = " + b"[" * 100_000,
        b"\xff\xfe\x00",
        b'[tool.setuptools]\npackages = 5\n[tool.poetry]\npackages = 7\n[tool.uv.workspace]\nmembers = ["", "**", 3]\n',
        b'[tool.setuptools.packages.find]\nwhere = 5\n[tool.setuptools.package-dir]\n"" = "x\\u0000y"\n',
        b"x" * 5_000_000,
    ],
    ids=["deep", "bytes", "types", "places", "large"],
)
def test_a_project_file_of_any_content_stops_nothing(
    content: bytes, tuloy: Callable[..., Ran], small: Path, git: Callable[..., str]
):
    """pyproject.toml and package.json of nonsense, of depth or of size: a plain step is done."""
    for name in ("pyproject.toml", "package.json"):
        (small / name).write_bytes(content)
    git(small, "add", "-A")
    git(small, "commit", "-qm", "files")
    ran = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--json")

    assert ran.code in (0, 1, 4), ran.err
    assert ran.statuses == {"Run `touch made.txt`": "done"}, ran.out


def test_words_of_the_repository_are_one_argument(tuloy: Callable[..., Ran], small: Path, git: Callable[..., str]):
    """A script's name from package.json is never read by a shell."""
    (small / "package.json").write_text(json.dumps({"name": "x", "scripts": {"test; touch evil": "true"}}))
    git(small, "add", "-A")
    git(small, "commit", "-qm", "package")
    plan = tuloy("plan", "run the tests", "--repo", str(small), "--json").document
    commands = [step["action"].get("argv", []) for stage in plan["stages"] for step in stage["steps"]]

    assert not any("evil" in word for argv in commands for word in argv)
    assert subprocess.run(["git", "-C", str(small), "status", "--porcelain"], capture_output=True).stdout == b""
