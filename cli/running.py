"""Commands that run goals: `run` and `resume`."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from cli.live import Live
from cli.looking import edit_plan, open_the_store, print_json, priority_of, settings_for
from cli.plan_screen import print_plan
from cli.planning import Asked, plan_from, require_clear, settled
from cli.screen import err, out, print_goal
from cli.todo import tell_what_differs, texts_and_lists
from deployments.environment import apply, external_api_url, prefect_environment
from deployments.server import begin_server, ensure_server, revive_server
from tuloy.agents.matching import agents_of
from tuloy.errors import Interrupted, ReadingUnsure, TuloyError, UsageError
from tuloy.plan import Plan
from tuloy.settings import Settings, default_home, load_settings, user_file
from tuloy.store import GoalRow, Store
from tuloy.work.acceptance import accept_goal
from tuloy.work.begin import Begun, begin_goal, plan_goal
from tuloy.work.reading import check_text
from tuloy.work.recovery import recover
from tuloy.work.report import goal_document, is_running
from tuloy.work.run import Change, Run, Tell, open_run
from tuloy.work.starting import all_held, begin_open, next_open
from tuloy.work.todo import take_in
from tuloy.work.wishes import wish_for, wishes_since
from tuloy.workspaces.directories import open_place, reopen
from tuloy.workspaces.git import dirty_files, git
from tuloy.workspaces.records import Repository

__all__ = ["resume_goal", "run_goals", "run_open"]

WAITS = 3


def run_goals(
    texts: Sequence[str],
    file: str | None,
    repo: str,
    priority: str | None,
    agent: str | None,
    max_workers: int | None,
    accept: bool,
    dry_run: bool,
    as_json: bool,
    asked: Asked = Asked(),
) -> int:
    """Plan the goals, run them side by side, print what came of them.

    The goals of a document that is a list of them go into the store's list first, and run one after the other.
    """
    repository = open_place(Path(repo).absolute(), default_home())
    settings = _settings(repository, max_workers)
    wanted = priority_of(priority)
    told, lists = texts_and_lists(file, repository.root, wanted) if file else ([], [])
    texts = [*texts, *told]
    if lists and texts:
        raise UsageError(f"{file!r} is a list of goals; run it alone, or `tuloy add` to it: tuloy add {texts[0]!r}")
    if not texts and not lists:
        raise UsageError('there is no goal; say what should be done: tuloy run "run the tests"')
    for text in texts:
        check_text(text)
    agents_of(settings.agents, agent)
    if dry_run and lists:
        return _only_plan([plan for read in lists for _, plan in read.plans], as_json)
    root = repository.root
    read = [plan_from(text, root, settings, wanted, asked) for text in texts]
    if dry_run:
        return _only_plan([one.plan for one in read], as_json)
    plans = [settled(one, root, asked, lambda plan: edit_plan(plan, root, settings)) for one in read]
    with open_the_store(settings) as store:
        if lists:
            taken = take_in(store, repository, lists)
            tell_what_differs(taken)
            among = {*taken.added, *taken.edited, *taken.same}
            return _run_listed(store, settings, repository, among, agent, as_json, accept)
        _warm_up(settings)
        begun = [begin_goal(store, settings, repository, plan.goal.text, plan=plan) for plan in plans]
        for one in begun:
            print_plan(one.plan, err)
        _tell_of_place(repository, begun[0])
        _tell_about_uncommitted(repository)
        return _run(store, settings, begun, agent, as_json, accept=accept)


def run_open(repo: str, agent: str | None, max_workers: int | None, accept: bool, as_json: bool) -> int:
    """Run what is open in the list of this repository, one goal after the other, as needs and priorities have it."""
    repository = open_place(Path(repo).absolute(), default_home())
    settings = _settings(repository, max_workers)
    agents_of(settings.agents, agent)
    with open_the_store(settings) as store:
        among = {goal.id for goal in store.goals("open")}
        return _run_listed(store, settings, repository, among, agent, as_json, accept)


def _run_listed(
    store: Store,
    settings: Settings,
    repository: Repository,
    among: set[str],
    agent: str | None,
    as_json: bool,
    accept: bool,
) -> int:
    """Run open goals one after the other until none is left that may begin; an interrupt ends them all."""
    left, ran, codes = set(among), [], [0]
    cached: dict[str, set[str]] = {}
    while (goal := next_open(store, repository.id, left)) is not None:
        left.discard(goal.id)
        try:
            require_clear(store, goal)
            _warm_up(settings)
            begun = begin_open(store, settings, goal)
        except (UsageError, ReadingUnsure) as error:
            err.print(f"not started: {error}", markup=False)
            codes.append(error.exit_code)
            continue
        ran.append(goal.id)
        print_plan(begun.plan, err)
        done, refused = _carry_out(store, settings, [begun], agent, accept=accept)
        cached |= done
        codes += refused
        if store.find_goal(goal.id).exit_code == Interrupted.exit_code:
            break
    for held in all_held(store, repository.id, left):
        err.print(f"not started: {held.why}", markup=False)
        codes.append(WAITS)
    if not ran and codes == [0]:
        err.print("nothing is open here; `tuloy list` shows every repository's goals", markup=False)
    return max(_print(ran, store, as_json, cached), *codes)


def resume_goal(name: str, agent: str | None, max_workers: int | None, as_json: bool) -> int:
    """Go on with one goal where it stopped."""
    with open_the_store(load_settings()) as store:
        goal = store.find_goal(name)
        repository = reopen(Path(goal.repo), default_home(), goal.repo_id)
        settings = _settings(repository, max_workers)
        if goal.status == "done":
            err.print(f"goal {goal.id} is {goal.status}; there is nothing to resume", markup=False)
            return _print([goal.id], store, as_json, {})
        if is_running(store, goal):
            return _let_go_on(store, goal)
        if goal.status == "open":
            require_clear(store, goal)
        _warm_up(settings)
        if goal.status == "open":
            begun = begin_open(store, settings, goal)
            print_plan(begun.plan, err)
            return _run(store, settings, [begun], agent, as_json)
        return _run(store, settings, [Begun(goal, plan_goal(store, goal))], agent, as_json, resuming=True)


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


def _run(
    store: Store,
    settings: Settings,
    begun: Sequence[Begun],
    agent: str | None,
    as_json: bool,
    *,
    resuming: bool = False,
    accept: bool = False,
) -> int:
    """Run goals that are in the store, accept them if asked to, print what came of them."""
    cached, refused = _carry_out(store, settings, begun, agent, resuming=resuming, accept=accept)
    return max(_print([one.goal.id for one in begun], store, as_json, cached), *refused)


def _carry_out(
    store: Store,
    settings: Settings,
    begun: Sequence[Begun],
    agent: str | None,
    *,
    resuming: bool = False,
    accept: bool = False,
) -> tuple[dict[str, set[str]], list[int]]:
    """Run goals side by side; return the steps that were done before, by goal, and exit statuses of acceptance."""
    with ExitStack() as opened, Live(err) as live:
        runs = [
            opened.enter_context(open_run(one.goal, one.plan, settings, store, agent=agent, tell=tell))
            for one, tell in zip(begun, _tellers(begun, live), strict=True)
        ]
        for run in runs if resuming else []:
            _recover(run)
        _enter_prefect(settings)
        from flows.execute import execute

        execute(runs, revive=partial(_revive, settings))
        refused = [_accept(run) for run in runs] if accept else [0]
        return {run.goal.id: run.cached for run in runs}, refused


def _tellers(begun: Sequence[Begun], live: Live) -> list[Tell]:
    """One per goal; where there are several, each line says whose it is."""
    if len(begun) == 1:
        return [live.tell]
    return [partial(_tell_of, one.goal.id, live) for one in begun]


def _tell_of(goal_id: str, live: Live, change: Change) -> None:
    live.tell(replace(change, id=f"{goal_id}.{change.id}", title=f"{goal_id} {change.title}"))


def _accept(run: Run) -> int:
    """Accept a goal that is done and changed something; a refusal is told and counts."""
    run.goal = run.store.find_goal(run.goal.id)
    if run.goal.status != "done" or goal_document(run.store, run.goal)["branch"] is None:
        return 0
    try:
        done = accept_goal(run)
    except TuloyError as error:
        err.print(f"not accepted: {error}", markup=False)
        return error.exit_code
    err.print(f"accepted: {done.branch} is at {done.commit[:12]}", markup=False)
    return 0


def _recover(run: Run) -> None:
    found = recover(run.store, run.repo, run.settings.home, run.goal.id)
    if found.ended_processes:
        processes = "1 process" if found.ended_processes == 1 else f"{found.ended_processes} processes"
        err.print(f"ended {processes} that outlived the former run", markup=False)
    for patch in found.patches:
        err.print(f"partial work kept: {patch}", markup=False)


def _print(goal_ids: Sequence[str], store: Store, as_json: bool, cached: dict[str, set[str]]) -> int:
    """Print the goals as the store knows them; the worst exit status counts."""
    goals = [store.find_goal(goal_id) for goal_id in goal_ids]
    documents = [goal_document(store, goal, cached=cached.get(goal.id, ())) for goal in goals]
    if as_json:
        print_json({"goals": documents})
    else:
        for document in documents:
            print_goal(document, out, brief=err.is_terminal and out.is_terminal)
    return max((_exit_code(goal) for goal in goals), default=0)


def _exit_code(goal: GoalRow) -> int:
    """A goal that does not say how it ended did not end well."""
    if goal.exit_code is None:
        return 0 if goal.status == "done" else TuloyError.exit_code
    return goal.exit_code


def _only_plan(plans: Sequence[Plan], as_json: bool) -> int:
    if as_json:
        print_json([plan.model_dump(mode="json") for plan in plans])
    else:
        for plan in plans:
            print_plan(plan, out)
    return 0


def _settings(repository: Repository, max_workers: int | None) -> Settings:
    """Read the settings; agents that came with the files are not trusted (a clone or an archive can bring them)."""
    came = repository.private or bool(git(repository, "ls-files", "--", "tuloy.toml").strip())
    settings = settings_for(repository.root, trusted=not came)
    if came and settings_for(repository.root, trusted=True) != settings:
        err.print(
            f"tuloy.toml came with the files of {repository.name!r}: its agents and pass_env are left out, "
            f"because they say what is run here; write those that you trust into {user_file()}",
            markup=False,
        )
    return settings.model_copy(update={"max_workers": max_workers}) if max_workers else settings


def _warm_up(settings: Settings) -> None:
    """Let the server start while the goal is planned."""
    if external_api_url() is None:
        begin_server(settings.home)


def _enter_prefect(settings: Settings) -> None:
    """Wait for the server and set this process up for it; nothing of the user's directory reaches Prefect."""
    server = ensure_server(settings.home, tell=lambda line: err.print(line, markup=False))
    apply(prefect_environment(settings.home, server.api_url))


