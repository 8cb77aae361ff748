"""The deployed flow: words in, a gated branch out. The same job as `tuloy run`, started by Prefect."""

import asyncio
from pathlib import Path
from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.whole import run_whole
from tasks.live import open_here
from tuloy.settings import Settings, load_settings
from tuloy.store import Store, open_store
from tuloy.work.begin import Begun, begin_goal
from tuloy.work.run import Change, open_run
from tuloy.workspaces.directories import open_place

__all__ = ["run_goal"]


@flow(name="run-goal", flow_run_name="{goal}", persist_result=True, result_serializer="json")
async def run_goal(
    goal: str, repo: str = ".", priority: Literal["critical", "high", "normal", "low"] = "normal"
) -> State:
    """Plan a goal and carry it out on a repository.

    Args:
        goal: What should be done, in plain words.
        repo: The path of the git repository, or of a directory, on the machine that runs this.
        priority: How urgent it is.
    """
    settings = load_settings()
    with open_store(settings.home / "tuloy.db") as store:
        begun = await asyncio.to_thread(_begin, store, settings, goal, repo, priority)
        with open_run(begun.goal, begun.plan, settings, store, tell=_ignore) as run, open_here(run):
            return await run_whole(run)


def _begin(
    store: Store,
    settings: Settings,
    text: str,
    repo: str,
    priority: Literal["critical", "high", "normal", "low"],
) -> Begun:
    return begin_goal(store, settings, open_place(Path(repo), settings.home), text, priority=priority)


def _ignore(change: Change) -> None:
    """The states of the task runs say it all."""
