"""From words to a stored goal with a stored plan: everything before anything runs."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from filelock import FileLock
from sqlalchemy import bindparam, select

from tuloy.plan import Plan, Priority
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store
from tuloy.store.tables import table
from tuloy.understanding import look_at
from tuloy.understanding.documents import plan_entry
from tuloy.understanding.documents.entries import Entry
from tuloy.work.reading import read_goal
from tuloy.workspaces.directories import snapshot
from tuloy.workspaces.git import head
from tuloy.workspaces.lacking import lacking
from tuloy.workspaces.landing import free_branch
from tuloy.workspaces.records import Repository

__all__ = ["Begun", "begin_goal", "made_id", "place_of", "plan_goal", "slug_of"]

SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "ang",
        "at",
        "be",
        "by",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "mga",
        "na",
        "ng",
        "of",
        "on",
        "or",
        "sa",
        "so",
        "that",
        "the",
        "then",
        "they",
        "to",
        "with",
    ]
)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

_GOAL = table(GoalRow)
_OF_ID = select(_GOAL.c.id).where(_GOAL.c.id == bindparam("goal_id"))
_OF_BRANCH = select(_GOAL.c.id).where(_GOAL.c.repo_id == bindparam("repo_id"), _GOAL.c.branch == bindparam("branch"))


@dataclass(frozen=True, slots=True)
class Begun:
    """A goal and its plan, both in the store."""

    goal: GoalRow
    plan: Plan


def begin_goal(
    store: Store,
    settings: Settings,
    repo: Repository,
    text: str,
    *,
    priority: Priority | None = None,
    plan: Plan | None = None,
    flow_run_id: str | None = None,
) -> Begun:
    """Store the goal, plan it, store the plan. Killed in between, the goal is planned again by `tuloy resume`.

    Without `plan`, one that the user edited for this text and repository is taken before the text is read.

    `flow_run_id` is the flow run that begins it, where there is one already: run again, that run finds its goal.

    Raises:
        UsageError: when the text cannot be a goal; nothing is stored then.
    """
    read = plan or store.corrected_plan(repo.id, text, priority) or read_goal(text, repo.root, priority=priority)
    if repo.private:
        snapshot(repo)
    at = head(repo)
    with FileLock(settings.home / "begin.lock"):
        goal = store.create_goal(
            id=_new_id(store),
            text=text,
            repo=str(repo.root),
            repo_id=repo.id,
            priority=priority or read.goal.priority,
            flow_run_id=flow_run_id,
            **place_of(store, repo, text, at.commit, at.branch),
        )
    return Begun(goal, plan_goal(store, goal, read))


def place_of(store: Store, repo: Repository, text: str, commit: str, branch: str | None) -> dict[str, Any]:
    """Say where a goal begins and on which branch it will land: base_commit, base_branch, branch, options.

    The caller holds `begin.lock` until they are stored: no two goals may choose the same branch.
    """
    return {
        "base_commit": commit,
        "base_branch": branch,
        "branch": _branch(store, repo, slug_of(text)),
        "options": _options(repo, commit),
    }


def plan_goal(store: Store, goal: GoalRow, plan: Plan | None = None) -> Plan:
    """Return the goal's stored plan; make and store it first when there is none. A stored plan is never made again."""
    standing = store.plan_of(goal.id)
    if standing is not None:
        return standing
    made = plan or _read(store, goal)
    store.save_plan(goal.id, made)
    store.set_goal(goal.id, "planned")
    return made


def _read(store: Store, goal: GoalRow) -> Plan:
    """Read the goal as it was given: as the entry of the document that it came from, else by its text.

    A plan that the user edited for the same text and repository is taken before the text is read.
    """
    root, priority = Path(goal.repo or "."), cast(Priority, goal.priority)
    origin = store.origin_of(goal.id)
    if origin is None or origin.kind == "text":
        edited = store.corrected_plan(goal.repo_id or "", goal.text, priority)
        if edited is not None:
            return edited
    if origin is None:
        return read_goal(goal.text, root, priority=priority)
    return plan_entry(Entry.model_validate_json(origin.document), look_at(root), priority=priority)


def slug_of(text: str) -> str:
    """Return up to six telling words of the text, fit for a branch name."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    telling = [word for word in words if word not in SMALL_WORDS] or words or ["goal"]
    return "-".join(telling[:6])[:48].strip("-")


def _options(repo: Repository, commit: str) -> dict[str, Any]:
    """What has to be told of this goal in every report."""
    told: dict[str, Any] = {}
    if reduced := lacking(repo, commit):
        told["reduced"] = list(reduced)
    if repo.private:
        told["git_dir"] = str(repo.git_dir)
    return told


def made_id() -> str:
    """Return an id that is most likely free."""
    return "g" + "".join(secrets.choice(LETTERS) for _ in range(6))


def _new_id(store: Store) -> str:
    while True:
        made = made_id()
        with store.read() as reading:
            if reading.first(_OF_ID, goal_id=made) is None:
                return made


def _branch(store: Store, repo: Repository, slug: str) -> str:
    """Choose a branch that neither the repository nor another goal has."""
    name, number = free_branch(repo, slug), 2
    while _taken(store, repo, name):
        name, number = free_branch(repo, f"{slug}-{number}"), number + 1
    return name


def _taken(store: Store, repo: Repository, branch: str) -> bool:
    with store.read() as reading:
        return reading.first(_OF_BRANCH, repo_id=repo.id, branch=branch) is not None
