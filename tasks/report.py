"""What a run leaves in the Prefect UI besides states: plan, gates, progress and report as artifacts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import PrefectException

from tuloy.gates.verdict import GateResult
from tuloy.plan import Plan, Stage
from tuloy.printable import one_line
from tuloy.work.report import plan_markdown
from tuloy.work.run import Run

__all__ = ["ProgressBar", "show_gates", "show_plan", "show_report"]


async def show_plan(goal_id: str, plan: Plan) -> None:
    """Publish the plan as a diagram and a table."""
    with _if_the_server_answers():
        await acreate_markdown_artifact(
            plan_markdown(plan), key=f"plan-{goal_id}", description=one_line(plan.goal.text, 200)
        )


async def show_gates(goal_id: str, stage: Stage, results: dict[str, GateResult]) -> None:
    """Publish one row per gate of a stage, with what its verdict rests on."""
    rows = [
        {
            "gate": result.gate,
            "verdict": result.verdict,
            "new findings": len(result.new),
            "evidence": result.evidence or result.reason,
            "seconds": result.duration_s,
        }
        for result in results.values()
    ]
    key = f"gates-{goal_id}-{_key(stage.id)}"
    with _if_the_server_answers():
        await acreate_table_artifact(rows, key=key, description=f"Gates of stage {stage.id}")


async def show_report(goal_id: str, markdown: str) -> None:
    """Publish the final report."""
    with _if_the_server_answers():
        await acreate_markdown_artifact(markdown, key=f"report-{goal_id}", description="How the goal ended")


class ProgressBar:
    """How many steps of a run have ended, published as often as `show` is called and something changed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._id: UUID | None = None
        self._shown = -1

    async def end(self) -> None:
        """Publish the last count, where anybody could have watched."""
        if self._id is not None:
            await self.show()

    async def show(self, client: PrefectClient | None = None) -> None:
        """Publish where the run is; the artifact is made at the first call."""
        run, ended = self._run, len(self._run.outcomes)
        if ended == self._shown:
            return
        self._shown, steps = ended, len(run.plan.steps)
        said, percent = f"{ended} of {steps} steps", 100.0 * ended / max(steps, 1)
        with _if_the_server_answers():
            if self._id is None:
                self._id = await acreate_progress_artifact(percent, key=f"progress-{run.goal.id}", description=said)
            else:
                await aupdate_progress_artifact(self._id, percent, description=said, client=client)


@contextmanager
def _if_the_server_answers() -> Iterator[None]:
    """Pages for people are best effort: no work fails because one could not be published."""
    try:
        yield
    except (httpx.HTTPError, PrefectException) as error:
        logging.getLogger("tuloy").warning("an artifact was not published: %s", error)


def _key(text: str) -> str:
    """Artifact keys take lower-case letters, digits and dashes only."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in text.lower()).strip("-")
