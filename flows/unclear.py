"""A goal whose words can be meant in several ways is asked about in the Prefect UI, before anything is made for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field, ValidationError, create_model

from tuloy.errors import ReadingUnsure
from tuloy.plan import Plan
from tuloy.printable import one_line
from tuloy.understanding.alternatives import is_sure
from tuloy.work.reading import readings_of, take_reading

__all__ = ["chosen"]

KEY = "reading"


async def chosen(plan: Plan, root: Path) -> Plan:
    """Return the plan to run: a sure one, or the reading that is chosen in the UI.

    There the flow run is Suspended, no process waits, and Resume shows a form with the readings.

    Args:
        plan: What the words were read as.
        root: The repository, for what its tools make of another reading.

    Raises:
        Pause: until somebody chooses.
        ReadingUnsure: when this flow run belongs to no deployment, so that nobody could resume it.
    """
    if is_sure(plan):
        return plan
    readings = readings_of(plan)
    if deployment.get_id() is None:
        raise ReadingUnsure(
            f"{one_line(plan.goal.text, 100)!r} can be read in {len(readings)} ways: {' '.join(readings)}; "
            "say which with the parameter `reading`"
        )
    form = _form(readings).with_initial_data(description=_question(plan, readings))
    try:
        answer = await asuspend_flow_run(wait_for_input=form, key=KEY)
    except ValidationError as error:
        raise ReadingUnsure(
            f"what was chosen is no reading any more, {one_line(plan.goal.text, 100)!r} is read otherwise now; "
            "start it again, with the parameter `reading`"
        ) from error
    return take_reading(plan, int(str(answer.reading).partition(".")[0]), root)


def _form(readings: Sequence[str]) -> Any:
    """A form with one field, which has no default: who resumes without choosing is asked again."""
    choices = tuple(one_line(line, 120) for line in readings)
    which = Field(title="Which one is meant?", description="The reading that is carried out.")
    return create_model("Reading", __base__=RunInput, reading=(Literal[choices], which))  # type: ignore[arg-type]


def _question(plan: Plan, readings: Sequence[str]) -> str:
    """Return Markdown in which the words from outside are code, which no word of them can end."""
    text = one_line(plan.goal.text, 1000).replace("`", "'")
    lines = [f"- `{line.replace('`', chr(39))}`" for line in readings]
    return "\n".join(["This can be read in several ways:", "", f"`{text}`", "", *lines])
