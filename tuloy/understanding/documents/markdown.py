"""Markdown and PRDs: headings are stages, lists and open boxes steps, criteria the stages' acceptance criteria.

What is out of scope, and constraints, limit the goal; background is left alone; a shell block below a step is what
that step runs, to the letter. The words of each part are read by the rule lane as any goal is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tuloy.errors import UsageError
from tuloy.limits import with_limits
from tuloy.plan import Band, Complexity, Goal, InstructAction, Language, Plan, Priority, Stage, Step
from tuloy.printable import one_line
from tuloy.understanding import understand
from tuloy.understanding.documents.sections import Fence, Section, sections_of, words_table
from tuloy.understanding.project import Project
from tuloy.understanding.toolbox import literal_command
from tuloy.understanding.words.grammar import grammar, language_of
from tuloy.understanding.words.tokens import tokenize

__all__ = ["amount", "band_of", "plan_markdown", "sections_of"]

_RANK: tuple[Priority, ...] = ("low", "normal", "high", "critical")
_UNREAD = 0.4  # how sure the rule lane is of a text in which it found no step


@dataclass
class _Part:
    """A section of work and the plan that was read of it."""

    place: int
    section: Section
    plan: Plan
    accept: list[str] = field(default_factory=list)


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
    parts = [part for place in range(len(sections)) if (part := _read(place, sections, project, priority, now))]
    if not parts:
        if "[x]" in text.lower():
            raise UsageError("nothing is left to do: what has a box is ticked, and nothing else in it is a step")
        return understand(text, project, priority=priority, now=now)
    _give_criteria(parts, sections)
    goal = _goal(text, parts, sections, priority)
    stages = tuple(_numbered(stage, f"s{n}", goal, own) for n, (stage, own) in enumerate(_titled(parts), 1))
    plan = Plan.of(
        goal=goal,
        complexity=amount(
            sum(len(stage.steps) for stage in stages),
            at_least=max(part.plan.complexity.score for part in parts),
            reasons=(f"{len(stages)} stages",) if len(stages) > 1 else (),
        ),
        lane="rules",
        confidence=min(part.plan.confidence for part in parts),
        stages=stages,
    )
    return with_limits(plan)


def amount(count: int, *, at_least: float = 0.0, reasons: tuple[str, ...] = ()) -> Complexity:
    """Return the amount of work in a number of steps, or what is known to be at least."""
    score = max({1: 1.0, 2: 2.5}.get(count, min(9.0, 3.4 + 0.55 * (count - 2))), at_least)
    return Complexity(
        score=round(score, 1), band=band_of(score), reasons=(f"{count} step{'s' * (count != 1)}", *reasons)
    )


def band_of(score: float) -> Band:
    """Return the band of a score."""
    return "simple" if score < 3 else "medium" if score < 7 else "complex"


def _read(
    place: int, sections: Sequence[Section], project: Project | None, priority: Priority | None, now: datetime | None
) -> _Part | None:
    """Read a section of work; None when there is nothing to do in it."""
    section = sections[place]
    if section.role not in ("work", "requirements"):
        return None
    body = section.body
    if required := any(sections[one].role == "requirements" for one in section.above):
        body = section.listed
    read = understand(body, project, priority=priority, now=now) if body.strip() else None
    if read is not None and (len(read) > 1 or read.confidence > _UNREAD):
        return _Part(place, section, _with_commands(read, section, project))
    if not _is_step(place, sections, required):
        return None
    plan = _with_details(understand(section.title, project, priority=priority, now=now), section)
    accept = list(read.stages[-1].accept) if read else []
    return _Part(place, section, _with_commands(plan, section, project), accept)


def _is_step(place: int, sections: Sequence[Section], required: bool) -> bool:
    """Whether a heading is a step itself: nothing is below it, and it is required or says to do what a block does."""
    section = sections[place]
    if not section.title or any(place in other.above for other in sections):
        return False
    if section.ticked:
        return False
    runs = any(fence.language in words_table()["shells"] for fence in section.fences)
    return required or (runs and _is_imperative(section.title))


def _is_imperative(title: str) -> bool:
    tokens = tokenize(title, 0, len(title))
    _, names = language_of(tokens)
    return bool(tokens) and grammar(names).is_verb(tokens[0].norm)


def _with_details(plan: Plan, section: Section) -> Plan:
    """Hand the words below the heading on to the agent; a heading is no place in the text that steps come from."""
    details = "\n".join(section.items)
    return _changed(plan, lambda step: _told(step, details).model_copy(update={"source": None}))


def _with_commands(plan: Plan, section: Section, project: Project | None) -> Plan:
    """Give each code block to the step right before it: as what it runs, or as part of what it is told."""
    for fence in section.fences:
        step = _step_before(plan, section, fence)
        if step is not None:
            changed = _fenced(step, fence, project)
            plan = _changed(plan, lambda one, step=step, changed=changed: changed if one.id == step.id else one)  # type: ignore[misc]
    return plan


def _step_before(plan: Plan, section: Section, fence: Fence) -> Step | None:
    start, end = (place - section.start for place in fence.introduced)
    found = [step for step in plan if step.source and start <= step.source[0] < max(end, start + 1)]
    if found:
        return found[-1]
    unplaced = [step for step in plan if step.source is None]
    return unplaced[-1] if unplaced else None


def _fenced(step: Step, fence: Fence, project: Project | None) -> Step:
    table = words_table()
    body = "\n".join(_typed(fence.body)).strip()
    if not body or not isinstance(step.action, InstructAction):
        return step
    verb = step.title.split()[0].lower().rstrip(":,")
    if fence.language not in table["shells"] or verb in table["writing_verbs"] or step.check:
        return _told(step, f"```{fence.language}\n{fence.body.rstrip()}\n```")
    found = literal_command(body, project)
    action = found.action
    if "\n" in body:  # each line is a command, and the first that fails ends them
        action = found.action.model_copy(update={"argv": ("sh", "-ec", body)})
    known = {"effects": found.effects, "timeout_s": found.timeout_s, "estimate_s": found.estimate_s}
    return step.model_copy(update={"action": action, "capabilities": found.capabilities, **known})


def _typed(body: str) -> list[str]:
    """Return the lines that are typed: in a transcript those with a prompt."""
    lines = body.splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")] or lines


def _told(step: Step, more: str) -> Step:
    if not more or not isinstance(step.action, InstructAction):
        return step
    return step.model_copy(update={"action": InstructAction(prompt=f"{step.action.prompt}\n\n{more}")})


def _changed(plan: Plan, change: Callable[[Step], Step]) -> Plan:
    stages = tuple(
        stage.model_copy(update={"steps": tuple(change(step) for step in stage.steps)}) for stage in plan.stages
    )
    return plan.model_copy(update={"stages": stages})


def _give_criteria(parts: Sequence[_Part], sections: Sequence[Section]) -> None:
    """Acceptance criteria belong to the last stage of the heading that they are part of, else to the last of all."""
    for section in sections:
        if section.role != "criteria":
            continue
        inside = section.above[-1] if section.above and sections[section.above[-1]].level > 1 else None
        own = [part for part in parts if inside is not None and inside in (part.place, *part.section.above)]
        (own or parts)[-1].accept += section.items


def _titled(parts: Sequence[_Part]) -> list[tuple[Stage, tuple[str, ...]]]:
    """Return all stages, each called as its heading is, and the constraints that its agents were told already."""
    made: list[tuple[Stage, tuple[str, ...]]] = []
    for part in parts:
        for stage in part.plan.stages:
            several = len(part.plan.stages) > 1
            title = one_line(stage.title if several or not part.section.title else part.section.title, 60)
            last = stage is part.plan.stages[-1]
            accept = tuple(dict.fromkeys([*stage.accept, *(part.accept if last else ())]))
            steps = tuple(_placed(step, part.section.start) for step in stage.steps)
            changed = {"title": title or stage.title, "accept": accept, "steps": steps}
            made.append((stage.model_copy(update=changed), part.plan.goal.constraints))
    return made


def _numbered(stage: Stage, stage_id: str, goal: Goal, told: Sequence[str]) -> Stage:
    """Give stage and steps their ids in the whole plan, and tell agents the limits of the whole text."""
    ids = {step.id: f"{stage_id}.{n}" for n, step in enumerate(stage.steps, 1)}
    limits = [f"- {limit}" for limit in goal.constraints if limit not in told]
    words = "\n".join(["Also:" if told else "Constraints:", *limits]) if limits else ""
    steps = []
    for step in stage.steps:
        needs = tuple(need.model_copy(update={"step": ids[need.step]}) for need in step.needs if need.step in ids)
        parent = ids.get(step.parent) if step.parent else None
        changed = {"id": ids[step.id], "needs": needs, "parent": parent, "priority": goal.priority}
        steps.append(_told(step, words).model_copy(update=changed))
    return stage.model_copy(update={"id": stage_id, "steps": tuple(steps)})


def _placed(step: Step, start: int) -> Step:
    """Say where in the whole text the step stands."""
    moved = step.source and (step.source[0] + start, step.source[1] + start)
    return step.model_copy(update={"source": moved})


def _goal(text: str, parts: Sequence[_Part], sections: Sequence[Section], priority: Priority | None) -> Goal:
    goals = [part.plan.goal for part in parts]
    limits = [limit for goal in goals for limit in goal.constraints]
    for section in sections:
        if section.role == "outside":
            limits += [f"Out of scope: {item}" for item in section.items]
        elif section.role == "constraints":
            limits += section.items
    return Goal(
        text=text,
        language=_language([goal.language for goal in goals]),
        priority=priority or max((goal.priority for goal in goals), key=_RANK.index),
        deadline=next((goal.deadline for goal in goals if goal.deadline), None),
        schedule=next((goal.schedule for goal in goals if goal.schedule), None),
        constraints=tuple(dict.fromkeys(limits)),
    )


def _language(languages: Sequence[Language]) -> Language:
    return languages[0] if len(set(languages)) == 1 else "taglish"
