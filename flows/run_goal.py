"""The deployed flow: words in, a gated branch out. The same job as `tuloy run`, started by Prefect.

Run again (Retry and Resume in the UI, after a crash), a flow run goes on with the goal that it began.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Failed
from pydantic import Field

from flows.asked import Asked, Saved, begin, configured, opened, read, saved
from flows.attach import GOAL_LIMIT, GOAL_TAG
from flows.process import crash_late_orphans, crash_orphans, stops_on_signal, swift
from flows.unclear import chosen
from flows.whole import run_whole
from tasks.live import open_here
from tuloy.errors import TuloyError, UsageError
from tuloy.printable import one_line
from tuloy.settings import Settings, load_settings
from tuloy.store import Store, open_store
from tuloy.work.acceptance import accept_goal
from tuloy.work.begin import Begun, plan_goal
from tuloy.work.reading import Lane
from tuloy.work.recovery import recover
from tuloy.work.report import goal_document, is_running
from tuloy.work.run import Change, Run, open_run
from tuloy.workspaces.directories import reopen

__all__ = ["run_goal"]

FREE_S = 0.5


def _title() -> str:
    return one_line(str(flow_run.get_parameters().get("goal", "goal")), 80)


@flow(name="run-goal", flow_run_name=_title, persist_result=True, result_serializer="json")
async def run_goal(
    goal: Annotated[str, Field(min_length=1, max_length=GOAL_LIMIT, pattern=r"\S")],
    repo: Annotated[str, Field(min_length=1, max_length=4096)],
    priority: Literal["as written", "critical", "high", "normal", "low"] = "as written",
    agent: Annotated[str, Field(max_length=80)] = "",
    max_workers: Annotated[int, Field(ge=1, le=64)] = 4,
    accept: bool = False,
    agents: Annotated[str, Field(max_length=80)] = "",
    gates: Annotated[str, Field(max_length=80)] = "",
    lane: Lane = "auto",
    model: Annotated[str, Field(max_length=80)] = "",
    reading: Annotated[int, Field(ge=0, le=9)] = 0,
) -> State:
    """Plan a goal and carry it out on a repository.

    Args:
        goal: What should be done, in plain words.
        repo: The whole path of the repository on the machine of the worker, or the name of a Repository block.
        priority: How urgent it is; "as written" takes what the goal's words say.
        agent: The coding CLI for steps that need one: aider, claude, codex, gemini, or one of your settings.
        max_workers: How many steps run side by side.
        accept: Merge into the branch that is checked out there when the goal is done and gated.
        agents: The name of an AgentSet block whose coding CLIs may be used.
        gates: The name of a GatePolicy block that says which gates judge, and for how long.
        lane: Who reads the goal: rules, model, or auto, which asks a model where the rules are not sure.
        model: The name of an OllamaModel block; without one the worker's settings say which model is asked.
        reading: The number of the reading to take where the words are unclear, as in a plan; 1 is the likeliest, and 0
            asks: the run is Suspended then, and Resume shows the readings.
    """
    asked = Asked(goal, repo, priority, agent, max_workers, agents, gates, lane, model, reading)
    try:
        with open_store(_made(load_settings()).home / "tuloy.db") as store:
            return await _run(store, asked, await saved(asked), accept)
    except TuloyError as error:
        return Failed(message=str(error))


async def _run(store: Store, asked: Asked, blocks: Saved, accept: bool) -> State:
    run_id = str(flow_run.get_id())
    standing = await asyncio.to_thread(_standing, store, asked, blocks, run_id)
    begun, settings = standing or await _begun(store, asked, blocks, run_id)
    while is_running(store, begun.goal):  # its suspended process ends the steps that are under way
        await asyncio.sleep(FREE_S)
    with (
        open_run(begun.goal, begun.plan, settings, store, agent=asked.agent or None, tell=_ignore) as run,
        stops_on_signal([run]),
        swift(),
        open_here(run),
    ):
        await asyncio.to_thread(_recover, run, run_id)
        began = datetime.now(UTC)
        state = await run_whole(run)
        if standing is not None:
            await asyncio.to_thread(crash_late_orphans, UUID(run_id), began)
        if run.cancel.is_set() and await _is_cancelled(run_id):
            reason = f"cancelled in Prefect; Retry there goes on with goal {run.goal.id}"
            store.set_goal(run.goal.id, "cancelled", reason, 130)
            return Cancelled(message=reason)
        refused = await asyncio.to_thread(_refused, run) if accept else None
    return refused or state


def _standing(store: Store, asked: Asked, blocks: Saved, run_id: str) -> tuple[Begun, Settings] | None:
    """Return the goal that this flow run began before, None in a first run."""
    home = load_settings().home
    if (standing := store.goal_of_flow_run(run_id)) is not None:
        repository = reopen(Path(standing.repo or "/"), home, standing.repo_id)
        return Begun(standing, plan_goal(store, standing)), configured(asked, blocks, repository)
    for tag in flow_run.get_tags():
        if tag.startswith(GOAL_TAG):
            goal_id = tag.removeprefix(GOAL_TAG)
            raise UsageError(f"goal {goal_id} was begun in another home; `tuloy resume {goal_id}` goes on there")
    return None


async def _begun(store: Store, asked: Asked, blocks: Saved, run_id: str) -> tuple[Begun, Settings]:
    """Read the words, ask which way they are meant where that is open, and begin the goal."""
    repository = await asyncio.to_thread(opened, blocks.repository, load_settings().home)
    settings = await asyncio.to_thread(configured, asked, blocks, repository)
    plan = await asyncio.to_thread(read, store, settings, asked, repository)
    if not asked.reading:
        plan = await chosen(plan, repository.root)
    return await asyncio.to_thread(begin, store, settings, plan, blocks, repository, run_id), settings


def _recover(run: Run, run_id: str) -> None:
    """Clean up what a former process of this flow run left; in a first run there is nothing."""
    recover(run.store, run.repo, run.settings.home, run.goal.id)
    with get_client(sync_client=True) as client:
        crash_orphans(client, UUID(run_id))


async def _is_cancelled(run_id: str) -> bool:
    async with get_client() as client:
        state = (await client.read_flow_run(UUID(run_id))).state
    return state is not None and (state.is_cancelling() or state.is_cancelled())


def _refused(run: Run) -> State | None:
    """Accept a goal that is done and changed something; return the state that says why not, if so."""
    run.goal = run.store.find_goal(run.goal.id)
    if run.goal.status != "done" or run.goal.accepted_at or goal_document(run.store, run.goal)["branch"] is None:
        return None
    try:
        accept_goal(run)
    except TuloyError as error:
        return Failed(name="NotAccepted", message=f"the goal is done; not accepted: {error}")
    return None


def _made(settings: Settings) -> Settings:
    settings.home.mkdir(parents=True, exist_ok=True)
    return settings


def _ignore(change: Change) -> None:
    """The states of the task runs say it all."""
