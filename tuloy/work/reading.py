"""Read a goal's words as a plan for the project at hand, by rules or by a model."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tuloy.errors import UsageError
from tuloy.plan import Plan, Priority
from tuloy.printable import one_line
from tuloy.understanding import look_at
from tuloy.understanding.documents import plan_text

if TYPE_CHECKING:
    from tuloy.settings import ModelSettings

__all__ = ["MOST_BYTES", "SURE_ENOUGH", "Lane", "check_text", "read_goal", "readings_of", "take_reading"]

Lane = Literal["auto", "rules", "model"]

MOST_BYTES = 100_000
SURE_ENOUGH = 0.8
"""The confidence from which on a reading by rules is taken as it is."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but for tab, line and page ends, and those that make a text read otherwise than it is."""


def check_text(text: str) -> None:
    """Refuse what cannot be a goal, before anything is made for it.

    Raises:
        UsageError: when it is empty, over 100,000 bytes, no Unicode, or holds control characters.
    """
    if not text.strip():
        raise UsageError("the goal is empty; say in words what should be done")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"the goal is no valid UTF-8 at character {error.start + 1}; write it again there") from error
    if size > MOST_BYTES:
        raise UsageError(
            f"the goal has {size} bytes, and may have {MOST_BYTES}; put the long part into a file of the project, "
            "and name that in the goal"
        )
    if found := _UNSEEN.search(text):
        raise UsageError(
            f"the goal holds the control character {found[0]!r} at character {found.start() + 1}; take it out"
        )


def read_goal(
    text: str,
    root: Path | None,
    *,
    priority: Priority | None = None,
    lane: Lane = "auto",
    model: "ModelSettings | None" = None,
    number: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Plan:
    """Read the text as a plan for the project in `root`: by its headings where it has some.

    `auto` asks a model only where the rules are not sure or the goal is heavy, and takes the rules' plan where none
    answers. `model` None is what this machine's settings say, read only when a model is asked. `number` is the reading
    to take where there are several, from 1; all but the first are the rules', whoever plans.

    Raises:
        UsageError: when the text cannot be a goal, or has no such reading.
        ModelFailed: when the lane is `model` and no model answers.
    """
    check_text(text)
    project = look_at(root) if root else None
    plan = plan_text(text, project, priority=priority)
    if (number or 1) == 1 and (lane == "model" or (lane == "auto" and not _suffices(plan))):
        from tuloy.settings import load_settings
        from tuloy.understanding.model import by_model

        plan = by_model(plan, project, model or load_settings().model, required=lane == "model", tell=tell)
    if number is None:
        return plan
    from tuloy.understanding.alternatives import take

    return take(plan, number, project)


def take_reading(plan: Plan, number: int, root: Path) -> Plan:
    """Return the plan of the reading that has this number beside `plan`: 1 is `plan`, the others are the rules'.

    Raises:
        UsageError: when there is no such reading.
    """
    from tuloy.understanding.alternatives import take

    project = look_at(root)
    if number > 1 and plan.lane == "model":
        plan = plan_text(plan.goal.text, project, priority=plan.goal.priority).model_copy(update={"goal": plan.goal})
    return take(plan, number, project)


def readings_of(plan: Plan) -> list[str]:
    """Return the plan's own reading and the others, numbered from 1, with how likely each is and why it is one."""
    titles = [one_line(step.title, 60) for step in plan if step.parent is None]
    more = len(titles) - 3
    own = ", ".join(titles[:3]) + (f" and {more} more step{'s' * (more > 1)}" if more > 0 else "")
    own += " (as the model plans it)" if plan.lane == "model" else ""
    lines = [f"1. {own}  ({plan.confidence:.2f})"]
    for number, other in enumerate(plan.alternatives, 2):
        lines.append(f"{number}. {other.reading}  ({other.confidence:.2f}: {other.why})")
    return lines


def _suffices(plan: Plan) -> bool:
    return plan.confidence >= SURE_ENOUGH and plan.complexity.band != "complex"
