"""Moments: the words of a deadline as a real time in the user's zone.

Owns "by Friday 5pm", "bago mag-Biyernes", "end of the month", "in two hours". Days are counted on the wall clock and
hours in real time, so that a change to or from summer time moves neither.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tuloy.understanding.timing.clock import Clock, amount_at, in_an_order, sentence_starts, time_at
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["deadline_of"]

_END_OF_DAY = (23, 59)
_ENDS = frozenset({".", "!", "?", ";", ",", "—", "\n"})
_REAL = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAYS = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True)
class _Day:
    kind: str
    value: tuple[int, ...] = ()
    clock: Clock | None = None


def deadline_of(
    text: str, tokens: Sequence[Token], words: list[str], known: Grammar, now: datetime | None
) -> tuple[str | None, list[tuple[int, int]]]:
    """Return the first deadline as ISO 8601 with an offset, and the spans of its words.

    A day that does not exist gives spans and no time.
    """
    starts: list[int] = []
    words = [_without_prefix(word, known) if "-" in word else word for word in words] if known.affixes else words
    for place, word in enumerate(words):
        if word not in known.opening_dates:
            continue
        starts = starts or sentence_starts(text, tokens)
        found = _after_opener(words, place, known)
        found = found or _relative(words, starts[place], place, known) or _alone(words, starts[place], place, known)
        if found:
            end, day = found
            return _moment(day, now), [(tokens[place].start, tokens[end - 1].end)]
    return None, []


def _without_prefix(word: str, known: Grammar) -> str:
    """ "Bago mag-Disyembre 15", "bago mag-6am": a day or an hour, as if nothing stood in front of it."""
    prefix, mark, rest = word.partition("-")
    if not mark or f"{prefix}-" not in known.deadline_prefixes:
        return word
    lists = known.deadlines
    dated = rest in lists["months"] or rest in lists["months_short"] or rest in lists["noon"] or rest[:1].isdigit()
    return rest if dated else word


def _after_opener(words: list[str], place: int, known: Grammar) -> tuple[int, _Day] | None:
    """ "By Friday", "before the demo on Thursday", "due 2026-12-01"."""
    opener = known.deadlines["openers"].longest(words, place)
    short = words[place] in known.deadlines["weekdays_short"] and "-" in words[place]
    if not opener and not short:
        return None
    labels = opener and place + opener < len(words) and words[place + opener] == ":"  # "deadline: Friday"
    found = _dated(words, place + opener + bool(labels), known)
    waits = words[place] in known.lasting and place > 0 and known.is_verb(words[place - 1])
    described = (
        place > 0
        and words[place - 1] in known.forms
        and not set(words[max(0, place - 12) : place - 1]) & (known.auxiliaries | known.pronouns)
    )
    describes = described and known.connectives.at(words, place) == ("before", 1)
    return None if describes or (found and waits and not found[1].clock) else found


def _relative(words: list[str], start: int, place: int, known: Grammar) -> tuple[int, _Day] | None:
    """ "In two hours", "within 3 days", "sa loob ng dalawang araw", at an end of its sentence."""
    opener = known.deadlines["within"].longest(words, place)
    amount = amount_at(words, place + opener, known) if opener else None
    if amount is None or not _at_an_end(words, start, place, place + opener + amount[0], known):
        return None
    return place + opener + amount[0], _Day(amount[2], (amount[1],))


def _alone(words: list[str], start: int, place: int, known: Grammar) -> tuple[int, _Day] | None:
    """A day without "by": "bukas", "sa Lunes", "end of the month"; only where it ends its sentence."""
    lists = known.deadlines
    if place and words[place - 1] in known.topics:
        return None  # "for tonight" says how long
    opener = lists["on"].longest(words, place)
    kinds = ("tomorrow", "tonight", "month_end")
    length = next((length for kind in kinds if (length := lists[kind].longest(words, place))), 0)
    found = _dated(words, place + opener, known) if opener or length else None
    if found is None or place == start or not _at_an_end(words, start, place, found[0], known, closing=True):
        return None
    occasion = words[place - 1] in known.deadlines["fill"]  # "the standup on Monday"
    return None if opener and not length and (occasion or found[1].kind != "weekday") else found


def _at_an_end(words: list[str], start: int, place: int, end: int, known: Grammar, *, closing: bool = False) -> bool:
    """Whether the words open or close their sentence, and it is an order that they close or open."""
    part = words[max(start, place - 60) : place]
    comma = next((n for n in range(len(part), 0, -1) if part[n - 1] == ","), 0)
    before = set(part)
    if set(part[comma:]) & known.whether:
        return False
    if before & (known.relatives | known.auxiliaries) or not in_an_order(words, start, place, known):
        return False
    closes = end >= len(words) or words[end] in _ENDS
    return closes or (not closing and not before)


def _dated(words: Sequence[str], begin: int, known: Grammar) -> tuple[int, _Day] | None:
    """Read a date behind its opener: the end of its words, and the day. Fill words between may name an occasion."""
    place, day, clock, skipped, named, end = begin, None, None, 0, 0, begin
    lists = known.deadlines
    while place < len(words) and place - begin < 9:
        found = _day_at(words, place, known)
        if found and not (named and words[place - 1] not in lists["fill"]):
            length, day = found
            place += length
            end = place
        elif (time := time_at(words, place, known)) and (
            day or place == begin or words[place - 1] in lists["before_time"]
        ):
            clock, place = time[1], place + time[0]
            end = place
        elif words[place] in lists["fill"] and skipped < 5 and not (day and words[place] in known.determiners):
            skipped += 1
            place += 1
            if day:
                end = place if words[place - 1] in lists["part_of_day"] else end
        elif not day and named < 4 and place > begin and _names_occasion(words[place], known):
            named += 1
            place += 1
        elif day and words[place] in lists["before_time"] and time_at(words, place + 1, known):
            place += 1
        else:
            break
    if day is None and clock is None:
        return None
    value = day or _Day("today")
    end += lists["closers"].longest(words, end)
    return end, _Day(value.kind, value.value, clock)


def _names_occasion(word: str, known: Grammar) -> bool:
    """ "Before the design review on Monday": a word of what happens on the day, and not of a clause about it."""
    small = known.pronouns | known.auxiliaries | known.relatives | known.negations | known.doers | known.infinitives
    return word.isalpha() and not word.endswith("ing") and word not in small and word not in known.coordinators


def _day_at(words: Sequence[str], place: int, known: Grammar) -> tuple[int, _Day] | None:
    lists = known.deadlines
    for kind in ("today", "tonight", "tomorrow", "next_week", "week", "month_end", "month"):
        if length := lists[kind].longest(words, place):
            return length, _Day("month" if kind == "month_end" else "today" if kind == "tonight" else kind)
    word = words[place]
    ends = place > 1 and words[place - 1] in lists["fill"] and words[place - 2] in known.month_ends
    if ends and word in lists["months"] and not (words[place + 1 : place + 2] and words[place + 1][:1].isdigit()):
        return 1, _Day("month_end", (lists["months"].index(word) % 12 + 1,))
    for key in ("weekdays", "weekdays_short"):
        if word in lists[key]:
            return 1, _Day("weekday", (lists[key].index(word) % 7,))
    if number := re.fullmatch(r"(?:ika-?)?(\d{1,2})(?:st|nd|rd|th)?", word):
        month = place + 1 + (words[place + 1 : place + 2] != [] and words[place + 1] in lists["of"])
        for key in ("months", "months_short"):
            if month < len(words) and words[month] in lists[key]:
                return month + 1 - place, _Day("month_day", (lists[key].index(words[month]) % 12 + 1, int(number[1])))
    if number and word[-1].isalpha() and place and words[place - 1] in known.articles:
        return 1, _Day("ordinal", (int(number[1]),))
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
        return 1, _Day("date", tuple(int(part) for part in match.groups()))
    for key in ("months", "months_short"):
        if word in lists[key] and place + 1 < len(words):
            number = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", words[place + 1])
            if number:
                return 2, _Day("month_day", (lists[key].index(word) % 12 + 1, int(number[1])))
    return None


def _moment(day: _Day, now: datetime | None) -> str | None:
    """Return the end of the day meant, or the hour said, as ISO 8601; `now` without a zone is this machine's."""
    wall = now or datetime.now()
    if day.kind in _REAL:
        real = wall.astimezone(UTC) + day.value[0] * _REAL[day.kind]
        return real.astimezone(now.tzinfo if now else None).replace(second=0, microsecond=0).isoformat()
    hour, minute = day.clock or _END_OF_DAY
    try:
        date = _date(day, wall).replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
        return date.astimezone(UTC).astimezone(now.tzinfo if now else None).isoformat()
    except (ValueError, OverflowError):
        return None


def _date(day: _Day, now: datetime) -> datetime:
    """Return some time on that day, on the wall clock."""
    match day.kind:
        case "day":
            return now + timedelta(days=day.value[0])
        case "tomorrow":
            return now + timedelta(days=1)
        case "weekday":
            return now + timedelta(days=(day.value[0] - now.weekday()) % 7 or 7)
        case "week":
            return now + timedelta(days=day.value[0] * 7 if day.value else (4 - now.weekday()) % 7)
        case "next_week":
            return now + timedelta(days=7 - now.weekday() + 4)
        case "month":
            if day.value:
                return now + timedelta(days=_DAYS["month"] * day.value[0])
            return (now.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        case "month_end":
            year = now.year + (day.value[0] < now.month)
            first = now.replace(year=year, month=day.value[0], day=1)
            return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        case "date":
            return now.replace(year=day.value[0], month=day.value[1], day=day.value[2])
        case "ordinal":
            later = now if now.day <= day.value[0] else now.replace(day=1) + timedelta(days=32)
            return later.replace(day=day.value[0])
        case "month_day":
            date = now.replace(month=day.value[0], day=day.value[1])
            return date if date.date() >= now.date() else date.replace(year=now.year + 1)
        case _:
            return now
