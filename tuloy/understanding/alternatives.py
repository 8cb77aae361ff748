"""Alternatives: other ways a text could be meant, how likely each is, and the plan that each would be.

Owns three doubts: side by side or in order, a command or an agent, and words that ask for "better" without saying
what. The numbers are judgements, not measurements; of one doubt they add up to what the reading taken lacks to 1.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tuloy.errors import UsageError
from tuloy.plan import Alternative, CommandAction, InstructAction, Need, Plan, Stage, Step
from tuloy.understanding.hierarchy import in_parts, without_parts
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import Grammar, grammar, language_of
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["SURE", "is_sure", "take", "with_alternatives", "with_readings_of"]

SURE = 0.8
_MOST = 5


class _Candidate(NamedTuple):
    alternative: Alternative
    plan: Callable[[], Plan]


def with_alternatives(plan: Plan, known: Grammar) -> Plan:
    """Fill in the alternatives of a plan without parts; its confidence is that of its own reading at most."""
    found = _candidates(plan, known)
    if not found:
        return plan
    return _left_open(plan, [candidate.alternative for candidate in found])


def with_readings_of(plan: Plan, rules: Plan) -> Plan:
    """Leave open in another lane's plan what the words leave open: who planned a goal has not said what it means."""
    return _left_open(plan, rules.alternatives) if rules.alternatives else plan


def is_sure(plan: Plan) -> bool:
    """Whether the reading may be taken unasked: no other reading competes so much that it falls to 0.8."""
    return 1 - max(_lost(plan.alternatives).values(), default=0.0) > SURE


def take(plan: Plan, number: int, project: Project | None) -> Plan:
    """Return the plan of reading `number` of the rule lane's plan: 1 is its own, 2 its first alternative.

    Raises:
        UsageError: when there is no such reading.
    """
    if number == 1:
        return plan.model_copy(update={"alternatives": ()})
    found = _candidates(without_parts(plan))
    if not 1 <= number <= len(found) + 1:
        raise UsageError(f"there is no reading {number}; `tuloy plan` shows {len(found) + 1}, counted from 1")
    return in_parts(found[number - 2].plan(), project)


def _left_open(plan: Plan, alternatives: Sequence[Alternative]) -> Plan:
    confidence = min(plan.confidence, *(1 - lost for lost in _lost(alternatives).values()))
    return plan.model_copy(update={"alternatives": tuple(alternatives), "confidence": round(confidence, 3)})


def _lost(alternatives: Sequence[Alternative]) -> dict[str, float]:
    """How likely something else is meant, by what is open."""
    lost: dict[str, float] = {}
    for one in alternatives:
        lost[one.doubt] = lost.get(one.doubt, 0.0) + one.confidence
    return lost


def _candidates(plan: Plan, known: Grammar | None = None) -> list[_Candidate]:
    text = plan.goal.text
    known = known or grammar(language_of(tokenize(text, 0, len(text)))[1])
    plain = plan.model_copy(update={"alternatives": ()})
    found = [*_in_order(plain, known), *_by_an_agent(plain), *_clearer(plain, known)]
    return sorted(found, key=lambda candidate: -candidate.alternative.confidence)[:_MOST]


def _in_order(plan: Plan, known: Grammar) -> Iterator[_Candidate]:
    """Steps of one sentence that nothing orders: the writer may still have meant their order."""
    steps = list(plan)
    if len(plan.stages) > 1 or not 2 <= len(steps) <= 8 or any(step.needs for step in steps):
        return
    spans = [step.source for step in steps if step.source]
    if len(spans) < len(steps) or _told_side_by_side(plan, known) or "\n" in plan.goal.text.strip():
        return
    outside = [step for step in steps if step.effects == "external"]
    risky = bool(outside) and len(outside) < len(steps)
    why = f"{outside[0].title!r} reaches outside, and no word says whether it waits" if risky else "no word orders them"
    reading = "one after the other, as written"
    alternative = Alternative(reading=reading, confidence=0.4 if risky else 0.1, why=why, doubt="order")
    yield _Candidate(alternative, lambda: _chained(plan))


def _told_side_by_side(plan: Plan, known: Grammar) -> bool:
    words = [token.norm for token in tokenize(plan.goal.text, 0, len(plan.goal.text))]
    found = (known.connectives.at(words, place) for place in range(len(words)))
    return any(one and one[0] in ("also", "while") for one in found)


