"""Plan: the sections of a markdown text as stages, with the criteria, limits and notes of the whole.

What is out of scope, and constraints, limit the goal; so does every sentence that forbids something, wherever it
stands. Background is left alone. The words of each part are read by the rule lane as any goal is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from tuloy.errors import UsageError
from tuloy.limits import with_limits
from tuloy.plan import Goal, InstructAction, Language, Plan, Priority, Stage, Step
from tuloy.printable import one_line
from tuloy.understanding.documents.entries import priority_word
from tuloy.understanding.documents.markdown.amounts import amount
from tuloy.understanding.documents.markdown.code import told
from tuloy.understanding.documents.markdown.criteria import criteria_of
from tuloy.understanding.documents.markdown.hidden import front_matter, visible
from tuloy.understanding.documents.markdown.labels import priority_said
from tuloy.understanding.documents.markdown.notes import notes_of
from tuloy.understanding.documents.markdown.pieces import is_dated
from tuloy.understanding.documents.markdown.reading import Asked, Part, read_section
from tuloy.understanding.documents.markdown.records import Section
from tuloy.understanding.documents.markdown.roles import heading_of, is_work, words_table
from tuloy.understanding.drafting.forbidding import forbidden_in
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import Grammar, grammar, language_of
from tuloy.understanding.words.tokens import tokenize

__all__ = ["plan_markdown"]

_RANK: tuple[Priority, ...] = ("low", "normal", "high", "critical")


def plan_markdown(
    text: str,
    sections: Sequence[Section],
    project: Project | None,
    *,
    priority: Priority | None = None,
    now: datetime | None = None,
) -> Plan:
    """Make the plan of a text that was cut into sections.

    Raises:
        UsageError: when nothing is left to do: every box is ticked.
    """
    seen = visible(text)
    known = grammar(language_of(tokenize(seen, 0, len(seen)))[1])
    sections = [_settled(section, known) for section in sections]
    asked = Asked(seen, sections, known, project, priority, now)
    read = [read_section(place, asked) for place in range(len(sections)) if is_work(sections[place].role)]
    parts = _with_work(read) or [_whole(text, asked)]
    notes = notes_of(read, sections)
    _give_criteria(parts, read, sections)
    goal = _goal(text, parts, read, asked)
    stages = tuple(_numbered(stage, f"s{n}", goal) for n, stage in enumerate(_titled(parts, sections), 1))
    plans = _plans(parts)
    whole = amount(
        sum(len(stage.steps) for stage in stages),
        at_least=max(plan.complexity.score for plan in plans),
        reasons=(f"{len(stages)} stages",) if len(stages) > 1 else (),
    )
    plan = Plan.of(
        goal=goal,
        complexity=plans[0].complexity if len(plans) == 1 and plans[0].complexity.score == whole.score else whole,
        lane="rules",
        confidence=min(plan.confidence for plan in plans),
        alternatives=plans[0].alternatives if len(plans) == 1 else (),
        notes=notes,
        stages=stages,
    )
    return with_limits(plan)


def _with_work(read: Sequence[Part]) -> list[Part]:
    """Return the parts that have steps; what only says what for, where others say what to do, is background."""
    parts = [part for part in read if part.plan is not None]
    aims = words_table()["aims"]
    work = [part for part in parts if heading_of(part.section.title).words.casefold().rstrip(":") not in aims]
    for part in parts if work else ():
        if part not in work:
            part.section.role = "background"
    return work or parts


def _settled(section: Section, known: Grammar) -> Section:
    """Milestones that are only dates are background, those that are orders work."""
    if section.role != "dated":
        return section
    return replace(section, role="background" if is_dated(section, known) else "work")


def _whole(text: str, asked: Asked) -> Part:
    """Read a text in which no section has a step as one goal, by the words that are for work, else by all."""
    if "[x]" in text.lower():
        raise UsageError("nothing is left to do: what has a box is ticked, and nothing else in it is a step")
    bodies = [section.body if is_work(section.role) else "" for section in asked.sections]
    said = next((said for said in ("\n".join(bodies), asked.text) if any(letter.isalnum() for letter in said)), "")
    if not said:
        raise UsageError(
            "nothing can be read: all there is are comments, front matter or marks; say what should be done"
        )
    plan = asked.understand(re.sub(r"[ \t]{2,}", " ", said))
    steps = [[step.model_copy(update={"source": None}) for step in stage.steps] for stage in plan.stages]
    stages = [one.model_copy(update={"steps": tuple(own)}) for one, own in zip(plan.stages, steps, strict=True)]
    return Part(0, Section(0, "", "work", 0, len(text)), plan.model_copy(update={"stages": tuple(stages)}))


def _plans(parts: Sequence[Part]) -> list[Plan]:
    return [part.plan for part in parts if part.plan is not None]


def _give_criteria(parts: Sequence[Part], read: Sequence[Part], sections: Sequence[Section]) -> None:
    """Acceptance criteria belong to the last stage of the heading that they are part of, else to the last of all."""
    for part in read:
        if part.plan is None:
            parts[-1].accept += [one for one in part.accept if one not in parts[-1].accept]
    for section in sections:
        if section.role != "criteria":
            continue
        inside = section.above[-1] if section.above and sections[section.above[-1]].level > 1 else None
        own = [part for part in parts if inside is not None and inside in (part.place, *part.section.above)]
        (own or parts)[-1].accept += criteria_of(section.items)


def _titled(parts: Sequence[Part], sections: Sequence[Section]) -> Iterator[Stage]:
    """Return all stages, each called as its heading is; where that name comes again, with the heading above it."""
    again = Counter(part.section.title for part in parts)
    for part in parts:
        assert part.plan is not None
        own = part.section.title
        above = [sections[one].title for one in part.section.above if sections[one].title]
        if own and again[own] > 1 and above:
            own = f"{heading_of(above[-1]).words}: {heading_of(own).words}"
        for stage in part.plan.stages:
            several = len(part.plan.stages) > 1
            title = one_line(stage.title if several or not own else own, 60)
            last = stage is part.plan.stages[-1]
            accept = tuple(dict.fromkeys([*stage.accept, *(part.accept if last else ())]))
            steps = tuple(_placed(step, part.section.start) for step in stage.steps)
            yield stage.model_copy(update={"title": title or stage.title, "accept": accept, "steps": steps})


def _numbered(stage: Stage, stage_id: str, goal: Goal) -> Stage:
    """Give stage and steps their ids in the whole plan, and tell agents the limits of the whole text."""
    ids = {step.id: f"{stage_id}.{n}" for n, step in enumerate(stage.steps, 1)}
    steps = []
    for step in stage.steps:
        needs = tuple(need.model_copy(update={"step": ids[need.step]}) for need in step.needs if need.step in ids)
        parent = ids.get(step.parent) if step.parent else None
        changed = {"id": ids[step.id], "needs": needs, "parent": parent, "priority": goal.priority}
        steps.append(_limited(step, goal.constraints).model_copy(update=changed))
    return stage.model_copy(update={"id": stage_id, "steps": tuple(steps)})


def _limited(step: Step, limits: Sequence[str]) -> Step:
    """Tell a step's agent the limits that its words do not hold yet."""
    if not limits or not isinstance(step.action, InstructAction):
        return step
    lines = set(step.action.prompt.splitlines())
    left = [f"- {limit}" for limit in limits if f"- {limit}" not in lines]
    return told(step, "\n".join(["Also:" if "Constraints:" in lines else "Constraints:", *left]) if left else "")


