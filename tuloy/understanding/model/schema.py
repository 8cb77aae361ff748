"""Schema: the flat shape that a model answers in, and the steps that an answer tells.

Flat because small models fail at deep ones: a list of steps with four strings each. What the schema promises is
checked all the same: not every server keeps it.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, cast, get_args

from tuloy.errors import PlanInvalid
from tuloy.plan import When
from tuloy.printable import one_line

__all__ = ["MOST_STEPS", "SCHEMA", "StepTold", "steps_told"]

MOST_STEPS = 60
LONGEST_TITLE = 200
_FIELDS = ("title", "after", "when", "command")
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "after": {"type": "string"},
                    "when": {"type": "string", "enum": list(get_args(When))},
                    "command": {"type": "string"},
                },
                "required": list(_FIELDS),
            },
        }
    },
    "required": ["steps"],
}


@dataclass(frozen=True, slots=True)
class StepTold:
    """One step as a model told it. `after` are numbers of other steps, counted from 1."""

    title: str
    after: tuple[int, ...]
    when: When
    command: str


def steps_told(text: str) -> list[StepTold]:
    """Read the steps of an answer.

    Raises:
        PlanInvalid: with a sentence that tells the model what was wrong.
    """
    found = _object(text)
    steps = found.get("steps") if isinstance(found, dict) else found
    if not isinstance(steps, list):
        raise PlanInvalid(f'the answer is {_short(found)}; answer with {{"steps": [...]}} alone')
    if not 1 <= len(steps) <= MOST_STEPS:
        raise PlanInvalid(f"the answer has {len(steps)} steps; give 1 to {MOST_STEPS}")
    return [_step(number, step, len(steps)) for number, step in enumerate(steps, 1)]


def _object(text: str) -> Any:
    """Return the JSON value of an answer; a fence around it is let pass."""
    fenced = re.fullmatch(r"\s*```\w*\s*\n(.*?)\n?\s*```\s*", text, re.DOTALL)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError) as error:
        raise PlanInvalid(f"the answer is no JSON ({error}); answer with one JSON object alone") from error


def _step(number: int, step: Any, count: int) -> StepTold:
    if not isinstance(step, dict):
        raise PlanInvalid(f"step {number} is {_short(step)}; make it an object with {', '.join(_FIELDS)}")
    title = step.get("title")
    if not isinstance(title, str) or not one_line(title):
        raise PlanInvalid(f"step {number} has the title {_short(title)}; say in a few words what is done")
    when = step.get("when") or "succeeded"
    if when not in get_args(When):
        raise PlanInvalid(f"step {number} has when {_short(when)}; use one of {', '.join(get_args(When))}")
    command = step.get("command")
    return StepTold(
        title=one_line(title, LONGEST_TITLE),
        after=_after(number, step.get("after"), count),
        when=cast(When, when),
        command=command.strip() if isinstance(command, str) else "",
    )


def _after(number: int, value: Any, count: int) -> tuple[int, ...]:
    """Read numbers from "1, 3", from 1 and from [1, 3]; 0 and nothing are the start."""
    given = value if isinstance(value, list) else re.split(r"[,;\s]+", str(value).strip()) if value else []
    words = [str(one).strip() for one in given if str(one).strip() not in ("", "0")]
    if bad := [word for word in words if not re.fullmatch(r"[0-9]{1,4}", word)]:
        raise PlanInvalid(f"step {number} has after {_short(bad[0])}; give numbers of steps, separated by commas")
    numbers = tuple(dict.fromkeys(map(int, words)))
    if wrong := [one for one in numbers if not 1 <= one <= count or one == number]:
        raise PlanInvalid(f"step {number} comes after step {wrong[0]}; the other steps are 1 to {count}")
    return numbers


def _short(value: Any) -> str:
    return one_line(repr(value), 80)
