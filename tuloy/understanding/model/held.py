"""Held: what a goal itself says, and no reading of it by a model may change.

Owns four checks: the commands that it orders are there, in its order, nothing leaves the machine unasked, and the
steps of its lists have not disappeared.
"""

import re
import shlex
from collections.abc import Iterable, Sequence

from tuloy.errors import PlanInvalid
from tuloy.plan import CommandAction, Plan, Step, When
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.phrases import table
from tuloy.understanding.words.tokens import tokenize

__all__ = ["check_listed", "check_orders", "check_reach", "commands_of"]

_ITEM = re.compile(r"[ \t>]*(?:[-*+•]|\d{1,9}[.)]|\[[ xX]?\])[ \t]")
_ALIKE = 0.5


def commands_of(rules: Plan) -> dict[str, Step]:
    """Return the command lines that the user's words stand for, each with its step."""
    found: dict[str, Step] = {}
    for step in rules:
        if isinstance(step.action, CommandAction) and not step.check:
            argv = step.action.argv
            found[argv[2] if argv[:2] == ("sh", "-c") and len(argv) == 3 else shlex.join(argv)] = step
    return found


def check_orders(plan: Plan, rules: Plan) -> None:
    """Find every command of the goal in the plan, behind the commands and checks that the goal puts before it.

    Raises:
        PlanInvalid: naming the command that is missing or out of its place.
    """
    commands = commands_of(rules)
    there = {_argv(step): step for step in reversed(list(plan))}
    lines = {step.id: line for line, step in commands.items()}
    for line, asked in commands.items():
        if _argv(asked) not in there:
            raise PlanInvalid(f"the goal says {asked.title!r}, and no step has the command {line!r}; add it")
        for need in asked.needs:
            earlier = there.get(_argv(commands[lines[need.step]])) if need.step in lines else None
            if earlier and not _comes_after(plan, there[_argv(asked)], earlier, need.when):
                after = f"{line!r} is done when {lines[need.step]!r} has {need.when}"
                raise PlanInvalid(f"the goal says that {after}; say so with after and when")
            asked_first = rules.steps[need.step]
            if asked_first.check and not _is_asked_before(plan, there[_argv(asked)], need.when):
                after = f"{line!r} is done when {asked_first.title!r} has {need.when}"
                raise PlanInvalid(f"the goal says that {after}; make that a step, and say so with after and when")


def check_listed(plan: Plan, rules: Plan, known: Grammar) -> None:
    """Find every step of the goal's lists and boxes in the plan, each in a step of its own or whole within another.

    Two are the same when half of their words are (Dice, of words without endings). Commands are `check_orders`'s.

    Raises:
        PlanInvalid: naming the steps that are missing.
    """
    listed = [step for step in rules if _is_listed(step, rules.goal.text) and not _argv(step)]
    wanted = [words for step in listed if (words := _words(step, known))]
    told = [_words(step, known) for step in plan]
    alike = [[n for n, words in enumerate(told) if _dice(one, words) >= _ALIKE] for one in wanted]
    taken = _matched(alike)
    gone = {one for n, one in enumerate(wanted) if n not in taken.values() and not any(one <= words for words in told)}
    if missing := [step.title for step in listed if _words(step, known) in gone]:
        names = ", ".join(repr(title) for title in missing[:5]) + (", …" if missing[5:] else "")
        raise PlanInvalid(f"the goal lists {names}, and no step does that; add it in the goal's words")


def _is_listed(step: Step, text: str) -> bool:
    if step.source is None:
        return False
    line = text.rfind("\n", 0, step.source[0]) + 1
    return _ITEM.match(text, line) is not None


def _words(step: Step, known: Grammar) -> frozenset[str]:
    return content([token.norm for token in tokenize(step.title, 0, len(step.title))], known)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _matched(alike: Sequence[Sequence[int]]) -> dict[int, int]:
    """Give as many as possible one of theirs each (augmenting paths, Kuhn 1955); return who has it, by what it is."""
    taken: dict[int, int] = {}

    def give(one: int, tried: set[int]) -> bool:
        for other in alike[one]:
            if other not in tried:
                tried.add(other)
                if other not in taken or give(taken[other], tried):
                    taken[other] = one
                    return True
        return False

    for one in range(len(alike)):
        give(one, set())
    return taken


def _argv(step: Step) -> tuple[str, ...]:
    return step.action.argv if isinstance(step.action, CommandAction) else ()


def _is_asked_before(plan: Plan, step: Step, when: When) -> bool:
    return any(plan.steps[need.step].check and need.when == when for need in step.needs)


def _comes_after(plan: Plan, step: Step, earlier: Step, when: When) -> bool:
    """Whether a step needs another so; success may be needed through others."""
    if when != "succeeded":
        return (earlier.id, when) in {(need.step, need.when) for need in step.needs}
    open_ends, seen = [step], {step.id}
    while open_ends:
        for one in open_ends.pop().needs:
            if one.when == "succeeded" and one.step not in seen:
                seen.add(one.step)
                open_ends.append(plan.steps[one.step])
    return earlier.id in seen


def check_reach(plan: Plan, drafts: Sequence[Draft], rules: Plan, known: Grammar) -> None:
    """Let nothing leave the machine that the goal's own words do not send.

    Raises:
        PlanInvalid: naming the step that does.
    """
    text = rules.goal.text
    said = _roots((token.norm for token in tokenize(text, 0, len(text))), known)
    ordered = {_argv(step) for step in rules}
    for step, draft in zip(plan, drafts, strict=True):
        asked_for = (_argv(step) and _argv(step) in ordered) or _reaching(step, draft, known) <= said
        if step.effects == "external" and not asked_for:
            raise PlanInvalid(f"step {step.title!r} leaves the machine, and the goal does not say so; leave it out")


def _reaching(step: Step, draft: Draft, known: Grammar) -> set[str]:
    """Return the words that make a step reach outside: all of them have to be the goal's; else its verb."""
    spoken = [token.norm for token in draft.tokens]
    spoken += [word for part in _argv(step) for word in re.split(r"[^a-z]+", part.lower())]
    outside = known.outside_verbs | set(table("toolbox")["external"]["words"])
    return _roots(spoken, known) & outside or _roots([draft.verb], known)


def _roots(words: Iterable[str], known: Grammar) -> set[str]:
    return {known.root(known.base(word) or word) for word in words}
