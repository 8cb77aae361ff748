"""The gate `limits` at a stage's end: judged by the goal's own words, whatever was said of the same tree before."""

import subprocess
from pathlib import Path

from tuloy.settings import Settings
from tuloy.store import open_store
from tuloy.understanding import understand
from tuloy.work.begin import begin_goal
from tuloy.work.run import open_run
from tuloy.work.stage_end import judge_commit
from tuloy.workspaces.git import head, open_repository


def test_one_commit_is_judged_by_the_limits_of_each_goal(tmp_path: Path) -> None:
    """The same tree keeps one goal's limit and breaks another's; both verdicts are recorded, none is taken over."""
    root = tmp_path / "repo"
    root.mkdir()
    named = ["git", "-C", str(root), "-c", "user.name=U", "-c", "user.email=u@localhost"]
    (root / "a.py").write_text("1\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run([*named, *words], check=True)
    repo, settings = open_repository(root), Settings(home=tmp_path / "home")
    settings.home.mkdir(exist_ok=True)
    texts = ("Fix the bug, but don't touch the tests", "Fix the bug, but don't touch a.py")
    with open_store(settings.home / "tuloy.db") as store:
        goals = [begin_goal(store, settings, repo, text, plan=understand(text)) for text in texts]
        (root / "a.py").write_text("2\n")
        subprocess.run([*named, "commit", "-q", "-a", "-m", "work"], check=True)
        verdicts = []
        for goal in (*goals, goals[0]):
            with open_run(goal.goal, goal.plan, settings, store, tell=lambda change: None) as run:
                verdicts.append(judge_commit(run, run.plan.stages[0], "limits", head(repo).commit).verdict)
        assert verdicts == ["pass", "fail", "pass"]
        assert [row.verdict for row in store.gate_results(goals[0].goal.id)] == ["pass", "pass"]
