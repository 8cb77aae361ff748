"""Reading: the steps of one section of work: what its words say, what is a step by its form, its heading, its code."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tuloy.plan import Need, Plan, Priority, Stage, Step
from tuloy.understanding import understand
from tuloy.understanding.clauses.blocks import typed_in
from tuloy.understanding.documents.markdown.code import runs, told, with_code
from tuloy.understanding.documents.markdown.hidden import blanked
from tuloy.understanding.documents.markdown.pieces import Piece, is_order, parts_of, pieces_of, step_of
from tuloy.understanding.documents.markdown.records import Section
from tuloy.understanding.documents.markdown.roles import heading_of, is_work, own_role, words_table
from tuloy.understanding.drafting.forbidding import forbidden_in
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import Grammar

__all__ = ["Asked", "Part", "read_section"]

_SMALL = re.compile(r"(?i)^(?:(?:and|then|now|next|finally|also|to|at|saka|tapos|pagkatapos)\b[, ]*)+")
_UNREAD = 0.4  # how sure the rule lane is of a text in which it found no step


@dataclass(frozen=True)
class Asked:
    """What all sections of a text are read with."""

    text: str
    sections: Sequence[Section]
    known: Grammar
    project: Project | None
    priority: Priority | None
    now: datetime | None

    def understand(self, text: str) -> Plan:
        """Read words by rules alone."""
        return understand(text, self.project, priority=self.priority, now=self.now)


@dataclass
class Part:
    """A section of work and what was read of it; no plan where no step is in it. `left` counts what was not used."""

    place: int
    section: Section
    plan: Plan | None = None
    accept: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)


def read_section(place: int, asked: Asked) -> Part:
    """Read a section of work."""
    section = asked.sections[place]
    required = any(asked.sections[one].role == "requirements" for one in section.above)
    below = required or section.role == "requirements"
    pieces, tables = pieces_of(section, asked.known, asked.text, required=below)
    pieces = [one for one in pieces if not (_is_heading(one, asked) or forbidden_in(one.title, asked.known))]
    nested = parts_of(section, asked.known)
    spans = sorted([(one.start, one.end) for one in pieces] + [span for span, _ in nested.values()])
    body = section.listed if required else section.body
    body = blanked(body, [(a - section.start, b - section.start) for a, b in spans])
    part = Part(place, section)
    read = asked.understand(body) if any(letter.isalnum() for letter in body) else None
    if read is not None:
        part.limits += read.goal.constraints
        part.accept += read.stages[-1].accept
        if len(read) == 1 and read.confidence <= _UNREAD:
            read = None
    plan = _with_parts(read, section, nested) if read else None
    plan = _with_pieces(plan, pieces, section, asked) if pieces else plan
    if said := _said_to_run(plan, section, asked.known):
        plan = _in_turn(_with_pieces(plan, said, section, asked), said, section)
    heading = _heading_step(place, asked, required=required, found=plan is not None)
    seen = heading is not None and plan is None
    if heading is not None:
        plan = _headed(plan, heading, asked)
    if plan is not None:
        plan, part.left["code block"] = with_code(plan, section, asked.project, heading=heading)
    else:
        part.left["code block"] = len(section.fences)
    part.plan = plan
    part.left["table"], part.left["quoted paragraph"] = len(tables), len(section.quoted)
    part.left["paragraph"] = 0 if seen else _unread(section, plan, part, spans)
    return part


def _is_heading(piece: Piece, asked: Asked) -> bool:
    """Whether a row of a table only names a part of the text that is read for itself."""
    return any(is_work(one.role) and heading_of(one.title).words == piece.title for one in asked.sections)


def _with_parts(plan: Plan, section: Section, nested: dict[int, tuple[tuple[int, int], list[str]]]) -> Plan:
    """Tell the steps of items what is nested below them."""
    if not nested:
        return plan
    ends = {block.start - section.start: block.end - section.start for block in section.texts}
    lines = sorted((start - section.start, words) for start, (_, words) in nested.items())
    changed = {}
    for start, words in lines:
        own = [step for step in plan if step.source and start <= step.source[0] < ends[start]]
        if own:
            changed[own[0].id] = told(own[0], "\n".join(f"- {one}" for one in words))
    stages = [
        stage.model_copy(update={"steps": tuple(changed.get(step.id, step) for step in stage.steps)})
        for stage in plan.stages
    ]
    return plan.model_copy(update={"stages": tuple(stages)})


def _with_pieces(plan: Plan | None, pieces: Sequence[Piece], section: Section, asked: Asked) -> Plan:
    """Put the steps that are ones by their form among the others, in the order of the text."""
    own = [step_of(piece, f"p{n}-{piece.start}", asked.project, asked.priority) for n, piece in enumerate(pieces, 1)]
    moved = [one.model_copy(update={"source": _moved(one, section.start)}) for one in own]
    if plan is None:
        plan = asked.understand(pieces[0].title)
        stage = plan.stages[0].model_copy(update={"steps": tuple(moved), "title": section.title or moved[0].title})
        sure = min(one.confidence for one in moved)
        return plan.model_copy(update={"stages": (stage,), "confidence": sure})
    stages: list[Stage] = []
    for n, stage in enumerate(plan.stages):
        steps: list[Step] = []
        for step in stage.steps:
            while step.source and step.parent is None and moved and _place(moved[0]) < step.source[0]:
                steps.append(moved.pop(0))
            steps.append(step)
        steps += moved if n + 1 == len(plan.stages) else []
        stages.append(stage.model_copy(update={"steps": tuple(steps)}))
    return plan.model_copy(update={"stages": tuple(stages), "confidence": min(plan.confidence, 0.8)})


def _said_to_run(plan: Plan | None, section: Section, known: Grammar) -> list[Piece]:
    """Return the paragraphs like "And restart:" above a block of shell in which no step was found."""
    places = sorted(step.source[0] + section.start for step in plan or () if step.source)
    found = []
    for fence in section.fences:
        words = fence.introduced
        if words is None or not words.words.endswith(":") or not typed_in(fence.body, fence.language):
            continue
        n = bisect_left(places, words.start)
        title = _SMALL.sub("", words.words).rstrip(": ")
        read = n < len(places) and places[n] < words.end
        if title and not read and known.is_verb(title.split()[0].lower()):
            found.append(Piece(title[:1].upper() + title[1:], "", words.start, words.end))
    return found


def _in_turn(plan: Plan, said: Sequence[Piece], section: Section) -> Plan:
    """Let each of these steps follow the one before it."""
    starts = {piece.start - section.start for piece in said}
    stages = []
    for stage in plan.stages:
        steps: list[Step] = []
        for step in stage.steps:
            late = steps and step.source and step.source[0] in starts and step.parent is None
            needs = (Need(step=steps[-1].parent or steps[-1].id),) if late else step.needs
            steps.append(step.model_copy(update={"needs": needs}))
        stages.append(stage.model_copy(update={"steps": tuple(steps)}))
    return plan.model_copy(update={"stages": tuple(stages)})


def _place(step: Step) -> int:
    return step.source[0] if step.source else 0


def _moved(step: Step, start: int) -> tuple[int, int] | None:
    return (step.source[0] - start, step.source[1] - start) if step.source else None


def _heading_step(place: int, asked: Asked, *, required: bool, found: bool) -> Step | None:
    """Return the step that a heading is: one that is required, or numbered, or an order, by what stands below it."""
    section = asked.sections[place]
    inside = [one for one in asked.sections if place in one.above and is_work(one.role) and not one.labelled]
    if not section.title or section.labelled or section.ticked or inside:
        return None
    heading = heading_of(section.title)
    first = min((step.start for step in section.fences), default=-1)
    alone = bool(section.fences) and not any(block.start < first for block in section.texts)
    order = is_order(heading.words, asked.known)
    numbered = heading.named or heading.numbered
    if found:
        step = numbered and alone and runs(section)
    elif required or (order and (numbered or section.texts or runs(section))):
        step = True
    else:
        verb = _names_work(heading.words.split()[0].lower(), asked.known)
        step = (heading.named and bool(section.fences)) or ((heading.numbered or verb) and runs(section))
    if not step:
        return None
    read = next(iter(asked.understand(heading.words)))
    source = {"source": None, "parent": None, "needs": (), "id": "h1", "title": heading.words[:200]}
    details = "" if found else "\n".join(_details(place, asked))
    return told(read.model_copy(update=source), details)


def _names_work(word: str, known: Grammar) -> bool:
    """ "Install", "Building": what a heading of one word above a command does."""
    stem = word.removesuffix("ing")
    stems = (stem, f"{stem}e", stem[:-1]) if stem != word else ()
    return known.is_verb(word) or any(known.is_verb(one) for one in stems)


def _details(place: int, asked: Asked) -> list[str]:
    """Return what stands below a heading that is a step: its own words, and those behind labels that only tell."""
    section = asked.sections[place]
    inside = [one for one in asked.sections if one.labelled and one.above[-1:] == (place,) and one.role == "background"]
    said = [one for one in inside if one.title.casefold() not in words_table()["priority"]]
    return [*section.items, *(item for one in said for item in one.items)]


def _headed(plan: Plan | None, heading: Step, asked: Asked) -> Plan:
    """Put the step that a heading is in front of those below it."""
    if plan is None:
        plan = asked.understand(heading.title)
        stage = plan.stages[0].model_copy(update={"steps": (heading,), "title": heading.title, "accept": ()})
        return plan.model_copy(update={"stages": (stage,)})
    first, *rest = plan.stages
    steps = [step if step.needs else step.model_copy(update={"needs": (Need(step="h1"),)}) for step in first.steps]
    return plan.model_copy(
        update={"stages": (first.model_copy(update={"steps": (heading, *steps)}), *rest)}
    )  # fmt: skip


def _unread(section: Section, plan: Plan | None, part: Part, spans: Sequence[tuple[int, int]]) -> int:
    """Count the paragraphs and items of which nothing came: no step, limit or criterion."""
    sources = sorted(step.source[0] + section.start for step in plan or () if step.source)
    covered = sorted([*spans, *((place, place + 1) for place in sources)])
    kept = {*part.limits, *part.accept}
    count = n = 0
    for block in section.texts:
        while n < len(covered) and covered[n][1] <= block.start:
            n += 1
        used = n < len(covered) and covered[n][0] < block.end
        known = block.ticked or block.words.endswith(":") or block.words.rstrip(".") in kept or own_role(block.words)
        if not used and not known and any(letter.isalnum() for letter in block.words):
            count += 1
    return count
