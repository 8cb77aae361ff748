"""Assemble: drafts to a valid plan, the same for every lane.

Owns stages, ids, actions, effects and confidence, and which words may become a command. Does not own how drafts are
found (`tuloy.understanding.rules`, `tuloy.understanding.model`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tuloy.limits import with_limits
from tuloy.plan import Action, CommandAction, Effects, Goal, InstructAction, Need, Plan, Stage, Step
from tuloy.printable import one_line
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.told import Reading
from tuloy.understanding.estimate import complexity_of
from tuloy.understanding.facts import fact_command
from tuloy.understanding.project import Project
from tuloy.understanding.toolbox import Resolved, literal_command, resolve
from tuloy.understanding.words.grammar import Grammar

__all__ = ["Given", "assemble", "stages_of"]

_INSTRUCT_S = (1800.0, 300.0)
_TITLE = 200


@dataclass(frozen=True, slots=True)
class Given:
    """What drafts are assembled with. `text` is what the places of their tokens count in.

    `commands` is None where the drafts' words are the user's own. Where they are not, those words are data: they are
    the only command lines that a draft may spell out, each with the step that the user's words made of it.
    """

    goal: Goal
    known: Grammar
    project: Project | None
    text: str
    lane: Literal["rules", "model"] = "rules"
    commands: Mapping[str, Step] | None = None


def assemble(reading: Reading, given: Given, sure: float) -> Plan:
    """Return the plan that these drafts make; `sure` bounds its confidence."""
    goal, known, project = given.goal, given.known, given.project
    parts = stages_of(reading.drafts)
    ids = {draft: f"s{m}.{n}" for m, part in enumerate(parts, 1) for n, draft in enumerate(part, 1)}
    made = [[_step(draft, ids, given) for draft in part] for part in parts]
    steps = [step for part in made for step in part]
    commands = sum(isinstance(step.action, CommandAction) for step in steps)
    stages = []
    for number, (part, own) in enumerate(zip(parts, made, strict=True), 1):
        title = part[0].stage or (own[0].title if len(own) == 1 else goal.text)
        stages.append(
            Stage(
                id=f"s{number}",
                title=one_line(title, 60) or "Do it",
                gates=_gates(project),
                accept=tuple(reading.accept) if number == len(parts) else (),
                steps=tuple(own),
            )
        )
    lowest = min(step.confidence for step in steps)
    mean = sum(step.confidence for step in steps) / len(steps)
    plan = Plan.of(
        goal=goal,
        complexity=complexity_of(reading.drafts, commands, known),
        lane=given.lane,
        confidence=round(min(sure, (lowest + mean) / 2), 3),
        stages=tuple(stages),
    )
    return with_limits(plan)


def stages_of(drafts: list[Draft]) -> list[list[Draft]]:
    """Return the drafts by stage: one per phase that the text numbers, for a later one needs them; else all in one."""
    parts: list[list[Draft]] = []
    for draft in drafts:
        if not parts or draft.stage != parts[-1][-1].stage:
            parts.append([])
        parts[-1].append(draft)
    names = [part[0].stage for part in parts]
    return parts if len(set(names)) == len(names) and "" not in names else [drafts]


def _gates(project: Project | None) -> tuple[str, ...]:
    if project is None:
        return ()
    return tuple(name for name, there in (("lint", project.has_lint), ("tests", project.has_tests)) if there)


def _step(draft: Draft, ids: dict[Draft, str], given: Given) -> Step:
    goal, known = given.goal, given.known
    found = _command_of(draft, given) if given.commands is None else _allowed_command(draft, given, given.commands)
    action: Action = found.action if found else InstructAction(prompt=_prompt(draft, goal, known))
    timeout_s, estimate_s = (found.timeout_s, found.estimate_s) if found else _INSTRUCT_S
    return Step(
        id=ids[draft],
        title=one_line(draft.title, _TITLE) or "Do it",
        action=action,
        needs=tuple(Need(step=ids[other], when=when, any=other in draft.either) for other, when in draft.needs.items()),
        capabilities=found.capabilities if found else ("code",),
        priority=goal.priority,
        effects="none" if draft.check else found.effects if found else _effects(draft, known),
        check=draft.check or (known.root(draft.verb) in known.check_verbs and _asks(draft, known)),
        timeout_s=timeout_s,
        estimate_s=estimate_s,
        confidence=round(min(draft.sure, found.confidence) if found and not draft.command else draft.sure, 3),
        source=draft.span if draft.span[0] < draft.span[1] else None,
    )


def _asks(draft: Draft, known: Grammar) -> bool:
    words = [token.norm for token in draft.tokens[1:5]]
    return any(word in known.whether and after not in known.questions for word, after in pairwise([*words, ""]))


def _allowed_command(draft: Draft, given: Given, commands: Mapping[str, Step]) -> Resolved | None:
    """Return the command of a draft whose words are data: one that the user's words order, or the project's own."""
    step = commands.get(draft.command or "")
    if step is not None and isinstance(step.action, CommandAction):
        return Resolved(
            action=step.action,
            effects=step.effects,
            capabilities=step.capabilities,
            timeout_s=step.timeout_s,
            estimate_s=step.estimate_s or 30,
            confidence=step.confidence,
        )
    draft.command = None
    if _spells_a_command(draft.title) or any(token.kind == "code" for token in draft.tokens):
        return None
    return _command_of(draft, given)


def _spells_a_command(words: str) -> bool:
    """Whether a command line is written out anywhere in these words, whatever marks stand around it."""
    parts = re.sub(r"[^\w./:=@+-]+", " ", words.lower()).split()
    return any(resolve(" ".join(parts[n:]), None) for n in range(len(parts)))


def _command_of(draft: Draft, given: Given) -> Resolved | None:
    text, known, project = given.text, given.known, given.project
    if draft.check:
        return fact_command(draft, text, known, project)
    literal = draft.command or _literal(draft, text, known)
    if literal:
        draft.command = literal
        return literal_command(literal, project)
    if known.root(draft.verb) in known.check_verbs and _asks(draft, known):
        return fact_command(draft, text, known, project)
    return resolve(draft.title, project)


def _literal(draft: Draft, text: str, known: Grammar) -> str | None:
    """The command in backticks that the step runs: right behind a verb of running, or alone."""
    tokens = draft.tokens
    running = bool({known.root(draft.verb), draft.verb} & known.running)
    place = next((n for n, token in enumerate(tokens[:5]) if token.kind == "code"), None)
    if place is None or not (running or len(tokens) == 1):
        return None
    between = tokens[1:place] if running else []
    small = known.determiners | known.coordinators | known.command_nouns
    if any(t.norm not in small for t in between):
        return None
    after = tokens[place + 1].norm if place + 1 < len(tokens) else ""
    if after in known.literal_nouns:
        return None
    words = text[tokens[place].start + 1 : tokens[place].end - 1].strip()
    return words or None


def _prompt(draft: Draft, goal: Goal, known: Grammar) -> str:
    words = ". ".join([draft.title, *draft.details])
    if draft.check:
        words = f"{words}. Change nothing; say yes or no, and what shows it."
    if goal.constraints:
        words = "\n".join([words, "", "Constraints:", *(f"- {one}" for one in goal.constraints)])
    return words


def _effects(draft: Draft, known: Grammar) -> Effects:
    verb = known.root(draft.verb)
    if verb in known.outside_verbs or draft.verb in known.outside_verbs:
        return "external"
    reaches = draft.words & known.production and verb in known.outside_with_production
    if reaches:
        return "external"
    return "none" if verb in known.check_verbs and _asks(draft, known) else "workspace"
