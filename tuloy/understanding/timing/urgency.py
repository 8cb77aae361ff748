"""Urgency: how soon and how often a goal is wanted, and the words that say so.

Owns priority, and the spans of the text that are about it, the deadline and the schedule, and therefore no steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tuloy.plan import Priority, Schedule
from tuloy.understanding.timing.moments import deadline_of
from tuloy.understanding.timing.schedule import schedule_of
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Urgency", "urgency_of"]

_RANK: tuple[Priority, ...] = ("critical", "high", "low", "normal")


@dataclass(frozen=True)
class Urgency:
    """`deadline` is ISO 8601 with an offset, None where the words name no day. `spans` are places in the text, the
    first `ranked` of them about the priority.
    """

    priority: Priority = "normal"
    deadline: str | None = None
    schedule: Schedule | None = None
    spans: tuple[tuple[int, int], ...] = ()
    ranked: int = 0


def urgency_of(text: str, tokens: Sequence[Token], known: Grammar, now: datetime | None) -> Urgency:
    """Read priority, deadline and schedule from a text's words; days count from `now` (default: the clock)."""
    words = [token.norm for token in tokens]
    found: list[tuple[Priority, int, int]] = []
    end = 0
    for place in [n for n, word in enumerate(words) if word in known.priorities.firsts]:
        phrase = known.priorities.at(words, place) if place >= end else None
        if phrase and not _attributive(words, place, phrase[1], known):
            end = place + phrase[1]
            found.append((phrase[0], place, end))  # type: ignore[arg-type]
    priority: Priority = next((rank for rank in _RANK if any(one[0] == rank for one in found)), "normal")
    spans = [(tokens[a].start, tokens[b - 1].end) for a, b in (_around(words, a, b, known) for _, a, b in found)]
    ranked = len(spans)
    often = schedule_of(text, tokens, words, known)
    if often:
        spans.append(often[1])
    deadline, when = deadline_of(text, tokens, _outside(tokens, spans), known, now)
    return Urgency(priority, deadline, often[0] if often else None, (*spans, *when), ranked)


def _outside(tokens: Sequence[Token], spans: Sequence[tuple[int, int]]) -> list[str]:
    """The words, and nothing in the place of those that are about something else already. Linear in both."""
    words, ahead = [], sorted(spans, reverse=True)
    end = 0
    for token in tokens:
        while ahead and ahead[-1][0] <= token.start:
            end = max(end, ahead.pop()[1])
        words.append("" if token.start < end else token.norm)
    return words


def _attributive(words: Sequence[str], place: int, length: int, known: Grammar) -> bool:
    """ "The important docs", "a critical bug": a property of a thing, not of the goal."""
    behind = words[place + length] if place + length < len(words) else ""
    if place and behind.isalpha() and words[place - 1] in known.plural_marks:
        return True
    if length > 1:
        start = place - (place > 0 and words[place - 1] in known.articles)
        opener = known.connectives.at(words, start - 1) if start else None
        return opener is not None and opener[0] in ("if", "after", "while", "unless")
    before = words[place - 1] if place else ""
    after = words[place + length] if place + length < len(words) else ""
    plain_noun = after[:1].isalpha() and after not in known.coordinators and after not in known.prepositions
    plain_noun = plain_noun and not known.connectives.at([after], 0)
    if known.affixes:
        plain_noun = plain_noun and after not in known.fragments | known.genitives | known.neutral
    if words[place] == "whenever":
        return plain_noun or after in known.determiners
    if words[place] in known.urgent_adverbs:
        return False
    spoken_to = known.politeness.at([before], 0) is not None
    if spoken_to or before in ("very", "really", "super", "so", "is", "and", "but"):
        return False
    if before in known.anything | known.nothing | known.before_else:
        return True  # "if nothing critical is found"
    if known.affixes and before.endswith("ng") and known.form(before.removesuffix("ng")) is not None:
        return True  # "kapag walang nakitang critical"
    if known.affixes and before in known.links | known.existence.firsts | known.articles and place > 1:
        return True  # "naka-open na blocker"
    return before[:1].isalpha() and plain_noun


def _around(words: Sequence[str], start: int, end: int, known: Grammar) -> tuple[int, int]:
    """Widen to the whole remark: "it's urgent", "this is very important", "importante ito"."""
    first = start
    while first and start - first < 4 and words[first - 1] in known.remarks | known.auxiliaries:
        first -= 1
    opens = first == 0 or words[first - 1] in _ENDS
    last = end
    while last < len(words) and words[last] in known.remark_ends:
        last += 1
    closes = last == len(words) or words[last] in _ENDS
    return (first, last) if opens and closes else (start, end)


_ENDS = frozenset({".", ",", "!", "?", ";", ":", "—", "(", ")", "\n"})
