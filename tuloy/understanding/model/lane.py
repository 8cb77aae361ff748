"""Lane: a goal that rules have read is read again by a model, and the better-founded plan is returned.

Owns the course of asking. A model's words are data: they become titles and prompts, and a command only where the
user's own words order it or the project's toolbox knows it (`tuloy.understanding.assemble`), and they cannot take back
what the goal says (`tuloy.understanding.model.held`).
"""

from collections.abc import Callable, Sequence
from functools import partial

from tuloy.errors import PlanInvalid
from tuloy.plan import Plan, topological_order
from tuloy.printable import one_line
from tuloy.settings import ModelSettings
from tuloy.understanding.alternatives import with_readings_of
from tuloy.understanding.assemble import Given, assemble
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft, reduced
from tuloy.understanding.drafting.told import Reading
from tuloy.understanding.hierarchy import in_parts, in_stages, without_parts
from tuloy.understanding.model.client import Answer, Limits, ask
from tuloy.understanding.model.held import check_listed, check_orders, check_reach, commands_of
from tuloy.understanding.model.prompt import correction, packing, thinking
from tuloy.understanding.model.schema import SCHEMA, StepTold, steps_told
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import Grammar, grammar, language_of
from tuloy.understanding.words.tokens import tokenize

__all__ = ["CORRECTIONS", "SURE", "plan_told", "read_by_model"]

CORRECTIONS = 2
SURE = 0.75
"""How sure a plan of a model is: fixed, below what is taken unasked, since nobody has measured the model."""


def read_by_model(
    rules: Plan,
    project: Project | None,
    model: ModelSettings,
    *,
    limits: Limits | None = None,
    silent: Callable[[], None] = lambda: None,
) -> Plan:
    """Return the model's plan, or the rules' plan with a note where every answer was invalid.

    `silent` is called, in another thread, when the model says nothing for a while.

    Raises:
        ModelFailed: when the model gave no whole answer.
    """
    try:
        return _asked(rules, project, partial(ask, model, limits=limits, silent=silent))
    except PlanInvalid as error:
        said = f"{model.name!r} gave no valid plan in {CORRECTIONS + 1} answers ({one_line(str(error), 200)})"
        return rules.model_copy(update={"notes": (*rules.notes, f"read by rules alone: {said}")})


def _asked(rules: Plan, project: Project | None, put: Callable[..., Answer]) -> Plan:
    """Ask freely, then for the schema, and say what was wrong as often as is worth it.

    Raises:
        PlanInvalid: when the last answer is no valid plan either.
    """
    commands = commands_of(without_parts(rules))
    free = put(thinking(rules.goal.text, commands, project))
    messages = packing(rules.goal.text, commands, free.text)
    for left in reversed(range(CORRECTIONS + 1)):
        answer = put(messages, schema=SCHEMA, think=False)
        try:
            plan = in_stages(plan_told(answer.text, rules, project))
            return in_parts(with_readings_of(plan, rules), project)
        except PlanInvalid as error:
            if not left:
                raise
            messages = [*messages, *correction(answer.text, str(error))]
    raise AssertionError("unreachable")


def plan_told(answer: str, rules: Plan, project: Project | None) -> Plan:
    """Return the plan that an answer tells, held to the goal as the rules read it.

    Raises:
        PlanInvalid: with a sentence that tells the model what was wrong.
    """
    rules = without_parts(rules)  # those are templates' words, not the user's
    told = steps_told(answer)
    order = _order(told)
    known = _grammar_of(rules)
    text = "\n".join(step.title for step in told)
    drafts = _drafts(told, order, text, rules, known)
    reduced(drafts)
    accept = [line for stage in rules.stages for line in stage.accept]
    given = Given(rules.goal, known, project, text, "model", commands_of(rules))
    plan = assemble(Reading(drafts, list(rules.goal.constraints), accept), given, SURE)
    check_orders(plan, rules)
    check_reach(plan, drafts, rules, known)
    check_listed(plan, rules, known)
    return plan


def _grammar_of(rules: Plan) -> Grammar:
    text = rules.goal.text
    return grammar(language_of(tokenize(text, 0, len(text)))[1])


def _order(told: Sequence[StepTold]) -> list[int]:
    """Return the places of the steps, each behind what it comes after."""
    try:
        ordered = topological_order({str(n): [str(one) for one in step.after] for n, step in enumerate(told, 1)})
    except PlanInvalid as error:
        raise PlanInvalid(f"the order is impossible: {error}") from error
    return [int(number) - 1 for number in ordered]


def _drafts(told: Sequence[StepTold], order: Sequence[int], text: str, rules: Plan, known: Grammar) -> list[Draft]:
    starts = [0]
    for step in told:
        starts.append(starts[-1] + len(step.title) + 1)
    made = [_draft(step, starts[n], text, rules.goal.text, known) for n, step in enumerate(told)]
    for step, draft in zip(told, made, strict=True):
        draft.need({made[number - 1]: step.when for number in step.after})
    return [made[place] for place in order]


def _draft(step: StepTold, start: int, text: str, goal: str, known: Grammar) -> Draft:
    tokens = tokenize(text, start, start + len(step.title))
    verb = tokens[0].norm if tokens else ""
    return Draft(
        title=step.title,
        span=_place_of(step.title, goal),
        verb=verb,
        tokens=tokens,
        words=content([token.norm for token in tokens], known),
        command=" ".join(step.command.strip("`$ ").split()) or None,
        sure=SURE,
    )


def _place_of(title: str, goal: str) -> tuple[int, int]:
    """Where the goal's own words are the title; nowhere is the empty span."""
    start = goal.lower().find(title.lower())
    end = start + len(title)
    return (start, end) if start >= 0 and goal[start:end].lower() == title.lower() else (0, 0)
