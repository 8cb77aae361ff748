"""`add`, `migrate`, `list`, `done`, `rm` and `run --open` as a user meets them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Ran

FILES = ROOT / "tests" / "understanding" / "documents" / "files"


def test_the_list_from_adding_to_removing(elsewhere: Callable[..., Ran], small: Path):
    """A goal is added, listed with what it is, marked done, listed no more but with --all, and removed."""
    assert "starts it" in elsewhere("add", "Fix the tests, it is urgent", cwd=small).out
    (goal,) = elsewhere("list", "--json").document["goals"]
    assert (goal["status"], goal["priority"], goal["needs"], goal["origin"]) == ("open", "high", [], None)
    assert elsewhere("status", "--json").goal["status"] == "open"
    assert elsewhere("show", goal["id"]).code == 0
    assert elsewhere("done", goal["id"]).code == 0
    assert "nothing is open" in elsewhere("list").out
    assert elsewhere("list", "--all", "--json").document["goals"][0]["status"] == "done"
    assert elsewhere("rm", goal["id"]).out == f"removed {goal['id']}\n"
    assert elsewhere("list", "--all", "--json").document == {"goals": []}
    assert elsewhere("audit", "verify").code == 0


@pytest.mark.parametrize(("name", "goals"), [("FEATURES.json", 2), ("tasks.json", 4), ("todo.json", 2), ("prd.md", 1)])
def test_every_kind_is_taken_in_once(name: str, goals: int, elsewhere: Callable[..., Ran], small: Path):
    """Each kind of document is planned, taken in, and taken in again without doubles."""
    file = str(FILES / name)
    plans = elsewhere("plan", "--file", file, "--json", cwd=small).document
    assert len(plans if isinstance(plans, list) else [plans]) == goals
    assert len(elsewhere("migrate", file, "--json", cwd=small).document["added"]) == goals
    again = elsewhere("add", "--file", file, "--json", cwd=small).document
    assert (again["added"], len(again["same"])) == ([], goals)
    assert len(elsewhere("list", "--json").document["goals"]) == goals


def test_a_damaged_document_takes_nothing_in(elsewhere: Callable[..., Ran], small: Path, tmp_path: Path):
    """One damaged document of several exits 2 with its place, and nothing is taken in of any."""
    bad = tmp_path / "bad.json"
    bad.write_text('{"features": [\n  {"id": "a",, ')
    ran = elsewhere("migrate", str(FILES / "todo.json"), str(bad), "--json", cwd=small)
    assert (ran.code, json.loads(ran.out)["exit_code"]) == (2, 2)
    assert "line 2, column" in ran.err
    assert elsewhere("list", "--json").document == {"goals": []}


def test_what_makes_no_sense_is_refused(elsewhere: Callable[..., Ran], small: Path):
    """Words together with a list, a list with --open, nothing at all, and unknown goals exit 2 and say what to do."""
    file = str(FILES / "todo.json")
    for words in (["add"], ["add", "Fix it", "--file", file], ["run", "--open", "Fix it"], ["done", "gnobody"],
                  ["run", "Fix it", "--file", file], ["migrate", "nowhere.json"], ["rm", "gnobody"]):  # fmt: skip
        ran = elsewhere(*words, cwd=small)
        assert ran.code == 2, words
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [["list"], ["add", "Fix it"], ["migrate", str(FILES / "tasks.json")]])
def test_the_list_needs_no_prefect(words: list[str], small: Path, tmp_path: Path):
    """No command of the list imports Prefect, and `list` not even SQLModel."""
    code = (
        "import sys; sys.argv = ['tuloy', *sys.argv[1:]]\nfrom cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in ('prefect', 'sqlmodel') if name in sys.modules])"
    )
    environment = {**os.environ, "TULOY_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-P", "-c", code, *words]
    ran = subprocess.run(argv, cwd=small, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.splitlines()[-1] == ("[]" if words == ["list"] else "['sqlmodel']")


@pytest.mark.server
def test_a_document_is_run_in_order_and_told(tuloy: Callable[..., Ran], small: Path):
    """The features of a file run in the order of their needs; a failure holds back what needs it; statuses are told."""
    features = [
        {"id": "a", "title": "Run `true`", "status": "approved"},
        {"id": "b", "title": "Run `false`", "status": "approved", "dependencies": ["a"], "priority": "high"},
        {"id": "c", "title": "Run `echo c`", "status": "approved", "dependencies": ["b"]},
    ]
    file = small / "FEATURES.json"
    file.write_text(json.dumps({"features": features}))
    ran = tuloy("run", "--file", str(file), "--json", cwd=small)
    assert ran.code == 3
    assert [(goal["text"], goal["status"]) for goal in ran.document["goals"]] == [
        ("Run `true`", "done"), ("Run `false`", "failed"),
    ]  # fmt: skip
    assert "not started: goal" in ran.err
    found = json.loads(file.read_text())["features"]
    assert [one["status"] for one in found] == ["completed", "failed", "approved"]
    listed = [goal for goal in tuloy("list", "--json").document["goals"] if goal["repo"] == str(small)]
    assert [goal["text"] for goal in listed] == ["Run `echo c`"]
    refused = tuloy("resume", listed[0]["id"])
    assert refused.code == 2
    assert "needs" in refused.err


def test_an_unclear_goal_of_the_list_is_not_started_unasked(elsewhere: Callable[..., Ran], small: Path):
    """Neither `run --open` nor `resume` starts a goal of unclear words; both end with 3 and name its readings."""
    elsewhere("add", "Improve the notes", cwd=small)
    (goal,) = elsewhere("list", "--json").document["goals"]
    for words in (["run", "--open"], ["resume", goal["id"]]):
        ran = elsewhere(*words, cwd=small)
        assert ran.code == 3, ran.err
        assert "3. Make the notes faster" in ran.err
        assert f"tuloy rm {goal['id']}" in ran.err
    assert elsewhere("list", "--json").document["goals"][0]["status"] == "open"
