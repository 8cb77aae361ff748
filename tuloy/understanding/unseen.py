"""Unseen: characters that no reader of a goal sees, taken out before it is read.

The goal's text stays as it was typed; what is made of it is made of what can be seen. Line and paragraph separators
count as spaces, for people see one.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

from tuloy.plan import Plan, Step

__all__ = ["Places", "as_seen", "read_as_seen", "seen"]

_UNSEEN = re.compile(
    "[\xad\u034f\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]"
    "|(?<=[A-Za-z0-9])[\u200c\u200d]+|[\u200c\u200d]+(?=[A-Za-z0-9])"  # joiners: they have a meaning in other scripts
)
_SEPARATORS = {0x2028: " ", 0x2029: " "}
Places = Callable[[tuple[int, int]], tuple[int, int]]


def seen(text: str) -> tuple[str, Places]:
    """Return the text without what is not seen, and what turns a span of it into the span of the text as typed."""
    cuts: list[int] = []  # where in the new text something was taken out
    before: list[int] = [0]  # how much was taken out up to there
    for found in _UNSEEN.finditer(text):
        cuts.append(found.start() - before[-1])
        before.append(before[-1] + len(found[0]))
    if not cuts and "\u2028" not in text and "\u2029" not in text:
        return text, lambda span: span

    def typed(span: tuple[int, int]) -> tuple[int, int]:
        start, end = span
        return start + before[bisect_right(cuts, start)], end + before[bisect_right(cuts, end - 1)]

    return _UNSEEN.sub("", text).translate(_SEPARATORS), typed


def read_as_seen(text: str, read: Callable[[str], Plan]) -> Plan:
    """Read what is seen of a text; goal and places are those of the text as it was typed."""
    clean, typed = seen(text)
    if clean == text or not clean.strip():
        return read(text)
    plan = _placed(read(clean), typed)
    return plan.model_copy(update={"goal": plan.goal.model_copy(update={"text": text})})


def as_seen(plan: Plan, text: str) -> Plan:
    """Return the plan of a text with its places in what is seen of the text."""
    found = [found.span() for found in _UNSEEN.finditer(text)]

    def place(typed: int) -> int:
        return typed - sum(min(end, typed) - start for start, end in found if start < typed)

    return _placed(plan, lambda span: (place(span[0]), place(span[1]))) if found else plan


def _placed(plan: Plan, places: Places) -> Plan:
    stages = tuple(
        stage.model_copy(update={"steps": tuple(_moved(step, places) for step in stage.steps)}) for stage in plan.stages
    )
    return plan.model_copy(update={"stages": stages})


def _moved(step: Step, places: Places) -> Step:
    return step.model_copy(update={"source": places(step.source)}) if step.source and any(step.source) else step
