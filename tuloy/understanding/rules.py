"""Rules: the rule lane, from a goal's text to a valid plan.

Owns putting the parts together: urgency, reading, toolbox, estimate. Deterministic, no network, linear in the text.
"""

import re
from datetime import datetime

from tuloy.errors import UsageError
from tuloy.plan import Action, CommandAction, Effects, Goal, InstructAction, Language, Need, Plan, Priority, Stage, Step
from tuloy.printable import one_line
from tuloy.understanding.blocks import blocks
from tuloy.understanding.draft import Draft, reduced
from tuloy.understanding.estimate import complexity_of
from tuloy.understanding.facts import fact_command
from tuloy.understanding.grammar import Grammar, grammar, language_of
from tuloy.understanding.project import Project
from tuloy.understanding.reading import read
from tuloy.understanding.tokens import tokenize
from tuloy.understanding.told import Reading
from tuloy.understanding.toolbox import Resolved, literal_command, resolve
from tuloy.understanding.urgency import Urgency, urgency_of

__all__ = ["LONGEST", "read_goal", "read_text"]

LONGEST = 100_000
_INSTRUCT_S = (1800.0, 300.0)
_TITLE = 200
_GUESS = 0.7
_UNSPEAKABLE = re.compile("[\0\ud800-\udfff]")


def read_goal(
    text: str, project: Project | None, *, priority: Priority | None = None, now: datetime | None = None
) -> Plan:
    """Read a goal by rules alone.

    Raises:
        UsageError: when the text is empty, longer than 100,000 characters, or holds a NUL or half a character.
    """
    language, known, urgency, reading = read_text(text, now)
    goal = Goal(
        text=text,
        language=language,
        priority=priority or urgency.priority,
        deadline=urgency.deadline,
        constraints=tuple(reading.constraints),
    )
    return _plan(goal, reading, known, project, _sure(reading))


def read_text(text: str, now: datetime | None) -> tuple[Language, Grammar, Urgency, Reading]:
    """Read a text as far as no project matters: its language, how urgent it is, and its drafts with reduced edges.

    Raises:
        UsageError: as `read_goal`.
    """
    _check_text(text)
    tokens = tokenize(text, 0, len(text))
    language, names = language_of(tokens)
    known = grammar(names)
    urgency = urgency_of(tokens, known, now)
    reading = read(text, blocks(text), known, urgency.spans)
    reading.drafts = reading.drafts or [_whole(text)]
    reduced(reading.drafts)
    return language, known, urgency, reading


def _sure(reading: Reading) -> float:
    """How likely every step and edge is right: less with each step, condition and sentence that is only told.

    The weights are set so that the development half of `benchmarks.understanding` bears them out.
    """
    asked = sum(when != "succeeded" for draft in reading.drafts for when in draft.needs.values())
    guesses = sum(draft.sure < _GUESS for draft in reading.drafts)
    doubts = 0.012 * (len(reading.drafts) - 1) + 0.015 * asked + 0.02 * len(reading.told) + 0.08 * guesses
    return max(0.3, min(draft.sure for draft in reading.drafts[:1]) if len(reading.drafts) == 1 else 0.97 - doubts)


def _check_text(text: str) -> None:
    if not text.strip():
        raise UsageError(f"the goal is empty ({text[:20]!r}); say what should be done, in quotes")
    if odd := _UNSPEAKABLE.search(text):
        raise UsageError(
            f"the goal holds {odd[0]!r} at character {odd.start()}, which no program can be given; remove it"
        )
    if len(text) > LONGEST:
        raise UsageError(
            f"the goal has {len(text):,} characters, at most {LONGEST:,} can be read; put the details in a file of the"
            " repository and name it, or split the goal"
        )


def _whole(text: str) -> Draft:
    """A text that the rules find no step in is one step."""
    body = text.strip()
    start = text.index(body)
    return Draft(one_line(body) or "Do it", (start, start + len(body)), sure=0.4)


def _plan(goal: Goal, reading: Reading, known: Grammar, project: Project | None, sure: float) -> Plan:
    parts = _stages(reading.drafts)
    ids = {draft: f"s{m}.{n}" for m, part in enumerate(parts, 1) for n, draft in enumerate(part, 1)}
    made = [[_step(draft, ids, goal, known, project) for draft in part] for part in parts]
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
    return Plan.of(
        goal=goal,
        complexity=complexity_of(reading.drafts, commands, known),
        lane="rules",
        confidence=round(min(sure, (lowest + mean) / 2), 3),
        stages=tuple(stages),
    )


def _stages(drafts: list[Draft]) -> list[list[Draft]]:
    """One stage per phase that the text numbers: a later phase needs the earlier ones anyway. Else one for all."""
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


def _step(draft: Draft, ids: dict[Draft, str], goal: Goal, known: Grammar, project: Project | None) -> Step:
    found = _command_of(draft, goal.text, known, project)
    action: Action = found.action if found else InstructAction(prompt=_prompt(draft, goal, known))
    timeout_s, estimate_s = (found.timeout_s, found.estimate_s) if found else _INSTRUCT_S
    return Step(
        id=ids[draft],
        title=one_line(draft.title, _TITLE) or "Do it",
        action=action,
        needs=tuple(Need(step=ids[other], when=when) for other, when in draft.needs.items()),
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
    return any(token.norm in known.whether for token in draft.tokens[1:4])


def _command_of(draft: Draft, text: str, known: Grammar, project: Project | None) -> Resolved | None:
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
    running = known.root(draft.verb) in _RUNNING or draft.verb in _RUNNING
    place = next((n for n, token in enumerate(tokens[:5]) if token.kind == "code"), None)
    if place is None or not (running or len(tokens) == 1):
        return None
    between = tokens[1:place] if running else []
    if any(t.norm not in known.determiners and t.norm not in ("command", "ang", "the", "and") for t in between):
        return None
    after = tokens[place + 1].norm if place + 1 < len(tokens) else ""
    if after in (
        "script",
        "target",
        "task",
        "function",
        "method",
        "class",
        "test",
        "tests",
        "module",
        "job",
        "migration",
    ):
        return None
    words = text[tokens[place].start + 1 : tokens[place].end - 1].strip()
    return words or None


_RUNNING = frozenset(
    {"run", "rerun", "re-run", "execute", "call", "invoke", "launch", "i-run", "patakbuhin", "paandarin"}
)


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
