"""Goals to measure with: layered plans, an agent whose work costs nothing, and both ways to run them.

`compiled` is the production path: the goal is stored, its plan compiled and executed. `handwritten` is what somebody
who knows Prefect well writes for the same DAG.
"""

import asyncio
import itertools
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuloy.agents.protocol import Assignment, Report
from tuloy.plan import CommandAction, Goal, Need, Plan, Stage, Step
from tuloy.settings import Settings
from tuloy.store import Store

__all__ = ["InProcess", "compiled", "handwritten", "layered"]

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class InProcess:
    """An agent that sleeps so long in its thread and is done: what remains is what Tuloy and Prefect cost."""

    sleep_s: float = 0.0
    name: str = "in-process"
    capabilities: frozenset[str] = frozenset({"shell"})

    def do(self, work: Assignment) -> Report:
        """Sleep, and say done."""
        if self.sleep_s:
            time.sleep(self.sleep_s)
        return Report("done", "exit code 0", 0)


def layered(steps: int, across: int = 10, needs: int = 2) -> Plan:
    """Return a plan of so many steps in layers; each step needs some of the layer before."""
    made: list[Step] = []
    for number in range(steps):
        layer, place = divmod(number, across)
        before = [(layer - 1) * across + (place + n) % across for n in range(needs)] if layer else []
        made.append(
            Step(
                id=f"n{number}",
                title=f"Step {number} of layer {layer}",
                action=CommandAction(argv=("true", str(number))),
                needs=tuple(Need(step=f"n{other}") for other in before),
                capabilities=("shell",),
                effects="none",
            )
        )
    text = f"measure {next(_NUMBERS)} with {steps} steps"
    return Plan.of(goal=Goal(text=text), lane="given", stages=(Stage(id="s1", title="All", steps=tuple(made)),))


def compiled(store: Store, settings: Settings, repo: Path, plan: Plan, agent: InProcess) -> list[Any]:
    """Store, open and execute a goal as `tuloy run` does; return the states of its flow runs."""
    from flows.execute import execute
    from tuloy.work.begin import begin_goal
    from tuloy.work.run import open_run
    from tuloy.workspaces.git import open_repository

    begun = begin_goal(store, settings, open_repository(repo), plan.goal.text, plan=plan)
    with open_run(begun.goal, begun.plan, settings, store, tell=lambda change: None) as run:
        run.agents = [agent]
        return list(execute([run]))


def handwritten(plan: Plan, agent: InProcess, width: int) -> Any:
    """Run the same DAG as a hand-written flow with the same options; return its state."""
    from prefect import flow, task
    from prefect.cache_policies import CacheKeyFnPolicy
    from prefect.events.worker import EventsWorker

    policy = CacheKeyFnPolicy(cache_key_fn=lambda context, parameters: parameters["cache_key"])
    pool = ThreadPoolExecutor(width)
    goal = uuid.uuid4().hex[:8]

    def one(step: Step) -> Any:
        @task(
            name=step.title,
            task_run_name=step.title,
            tags=["command"],
            cache_policy=policy,
            persist_result=True,
            result_serializer="json",
            retries=step.retries,
            retry_delay_seconds=2,
            retry_jitter_factor=0.5,
            retry_condition_fn=lambda task, run, state: True,
            timeout_seconds=step.timeout_s,
        )
        async def work(step_id: str, cache_key: str) -> str:
            await asyncio.get_running_loop().run_in_executor(pool, agent.do, None)  # type: ignore[arg-type]
            return f"done://{step_id}/{uuid.uuid4().hex[:8]}"

        return work

    @flow(name="handwritten", persist_result=True, result_serializer="json", validate_parameters=False)
    async def by_hand(goal_id: str) -> str:
        await _in_order(list(plan), {step.id: one(step) for step in plan}, goal_id, width)
        return "done"

    try:
        state = asyncio.run(by_hand(goal, return_state=True))
    finally:
        pool.shutdown()
    EventsWorker.instance().wait_until_empty()
    return state


async def _in_order(steps: Sequence[Step], tasks: dict[str, Any], goal: str, width: int) -> None:
    """Await what is ready, so many at once."""
    followers: dict[str, list[Step]] = {step.id: [] for step in steps}
    for step in steps:
        for need in step.needs:
            followers[need.step].append(step)
    open_needs = {step.id: len(step.needs) for step in steps}
    ready = [step for step in steps if not step.needs]
    running: dict[asyncio.Task[Any], Step] = {}
    states: dict[str, Any] = {}
    while ready or running:
        while ready and len(running) < width:
            step = ready.pop(0)
            call = tasks[step.id](
                step.id, f"{goal}/{step.id}", return_state=True, wait_for=[states[need.step] for need in step.needs]
            )
            running[asyncio.create_task(call)] = step
        ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for one in ended:
            step = running.pop(one)
            states[step.id] = one.result()
            for follower in followers[step.id]:
                open_needs[follower.id] -= 1
                if not open_needs[follower.id]:
                    ready.append(follower)
