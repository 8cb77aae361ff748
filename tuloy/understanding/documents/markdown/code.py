"""Code: the blocks of a section, each given to the step right before it, as what it runs or as what it is told.

A block is meant to the letter: a step that has one is no group, and runs nothing else.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from tuloy.plan import CommandAction, InstructAction, Need, Plan, Step
from tuloy.understanding.clauses.blocks import typed_in
from tuloy.understanding.documents.markdown.records import Fence, Section
from tuloy.understanding.documents.markdown.roles import words_table
from tuloy.understanding.project import Project
from tuloy.understanding.toolbox import literal_command

__all__ = ["only", "runs", "told", "with_code"]


def runs(section: Section) -> bool:
    """Whether a block of the section is a command by its language, or looks like one without one."""
    return any(typed_in(fence.body, fence.language) for fence in section.fences)


def with_code(plan: Plan, section: Section, project: Project | None, *, heading: Step | None) -> tuple[Plan, int]:
    """Give each code block to its step; return how many belong to none. `heading` is the step that the heading is."""
    placed = sorted((step for step in plan if step.source and step.parent is None), key=_start)
    places = [_start(step) for step in placed]
    given: dict[str, list[Fence]] = {}
    left = 0
    for fence in section.fences:
        step = _step_of(fence, section, placed, places) or heading
        if step is None or not isinstance(step.action, InstructAction | CommandAction):
            left += 1
        else:
            given.setdefault(step.id, []).append(fence)
    changed: dict[str, Step] = {}
    for step_id, fences in given.items():
        named = heading is not None and step_id == heading.id
        changed[step_id], kept = _fenced(plan.steps[step_id], fences, project, named=named)
        left += len(fences) - kept
    return _with_steps(only(plan, changed.keys()), changed), left


def _start(step: Step) -> int:
    return step.source[0] if step.source else 0


def _step_of(fence: Fence, section: Section, placed: Sequence[Step], places: Sequence[int]) -> Step | None:
    """Return the step of the words right before a block: of several the last, or the last that runs something."""
    words = fence.introduced
    if words is None:
        return None
    first = bisect_left(places, words.start - section.start)
    last = bisect_left(places, max(words.end - section.start, words.start - section.start + 1))
    if first < last:
        running = [step for step in placed[first:last] if _verb(step) in words_table()["running_verbs"]]
        return running[-1] if running else placed[last - 1]
    opens = fence.item.start if fence.item else words.start if words.words.endswith(":") else -1
    if opens < 0 or not last:
        return None
    before = placed[last - 1]
    inside = fence.item is None or _start(before) >= opens - section.start
    return before if inside else None


def _verb(step: Step) -> str:
    return step.title.split()[0].lower().rstrip(":,")


def _fenced(step: Step, fences: Sequence[Fence], project: Project | None, *, named: bool) -> tuple[Step, int]:
    """Return the step with its blocks, and how many of them it could take."""
    lines = [command for fence in fences if (command := _command(step, fence, named=named))]
    texts = [fence for fence in fences if not _command(step, fence, named=named)]
    if lines:
        found = literal_command("\n".join(lines), project)
        known = {"effects": found.effects, "timeout_s": found.timeout_s, "estimate_s": found.estimate_s}
        return step.model_copy(
            update={"action": found.action, "capabilities": found.capabilities, **known}
        ), len(lines)  # fmt: skip
    if not isinstance(step.action, InstructAction):
        return step, 0
    return told(step, "\n\n".join(f"```{one.language}\n{one.body.rstrip()}\n```" for one in texts)), len(texts)


def _command(step: Step, fence: Fence, *, named: bool) -> str | None:
    """Return what the block has the step run; None where it is something to read or to write."""
    command = typed_in(fence.body, fence.language)
    if command is None or step.check:
        return None
    verb = _verb(step)
    if fence.language or "$ " in fence.body:
        return None if verb in words_table()["writing_verbs"] else command
    return command if named or verb in words_table()["running_verbs"] else None


def told(step: Step, more: str) -> Step:
    """Return the step with more words for its agent; a command has no use for them."""
    if not more or not isinstance(step.action, InstructAction):
        return step
    return step.model_copy(update={"action": InstructAction(prompt=f"{step.action.prompt}\n\n{more}")})


def only(plan: Plan, alone: Iterable[str]) -> Plan:
    """Return the plan in which these steps are no groups: their parts are gone."""
    names = set(alone)
    gone = {part.id for group in names for part in plan.parts.get(group, ())}
    if not gone:
        return plan
    stages = []
    for stage in plan.stages:
        kept = [step for step in stage.steps if step.id not in gone]
        needs: list[tuple[Need, ...]] = [tuple(need for need in step.needs if need.step not in gone) for step in kept]
        steps = [step.model_copy(update={"needs": some}) for step, some in zip(kept, needs, strict=True)]
        stages.append(stage.model_copy(update={"steps": tuple(steps)}))
    return plan.model_copy(update={"stages": tuple(stages)})


def _with_steps(plan: Plan, changed: Mapping[str, Step]) -> Plan:
    """Return the plan with other actions for some steps; what they need is what the plan says now."""
    stages = []
    for stage in plan.stages:
        steps = [
            changed[step.id].model_copy(update={"needs": step.needs}) if step.id in changed else step
            for step in stage.steps
        ]
        stages.append(stage.model_copy(update={"steps": tuple(steps)}))
    return plan.model_copy(update={"stages": tuple(stages)})
