"""Held: what a goal itself says, and no reading of it by a model may change.

Owns three checks: the commands that it orders are there, in its order, and nothing leaves the machine unasked.
"""

import re
import shlex
from collections.abc import Iterable, Sequence

from tuloy.errors import PlanInvalid
from tuloy.plan import CommandAction, Plan, Step, When
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.phrases import table
from tuloy.understanding.words.tokens import tokenize

__all__ = ["check_orders", "check_reach", "commands_of"]


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
