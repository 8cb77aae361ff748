"""A goal that is taken apart runs its parts, and its step ends as they did."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran

pytestmark = pytest.mark.server

GOAL = "Build a REST API for invoices and, if it fails, tell the team, otherwise write the changelog entry"
BUILD = "Build a REST API for invoices"
TURNS: dict[str, dict[str, Any]] = {
    "Lay out": {"write": {"src/greeter/invoices.py": '"""Invoices."""\n'}},
    "Write tests": {"write": {"tests/test_invoices.py": "def test_invoices():\n    assert 1\n"}},
    "Fill in": {"append": {"src/greeter/invoices.py": "\nTOTAL = 0\n"}},
    "Document": {"write": {"API.md": "# API\n"}},
    "Tell": {"write": {"told.md": "told\n"}},
    "Write the changelog": {"write": {"CHANGES.md": "# Changes\n"}},
}


def agents(folder: Path, **changed: dict[str, Any]) -> dict[str, str]:
    """A coding CLI that has a turn for every step, some of them changed."""
    turns = [{"when": f"^Task: {words}", **changed.get(words.split()[0], turn)} for words, turn in TURNS.items()]
    script = folder / "script.json"
    script.write_text(json.dumps(turns))
    argv = [sys.executable, "-m", "tuloy.testing.scripted_cli", "--script", str(script), "{prompt}"]
    root = str(Path(__file__).resolve().parents[2])
    argv[1:3] = [str(Path(root) / "tuloy" / "testing" / "scripted_cli.py")]
    return {"TULOY_AGENTS": json.dumps({"scripted": {"argv": argv}})}


def test_parts_are_done_and_the_step_with_them(
    tuloy: Callable[..., Ran], git: Callable[..., str], greeter: Path, tmp_path: Path
):
    """All parts done: the step is done without an agent of its own, and what follows its success runs."""
    ran = tuloy("run", GOAL, "--repo", str(greeter), "--json", env=agents(tmp_path))

    assert ran.code == 0, ran.err
    assert ran.statuses[BUILD] == "done"
    assert ran.statuses["Write the changelog entry"] == "done"
    assert ran.statuses["Tell the team"] == "skipped"
    group = next(step for step in ran.goal["steps"] if step["title"] == BUILD)
    assert (group["reason"], group["agent"]) == ("5 of 5 parts done", "")
    assert {step["parent"] for step in ran.goal["steps"]} == {None, group["id"]}
    files = git(greeter, "ls-tree", "-r", "--name-only", ran.goal["branch"]).split()
    assert {"src/greeter/invoices.py", "tests/test_invoices.py", "API.md", "CHANGES.md"} <= set(files)
    shown = tuloy("show", ran.goal["id"])
    assert f"  ✓ {BUILD}" in shown.out
    assert "    ✓ Run the tests" in shown.out


def test_a_part_that_says_no_is_the_steps_no(tuloy: Callable[..., Ran], greeter: Path, tmp_path: Path):
    """A part that changes nothing fails the step; what follows the step's failure runs, and the goal is done."""
    ran = tuloy("run", GOAL, "--repo", str(greeter), "--json", env=agents(tmp_path, Fill={"say": "no idea"}))

    assert ran.code == 0, ran.err
    assert ran.statuses[BUILD] == "failed"
    assert ran.statuses["Tell the team"] == "done"
    assert ran.statuses["Write the changelog entry"] == "skipped"
    group = next(step for step in ran.goal["steps"] if step["title"] == BUILD)
    assert group["reason"].startswith("2 of 5 parts done; 'Fill in")


def test_what_is_left_is_told_and_done_by_resume(tuloy: Callable[..., Ran], greeter: Path, tmp_path: Path):
    """A part that could not run stops the goal; it says what is left and why, and resume does only that."""
    ran = tuloy("run", GOAL, "--repo", str(greeter), "--json", env=agents(tmp_path, Fill={"exit": 7}))

    assert ran.code == 4, ran.err
    assert "Fill in" in ran.goal["reason"]
    shown = tuloy("show", ran.goal["id"])
    assert f"  ? {BUILD}  2/5 parts" in shown.out
    assert "waits for 'Fill in" in shown.out
    resumed = tuloy("resume", ran.goal["id"], "--json", env=agents(tmp_path))
    assert resumed.code == 0, resumed.err
    cached = {step["title"][:8] for step in resumed.goal["steps"] if step["cached"]}
    assert cached == {"Lay out ", "Write te"}


def test_an_unclear_goal_is_not_run_unasked(tuloy: Callable[..., Ran], small: Path, tmp_path: Path):
    """Where nobody can be asked an unclear goal exits 3 with its readings, and starts nothing; an answer runs it."""
    before = len(tuloy("status", "--json").document["goals"])
    ran = tuloy("run", "Improve the notes", "--repo", str(small), "--json")
    assert ran.code == 3
    assert "3. Make the notes faster" in ran.document["error"]
    assert "--reading NUMBER" in ran.document["error"]
    assert len(tuloy("status", "--json").document["goals"]) == before

    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"append": {"notes.txt": "two\n"}}]))
    cli = Path(__file__).resolve().parents[2] / "tuloy" / "testing" / "scripted_cli.py"
    env = {"TULOY_AGENTS": json.dumps({"s": {"argv": [sys.executable, str(cli), "--script", str(script), "{prompt}"]}})}
    taken = tuloy("run", "Improve the notes", "--repo", str(small), "--yes", "--json", env=env)
    assert taken.code == 0, taken.err
    assert "taken, as the likeliest: 1. Improve the notes" in taken.err
    other = tuloy("run", "Improve the notes", "--repo", str(small), "--reading", "3", "--json", env=env)
    assert list(other.statuses) == ["Make the notes faster"]


def test_a_corrected_plan_is_run(tuloy: Callable[..., Ran], small: Path, tmp_path: Path):
    """What was edited for a text in a repository is what `run` does with those words there, and it says so."""
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i \'s/^do = .*/run = "touch made.txt"/\' "$1"\n')
    editor.chmod(0o755)
    edited = tuloy("plan", "Prepare the release notes", "--edit", "--repo", str(small), env={"EDITOR": str(editor)})
    assert edited.code == 0, edited.err
    assert "touch made.txt" in edited.out
    ran = tuloy("run", "Prepare the release  notes", "--repo", str(small), "--json")
    assert ran.code == 0, ran.err
    assert "the plan that you edited" in ran.err
    assert ran.goal["steps"][0]["changed"] == ["made.txt"]
    fresh = tuloy("plan", "Prepare the release notes", "--fresh", "--repo", str(small), "--json")
    assert next(iter(fresh.document["stages"]))["steps"][0]["action"]["kind"] == "instruct"
    assert tuloy("audit", "verify").code == 0
