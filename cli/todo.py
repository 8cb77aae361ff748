"""Commands for the list of goals: `add`, `migrate`, `list`, `done`, `rm`. They never import Prefect."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.opening import home_of, open_the_store
from cli.planning import priority_of
from cli.screen import err, out, print_json, print_list, tell_of_document
from tuloy.errors import UsageError
from tuloy.settings import default_home, load_settings

if TYPE_CHECKING:
    from tuloy.plan import Priority
    from tuloy.store.intake import Taken
    from tuloy.work.todo import Read

__all__ = [
    "add_goals",
    "list_goals",
    "mark_goals_done",
    "migrate",
    "remove_goals",
    "tell_what_differs",
    "texts_and_lists",
]


def add_goals(texts: Sequence[str], file: str | None, repo: str, priority: str | None, as_json: bool) -> int:
    """Add goals to the list, in words or from a document; start nothing."""
    from tuloy.work.todo import add_goal
    from tuloy.workspaces.directories import open_place

    if bool(texts) == (file is not None):
        raise UsageError("give words or --file, one of them: tuloy add 'Fix the tests'")
    if file is not None:
        return migrate([file], repo, as_json, priority=priority)
    repository = open_place(Path(repo).absolute(), default_home())
    wanted = priority_of(priority)
    with open_the_store(load_settings()) as store:
        added = [add_goal(store, repository, text, priority=wanted) for text in texts]
    if as_json:
        print_json({"added": added})
    for goal_id in [] if as_json else added:
        out.print(f"added {goal_id}; `tuloy resume {goal_id}` starts it", markup=False)
    return 0


def migrate(files: Sequence[str], repo: str, as_json: bool, *, priority: str | None = None) -> int:
    """Take the goals of documents into the list, all of them or none."""
    from tuloy.work.todo import read_documents, take_in
    from tuloy.workspaces.directories import open_place

    repository = open_place(Path(repo).absolute(), default_home())
    found = read_documents([Path(file) for file in files], repository.root, priority=priority_of(priority))
    with open_the_store(load_settings()) as store:
        taken = take_in(store, repository, found)
    _tell_what_is_left_out(found)
    tell_what_differs(taken)
    if as_json:
        print_json({name: ids for name, ids in vars(taken).items() if name != "apart"})
    else:
        out.print(_summary(taken), markup=False)
    return 0


def texts_and_lists(file: str, root: Path, priority: "Priority | None") -> tuple[list[str], list["Read"]]:
    """Return what a document holds: the words of a goal, or lists of goals; say what is left out of those."""
    from tuloy.work.todo import read_documents

    found = read_documents([Path(file)], root, priority=priority)
    texts = [entry.text for read in found for entry, _ in read.plans if read.document.kind == "text"]
    lists = [read for read in found if read.document.kind != "text"]
    _tell_what_is_left_out(lists)
    return texts, lists


def _tell_what_is_left_out(found: Sequence["Read"]) -> None:
    """Say which entries of documents make no goals, and why."""
    for read in found:
        for note in read.document.notes:
            err.print(f"{read.document.path.name}: {note}", markup=False)


def tell_what_differs(taken: "Taken") -> None:
    """Say where the list stays another than the documents."""
    from tuloy.work.todo import told_apart

    for line in told_apart(taken.apart):
        err.print(line, markup=False)


def _summary(taken: "Taken") -> str:
    counts = {"added": taken.added, "updated": taken.edited, "ended": taken.ended, "unchanged": taken.same}
    return ", ".join(f"{len(ids)} {name}" for name, ids in counts.items()) + "; `tuloy run --open` runs what is open"


def list_goals(everything: bool, limit: int, as_json: bool) -> int:
    """Print the goals that have not ended, or all."""
    from tuloy.store.glance import listed

    goals: list[dict[str, Any]] = listed(home_of(load_settings()) / "tuloy.db", limit, everything=everything)
    if as_json:
        print_json({"goals": goals})
    elif goals:
        print_list(goals, out)
    else:
        out.print('nothing is open; try: tuloy add "run the tests"')
    return 0


def mark_goals_done(names: Sequence[str]) -> int:
    """Mark goals done by hand."""
    from tuloy.work.todo import mark_done

    settings = load_settings()
    with open_the_store(settings) as store:
        for goal in [store.find_goal(name) for name in names]:
            hindered = mark_done(store, settings.home, goal)
            out.print(f"goal {goal.id} is done", markup=False)
            tell_of_document(hindered)
    return 0


def remove_goals(names: Sequence[str]) -> int:
    """Remove goals from the store, with their refs, outputs and merged branches."""
    from tuloy.work.todo import remove_goals as remove

    settings = load_settings()
    with open_the_store(settings) as store:
        goals = list({(goal := store.find_goal(name)).id: goal for name in names}.values())
        left = remove(store, settings, goals)
    for goal in goals:
        out.print(f"removed {goal.id}", markup=False)
    for said in left:
        err.print(said, markup=False)
    return 0
