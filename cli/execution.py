"""Goals that are in the store are run in Prefect, accepted if asked to, and what came of them is printed."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from cli.live import Live
from cli.screen import err, out, print_goal, print_json
from deployments.environment import apply, external_api_url, prefect_environment
from deployments.server import begin_server, ensure_server, revive_server
from tuloy.errors import TuloyError
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store
from tuloy.work.acceptance import accept_goal
from tuloy.work.begin import Begun
from tuloy.work.recovery import recover
from tuloy.work.report import goal_document
from tuloy.work.run import Change, Run, Tell, open_run

__all__ = ["Execution", "Manner", "enter_prefect", "warm_up"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How goals are run: by which coding CLI, how many steps side by side, accepted when done, told as JSON."""

    agent: str | None = None
    max_workers: int | None = None
    accept: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """Runs goals of one store in one manner."""

    store: Store
    settings: Settings
    manner: Manner = Manner()

    def run(self, begun: Sequence[Begun], *, resuming: bool = False) -> int:
        """Run goals, print what came of them, and return the worst exit status."""
        cached, refused = self.carry_out(begun, resuming=resuming)
        return max(self.tell([one.goal.id for one in begun], cached), *refused)

    def carry_out(self, begun: Sequence[Begun], *, resuming: bool = False) -> tuple[dict[str, set[str]], list[int]]:
        """Run goals side by side; return the steps that were done before, by goal, and exit statuses of acceptance."""
        with ExitStack() as opened, Live(err) as live:
            runs = [
                opened.enter_context(
                    open_run(one.goal, one.plan, self.settings, self.store, agent=self.manner.agent, tell=tell)
                )
                for one, tell in zip(begun, _tellers(begun, live), strict=True)
            ]
            for run in runs if resuming else []:
                _recover(run)
            enter_prefect(self.settings)
            from flows.execute import execute

            execute(runs, revive=partial(_revive, self.settings))
            refused = [_accept(run) for run in runs] if self.manner.accept else [0]
            return {run.goal.id: run.cached for run in runs}, refused

    def tell(self, goal_ids: Sequence[str], cached: dict[str, set[str]]) -> int:
        """Print the goals as the store knows them; the worst exit status counts."""
        goals = [self.store.find_goal(goal_id) for goal_id in goal_ids]
        documents = [goal_document(self.store, goal, cached=cached.get(goal.id, ())) for goal in goals]
        if self.manner.as_json:
            print_json({"goals": documents})
        else:
            for document in documents:
                print_goal(document, out, brief=err.is_terminal and out.is_terminal)
        return max((_exit_code(goal) for goal in goals), default=0)


def warm_up(settings: Settings) -> None:
    """Let the server start while the goal is planned."""
    if external_api_url() is None:
        begin_server(settings.home)


def enter_prefect(settings: Settings) -> None:
    """Wait for the server and set this process up for it; nothing of the user's directory reaches Prefect."""
    server = ensure_server(settings.home, tell=lambda line: err.print(line, markup=False))
    apply(prefect_environment(settings.home, server.api_url))


def _revive(settings: Settings) -> None:
    """Start the local server again where it died."""
    try:
        revive_server(settings.home)
    except TuloyError as error:
        err.print(f"the local Prefect server cannot be started again: {error}", markup=False)


def _recover(run: Run) -> None:
    found = recover(run.store, run.repo, run.settings.home, run.goal.id)
    if found.ended_processes:
        processes = "1 process" if found.ended_processes == 1 else f"{found.ended_processes} processes"
        err.print(f"ended {processes} that outlived the former run", markup=False)
    for patch in found.patches:
        err.print(f"partial work kept: {patch}", markup=False)


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


def _tellers(begun: Sequence[Begun], live: Live) -> list[Tell]:
    """One per goal; where there are several, each line says whose it is."""
    if len(begun) == 1:
        return [live.tell]
    return [partial(_tell_of, one.goal.id, live) for one in begun]


def _tell_of(goal_id: str, live: Live, change: Change) -> None:
    live.tell(replace(change, id=f"{goal_id}.{change.id}", title=f"{goal_id} {change.title}"))


def _exit_code(goal: GoalRow) -> int:
    """A goal that does not say how it ended did not end well."""
    if goal.exit_code is None:
        return 0 if goal.status == "done" else TuloyError.exit_code
    return goal.exit_code
