"""How long commands took here before: one plain read of the file, cheap enough for `tuloy plan`.

Owns medians of what ended by itself. Like `tuloy.store.glance` it does without SQLModel.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from statistics import median

__all__ = ["usual_durations"]

_NEWEST = 50
_LARGEST = 500_000
_PLANS = """
select goal.id, (select document from plan where plan.goal_id = goal.id order by revision desc limit 1) as plan
from goal where goal.repo = ? order by goal.created_at desc limit ?
"""
_TOOK = "select step, duration_s from outcome where goal_id = ? and status in ('done', 'failed') and exit_code >= 0"


def usual_durations(path: Path, repo: str) -> Mapping[tuple[str, ...], float]:
    """Return the median seconds of each command line in the newest goals of the repository at `repo`.

    Empty where there is no store, or none that can be read: an estimate is not worth an error.
    """
    took: dict[tuple[str, ...], list[float]] = {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            for goal, document in connection.execute(_PLANS, (repo, _NEWEST)).fetchall():
                commands = _commands(document)
                for step, seconds in connection.execute(_TOOK, (goal,)) if commands else ():
                    if step in commands:
                        took.setdefault(commands[step], []).append(seconds)
    except sqlite3.Error:
        return {}
    return {argv: median(seconds) for argv, seconds in took.items()}


def _commands(document: str | None) -> dict[str, tuple[str, ...]]:
    """The command line of each step of a plan; none of one that is damaged, which its own goal will name."""
    if not document or len(document) > _LARGEST:
        return {}
    try:
        steps = [step for stage in json.loads(document)["stages"] for step in stage["steps"]]
        return {step["id"]: tuple(step["action"]["argv"]) for step in steps if step["action"]["kind"] == "command"}
    except (ValueError, KeyError, TypeError):
        return {}