def _chained(plan: Plan) -> Plan:
    (stage,) = plan.stages
    steps = [stage.steps[0]]
    for step in stage.steps[1:]:
        steps.append(step.model_copy(update={"needs": (Need(step=steps[-1].id),)}))
    return _with_steps(plan, stage, steps)


def _by_an_agent(plan: Plan) -> Iterator[_Candidate]:
    """A command that the toolbox was not sure of: an agent could be meant to look for the right one."""
    for stage in plan.stages:
        for step in stage.steps:
            argv = " ".join(step.action.argv) if isinstance(step.action, CommandAction) else ""
            if argv and step.confidence < 0.9 and argv not in plan.goal.text:
                alternative = Alternative(
                    reading=f"{step.title!r} by a coding agent, not as `{argv}`",
                    confidence=round(1 - step.confidence, 3),
                    why=f"{argv!r} is the usual command; nothing here says that it is this project's",
                    doubt=f"tool {step.id}",
                )
                changed = {"action": InstructAction(prompt=step.title), "capabilities": ("code",), "timeout_s": 1800.0,
                           "estimate_s": 300.0}  # fmt: skip
                yield _Candidate(alternative, _replacing(plan, stage, step, changed))


def _clearer(plan: Plan, known: Grammar) -> Iterator[_Candidate]:
    """ "Improve the code": what would be better is not said."""
    for stage in plan.stages:
        for step in stage.steps:
            if not isinstance(step.action, InstructAction) or not _may_be_vague(step.title, known):
                continue
            tokens = tokenize(step.title, 0, len(step.title))
            word, forms = _vague_word(tokens, known)
            if not forms or not _says_little(tokens[1:], known):
                continue
            if len(plan) > 1 and any(token.norm in known.pronouns for token in tokens):
                continue
            thing = _thing(step.title, tokens, known)
            for form in forms:
                title = form.replace("{thing}", thing)
                prompt = step.action.prompt.replace(step.title, title, 1)
                changed = {"title": title, "action": InstructAction(prompt=prompt)}
                why = f"{word!r} does not say in which way"
                likely, doubt = round(0.6 / len(forms), 2), f"vague {step.id}"
                alternative = Alternative(reading=title, confidence=likely, why=why, doubt=doubt)
                yield _Candidate(alternative, _replacing(plan, stage, step, changed))


def _may_be_vague(title: str, known: Grammar) -> bool:
    """Whether a word that asks for better is anywhere in the title, if only inside of another word."""
    lowered = title.lower()
    return any(word in lowered for words in (known.vague_readings, known.vague) for word in words)


def _vague_word(tokens: Sequence[Token], known: Grammar) -> tuple[str, tuple[str, ...]]:
    """The word that asks for better without saying what, and what it could mean: a verb, or "make it *nice*"."""
    if not tokens:
        return "", ()
    if forms := known.vague_readings.get(tokens[0].norm, ()):
        return tokens[0].norm, forms
    word = next((token.norm for token in tokens[1:] if token.norm in known.vague), "")
    return word, known.vague_readings.get("*", ()) if word else ()


def _thing(title: str, tokens: Sequence[Token], known: Grammar) -> str:
    """What is to be better, in the words of the title; the code, where they only point."""
    place = next((n for n, token in enumerate(tokens) if n and token.norm in known.vague), 0)
    named = tokens[place + 1 :] or tokens[1:place]  # "make the app nicer", "gawing mas maganda ang app"
    if all(token.norm in known.pronouns | known.determiners for token in named):
        return known.vague_it
    return title[named[0].start : named[-1].end]


def _says_little(behind: Sequence[Token], known: Grammar) -> bool:
    """Whether hardly anything stands behind the verb: "improve the whole code base", "pagandahin ang site"."""
    named = [token for token in behind if token.norm not in known.determiners | known.adverbs | known.vague]
    return len(named) <= 2 and all(token.kind == "word" and token.norm.isalpha() for token in named)


def _replacing(plan: Plan, stage: Stage, step: Step, changed: dict[str, object]) -> Callable[[], Plan]:
    def made() -> Plan:
        new = step.model_copy(update=changed)
        return _with_steps(plan, stage, [new if one is step else one for one in stage.steps])

    return made


def _with_steps(plan: Plan, stage: Stage, steps: Sequence[Step]) -> Plan:
    new = stage.model_copy(update={"steps": tuple(steps)})
    return plan.model_copy(update={"stages": tuple(new if one is stage else one for one in plan.stages)})
