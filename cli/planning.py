"""From words to the plan that will be shown or run: a correction of the user's if there is one, else the reading.

Owns what the command line adds to a reading: corrections, durations seen here, and asking where it is unsure.
"""

import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cli.screen import err, tell
from tuloy.errors import Interrupted, ReadingUnsure, UsageError
from tuloy.plan import Plan, Priority
from tuloy.settings import Settings
from tuloy.understanding.alternatives import is_sure
from tuloy.work.reading import Lane, read_goal, readings_of, take_reading

if TYPE_CHECKING:
    from tuloy.store import GoalRow, Store

__all__ = ["Asked", "Read", "lane_of", "plan_from", "priority_of", "require_clear", "settled"]


@dataclass(frozen=True, slots=True)
class Read:
    """A plan, and whether the user had edited it before."""

    plan: Plan
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller said: take the likeliest (`yes`), take that one, read anew what was corrected, who reads."""

    yes: bool = False
    reading: int | None = None
    fresh: bool = False
    lane: Lane = "auto"


def plan_from(text: str, root: Path, settings: Settings, priority: Priority | None, asked: Asked = Asked()) -> Read:
    """Return the plan of a text for the project in `root`."""
    from tuloy.store.durations import usual_durations
    from tuloy.understanding.estimate import with_durations

    store = settings.home / "tuloy.db"
    standing = None if asked.fresh or asked.reading else _correction(store, root, settings.home, text, priority)
    if standing is not None:
        return Read(standing, corrected=True)
    plan = read_goal(
        text, root, priority=priority, lane=asked.lane, model=settings.model, number=asked.reading, tell=tell
    )
    return Read(with_durations(plan, usual_durations(store, str(root.resolve()))))


def settled(
    read: Read, root: Path, asked: Asked, edit: Callable[[Plan], Plan], ask: Callable[[str], str] | None = None
) -> Plan:
    """Return the plan to run: a sure one at once; of an unsure one the reading that is chosen.

    `ask` shows a prompt and returns an answer; without one there must be a terminal on both ends.

    Raises:
        ReadingUnsure: when nobody can be asked.
        Interrupted: when the answer is to leave it.
    """
    if read.corrected:
        err.print("taken: the plan that you edited for this text; `--fresh` reads it anew", markup=False)
        return read.plan
    if asked.reading is not None or is_sure(read.plan):
        return read.plan
    readings = readings_of(read.plan)
    if asked.yes:
        err.print(f"unsure how this is meant; taken, as the likeliest: {readings[0]}", markup=False)
        return read.plan
    if ask is None and sys.stdin.isatty() and err.is_terminal:
        ask = input
    if ask is None:
        raise ReadingUnsure(
            f"{read.plan.goal.text[:100]!r} can be read in {len(readings)} ways: {' '.join(readings)}; say which with "
            "`--reading NUMBER`, take the first with `--yes`, or change it with `tuloy plan --edit`"
        )
    return _chosen(read.plan, readings, root, edit, ask)


def require_clear(store: "Store", goal: "GoalRow") -> None:
    """Make sure that a goal of the list may be started unasked.

    Raises:
        ReadingUnsure: when its words can be read in several ways, and the user kept no plan for them.
    """
    origin = store.origin_of(goal.id)
    if origin is not None and origin.kind != "text":
        return
    if store.corrected_plan(goal.repo_id or "", goal.text) is not None:
        return
    plan = read_goal(goal.text, Path(goal.repo or "."), lane="rules")
    if not is_sure(plan):
        raise ReadingUnsure(
            f"goal {goal.id} ({goal.text[:100]!r}) can be read in several ways: {' '.join(readings_of(plan))}; "
            f"`tuloy rm {goal.id}`, then run it with `--reading NUMBER`, or change it with `tuloy plan --edit`"
        )


def _chosen(
    plan: Plan, readings: Sequence[str], root: Path, edit: Callable[[Plan], Plan], ask: Callable[[str], str]
) -> Plan:
    err.print("This can be read in several ways:", markup=False)
    for line in readings:
        err.print(f"  {line}", markup=False)
    while True:
        answer = ask(f"Which one? [1-{len(readings)}, edit, cancel] ").strip().lower()
        if answer in ("cancel", "c", "q"):
            raise Interrupted("nothing was started")
        if answer in ("edit", "e"):
            return edit(plan)
        if answer.isdecimal() and 1 <= int(answer) <= len(readings):
            return take_reading(plan, int(answer), root)


def _correction(store: Path, root: Path, home: Path, text: str, priority: Priority | None) -> Plan | None:
    """Return the user's own plan for this text here; the store is opened only where it holds any correction."""
    if not store.exists() or not _holds_corrections(store):
        return None
    from tuloy.store import open_store
    from tuloy.workspaces.directories import open_place

    with open_store(store) as opened:
        return opened.corrected_plan(open_place(root, home).id, text, priority)


def _holds_corrections(store: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return connection.execute("select 1 from correction limit 1").fetchone() is not None
    except sqlite3.Error:  # a store of an older Tuloy has none
        return False


def priority_of(name: str | None) -> Priority | None:
    """Return the priority of that name.

    Raises:
        UsageError: when there is none.
    """
    if name is not None and name not in ("critical", "high", "normal", "low"):
        raise UsageError(f"priority {name!r} is none of critical, high, normal, low")
    return cast(Priority | None, name)


def lane_of(name: str) -> Lane:
    """Return the lane of that name.

    Raises:
        UsageError: when there is none.
    """
    if name not in ("auto", "rules", "model"):
        raise UsageError(f"lane {name!r} is none of auto, rules, model")
    return cast(Lane, name)
