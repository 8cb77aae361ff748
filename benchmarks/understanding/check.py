"""What the gold must hold to be a gold at all. `python -m benchmarks.understanding.check` prints faults and counts."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from benchmarks.understanding.gold import LANGUAGES, TAGS, Record, load
from benchmarks.understanding.score import reduced, tokens

__all__ = ["counts", "faults"]

LEAST_GOALS = 110
ALIKE = 0.92
DRAWN = {"en": 135, "fil": 122, "taglish": 112}  # goals that `draw_halves` dealt; of those written later …
BLIND = {  # … these are blind, the others development
    "en": (range(190, 235), range(468, 503)), "fil": (range(197, 237), range(372, 407)), "taglish": (range(167, 207),),
}  # fmt: skip
FOUND = 0.5


def faults(language: str) -> list[str]:
    """Return what is wrong with the gold of a language, one sentence each."""
    records = load(language)
    found = [fault for record in records for fault in _of_one(record)]
    found += [f"{one!r} is used twice" for one, n in Counter(record.id for record in records).items() if n > 1]
    if len(records) < LEAST_GOALS:
        found.append(f"{language} has {len(records)} goals; {LEAST_GOALS} are wanted")
    drawn = records[: DRAWN[language]]
    found += [
        f"{record.id} came after the draw and is {record.half}"
        for n, record in enumerate(records)
        if n >= len(drawn) and (record.half == "blind") != any(n in places for places in BLIND[language])
    ]
    for tag, halves in counts(drawn).items():
        if abs(halves["development"] - halves["final"]) > max(2, sum(halves.values()) // 8):
            found.append(f"{language}: {tag!r} is not balanced: {dict(halves)}")
    return found + list(_alike(records))


def counts(records: Sequence[Record]) -> dict[str, Counter[str]]:
    """Return how many goals of each half bear each tag; "all" counts every goal."""
    table: dict[str, Counter[str]] = {}
    for record in records:
        for tag in ("all", *record.tags):
            table.setdefault(tag, Counter())[record.half] += 1
    return dict(sorted(table.items()))


def _of_one(record: Record) -> Iterator[str]:
    ids = [step.id for step in record.steps]
    if not ids or len(set(ids)) < len(ids) or not all(step.title.strip() for step in record.steps):
        yield f"{record.id}: steps need titles and ids of their own"
    if record.half not in ("development", "final", "blind") or not record.tags or set(record.tags) - TAGS:
        yield f"{record.id}: half {record.half!r} or tags {record.tags!r} unknown"
    if {end for edge in record.edges for end in edge[:2]} - set(ids):
        yield f"{record.id}: an edge refers to no step"
    if any(ids.index(one) >= ids.index(other) for one, other, _ in record.edges):
        yield f"{record.id}: an edge runs backwards"
    if reduced(record.edges) != record.edges:
        yield f"{record.id}: an edge follows from others"
    there = tokens(record.text)
    for step in record.steps:
        own = tokens(step.title)
        if len(own & there) / len(own) < FOUND:
            yield f"{record.id}: {step.title!r} is far from the text"


def _alike(records: Sequence[Record]) -> Iterator[str]:
    for one, other in combinations(records, 2):
        match = SequenceMatcher(None, one.text, other.text, autojunk=False)
        if match.real_quick_ratio() > ALIKE and match.quick_ratio() > ALIKE and match.ratio() > ALIKE:
            yield f"{one.id} and {other.id} are alike"


if __name__ == "__main__":
    wrong = [fault for language in LANGUAGES for fault in faults(language)]
    for language in LANGUAGES:
        for tag, halves in counts(load(language)).items():
            print(f"{language:8} {tag:18} {halves['development']:4} {halves['final']:4}")
    print("\n".join(wrong))
    sys.exit(bool(wrong))
