"""Explain: which words of a text made which part of its plan, and by which rule.

Owns the account of a reading. Reads the text again, as `tuloy.understanding.rules` does; makes no plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tuloy.plan import Plan
from tuloy.understanding.assemble import stages_of
from tuloy.understanding.drafting.draft import Draft, Why
from tuloy.understanding.drafting.told import Reading
from tuloy.understanding.rules import read_text
from tuloy.understanding.timing.urgency import Urgency

__all__ = ["Explained", "explain"]

What = Literal["step", "edge", "priority", "deadline", "schedule", "constraint", "background"]


@dataclass(frozen=True)
class Explained:
    """One part of a plan. `subject` is a step's id, "s1.1 -> s1.2 if failed" for an edge, else the value or the words.

    `span` is half open, in characters of the text; empty where no words of the text say it.
    """

    what: What
    subject: str
    rule: str
    span: tuple[int, int]


def explain(text: str, plan: Plan | None = None, *, now: datetime | None = None) -> list[Explained]:
    """Say where each step and edge of the rule lane's plan comes from, then priority, deadline, and what is no step.

    `plan` is what was made of the text, where steps are to be called as they are there.

    Raises:
        UsageError: as `tuloy.understanding.understand`.
    """
    _, _, urgency, reading = read_text(text, now)
    return [*_steps(reading, plan), *_urgency(urgency), *_constraints(reading, text), *_told(reading)]


def _steps(reading: Reading, plan: Plan | None) -> Iterator[Explained]:
    parts = stages_of(reading.drafts)
    ids = {draft: f"s{m}.{n}" for m, part in enumerate(parts, 1) for n, draft in enumerate(part, 1)}
    called = {step.source: step.id for step in plan or ()}
    ids = {draft: called.get(draft.span, name) for draft, name in ids.items()}
    for draft, name in ids.items():
        why = draft.why or Why("the whole text", draft.span)
        yield Explained("step", name, why.rule, why.span)
        yield from _edges(draft, name, ids)


def _edges(draft: Draft, name: str, ids: dict[Draft, str]) -> Iterator[Explained]:
    for other, when in draft.needs.items():
        why = draft.reasons.get(other) or Why("order of the text", draft.span)
        condition = "" if when == "succeeded" else f" if {when}"
        yield Explained("edge", f"{ids[other]} -> {name}{condition}", why.rule, why.span)


def _urgency(urgency: Urgency) -> Iterator[Explained]:
    for span in urgency.spans[: urgency.ranked]:
        yield Explained("priority", urgency.priority, "words for urgency", span)
    dates = urgency.spans[urgency.ranked :]
    if urgency.schedule:
        yield Explained("schedule", urgency.schedule.cron, "words for how often", dates[0])
        dates = dates[1:]
    for span in dates:
        yield Explained("deadline", urgency.deadline or "", "words for a date", span)


def _constraints(reading: Reading, text: str) -> Iterator[Explained]:
    for words in reading.constraints:
        said = words.removeprefix("Out of scope: ")
        start = max(text.find(said.split("\n")[0]), 0)
        yield Explained(
            "constraint", words, "out of scope" if said != words else "forbids or keeps", (start, start + len(said))
        )


def _told(reading: Reading) -> Iterator[Explained]:
    for why in reading.told:
        yield Explained("background", "", why.rule, why.span)
