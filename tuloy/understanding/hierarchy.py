"""Hierarchy: a goal's stages, and a heavy goal's steps taken apart: goal -> stage -> step -> implementation step.

Owns where a stage ends that the text does not number, which kind of work a step is, and the parts that kind is made of
(`templates/*.toml`, titles per language). The steps of the text stay as they were read; parts hang under them through
`parent`. Steps that are ready commands, and words that no template fits, stay alone.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, cast, get_args

from tuloy.plan import CommandAction, InstructAction, Need, Plan, Stage, Step, When
from tuloy.printable import one_line
from tuloy.understanding.estimate import introduces
from tuloy.understanding.project import Project
from tuloy.understanding.toolbox import resolve
from tuloy.understanding.words.grammar import Grammar, grammar, language_of
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["in_parts", "in_stages", "kind_of", "without_parts"]

MANY = 8  # of so many steps each is small already: only heavy ones are taken apart
_INSTRUCT_S = (1800.0, 300.0)


def in_parts(plan: Plan, project: Project | None, known: Grammar | None = None) -> Plan:
    """Take the steps of a complex plan apart, where a template fits; other plans are returned as they are.

    `known` is the grammar of the goal's text, where it is at hand.
    """
    if plan.complexity.band != "complex" or plan.parts:
        return plan
    known = known or grammar(language_of(tokenize(plan.goal.text, 0, len(plan.goal.text)))[1])
    only_heavy = len(plan) >= MANY
    stages = [_stage(stage, plan, known, project, only_heavy) for stage in plan.stages]
    return plan.model_copy(update={"stages": tuple(stages)}) if stages != list(plan.stages) else plan


def in_stages(plan: Plan) -> Plan:
    """End a stage where the text itself has its work checked before further work; simple plans stay as they are.

    Only where all before leads to the check, all after waits for its success alone, and agents work on both sides: then
    a checkpoint there is what the text means, and the gates judge what it calls finished.
    """
    if plan.complexity.band == "simple" or len(plan.stages) > 1:
        return plan
    (stage,) = plan.stages
    cuts = list(_cuts(stage.steps))
    if not cuts:
        return plan
    places = [0, *cuts, len(stage.steps)]
    groups = [stage.steps[a:b] for a, b in pairwise(places)]
    ids = {step.id: f"s{m}.{k}" for m, group in enumerate(groups, 1) for k, step in enumerate(group, 1)}
    stages = []
    for m, group in enumerate(groups, 1):
        steps = tuple(_renamed(step, ids) for step in group)
        accept = stage.accept if m == len(groups) else ()
        title = one_line(steps[0].title, 60)
        stages.append(Stage(id=f"s{m}", title=title, gates=stage.gates, accept=accept, steps=steps))
    return plan.model_copy(update={"stages": tuple(stages)})


def _cuts(steps: Sequence[Step]) -> Iterator[int]:
    """Yield the places where the step before checks all that is before it, for all that is after it. Linear."""
    if not any(_is_check(step) for step in steps):
        return
    later = Counter((need.step, need.when) for step in steps for need in step.needs)
    crossing: Counter[tuple[str, When]] = Counter()
    open_ends: set[str] = set()
    free = sum(not step.needs for step in steps)
    work = [_is_work(step) for step in steps]
    behind, before = sum(work), 0
    for place, step in enumerate(steps[:-1], 1):
        for need in step.needs:
            crossing[need.step, need.when] -= 1
            if not crossing[need.step, need.when]:
                del crossing[need.step, need.when]
            open_ends.discard(need.step)
        crossing.update({(step.id, when): n for when in get_args(When) if (n := later[step.id, when])})
        open_ends.add(step.id)
        free -= not step.needs
        behind, before = behind - work[place - 1], before + work[place - 1]
        closed = open_ends == {step.id} and not free and crossing.keys() == {(step.id, "succeeded")}
        if closed and before and behind and _is_check(step):
            yield place


def _is_check(step: Step) -> bool:
    return isinstance(step.action, CommandAction) and step.effects == "none" and not step.check


def _is_work(step: Step) -> bool:
    return step.action.kind == "instruct" and step.effects == "workspace" and not step.check


def _renamed(step: Step, ids: Mapping[str, str]) -> Step:
    needs = tuple(need.model_copy(update={"step": ids[need.step]}) for need in step.needs)
    return step.model_copy(update={"id": ids[step.id], "needs": needs})


def without_parts(plan: Plan) -> Plan:
    """Return the plan with the text's own steps only."""
    if not plan.parts:
        return plan
    own = {step.id for step in plan if step.parent is None}
    stages = []
    for stage in plan.stages:
        steps = [step for step in stage.steps if step.id in own]
        needs = [tuple(need for need in step.needs if need.step in own) for step in steps]
        alone = [step.model_copy(update={"needs": some}) for step, some in zip(steps, needs, strict=True)]
        stages.append(stage.model_copy(update={"steps": tuple(alone)}))
    return plan.model_copy(update={"stages": tuple(stages)})