def _revive(settings: Settings) -> None:
    """Start the local server again where it died."""
    try:
        revive_server(settings.home)
    except TuloyError as error:
        err.print(f"the local Prefect server cannot be started again: {error}", markup=False)


def _tell_of_place(repository: Repository, begun: Begun) -> None:
    """Say what is particular about this place: a directory without git, what workspaces lack of a repository."""
    if repository.private:
        err.print(
            f"{str(repository.root)!r} is no git repository: a copy is worked on, through a private one in "
            f"{str(repository.git_dir)!r}; the directory itself changes only when you accept",
            markup=False,
        )
    for one in begun.goal.options.get("reduced", ()):
        err.print(f"reduced: {one}", markup=False)


def _tell_about_uncommitted(repository: Repository) -> None:
    dirty = [path for path in dirty_files(repository) if path != "tuloy.toml"]
    if dirty and repository.private:
        some = ", ".join(dirty[:5]) + (", …" if len(dirty) > 5 else "")
        err.print(f"not included: {some} (over 50 MB, a secret, or a repository of its own)", markup=False)
    elif dirty:
        files = "1 uncommitted file" if len(dirty) == 1 else f"{len(dirty)} uncommitted files"
        some = ", ".join(dirty[:3]) + (", …" if len(dirty) > 3 else "")
        err.print(
            f"not included: {files} ({some}); commit them to have them in",
            markup=False,
        )
