"""Rules: the rule lane, from a goal's text to a valid plan.

Owns putting the parts of reading together: urgency, blocks, clauses. Deterministic, no network, linear in the text.
"""

import re
from datetime import datetime

from tuloy.errors import UsageError
from tuloy.plan import Goal, Language, Plan, Priority
from tuloy.printable import one_line
from tuloy.understanding.alternatives import with_alternatives
from tuloy.understanding.assemble import Given, assemble
from tuloy.understanding.clauses.blocks import blocks
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.reading import read
from tuloy.understanding.drafting.told import Reading
from tuloy.understanding.hierarchy import in_parts, in_stages
from tuloy.understanding.project import Project
from tuloy.understanding.timing.urgency import Urgency, urgency_of
from tuloy.understanding.words.grammar import Grammar, grammar, language_of
from tuloy.understanding.words.tokens import tokenize

__all__ = ["LONGEST", "read_goal", "read_text"]

LONGEST = 100_000
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
        schedule=urgency.schedule,
        constraints=tuple(reading.constraints),
    )
    plan = assemble(reading, Given(goal, known, project, text), _sure(reading))
    return in_parts(with_alternatives(in_stages(plan), known), project, known)


def read_text(text: str, now: datetime | None) -> tuple[Language, Grammar, Urgency, Reading]:
    """Read a text as far as no project matters: its language, how urgent it is, and its drafts with reduced edges.

    Raises:
        UsageError: as `read_goal`.
    """
    _check_text(text)
    tokens = tokenize(text, 0, len(text))
    language, names = language_of(tokens)
    known = grammar(names)
    urgency = urgency_of(text, tokens, known, now)
    reading = read(text, blocks(text), known, tokens, urgency.spans)
    reading.drafts = reading.drafts or [_whole(text)]
    reading.settle()
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
