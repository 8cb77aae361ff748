"""Rules: the rule lane, from a goal's text to a valid plan.

Owns putting the parts of reading together: urgency, blocks, clauses. Deterministic, no network, linear in the text.
"""

from datetime import datetime

from tuloy.errors import UsageError
from tuloy.plan import Goal, Plan, Priority
from tuloy.printable import one_line
from tuloy.understanding.alternatives import with_alternatives
from tuloy.understanding.assemble import Given, assemble
from tuloy.understanding.blocks import blocks
from tuloy.understanding.draft import Draft, reduced
from tuloy.understanding.grammar import grammar, language_of
from tuloy.understanding.hierarchy import in_parts, in_stages
from tuloy.understanding.project import Project
from tuloy.understanding.reading import read
from tuloy.understanding.tokens import tokenize
from tuloy.understanding.urgency import urgency_of

__all__ = ["LONGEST", "read_goal"]

LONGEST = 100_000


def read_goal(
    text: str, project: Project | None, *, priority: Priority | None = None, now: datetime | None = None
) -> Plan:
    """Read a goal by rules alone.

    Raises:
        UsageError: when the text is empty or longer than 100,000 characters.
    """
    _check_text(text)
    tokens = tokenize(text, 0, len(text))
    language, names = language_of(tokens)
    known = grammar(names)
    urgency = urgency_of(text, tokens, known, now)
    reading = read(text, blocks(text), known, urgency.spans)
    sure = 0.95
    if not reading.drafts:
        reading.drafts = [_whole(text)]
        sure = 0.4
    reduced(reading.drafts)
    goal = Goal(
        text=text,
        language=language,
        priority=priority or urgency.priority,
        deadline=urgency.deadline,
        schedule=urgency.schedule,
        constraints=tuple(reading.constraints),
    )
    plan = assemble(reading, Given(goal, known, project, text), sure)
    return in_parts(with_alternatives(in_stages(plan)), project)


def _check_text(text: str) -> None:
    if not text.strip():
        raise UsageError(f"the goal is empty ({text[:20]!r}); say what should be done, in quotes")
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
