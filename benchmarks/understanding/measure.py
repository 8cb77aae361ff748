"""What the rule lane reads, against the gold: figures per language, its failures, and how honest its confidence is.

Owns measuring. The gold is `gold`, the matcher `score`. The splitter is the baseline: every sentence a step.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, Figures, percentile
from benchmarks.understanding.gold import LANGUAGES, Record, RecordStep, load
from benchmarks.understanding.score import Score, compare, of_plan, split_sentences
from tuloy.plan import Plan

__all__ = ["BARS", "Measured", "figures", "measured", "measured_on", "public_goals", "read", "reliability"]

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
BARS = {"step F1": 0.93, "edge F1": 0.88, "condition F1": 0.88, "exact": 0.70, "priority": 0.95}
PUBLIC_BAR = 0.88
P99_MS = 5.0
ROUNDS = 5
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 1.01)


@dataclass(frozen=True)
class Measured:
    """One set read: the rule lane's score, the splitter's, further shares, and times of single goals in ms."""

    name: str
    rules: Score
    splitter: Score
    deadline: float
    constraints: float
    band: float
    p50_ms: float
    p99_ms: float


def read(gold: Record) -> Record:
    """Read a goal by the rule lane."""
    return _planned(gold)[0]


def _understood(gold: Record) -> Plan:
    from tuloy.understanding import understand

    return understand(gold.text, now=NOW)


def _planned(gold: Record) -> tuple[Record, float]:
    plan = _understood(gold)
    return of_plan(plan.model_dump(mode="json"), gold.id), plan.confidence


def measured(language: str, half: str | None) -> Measured:
    """Read one half of a language's goals (None: all of them) and compare."""
    gold = load(language, half)
    return measured_on(language, gold)


def public_goals(file: Path) -> tuple[Record, ...]:
    """Return the goals of a JSONL file with `goal` and `steps`; their edges are data dependencies and left out."""
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip())
    return tuple(
        Record(row["id"], row["goal"], "en", tuple(RecordStep(str(n), one) for n, one in enumerate(row["steps"])))
        for row in rows
    )


def measured_on(name: str, gold: Sequence[Record]) -> Measured:
    """Read goals and compare."""
    found = [read(one) for one in gold]
    times = [_least_ms(partial(_understood, one)) for one in gold]
    banded = [(mine, one) for mine, one in zip(found, gold, strict=True) if one.band]
    return Measured(
        name,
        compare(zip(found, gold, strict=True)),
        compare((split_sentences(one), one) for one in gold),
        _share(mine.deadline == one.deadline for mine, one in zip(found, gold, strict=True)),
        _share(len(mine.constraints) == len(one.constraints) for mine, one in zip(found, gold, strict=True)),
        _share(mine.band == one.band for mine, one in banded),
        percentile(times, 0.5),
        percentile(times, 0.99),
    )


def _share(right: Iterable[bool]) -> float:
    all_of_them = list(right)
    return sum(all_of_them) / len(all_of_them) if all_of_them else 1.0


def _least_ms(call: Callable[[], object]) -> float:
    """The least of some processor times: what the work takes when nothing disturbs it."""

    def once() -> float:
        begun = time.process_time()
        call()
        return (time.process_time() - begun) * 1000

    return min(once() for _ in range(ROUNDS))


def reliability(half: str | None) -> Iterator[tuple[str, int, float, float]]:
    """Yield per band of confidence: its name, how many plans, their mean confidence, the share that is exact."""
    pairs: list[tuple[float, bool]] = []
    for language in LANGUAGES:
        for gold in load(language, half):
            mine, confidence = _planned(gold)
            pairs.append((confidence, bool(compare([(mine, gold)]).exact)))
    for low, high in itertools.pairwise(BANDS):
        some = [pair for pair in pairs if low <= pair[0] < high]
        if some:
            mean = sum(confidence for confidence, _ in some) / len(some)
            yield f"{low:.2f}-{min(high, 1):.2f}", len(some), mean, _share(right for _, right in some)


def figures(half: str = "final", public: Path | None = None) -> Figures:
    """Return the figures of all languages with their bars; beside the final half what nobody has looked at since."""
    found: list[Figure] = []
    for part in (half, "blind") if half == "final" else (half,):
        for language in LANGUAGES:
            one = measured(language, part)
            name = language if part == half else f"{language}, {part}"
            for what, value in one.rules.figures().items():
                note = f"splitter {one.splitter.figures()[what]:.3f}; {one.rules.goals} goals"
                found.append(Figure(f"{name}: {what}", value, "", BARS[what], "at least", note))
            found.append(Figure(f"{name}: reading a goal, p99", one.p99_ms, "ms", P99_MS))
    if public:
        one = measured_on("public", public_goals(public))
        note = f"splitter {one.splitter.figures()['step F1']:.3f}; {one.rules.goals} goals"
        found.append(Figure("public: step F1", one.rules.figures()["step F1"], "", PUBLIC_BAR, "at least", note))
    return tuple(found)
