"""Commands that only look: `plan`, `status`, `show`. They never import Prefect."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.opening import home_of, open_the_store
from cli.screen import err, out, print_goal, print_goals, print_json
from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.settings import Settings, load_settings

if TYPE_CHECKING:
    from cli.planning import Asked
    from tuloy.work.todo import Read

__all__ = ["edit_plan", "show_goal", "show_plan", "show_status"]


def show_plan(
    texts: Sequence[str],
    file: str | None,
    repo: str,
    priority: str | None,
    as_json: bool,
    asked: "Asked",
    *,
    edit: bool = False,
    why: bool = False,
) -> int:
    """Print how the text or the document is read for the project in `repo`; one plan for each goal that is open.

    With `edit` let the user change the plan, and keep that; with `why` print which words made what instead.
    """
    if len(texts) + (file is not None) != 1:
        raise UsageError("a plan is made of one goal; give words or --file, one of them")
    root = Path(repo).absolute()
    if not root.is_dir():
        raise UsageError(f"{repo!r} is no directory; name the project with --repo")
    from cli.planning import priority_of

    wanted = priority_of(priority)
    if file is not None:
        from cli.todo import texts_and_lists

        texts, lists = texts_and_lists(file, root, wanted)
        if lists:
            return _show_list(lists, file, root, as_json, alone=not (edit or why or asked.reading))
    if why:
        return _explain(texts[0], root, wanted, asked, as_json)
    return _show_one(texts[0], root, wanted, asked, as_json, edit=edit, file=file)


def _show_list(lists: Sequence["Read"], file: str, root: Path, as_json: bool, *, alone: bool) -> int:
    """Print the plan of each goal of a document that is a list of them."""
    from cli.plan_facts import next_of_file
    from cli.plan_screen import print_facts, print_plan

    plans = [plan for read in lists for _, plan in read.plans]
    if not plans:
        raise UsageError(f"{file!r} holds nothing that is open; `tuloy list --all` shows what was taken in before")
    if not alone:
        raise UsageError(f"{file!r} is a list of goals; --edit, --explain and --reading take a goal in words or prose")
    if as_json:
        documents = [plan.model_dump(mode="json") for plan in plans]
        print_json(documents[0] if len(documents) == 1 else documents)
    for plan in [] if as_json else plans:
        print_plan(plan, out)
    if not as_json:
        print_facts([("next", next_of_file(file, str(root)))], out)
    return 0


def _show_one(
    text: str,
    root: Path,
    priority: Priority | None,
    asked: "Asked",
    as_json: bool,
    *,
    edit: bool,
    file: str | None = None,
) -> int:
    from cli.planning import Read, plan_from

    settings = _settings_of_plan(root)
    read = plan_from(text, root, settings, priority, asked)
    if edit:
        read = Read(edit_plan(read.plan, root, settings), corrected=read.corrected)
    if as_json:
        print_json(read.plan.model_dump(mode="json"))
    else:
        from cli.plan_facts import facts_of
        from cli.plan_screen import print_plan

        corrected = read.corrected and not edit
        print_plan(read.plan, out, facts_of(read.plan, settings, str(root), corrected=corrected, file=file))
    return 0


def edit_plan(plan: Plan, root: Path, settings: Settings) -> Plan:
    """Let the user change the plan in an editor, and keep what they made of it for this text and repository."""
    from cli.editing import edited
    from tuloy.workspaces.directories import open_place

    repository = open_place(root, settings.home)
    made = edited(plan, home_of(settings) / "edits")
    if made != plan:
        with open_the_store(settings) as store:
            store.save_correction(repository.id, made)
        err.print("kept: `tuloy run` with the same words takes this plan here", markup=False)
    return made


def _settings_of_plan(root: Path) -> Settings:
    """The settings that a run would have; the repository's own are read only where no clone brought them."""
    if not (root / "tuloy.toml").is_file():
        return load_settings()
    from tuloy.workspaces.directories import open_place
    from tuloy.workspaces.git import git

    place = open_place(root, load_settings().home)
    came = place.private or bool(git(place, "ls-files", "--", "tuloy.toml").strip())
    return load_settings(root / "tuloy.toml", trusted=not came)


def _explain(text: str, root: Path, priority: Priority | None, asked: "Asked", as_json: bool) -> int:
    """Print where each part of the plan that is shown comes from: which words made what, and by which rule."""
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    from cli.planning import plan_from
    from tuloy.printable import one_line
    from tuloy.understanding.explain import explain

    read = plan_from(text, root, _settings_of_plan(root), priority, asked)
    found = explain(text, read.plan, edited=read.corrected)
    if as_json:
        print_json([asdict(one) for one in found])
        return 0
    table = Table(box=None, pad_edge=False)
    for name in ("words", "made", "by the rule"):
        table.add_column(name, overflow="fold")
    for one in found:
        words = one_line(text[slice(*one.span)], 60)
        made = Text.assemble((one.what, "cyan"), " ", one_line(one.subject, 120))
        table.add_row(Text(words, "bold"), made, Text(one_line(one.rule, 120), "dim"))
    out.print(table, soft_wrap=False)
    return 0


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
