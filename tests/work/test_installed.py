"""A goal that installs its own dependencies: the gates, later runs and acceptance have them."""

import json
import subprocess
from pathlib import Path

import pytest

from tuloy.plan import Plan
from tuloy.settings import Settings
from tuloy.store import Store, open_store
from tuloy.work.acceptance import accept_goal
from tuloy.work.begin import Begun, begin_goal
from tuloy.work.run import Run, open_run
from tuloy.work.stage_end import judge_commit, land_stage
from tuloy.work.steps import do_step
from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import head, open_repository

INSTALL = (
    "mkdir -p node_modules/pad && echo 'module.exports = 1' > node_modules/pad/index.js && echo {} > package-lock.json"
)
TEST = "require('node:test').test('pads', () => { require('node:assert').equal(require('pad'), 1); });\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A fresh clone of a Node project whose test needs a package."""
    root = tmp_path / "repo"
    root.mkdir()
    (root / "package.json").write_text(json.dumps({"name": str(tmp_path), "scripts": {"test": "node --test"}}))
    (root / "a.test.js").write_text(TEST)
    named = ["git", "-C", str(root), "-c", "user.name=U", "-c", "user.email=u@localhost"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run([*named, *words], check=True)
    return root


def _begin(store: Store, settings: Settings, root: Path, words: str) -> Begun:
    step = {"id": "a", "title": "Install", "action": {"kind": "command", "argv": ["sh", "-c", words]},
            "effects": "workspace", "capabilities": ["shell"]}  # fmt: skip
    plan = {
        "goal": {"text": "install"},
        "lane": "given",
        "stages": [{"id": "s1", "title": "Install", "gates": ["tests"], "steps": [step]}],
    }
    return begin_goal(store, settings, open_repository(root), "install", plan=Plan.read(json.dumps(plan)))


def _judged(run: Run, commit: str | None) -> str:
    assert commit is not None
    result = judge_commit(run, run.plan.stages[0], "tests", commit)
    return f"{result.verdict}: {result.evidence or result.reason}"


def test_gate_has_what_a_step_installed(root: Path, tmp_path: Path) -> None:
    """The gate's fresh workspace, a later run of the goal and the gate of its acceptance find what the step installed;
    once the goal is accepted it is gone, and the checkout never had it."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir(exist_ok=True)
    before = fingerprint(root)
    with open_store(settings.home / "tuloy.db") as store:
        begun = _begin(store, settings, root, INSTALL)
        with open_run(begun.goal, begun.plan, settings, store, tell=lambda change: None) as run:
            step, base = begun.plan.steps["a"], head(run.repo).commit
            run.stage_base["s1"] = base
            outcome = do_step(run, step, base)
            assert (outcome.status, outcome.changed) == ("done", ("package-lock.json",))
        with open_run(begun.goal, begun.plan, settings, store, tell=lambda change: None) as run:
            run.stage_base["s1"] = base
            assert _judged(run, outcome.commit).startswith("pass: 1 test collected, 1 passed")
            assert outcome.commit is not None
            land_stage(run, run.plan.stages[0], outcome.commit)
        store.set_goal(begun.goal.id, "done", "", 0)
        assert fingerprint(root) == before
        with open_run(store.find_goal(begun.goal.id), begun.plan, settings, store, tell=lambda change: None) as run:
            assert accept_goal(run).commit == outcome.commit
            assert not run.installed.exists()
    assert not (root / "node_modules").exists()


def test_failed_step_leaves_nothing_to_later_ones(root: Path, tmp_path: Path) -> None:
    """What a step installed that did not end well is lost with its workspace."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir(exist_ok=True)
    with open_store(settings.home / "tuloy.db") as store:
        begun = _begin(store, settings, root, f"{INSTALL} && exit 1")
        with open_run(begun.goal, begun.plan, settings, store, tell=lambda change: None) as run:
            base = head(run.repo).commit
            run.stage_base["s1"] = base
            assert do_step(run, begun.plan.steps["a"], base).status == "failed"
            assert not run.installed.exists()
