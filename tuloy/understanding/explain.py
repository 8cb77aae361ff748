"""Explain: where each part of a plan comes from: which words of the text, and by which rule.

Owns the account of a plan that is shown. What no words stand for says so: a step of a model, a part by a template, what
the user edited; in a document it is the heading and the line. Reads the text again; makes no plan of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tuloy.plan import Need, Plan, Step
from tuloy.printable import one_line
from tuloy.understanding import understand
from tuloy.understanding.assemble import stages_of
from tuloy.understanding.documents.markdown.records import Section
from tuloy.understanding.documents.markdown.sections import sections_of
from tuloy.understanding.drafting.draft import Draft, Why
from tuloy.understanding.drafting.told import Reading
from tuloy.understanding.rules import read_text
from tuloy.understanding.timing.urgency import Urgency
from tuloy.understanding.unseen import as_seen, seen

__all__ = ["Explained", "explain"]

What = Literal["step", "edge", "priority", "deadline", "schedule", "constraint", "background"]
_NOWHERE = (0, 0)
_EDITED = Why("as you edited it", _NOWHERE)
_MODEL = Why("by the model", _NOWHERE)


@dataclass(frozen=True)
class Explained:
    """One part of a plan. `subject` is a step's id, "s1.1 -> s1.2 if failed" for an edge, else the value or the words.

    `span` is half open, in characters of the text; empty where no words of the text say it.
    """

    what: What
    subject: str
    rule: str
    span: tuple[int, int]


class _Account:
    """Why each step and each edge of a plan is there."""

    def __init__(self, step: Callable[[Step], Why], edge: Callable[[Need, Step], Why]) -> None:
        self.step = step
        self.edge = edge


def explain(
    text: str, plan: Plan | None = None, *, now: datetime | None = None, edited: bool = False
) -> list[Explained]:
    """Say where each step and edge of the plan comes from, then priority, deadline, and what is no step.

    `plan` is what was made of the text, else what the rules make of it; `edited` says that the user changed it.

    Raises:
        UsageError: as `tuloy.understanding.understand`.
    """
    plan = as_seen(plan or understand(text, now=now), text)
    clean, typed = seen(text)
    sections = sections_of(clean)
    reading, urgent = _read_again(clean, sections, now)
    account = _account(plan, clean, sections, reading, edited)
    found = [*_steps(plan, account), *_of_goal(plan, urgent), *_constraints(plan, clean), *_told(reading)]
    return [replace(one, span=typed(one.span)) if any(one.span) else one for one in found]


def _read_again(text: str, sections: Sequence[Section], now: datetime | None) -> tuple[Reading, list[Explained]]:
    """Return what the rules read, of a document only what is no step; and what says how urgent it is."""
    if not sections:
        _, _, urgency, reading = read_text(text, now)
        return reading, list(_urgency(urgency))
    told: list[Why] = []
    urgent: list[Explained] = []
    for section in sections:
        if section.role in ("work", "requirements") and section.body.strip():
            _, _, urgency, reading = read_text(section.body, now)
            told += [Why(why.rule, _moved(why.span, section.start)) for why in reading.told]
            urgent += [replace(one, span=_moved(one.span, section.start)) for one in _urgency(urgency)]
    return Reading([], [], [], told), urgent


def _moved(span: tuple[int, int], start: int) -> tuple[int, int]:
    return span[0] + start, span[1] + start


def _account(plan: Plan, text: str, sections: Sequence[Section], reading: Reading, edited: bool) -> _Account:
    if edited:
        return _Account(lambda step: _EDITED, lambda need, step: _EDITED)
    if plan.lane == "model":
        return _Account(_by_model, lambda need, step: _MODEL)
    if sections:
        return _of_document(text, sections)
    return _of_words(plan, reading)


def _steps(plan: Plan, account: _Account) -> Iterator[Explained]:
    for step in plan:
        why = account.step(step)
        if step.parent is not None:
            group = account.step(plan.steps[step.parent])
            why = Why(f"a part of {step.parent}, by the template for such work", group.span)
        yield Explained("step", step.id, why.rule, why.span)
        for need in step.needs:
            of_parts = plan.steps[need.step].parent is not None or step.parent is not None
            reason = Why("order of the parts", why.span) if of_parts else account.edge(need, step)
            condition = "" if need.when == "succeeded" else f" if {need.when}"
            yield Explained("edge", f"{need.step} -> {step.id}{condition}", reason.rule, reason.span)


def _of_words(plan: Plan, reading: Reading) -> _Account:
    """The account of a plan that rules made of prose: the steps are the drafts, in their order."""
    drafts = [draft for part in stages_of(reading.drafts) for draft in part]
    own = [step.id for step in plan if step.parent is None]
    if len(own) != len(drafts):
        return _Account(lambda step: Why("the text", step.source or _NOWHERE), lambda need, step: _EDITED)
    of_step = dict(zip(own, drafts, strict=True))

    def edge(need: Need, step: Step) -> Why:
        draft, other = of_step[step.id], of_step[need.step]
        if other not in draft.needs:
            return Why("the reading that was taken", draft.span)
        return draft.reasons.get(other) or Why("order of the text", draft.span)

    return _Account(lambda step: _why(of_step.get(step.id), step), edge)


def _why(draft: Draft | None, step: Step) -> Why:
    if draft is None:
        return Why("the whole text", step.source or _NOWHERE)
    return draft.why or Why("the whole text", draft.span)


def _by_model(step: Step) -> Why:
    return Why("by the model, in the goal's words", step.source) if step.source and any(step.source) else _MODEL


def _of_document(text: str, sections: Sequence[Section]) -> _Account:
    """The account of a document: heading and line of each step."""
    lines = {id(one): text.rfind(one.title, 0, one.start) for one in sections}

    def line(place: int) -> int:
        return text.count("\n", 0, place) + 1

    def of(step: Step) -> Why:
        if step.source is None:
            one = next((one for one in sections if one_line(one.title, 200) == step.title), None)
            if one is None or lines[id(one)] < 0:
                return Why("a heading of the document", _NOWHERE)
            start = lines[id(one)]
            return Why(f"the heading on line {line(start)}", (start, start + len(one.title)))
        inside = [one for one in sections if one.start <= step.source[0]]
        title = inside[-1].title if inside else ""
        below = f"below {one_line(title, 60)!r}, " if title else ""
        return Why(f"{below}line {line(step.source[0])}", step.source)

    return _Account(of, lambda need, step: Why("order of the lines", of(step).span))


def _of_goal(plan: Plan, urgent: Sequence[Explained]) -> Iterator[Explained]:
    """What says how urgent the goal is and by when, as far as the plan has it so."""
    goal = plan.goal
    cron = goal.schedule.cron if goal.schedule else ""
    values = {"priority": goal.priority, "deadline": goal.deadline or "", "schedule": cron}
    said = [one for one in urgent if values[one.what][:16] == one.subject[:16]]
    yield from said
    if goal.priority != "normal" and not any(one.what == "priority" for one in said):
        yield Explained("priority", goal.priority, "given beside the words", _NOWHERE)


def _urgency(urgency: Urgency) -> Iterator[Explained]:
    for span in urgency.spans[: urgency.ranked]:
        yield Explained("priority", urgency.priority, "words for urgency", span)
    dates = urgency.spans[urgency.ranked :]
    if urgency.schedule:
        yield Explained("schedule", urgency.schedule.cron, "words for how often", dates[0])
        dates = dates[1:]
    for span in dates:
        yield Explained("deadline", urgency.deadline or "", "words for a date", span)


def _constraints(plan: Plan, text: str) -> Iterator[Explained]:
    for words in plan.goal.constraints:
        said = words.removeprefix("Out of scope: ")
        start = text.find(said.split("\n")[0])
        span = (start, start + len(said)) if start >= 0 else _NOWHERE
        yield Explained("constraint", words, "out of scope" if said != words else "forbids or keeps", span)


def _told(reading: Reading) -> Iterator[Explained]:
    for why in reading.told:
        yield Explained("background", "", why.rule, why.span)
