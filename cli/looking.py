"""Commands that only look: `plan`, `status`, `show`. They never import Prefect."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from cli.screen import out, print_goal, print_goals, print_plan
from tuloy.errors import StoreUnavailable, UsageError
from tuloy.plan import Plan, Priority
from tuloy.settings import Settings, load_settings

__all__ = [
    "home_of",
    "open_the_store",
    "print_json",
    "priority_of",
    "settings_for",
    "show_goal",
    "show_plan",
    "show_status",
]


def show_plan(texts: Sequence[str], file: str | None, repo: str, priority: str | None, as_json: bool) -> int:
    """Print how the text or the document is read for the project in `repo`; one plan for each goal that is open."""
    if len(texts) + (file is not None) != 1:
        raise UsageError("a plan is made of one goal; give words or --file, one of them")
    root = Path(repo).absolute()
    if not root.is_dir():
        raise UsageError(f"{repo!r} is no directory; name the project with --repo")
    plans = _plans(texts, file, root, priority_of(priority))
    if as_json:
        documents = [plan.model_dump(mode="json") for plan in plans]
        print_json(documents[0] if len(documents) == 1 else documents)
    for plan in [] if as_json else plans:
        print_plan(plan, out)
    return 0


def _plans(texts: Sequence[str], file: str | None, root: Path, priority: Priority | None) -> list[Plan]:
    if file is None:
        from tuloy.work.reading import read_goal

        return [read_goal(text, root, priority=priority) for text in texts]
    from cli.todo import tell_what_is_left_out
    from tuloy.work.todo import read_documents

    found = read_documents([Path(file)], root, priority=priority)
    tell_what_is_left_out(found)
    plans = [plan for read in found for _, plan in read.plans]
    if not plans:
        raise UsageError(f"{file!r} holds nothing that is open; `tuloy list --all` shows what was taken in before")
    return plans


def show_status(limit: int, as_json: bool) -> int:
    """Print the goals of this machine."""
    if as_json:
        from tuloy.work.report import goal_document

        with open_the_store(load_settings()) as store:
            print_json({"goals": [goal_document(store, goal) for goal in store.goals(limit=limit)]})
        return 0
    from tuloy.store.glance import glance

    if goals := glance(home_of(load_settings()) / "tuloy.db", limit):
        print_goals(goals, out)
    else:
        out.print('no goals yet; try: tuloy run "run the tests"')
    return 0


def show_goal(name: str, as_json: bool) -> int:
    """Print all that the store knows of one goal."""
    from tuloy.work.report import goal_document

    with open_the_store(load_settings()) as store:
        document = goal_document(store, store.find_goal(name))
    if as_json:
        print_json({"goals": [document]})
    else:
        print_goal(document, out)
    return 0


def open_the_store(settings: Settings) -> Any:
    """Open this machine's store, making its directory first."""
    from tuloy.store import open_store

    return open_store(home_of(settings) / "tuloy.db")


def home_of(settings: Settings) -> Path:
    """Return the directory of our state, made if need be.

    Raises:
        StoreUnavailable: when it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{str(settings.home)!r} cannot be made: {error.strerror}; set TULOY_HOME to a directory you can write"
        ) from error
    return settings.home


def settings_for(root: Path, *, trusted: bool) -> Settings:
    """Return the settings for a repository: the user's, and what its `tuloy.toml` adds."""
    return load_settings(root / "tuloy.toml", trusted=trusted)


def priority_of(name: str | None) -> Priority | None:
    """Return the priority of that name.

    Raises:
        UsageError: when there is none.
    """
    if name is not None and name not in ("critical", "high", "normal", "low"):
        raise UsageError(f"priority {name!r} is none of critical, high, normal, low")
    return cast(Priority | None, name)


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))
