"""Commands that decide over finished work: `accept` and `rollback`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.live import Live
from cli.opening import open_the_store
from cli.screen import err, out, print_json, tell_of_document
from tuloy.errors import UsageError
from tuloy.settings import load_settings
from tuloy.work.acceptance import accept_goal as accept_it
from tuloy.work.acceptance import rollback_goal as roll_it_back
from tuloy.work.origins import write_back
from tuloy.work.run import Change, Run, open_run
from tuloy.work.wishes import Wish, wish_for

__all__ = ["accept_goal", "rollback_goal", "tell_goal"]


def accept_goal(name: str, partial: bool, as_json: bool) -> int:
    """Merge the goal's branch into the user's, after the gates have judged exactly that merge."""
    with Live(err) as live, _opened(name, live) as run:
        done = accept_it(run, partial=partial)
        for result in done.gates:
            note = result.evidence or result.reason
            live.tell(Change("gate", result.gate, f"gate {result.gate}", result.verdict, note, result.duration_s))
        goal_id = run.goal.id
    if as_json:
        gates = [result.model_dump(mode="json") for result in done.gates]
        print_json(
            {
                "id": goal_id,
                "branch": done.branch,
                "before": done.before,
                "commit": done.commit,
                "gates": gates,
            }
        )
    else:
        out.print(f"{done.branch} is at {done.commit[:12]} (was {done.before[:12]})", markup=False)
        out.print(f"undo     tuloy rollback {goal_id}", markup=False)
    return 0


def rollback_goal(name: str, to: str | None, as_json: bool) -> int:
    """Take the goal's branch, or its acceptance, back."""
    with Live(err) as live, _opened(name, live) as run:
        said = roll_it_back(run, to)
    if as_json:
        print_json({"id": run.goal.id, "done": said})
    else:
        out.print(said, markup=False)
    return 0


def tell_goal(name: str, wish: Wish) -> int:
    """Cancel or pause a goal, wherever it runs."""
    settings = load_settings()
    with open_the_store(settings) as store:
        goal = store.find_goal(name)
        out.print(f"goal {goal.id} {wish_for(store, goal, wish)}", markup=False)
        if (ended := store.find_goal(goal.id).status) == "cancelled":
            tell_of_document(write_back(store, settings.home, goal.id, ended))
    return 0


@contextmanager
def _opened(name: str, live: Live) -> Iterator[Run]:
    with open_the_store(load_settings()) as store:
        goal = store.find_goal(name)
        plan = store.plan_of(goal.id)
        if plan is None:
            raise UsageError(f"goal {goal.id} has no plan yet; `tuloy resume {goal.id}` makes it")
        settings = load_settings(Path(goal.repo or "/") / "tuloy.toml", trusted=False)
        with open_run(goal, plan, settings, store, tell=live.tell) as run:
            yield run
