"""Schedule hints: "every night at 2", "tuwing Lunes", "araw-araw ng 2am" as a cron line in the user's zone.

Owns how often. A text that asks for something to be built that repeats ("add a job that runs every night") is about
that job, not about when the goal is done.
"""

from collections.abc import Sequence

from tuloy.plan import Schedule
from tuloy.understanding.timing.clock import amount_at, in_an_order, sentence_starts, time_at
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["schedule_of"]

_HOURS = {"morning": 8, "noon": 12, "afternoon": 15, "evening": 18, "night": 2}
_STEPS = {
    "minute": "*/{n} * * * *",
    "hour": "{m} */{n} * * *",
    "day": "{m} {h} */{n} * *",
    "month": "{m} {h} 1 */{n} *",
}
_WHOLE = {"minute": "* * * * *", "hour": "{m} * * * *", "day": "{m} {h} * * *", "week": "{m} {h} * * 1",
          "month": "{m} {h} 1 * *"}  # fmt: skip
_ENDS = frozenset({".", ",", "!", "?", ";", ":", "—", "(", ")"})


def schedule_of(
    text: str, tokens: Sequence[Token], words: Sequence[str], known: Grammar
) -> tuple[Schedule, tuple[int, int]] | None:
    """Return the first hint and the span of its words, or None."""
    starts: list[int] = []
    for place, word in enumerate(words):
        found = _hint(words, place, known) if word in known.opening_hints else None
        starts = starts or (sentence_starts(text, tokens) if found else [])
        if found and _about_the_goal(words, starts[place], place, place + found[0], known):
            span = (tokens[place].start, tokens[place + found[0] - 1].end)
            return Schedule(cron=found[1], words=" ".join(text[slice(*span)].split())), span
    return None


def _hint(words: Sequence[str], place: int, known: Grammar) -> tuple[int, str] | None:
    lists = known.schedules
    for unit in ("hour", "day", "week", "month"):
        if length := lists[f"each_{unit}"].longest(words, place):
            return _with_time(words, place, length, _WHOLE[unit], None, known)
    if length := lists["each_night"].longest(words, place):
        return _with_time(words, place, length, _WHOLE["day"], "night", known)
    every = lists["every"].longest(words, place)
    return _every(words, place, every, known) if every else None


def _every(words: Sequence[str], place: int, every: int, known: Grammar) -> tuple[int, str] | None:
    """What stands behind "every": "2 hours", "day", "night", "Monday and Thursday", "weekday"."""
    here = place + every
    if amount := amount_at(words, here, known):
        taken, count, unit = amount
        form = _STEPS.get(unit, "").replace("{n}", str(count)) if count > 1 else _WHOLE[unit]
        return _with_time(words, place, every + taken, form, None, known) if form else None
    for unit, names in known.units.items():
        if here < len(words) and words[here] in names:
            return _with_time(words, place, every + 1, _WHOLE[unit], None, known)
    for part in _HOURS:
        if length := known.schedules[f"part_{part}"].longest(words, here):
            return _with_time(words, place, every + length, _WHOLE["day"], part, known)
    for name, days in (("weekday", "1-5"), ("weekend", "0,6")):
        if length := known.schedules[name].longest(words, here):
            return _with_time(words, place, every + length, "{m} {h} * * " + days, None, known)
    days_taken, days = _weekdays(words, here, known)
    if not days:
        return None
    return _with_time(words, place, every + days_taken, "{m} {h} * * " + days, None, known)


def _weekdays(words: Sequence[str], place: int, known: Grammar) -> tuple[int, str]:
    found: list[int] = []
    here = end = place
    while here < len(words):
        day = _weekday(words[here], known)
        if day is not None:
            found.append(day)
            end = here + 1
        elif not found or words[here] not in (*known.coordinators, ","):
            break
        here += 1
    return end - place, ",".join(str(day) for day in found)


def _weekday(word: str, known: Grammar) -> int | None:
    """Return the day as cron counts, Sunday 0."""
    for key in ("weekdays", "weekdays_short"):
        names = known.deadlines[key]
        for form in (word, word.removesuffix("s")):
            if form in names:
                return (names.index(form) % 7 + 1) % 7
    return None


def _with_time(
    words: Sequence[str], place: int, taken: int, form: str, part: str | None, known: Grammar
) -> tuple[int, str]:
    """Take in the time of day behind the hint: "at 2", "ng 2am", "nang alas-dos"."""
    hour, minute = _HOURS[part] if part else (9 if "{h}" in form else 0), 0
    opener = known.schedules["at"].longest(words, place + taken)
    if found := time_at(words, place + taken + opener, known, bare=bool(opener)):
        length, (hour, minute) = found
        bare = length == 1 and words[place + taken + opener].isdecimal()
        if part in ("afternoon", "evening") and bare and hour < 12:
            hour += 12
        if part == "night" and bare and 6 <= hour <= 12:
            hour = (hour + 12) % 24
        taken += opener + length
    return taken, form.replace("{m}", str(minute)).replace("{h}", str(hour))


def _about_the_goal(words: Sequence[str], start: int, place: int, end: int, known: Grammar) -> bool:
    """Whether the hint opens or closes a sentence that does not make something which repeats by itself."""
    before = words[max(start, place - 60) : place]
    opens = not before or words[place - 1] in _ENDS
    closes = end >= len(words) or words[end] in _ENDS or words[end] in known.connectives_first
    if not (opens or closes) or known.relatives & set(before) or not in_an_order(words, start, place, known):
        return False
    return not any(known.root(word) in known.schedules["makers"] for word in before)
