"""The gold goals: their record, how the TOML files are read, and how halves are drawn.

Owns the format. Does not judge the goals (`check`) nor a reading of them (`score`). Those who write rules look at the
development half only: `python -m benchmarks.understanding.gold en development`.
"""

import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["HERE", "LANGUAGES", "SEED", "TAGS", "Edge", "Record", "RecordStep", "draw_halves", "load", "read_edge"]

HERE = Path(__file__).resolve().parent
LANGUAGES = ("en", "fil", "taglish")
SEED = 20261121
TAGS = frozenset(
    [
        "abbreviation",
        "acceptance",
        "after",
        "anaphora",
        "arrow",
        "aside",
        "background",
        "before",
        "bullets",
        "chat",
        "checkbox",
        "constraint",
        "deadline",
        "fact",
        "for-each",
        "heading",
        "list",
        "literal",
        "long",
        "making",
        "names",
        "nested",
        "nested-condition",
        "numbered",
        "one-step",
        "one-verb",
        "otherwise",
        "outcome",
        "parallel",
        "path",
        "polite",
        "priority",
        "quote",
        "reason",
        "regardless",
        "relative",
        "scope",
        "sequence",
        "shared-object",
        "state",
        "ticket",
        "typo",
        "unless",
        "unpunctuated",
        "until",
        "url",
        "vague",
        "version",
        "while",
    ]
)
When = Literal["succeeded", "failed", "finished"]
Edge = tuple[str, str, str]
EDGE = re.compile(r"(\w+) -> (\w+)(?: if (succeeded|failed|finished))?")


@dataclass(frozen=True)
class RecordStep:
    """One step of a reading. `argv` is None where the text holds no literal command."""

    id: str
    title: str
    check: bool = False
    argv: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Record:
    """A goal and how it is read: the gold's, or one made of a plan (`score.of_plan`). `band` None says nothing."""

    id: str
    text: str
    language: str
    steps: tuple[RecordStep, ...]
    edges: frozenset[Edge] = frozenset()
    priority: str = "normal"
    deadline: bool = False
    constraints: tuple[str, ...] = ()
    band: str | None = None
    half: str = ""
    tags: tuple[str, ...] = ()


def load(language: str, half: str | None = None) -> tuple[Record, ...]:
    """Return the gold goals of a language, all or one part of them ("development", "final", "blind")."""
    document = tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))
    records = (_record(entry, language) for entry in document["goal"])
    return tuple(record for record in records if half in (None, record.half))


def read_edge(words: str) -> Edge:
    """Read ``a -> b`` or ``a -> b if failed``.

    Raises:
        ValueError: when the words are no edge.
    """
    found = EDGE.fullmatch(words)
    if not found:
        raise ValueError(f"{words!r} is no edge; write 'a -> b' or 'a -> b if failed'")
    return found[1], found[2], found[3] or "succeeded"


def draw_halves(tags: Mapping[str, Sequence[str]], seed: int = SEED) -> dict[str, str]:
    """Assign each goal id to a half at random, balanced per tag and in number.

    Greedy: in shuffled order, rarest tag first, each goal goes where its tags are fewer; then to the smaller half; then
    by lot (after Sechidis, Tsoumakas and Vlahavas 2011, iterative stratification).
    """
    lot = random.Random(seed)
    count = Counter(tag for group in tags.values() for tag in group)
    order = sorted(tags)
    lot.shuffle(order)
    order.sort(key=lambda one: min(count[tag] for tag in tags[one]))
    sizes: Counter[str] = Counter()
    lean: Counter[str] = Counter()
    halves = {}
    for one in order:
        weight = sum(lean[tag] / count[tag] for tag in tags[one]) + (sizes["development"] - sizes["final"]) / 40
        half = "development" if weight < 0 or (weight == 0 and lot.random() < 0.5) else "final"
        halves[one] = half
        sizes[half] += 1
        lean.update(dict.fromkeys(tags[one], 1 if half == "development" else -1))
    return halves


def _record(entry: Mapping[str, Any], language: str) -> Record:
    known = {key: value for key, value in entry.items() if key not in ("steps", "edges", "constraints", "tags")}
    return Record(
        **known,
        language=language,
        steps=tuple(_step(step) for step in entry["steps"]),
        edges=frozenset(read_edge(words) for words in entry.get("edges", ())),
        constraints=tuple(entry.get("constraints", ())),
        tags=tuple(entry["tags"]),
    )


def _step(entry: Mapping[str, Any]) -> RecordStep:
    argv = entry.get("argv")
    return RecordStep(entry["id"], entry["title"], entry.get("check", False), tuple(argv) if argv else None)


def _shown(records: Iterable[Record]) -> str:
    lines = []
    for record in records:
        lines += [f"{record.id}  [{' '.join(record.tags)}]", record.text.strip()]
        for step in record.steps:
            needs = [f"{a}{'' if w == 'succeeded' else ' ' + w}" for a, b, w in sorted(record.edges) if b == step.id]
            lines.append(
                f"  {step.id}{'?' if step.check else ''} {step.title}" + (f"   <- {', '.join(needs)}" if needs else "")
            )
        lines += [f"  ! {words}" for words in record.constraints] + [""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(_shown(load(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "development")))
