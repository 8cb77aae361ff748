"""Commands that run goals: `run` and `resume`."""

from collections.abc import Sequence
from pathlib import Path

from cli.execution import Execution, Manner, warm_up
from cli.looking import edit_plan
from cli.opening import open_the_store
from cli.places import settings_of, tell_of_place
from cli.plan_screen import print_plan
from cli.planning import Asked, plan_from, priority_of, require_clear, settled
from cli.screen import err, out, print_json
from cli.todo import tell_what_differs, texts_and_lists
from tuloy.agents.matching import agents_of
from tuloy.errors import Interrupted, ReadingUnsure, UsageError
from tuloy.plan import Plan
from tuloy.settings import default_home, load_settings
from tuloy.store import GoalRow, Store
from tuloy.work.begin import Begun, begin_goal, plan_goal
from tuloy.work.reading import check_text
from tuloy.work.report import is_running
from tuloy.work.starting import all_held, begin_open, next_open
from tuloy.work.todo import take_in
from tuloy.work.wishes import wish_for, wishes_since
from tuloy.workspaces.directories import open_place, reopen
from tuloy.workspaces.records import Repository

__all__ = ["resume_goal", "run_goals", "run_open"]

WAITS = 3


def run_goals(
    texts: Sequence[str],
    file: str | None,
    repo: str,
    priority: str | None,
    manner: Manner,
    asked: Asked = Asked(),
    *,
    dry_run: bool = False,
) -> int:
    """Plan the goals, run them side by side, print what came of them.

    The goals of a document that is a list of them go into the store's list first, and run one after the other.
    """
    repository = open_place(Path(repo).absolute(), default_home())
    settings = settings_of(repository, manner.max_workers)
    root, wanted = repository.root, priority_of(priority)
    told, lists = texts_and_lists(file, root, wanted) if file else ([], [])
    texts = _checked([*texts, *told], file if lists else None)
    agents_of(settings.agents, manner.agent)
    if dry_run and lists:
        return _only_plan([plan for read in lists for _, plan in read.plans], manner.as_json)
    read = [plan_from(text, root, settings, wanted, asked) for text in texts]
    if dry_run:
        return _only_plan([one.plan for one in read], manner.as_json)
    plans = [settled(one, root, asked, lambda plan: edit_plan(plan, root, settings)) for one in read]
    with open_the_store(settings) as store:
        execution = Execution(store, settings, manner)
        if lists:
            taken = take_in(store, repository, lists)
            tell_what_differs(taken)
            return _run_listed(execution, repository, {*taken.added, *taken.edited, *taken.same})
        warm_up(settings)
        begun = [begin_goal(store, settings, repository, plan.goal.text, plan=plan) for plan in plans]
        for one in begun:
            print_plan(one.plan, err)
        tell_of_place(repository, begun[0])
        return execution.run(begun)


def run_open(repo: str, manner: Manner) -> int:
    """Run what is open in the list of this repository, one goal after the other, as needs and priorities have it."""
    repository = open_place(Path(repo).absolute(), default_home())
    settings = settings_of(repository, manner.max_workers)
    agents_of(settings.agents, manner.agent)
    with open_the_store(settings) as store:
        return _run_listed(Execution(store, settings, manner), repository, {goal.id for goal in store.goals("open")})


def resume_goal(name: str, manner: Manner) -> int:
    """Go on with one goal where it stopped."""
    with open_the_store(load_settings()) as store:
        goal = store.find_goal(name)
        repository = reopen(Path(goal.repo or "/"), default_home(), goal.repo_id)
        execution = Execution(store, settings_of(repository, manner.max_workers), manner)
        if goal.status == "done":
            err.print(f"goal {goal.id} is {goal.status}; there is nothing to resume", markup=False)
            return execution.tell([goal.id], {})
        if is_running(store, goal):
            return _let_go_on(store, goal)
        if goal.status == "open":
            require_clear(store, goal)
        warm_up(execution.settings)
        if goal.status == "open":
            begun = begin_open(store, execution.settings, goal)
            print_plan(begun.plan, err)
            return execution.run([begun])
        return execution.run([Begun(goal, plan_goal(store, goal))], resuming=True)


def _checked(texts: Sequence[str], list_file: str | None) -> Sequence[str]:
    """Return the texts of goals, which there are unless a file lists goals, and which can be read.

    Raises:
        UsageError: saying what was given too much, or what is missing.
    """
    if list_file and texts:
        raise UsageError(
            f"{list_file!r} is a list of goals; run it alone, or `tuloy add` to it: tuloy add {texts[0]!r}"
        )
    if not texts and not list_file:
        raise UsageError('there is no goal; say what should be done: tuloy run "run the tests"')
    for text in texts:
        check_text(text)
    return texts


def _run_listed(execution: Execution, repository: Repository, among: set[str]) -> int:
    """Run open goals one after the other until none is left that may begin; an interrupt ends them all."""
    store, settings = execution.store, execution.settings
    left, ran, codes = set(among), [], [0]
    cached: dict[str, set[str]] = {}
    while (goal := next_open(store, repository.id, left)) is not None:
        left.discard(goal.id)
        try:
            require_clear(store, goal)
            warm_up(settings)
            begun = begin_open(store, settings, goal)
        except (UsageError, ReadingUnsure) as error:
            err.print(f"not started: {error}", markup=False)
            codes.append(error.exit_code)
            continue
        ran.append(goal.id)
        print_plan(begun.plan, err)
        done, refused = execution.carry_out([begun])
        cached |= done
        codes += refused
        if store.find_goal(goal.id).exit_code == Interrupted.exit_code:
            break
    for held in all_held(store, repository.id, left):
        err.print(f"not started: {held.why}", markup=False)
        codes.append(WAITS)
    if not ran and codes == [0]:
        err.print("nothing is open here; `tuloy list` shows every repository's goals", markup=False)
    return max(execution.tell(ran, cached), *codes)


def _let_go_on(store: Store, goal: GoalRow) -> int:
    """Lift a pause of a goal that another process runs; that process prints what comes of it.

    Raises:
        GoalBusy: when it is not paused.
    """
    wishes = [wish for _, wish in wishes_since(store, goal.id, 0) if wish != "cancel"]
    if not wishes or wishes[-1] != "pause":
        store.take_lease(goal.id)
    err.print(f"goal {goal.id} {wish_for(store, goal, 'go-on')} in the process that runs it", markup=False)
    return 0


def _only_plan(plans: Sequence[Plan], as_json: bool) -> int:
    if as_json:
        print_json([plan.model_dump(mode="json") for plan in plans])
    else:
        for plan in plans:
            print_plan(plan, out)
    return 0
