"""Clock: numbers, units and times of day in the words of the lexicons.

Owns "5pm", "9:30", "alas-dos ng madaling araw", "at night", and whether such words stand in an order. Days are
`tuloy.understanding.timing.moments`.
"""

import re
from collections.abc import Mapping, Sequence

from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.kinds import Listed
from tuloy.understanding.words.tokens import Token

__all__ = ["Clock", "amount_at", "in_an_order", "sentence_starts", "time_at"]

Clock = tuple[int, int]
_ENDS = frozenset((".", "!", "?", ";"))
_DIGITS = re.compile(r"(?:alas-?)?(\d{1,2})(?::(\d{2}))?(am|pm|nn)?")


def sentence_starts(text: str, tokens: Sequence[Token]) -> list[int]:
    """Return for each token where its sentence, or its line, begins."""
    starts: list[int] = []
    start, end, ended = 0, 0, False
    several = "\n" in text
    for n, token in enumerate(tokens):
        if n and (ended or (several and text.find("\n", end, token.start) >= 0)):
            start = n
        starts.append(start)
        end, ended = token.end, token.norm in _ENDS
    return starts


def in_an_order(words: Sequence[str], start: int, place: int, known: Grammar) -> bool:
    """Whether the sentence, up to `place`, orders something: a verb as commands have it begins it, or nothing does."""
    before = [word for word in words[start : min(place, start + 8)] if word[:1].isalnum()]
    if before and before[0] in known.determiners and not known.wants.at(before, 0):
        return False  # "The old pages expire in two hours" is told
    return not before or any(known.is_verb(word) for word in before[:4])


def amount_at(words: Sequence[str], place: int, known: Grammar) -> tuple[int, int, str] | None:
    """Read "two hours", "3 araw", "an hour": how many words, how many, which unit (minute … month)."""
    if place >= len(words):
        return None
    count = int(words[place]) if words[place].isdecimal() and len(words[place]) < 4 else known.numbers.get(words[place])
    if not count or place + 1 >= len(words):
        return None
    for unit, names in known.units.items():
        if words[place + 1] in names:
            return 2, int(count), unit
    return None


def time_at(words: Sequence[str], place: int, known: Grammar, *, bare: bool = False) -> tuple[int, Clock] | None:
    """Read a time of day: how many words it takes, hour and minute. `bare` takes "2" alone for an hour."""
    times = known.times
    for name, clock in (("noon", (12, 0)), ("midnight", (0, 0))):
        if length := times[name].longest(words, place):
            return length, clock
    if place >= len(words):
        return None
    opener = times["prefixes"].longest(words, place)
    hour, minute, half, length = _digits(words, place + opener, known)
    if hour is None:
        return None
    length += opener
    if half is None:
        after, half = _half(words, place + length, times)
        length += after
    if half is None and minute is None and not opener and not bare:
        return None
    clock = (_of_day(hour, half), minute or 0)
    return (length, clock) if clock[0] < 24 and clock[1] < 60 else None


def _digits(words: Sequence[str], place: int, known: Grammar) -> tuple[int | None, int | None, str | None, int]:
    if place >= len(words):
        return None, None, None, 0
    if match := _DIGITS.fullmatch(words[place]):
        half = {"am": "morning", "pm": "afternoon", "nn": "noon"}.get(match[3] or "")
        spelled = match[0].startswith("alas")
        return int(match[1]), int(match[2]) if match[2] else (0 if spelled else None), half, 1
    hour = known.hours.get(words[place])
    return hour, 0 if "-" in words[place] else None, None, int(hour is not None)


def _half(words: Sequence[str], place: int, times: Mapping[str, Listed]) -> tuple[int, str | None]:
    """Read "am", "ng hapon", "in the evening" behind an hour."""
    for name in ("morning", "afternoon", "evening", "night"):
        if length := times[name].longest(words, place):
            return length, name
    return 0, None


def _of_day(hour: int, half: str | None) -> int:
    """The hour of 24: two at night is 2, nine at night 21, twelve at night 0."""
    if half is None or hour > 12:
        return hour
    if half == "morning":
        return hour % 12
    if half == "night" and (hour < 6 or hour == 12):
        return hour % 12
    return hour % 12 + 12
