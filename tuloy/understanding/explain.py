"""Explain: which words of a text made which step and edge, and by which rule.

Reads it off the plan that the rules made: sources of steps, and the words between two steps that an edge joins.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuloy.plan import Plan
from tuloy.understanding.grammar import Grammar, grammar, language_of
from tuloy.understanding.moments import deadline_of
from tuloy.understanding.tokens import tokenize

__all__ = ["Explained", "explain"]


@dataclass(frozen=True, slots=True)
class Explained:
    """Words of the text (`span`, half open, in characters) that made something, by a rule said in plain words."""

    what: Literal["step", "edge", "priority", "deadline", "constraint", "background"]
    subject: str
    rule: str
    span: tuple[int, int]


def explain(text: str, root: Path | None = None) -> list[Explained]:
    """Return what the words of a text made, in the order of the text."""
    from tuloy.understanding import look_at, understand

    plan = understand(text, look_at(root) if root else None)
    known = grammar(language_of(tokenize(text, 0, len(text)))[1])
    found = [*_steps(plan), *_edges(plan, text, known), *_urgency(text, known), *_constraints(plan, text)]
    return sorted(found, key=lambda one: (one.span, one.what))


def _steps(plan: Plan) -> list[Explained]:
    return [
        Explained("step", step.title, "a check" if step.check else "an order", step.source)
        for step in plan
        if step.parent is None and step.source is not None
    ]


def _edges(plan: Plan, text: str, known: Grammar) -> list[Explained]:
    """The connective nearest before the later step; where there is none, the step's own words refer back."""
    found = []
    for step in plan:
        for need in step.needs:
            before = plan.steps[need.step]
            if step.parent or before.parent or step.source is None or before.source is None:
                continue
            start, end = sorted((before.source[1], step.source[0]))
            tokens = tokenize(text, start, end)
            hit = known.connectives.within([token.norm for token in tokens]) if tokens else None
            span = (tokens[hit[1]].start, tokens[hit[1] + hit[2] - 1].end) if hit else step.source
            rule = f"{hit[0]!r} word" if hit else "its words follow from the step before"
            found.append(Explained("edge", f"{before.title} -> {step.title} ({need.when})", rule, span))
    return found


def _urgency(text: str, known: Grammar) -> list[Explained]:
    tokens = tokenize(text, 0, len(text))
    words = [token.norm for token in tokens]
    at, spans = deadline_of(text, tokens, words, known, None)
    found = [Explained("deadline", at or "no such day", "a date", span) for span in spans]
    if hit := known.priorities.within(words):
        span = (tokens[hit[1]].start, tokens[hit[1] + hit[2] - 1].end)
        found.append(Explained("priority", hit[0], "a word of urgency", span))
    return found


def _constraints(plan: Plan, text: str) -> list[Explained]:
    places = [(limit, text.find(limit)) for limit in plan.goal.constraints]
    return [Explained("constraint", limit, "a limit", (at, at + len(limit))) for limit, at in places if at >= 0]
