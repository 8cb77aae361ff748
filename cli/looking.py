"""Commands that only look: `plan`, `status`, `show`. They never import Prefect."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli.screen import err, out, print_goal, print_goals, print_plan
from tuloy.errors import StoreUnavailable, UsageError
from tuloy.plan import Priority
from tuloy.settings import Settings, load_settings

if TYPE_CHECKING:
    from tuloy.work.reading import Lane

__all__ = [
    "lane_of",
    "open_the_store",
    "print_json",
    "priority_of",
    "read_text",
    "settings_for",
    "show_goal",
    "show_plan",
    "show_status",
    "tell",
]

LARGEST_TEXT_BYTES = 100_000  # tuloy.work.reading.MOST_BYTES, which costs more to import


def show_plan(texts: Sequence[str], repo: str, priority: str | None, lane: str, as_json: bool) -> int:
    """Print how the text is read for the project in `repo`."""
    from tuloy.work.reading import read_goal

    if len(texts) != 1:
        raise UsageError(f"a plan is made of one goal, {len(texts)} were given; give words or --file, not both")
    root = Path(repo).absolute()
    if not root.is_dir():
        raise UsageError(f"{repo!r} is no directory; name the project with --repo")
    plan = read_goal(texts[0], root, priority=priority_of(priority), lane=lane_of(lane), tell=tell)
    if as_json:
        print_json(plan.model_dump(mode="json"))
    else:
        print_plan(plan, out)
    return 0


def show_status(limit: int, as_json: bool) -> int:
    """Print the goals of this machine."""
    if as_json:
        from tuloy.work.report import goal_document

        with open_the_store(load_settings()) as store:
            print_json({"goals": [goal_document(store, goal) for goal in store.goals(limit=limit)]})
        return 0
    from tuloy.store.glance import glance

    if goals := glance(_home(load_settings()) / "tuloy.db", limit):
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

    return open_store(_home(settings) / "tuloy.db")


def _home(settings: Settings) -> Path:
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


def lane_of(name: str) -> "Lane":
    """Return the lane of that name.

    Raises:
        UsageError: when there is none.
    """
    if name not in ("auto", "rules", "model"):
        raise UsageError(f"lane {name!r} is none of auto, rules, model")
    return cast("Lane", name)


def tell(line: str) -> None:
    """Say on stderr what takes time."""
    err.print(line, markup=False)


def read_text(file: str) -> str:
    """Read a goal's text from a file.

    Raises:
        UsageError: when it cannot be read as UTF-8 text of at most a megabyte.
    """
    path = Path(file)
    try:
        if path.stat().st_size > LARGEST_TEXT_BYTES:
            raise UsageError(f"{file!r} has {path.stat().st_size} bytes; a goal's text may have {LARGEST_TEXT_BYTES}")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file!r} cannot be read as text: {error}; give a UTF-8 text file") from error


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))