def _placed(step: Step, start: int) -> Step:
    """Say where in the whole text the step stands."""
    moved = step.source and (step.source[0] + start, step.source[1] + start)
    return step.model_copy(update={"source": moved})


def _goal(text: str, parts: Sequence[Part], read: Sequence[Part], asked: Asked) -> Goal:
    goals = [plan.goal for plan in _plans(parts)]
    limits = [limit for part in (*read, *parts) for limit in part.limits]
    limits += [limit for section in asked.sections for limit in _limits_of(section, asked)]
    named = [*_in_front(text), *priority_said(asked.sections)]
    said = asked.priority or _priority(named, max((goal.priority for goal in goals), key=_RANK.index))
    return Goal(
        text=text,
        language=_language([goal.language for goal in goals]),
        priority=said,
        deadline=next((goal.deadline for goal in goals if goal.deadline), None),
        schedule=next((goal.schedule for goal in goals if goal.schedule), None),
        constraints=tuple({_bare(limit): limit for limit in reversed(limits)}.values())[::-1],
    )


def _bare(limit: str) -> str:
    return " ".join(limit.casefold().strip(" .!").split())


def _limits_of(section: Section, asked: Asked) -> Iterator[str]:
    """Return what a section forbids: all that it holds where that is what it is for, else the sentences that do."""
    known = asked.known
    for item in filter(None, section.items) if section.role in ("outside", "constraints", "forbidden") else ():
        forbids = bool(forbidden_in(item, known))
        if section.role == "outside":
            yield item if forbids else f"Out of scope: {item}"
        else:
            order = section.role == "forbidden" and not forbids and known.is_verb(item.split()[0].lower())
            yield f"{_negation(section.title)} {item[:1].lower()}{item[1:]}" if order else item
    cells = [cell for table in section.tables for _, row in table.rows for cell in row]
    prose = section.items if section.role in ("background", "criteria") or _only_lists(section, asked) else ()
    title = "" if section.role == "forbidden" and section.items else section.title
    for words in (title, *section.quoted, *cells, *prose):
        yield from forbidden_in(words, known)


def _negation(title: str) -> str:
    """Say it in the heading's language."""
    words = set(re.findall(r"[\w']+", title.casefold()))
    return "Huwag" if words & {"huwag", "wag", "bawal", "hindi", "ipinagbabawal", "mga"} else "Don't"


def _only_lists(section: Section, asked: Asked) -> bool:
    return is_work(section.role) and any(asked.sections[one].role == "requirements" for one in section.above)


def _in_front(text: str) -> list[tuple[int, str]]:
    found = re.search(r"(?im)^priority[ \t]*:[ \t]*[\"']?(\w+)", text[: front_matter(text)])
    return [(0, found[1])] if found else []


def _priority(found: Sequence[tuple[int, str]], read: Priority) -> Priority:
    """Return what the text calls its priority: for the whole, else the highest of its parts."""
    named = [(level, said) for level, words in found if (said := priority_word(words.rstrip(".")))]
    whole = [said for level, said in named if level <= 2]
    if whole and len(named) == len(whole) == 1:
        return whole[0]
    return max([read, *(said for _, said in named)], key=_RANK.index)


def _language(languages: Sequence[Language]) -> Language:
    return languages[0] if len(set(languages)) == 1 else "taglish"