def kind_of(title: str, known: Grammar) -> str | None:
    """Return the kind of work a step's words ask for, by the name of its template."""
    tokens = tokenize(title, 0, len(title))
    verb = tokens[0].norm if tokens else ""
    forms = [one for one in {verb, known.root(verb), verb.removeprefix("i-")} if one in _by_verb()]
    names = {name for one in forms for name in _by_verb()[one]}
    return next((name for name, one in _templates().items() if name in names and _fits(one, tokens, known)), None)


@cache
def _templates() -> Mapping[str, Mapping[str, Any]]:
    folder = files("tuloy.understanding") / "templates"
    entries = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {name.removesuffix(".toml"): tomllib.loads((folder / name).read_text("utf-8")) for name in entries}


@cache
def _by_verb() -> Mapping[str, Sequence[str]]:
    """Return the names of the templates by the verbs that ask for such work."""
    found: dict[str, list[str]] = {}
    for name, template in _templates().items():
        for verb in template["verbs"]:
            found.setdefault(verb, []).append(name)
    return found


def _fits(template: Mapping[str, Any], tokens: Sequence[Token], known: Grammar) -> bool:
    """Whether a template for the verb in front is one for the things behind it."""
    if template.get("new"):
        return introduces(tokens, known)
    things = frozenset(template.get("things", ()))
    return not things or any(token.norm in things for token in tokens[1:14])


def _stage(stage: Stage, plan: Plan, known: Grammar, project: Project | None, only_heavy: bool) -> Stage:
    steps: list[Step] = []
    for step in stage.steps:
        name = kind_of(step.title, known) if step.action.kind == "instruct" and not step.check else None
        template = _templates()[name] if name else None
        if template is None or (only_heavy and not template["heavy"]):
            steps.append(step)
        else:
            steps += _taken_apart(step, template["parts"], plan.goal.language, known, project)
    return stage.model_copy(update={"steps": tuple(steps)})


def _taken_apart(
    step: Step, parts: Sequence[Mapping[str, Any]], language: str, known: Grammar, project: Project | None
) -> list[Step]:
    """Return the step as a group, and its parts after it."""
    after = _edges(parts, project)
    ids = {name: f"{step.id}.{n}" for n, name in enumerate(after, 1)}
    thing = _thing(step.title, known)
    made = []
    for part in parts:
        if part["id"] not in after:
            continue
        needs = tuple(Need(step=ids[other], when=when) for other, when in after[part["id"]].items())
        words = part.get("fil" if language == "taglish" else language, part["en"])
        title = one_line(words.replace("{thing}", thing), 200)
        made.append(_part(step, part, ids[part["id"]], title, needs or step.needs, len(ids), project))
    followed = {need.step for one in made for need in one.needs}
    ends = tuple(Need(step=one.id, when="finished") for one in made if one.id not in followed)
    return [step.model_copy(update={"needs": (*step.needs, *ends), "estimate_s": 0.0}), *made]


def _edges(parts: Sequence[Mapping[str, Any]], project: Project | None) -> dict[str, dict[str, When]]:
    """What each part waits for. Parts whose command this project lacks are left out, their needs handed on.

    What follows only a failure of such a part is left out with it.
    """
    after: dict[str, dict[str, When]] = {}
    handed: dict[str, dict[str, When]] = {}
    gone: set[str] = set()
    for part in parts:
        needs: dict[str, When] = {}
        missing = False
        for words in part.get("after", ()):
            other, _, when = words.partition(" ")
            missing = missing or other in gone or (other in handed and when == "failed")
            needs |= handed[other] if other in handed else {other: cast(When, when or "succeeded")}
        if missing:
            gone.add(part["id"])
        elif "command" in part and resolve(part["command"], project) is None:
            handed[part["id"]] = needs
        else:
            after[part["id"]] = needs
    return after


def _part(
    group: Step, part: Mapping[str, Any], name: str, title: str, needs: tuple[Need, ...], count: int,
    project: Project | None,
) -> Step:  # fmt: skip
    shared: dict[str, Any] = {
        "id": name, "title": title, "needs": needs, "parent": group.id, "priority": group.priority,
        "confidence": group.confidence, "retries": group.retries, "source": group.source,
    }  # fmt: skip
    found = resolve(part["command"], project) if "command" in part else None
    if found is not None:
        return Step(
            **shared, action=found.action, capabilities=found.capabilities, effects=found.effects,
            timeout_s=found.timeout_s, estimate_s=found.estimate_s,
        )  # fmt: skip
    words = group.action.prompt if isinstance(group.action, InstructAction) else group.title
    prompt = (
        f"{title}\n\nThis is part {name.rpartition('.')[2]} of {count} of a larger step; do this part only, the others "
        f"are done by themselves. The larger step:\n\n{words}"
    )
    timeout_s, estimate_s = _INSTRUCT_S
    return Step(
        **shared, action=InstructAction(prompt=prompt), capabilities=group.capabilities,
        effects=part.get("effects", "workspace"), timeout_s=timeout_s, estimate_s=estimate_s,
    )  # fmt: skip


def _thing(title: str, known: Grammar) -> str:
    """Return what the step is about: its words without the verb, and without the article that a template brings."""
    tokens = tokenize(title, 0, len(title))[1:]
    while tokens and tokens[0].norm in known.articles and tokens[0].norm not in ("the", "a", "an", "mga"):
        tokens = tokens[1:]
    return title[tokens[0].start :] if tokens else title
