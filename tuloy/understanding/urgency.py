"""Urgency: how soon a goal is wanted, and the words that say so.

Owns priority and deadline, and the spans of the text that are about them and therefore no steps.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuloy.plan import Priority
from tuloy.understanding.grammar import Grammar
from tuloy.understanding.tokens import Token

__all__ = ["Urgency", "urgency_of"]

_RANK: tuple[Priority, ...] = ("critical", "high", "low", "normal")
_END_OF_DAY = (23, 59)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?")


@dataclass(frozen=True)
class Urgency:
    """`deadline` is ISO 8601 with an offset, None where the words name no day. `spans` are places in the text, the
    first `ranked` of them about the priority.
    """

    priority: Priority = "normal"
    deadline: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    ranked: int = 0


def urgency_of(tokens: Sequence[Token], known: Grammar, now: datetime | None) -> Urgency:
    """Read priority and deadline from the words of a text; days count from `now` (default: the clock)."""
    words = [token.norm for token in tokens]
    found: list[tuple[Priority, int, int]] = []
    place = 0
    while place < len(words):
        phrase = known.priorities.at(words, place)
        if phrase and not _attributive(words, place, phrase[1], known):
            found.append((phrase[0], place, place + phrase[1]))  # type: ignore[arg-type]
            place += phrase[1]
        else:
            place += 1
    priority: Priority = next((rank for rank in _RANK if any(one[0] == rank for one in found)), "normal")
    spans = [(tokens[a].start, tokens[b - 1].end) for a, b in (_around(words, a, b, known) for _, a, b in found)]
    deadline, when = _deadline(tokens, words, known, now)
    return Urgency(priority, deadline, (*spans, *when), len(spans))


def _attributive(words: Sequence[str], place: int, length: int, known: Grammar) -> bool:
    """ "The important docs", "a critical bug": a property of a thing, not of the goal."""
    if length > 1:
        return False
    before = words[place - 1] if place else ""
    after = words[place + length] if place + length < len(words) else ""
    plain_noun = after[:1].isalpha() and after not in known.coordinators and after not in known.prepositions
    plain_noun = plain_noun and not known.connectives.at([after], 0)
    if words[place] == "whenever":
        return plain_noun or after in known.determiners
    if words[place] in known.urgent_adverbs:
        return False
    return before[:1].isalpha() and before not in ("very", "really", "super", "so", "is", "and", "but") and plain_noun


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


def _deadline(
    tokens: Sequence[Token], words: list[str], known: Grammar, now: datetime | None
) -> tuple[str | None, list[tuple[int, int]]]:
    """The first "by Friday", "before the demo on Thursday", "due 2026-12-01"."""
    openers = known.deadlines["openers"]
    for place in range(len(words)):
        opener = _longest(words, place, openers)
        short = words[place] in known.deadlines["weekdays_short"] and "-" in words[place]
        if not opener and not short:
            continue
        begin = place + opener
        dated = _dated(words, begin, known)
        if not dated:
            continue
        end, day = dated
        if words[place] in known.lasting and place and known.is_verb(words[place - 1]):
            continue
        return _moment(day, now), [(tokens[place].start, tokens[end - 1].end)]
    return None, []


def _longest(words: Sequence[str], place: int, phrases: Sequence[str]) -> int:
    best = 0
    for phrase in phrases:
        parts = phrase.split()
        if len(parts) > best and list(words[place : place + len(parts)]) == parts:
            best = len(parts)
    return best


@dataclass(frozen=True)
class _Day:
    kind: str
    value: tuple[int, ...] = ()
    clock: tuple[int, int] | None = None


def _dated(words: Sequence[str], begin: int, known: Grammar) -> tuple[int, _Day] | None:
    """Read a date behind its opener: the end of its words, and the day. Fill words between may name an occasion."""
    place, day, clock, skipped, end = begin, None, None, 0, begin
    while place < len(words) and place - begin < 9:
        if found := _day_at(words, place, known):
            length, day = found
            place += length
            end = place
        elif (time := _clock_at(words, place)) and (day or words[place - 1] in ("by", "at", "before", ",")):
            clock, place = time[1], place + time[0]
            end = place
        elif (
            words[place] in known.deadlines["fill"] and skipped < 5 and not (day and words[place] in known.determiners)
        ):
            skipped += 1
            place += 1
            if day:
                end = place if words[place - 1] in ("morning", "afternoon", "evening", "night", "sharp") else end
        else:
            break
    if day is None and clock is None:
        return None
    value = day or _Day("today")
    return end, _Day(value.kind, value.value, clock)


def _day_at(words: Sequence[str], place: int, known: Grammar) -> tuple[int, _Day] | None:
    lists = known.deadlines
    for kind in ("today", "tomorrow", "next_week", "week", "month"):
        if length := _longest(words, place, lists[kind]):
            return length, _Day(kind)
    word = words[place]
    for key in ("weekdays", "weekdays_short"):
        if word in lists[key]:
            return 1, _Day("weekday", (lists[key].index(word) % 7,))
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
        return 1, _Day("date", tuple(int(part) for part in match.groups()))
    for key in ("months", "months_short"):
        if word in lists[key] and place + 1 < len(words):
            number = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", words[place + 1])
            if number:
                return 2, _Day("month_day", (lists[key].index(word) % 12 + 1, int(number[1])))
    return None


def _clock_at(words: Sequence[str], place: int) -> tuple[int, tuple[int, int]] | None:
    match = _CLOCK.fullmatch(words[place])
    if not match:
        return (1, (12, 0)) if words[place] in ("noon", "midday") else None
    after = words[place + 1] if place + 1 < len(words) else ""
    half = match[3] or (after if after in ("am", "pm") else None)
    if not half and not match[2]:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if hour > 23 or minute > 59:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return (1 if match[3] or not half else 2), (hour, minute)


def _moment(day: _Day, now: datetime | None) -> str | None:
    """Return the end of the day meant, or the hour said, as ISO 8601 with the offset of `now`."""
    now = now or datetime.now().astimezone()
    hour, minute = day.clock or _END_OF_DAY
    try:
        date = _date(day, now).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        return None
    return date.isoformat()


def _date(day: _Day, now: datetime) -> datetime:
    match day.kind:
        case "tomorrow":
            return now + timedelta(days=1)
        case "weekday":
            return now + timedelta(days=(day.value[0] - now.weekday()) % 7 or 7)
        case "week":
            return now + timedelta(days=(4 - now.weekday()) % 7)
        case "next_week":
            return now + timedelta(days=7 - now.weekday() + 4)
        case "month":
            return (now.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        case "date":
            return now.replace(year=day.value[0], month=day.value[1], day=day.value[2])
        case "month_day":
            date = now.replace(month=day.value[0], day=day.value[1])
            return date if date.date() >= now.date() else date.replace(year=now.year + 1)
        case _:
            return now
