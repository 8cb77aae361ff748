"""The matcher: how near a reading is to the gold. Also the three-line sentence splitter it is compared with.

Steps match one to one by Dice over lower-cased, stemmed tokens without stop words, at least 0.5, the assignment with
the greatest sum (Kuhn 1955; shortest augmenting paths after Jonker and Volgenant 1987); ties go to the nearer place in
the order. Edges are compared after transitive reduction, under the assignment. Makes no plans itself.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmarks.understanding.gold import Edge, Record, RecordStep

__all__ = [
    "Score",
    "assign",
    "compare",
    "conditions",
    "dice",
    "of_plan",
    "reduced",
    "split_sentences",
    "stem",
    "tokens",
]

THRESHOLD = 0.5
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "with",
        "from",
        "into",
        "by",
        "is",
        "are",
        "be",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "them",
        "they",
        "we",
        "i",
        "you",
        "my",
        "our",
        "ang",
        "mga",
        "ng",
        "nang",
        "sa",
        "na",
        "at",
        "o",
        "ay",
        "si",
        "ni",
        "kay",
        "ito",
        "iyon",
        "ito'y",
        "mo",
        "ko",
        "po",
        "nga",
        "lang",
        "naman",
        "ba",
        "din",
        "rin",
        "pa",
        "muna",
        "yung",
        "'yung",
        "yun",
        "nito",
        "niyan",
        "nila",
        "namin",
        "natin",
        "para",
        "mula",
    ]
)
WORD = re.compile(r"[^\W_]+(?:[./_:+#-]+[^\W_]+)*")
ENGLISH = ("ations", "ation", "ings", "ing", "ied", "ies", "es", "ed", "s", "e")
BEFORE = (
    "makapag",
    "nakapag",
    "ipinag",
    "pinaki",
    "magpa",
    "nagpa",
    "ipina",
    "ipag",
    "ipa",
    "paki",
    "mag",
    "nag",
    "pag",
    "i-",
    "na-",
    "ma-",
)
AFTER = ("han", "hin", "an", "in")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Cut a word to its stem: Filipino prefixes, infixes, doubled syllable and suffixes, then English endings.

    Light and greedy; both sides of a comparison go through it, so that what matters is that forms of one verb meet.
    """
    if any(sign.isdigit() or sign in "./_:+#" for sign in word):
        return word
    written = word
    for prefix in BEFORE:
        rest = word[len(prefix) :].lstrip("-")
        if word.startswith(prefix) and len(rest) >= 4:
            word = rest
            break
    word = re.sub(r"^([bcdfghjklmnpqrstvwyz]?)(?:in|um)(?=[aeiou].{2})", r"\1", word)
    word = re.sub(r"^([bcdfghjklmnpqrstvwyz]?[aeiou])\1(?=.{2})", r"\1", word)
    for ending in AFTER if word != written else AFTER + ENGLISH:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.replace("o", "u").replace("-", "")


def tokens(title: str) -> frozenset[str]:
    """Return the stems of a title's words without stop words (all words, when it has only stop words)."""
    words = [word.lower() for word in WORD.findall(title)]
    return frozenset(stem(word) for word in words if word not in STOP) or frozenset(words)


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Return twice the shared tokens over all tokens, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def assign(weights: Sequence[Sequence[float]]) -> dict[int, int]:
    """Return row to column with the greatest sum of weights; zero weights are left out. O(n³)."""
    size = max(len(weights), max((len(row) for row in weights), default=0))
    cost = [[-row[c] if c < len(row) else 0.0 for c in range(size)] for row in weights]
    cost += [[0.0] * size for _ in range(size - len(cost))]
    row_price, column_price, row_of, way = [0.0] * (size + 1), [0.0] * (size + 1), [0] * (size + 1), [0] * (size + 1)
    for row in range(1, size + 1):
        row_of[0], column = row, 0
        least, seen = [float("inf")] * (size + 1), [False] * (size + 1)
        while row_of[column]:
            seen[column], here, step, following = True, row_of[column], float("inf"), 0
            for c in range(1, size + 1):
                if seen[c]:
                    continue
                slack = cost[here - 1][c - 1] - row_price[here] - column_price[c]
                if slack < least[c]:
                    least[c], way[c] = slack, column
                if least[c] < step:
                    step, following = least[c], c
            for c in range(size + 1):
                if seen[c]:
                    row_price[row_of[c]] += step
                    column_price[c] -= step
                else:
                    least[c] -= step
            column = following
        while column:
            row_of[column] = row_of[way[column]]
            column = way[column]
    pairs = {row_of[c] - 1: c - 1 for c in range(1, size + 1)}
    return {r: c for r, c in sorted(pairs.items()) if r < len(weights) and c < len(weights[r]) and weights[r][c] > 0}


def reduced(edges: Iterable[Edge]) -> frozenset[Edge]:
    """Drop the edges that follow from others. A cyclic set comes back as it is.

    `finished` follows from any longer way; another `when` only from a way that begins with it and then has no
    `finished`, because a skipped step counts as finished.
    """
    all_edges = frozenset(edges)
    after: dict[str, list[tuple[str, str]]] = {}
    for one, other, when in all_edges:
        after.setdefault(one, []).append((other, when))

    def reaches(start: str, goal: str, strict: bool) -> bool:
        todo, seen = [start], {start}
        while todo:
            here = todo.pop()
            if here == goal:
                return True
            onward = {other for other, when in after.get(here, ()) if not (strict and when == "finished")}
            todo += onward - seen
            seen |= onward
        return False

    if any(reaches(other, one, False) for one, other, _ in all_edges):
        return all_edges
    return frozenset(
        (one, other, when)
        for one, other, when in all_edges
        if not any(
            middle != other and (when in ("finished", first)) and reaches(middle, other, when != "finished")
            for middle, first in after[one]
        )
    )


def conditions(record: Record) -> frozenset[Edge]:
    """Return the edges that ask about an outcome: `failed`, `finished`, and all that leave a check step."""
    checks = {step.id for step in record.steps if step.check}
    return frozenset(edge for edge in reduced(record.edges) if edge[2] != "succeeded" or edge[0] in checks)


@dataclass(frozen=True)
class Score:
    """Counts over goals: hits, predicted and gold of steps, edges and conditions; exact plans; right priorities."""

    goals: int
    steps: tuple[int, int, int]
    edges: tuple[int, int, int]
    conditions: tuple[int, int, int]
    exact: int
    priorities: int

    @staticmethod
    def f1(counts: tuple[int, int, int]) -> float:
        """Return F1 of (hits, predicted, gold); 1.0 when there was nothing to find and nothing was found."""
        hits, predicted, gold = counts
        return 2 * hits / (predicted + gold) if predicted + gold else 1.0

    def figures(self) -> dict[str, float]:
        """Return the shares by name, 0 to 1 (micro-averaged over the goals)."""
        return {
            "step F1": self.f1(self.steps),
            "edge F1": self.f1(self.edges),
            "condition F1": self.f1(self.conditions),
            "exact": self.exact / self.goals,
            "priority": self.priorities / self.goals,
        }


def compare(pairs: Iterable[tuple[Record, Record]]) -> Score:
    """Score (predicted, gold) records."""
    each = [_one(predicted, gold) for predicted, gold in pairs]
    total = [tuple(sum(one[kind][n] for one in each) for n in range(3)) for kind in range(3)]
    return Score(
        len(each),
        *((counts[0], counts[1], counts[2]) for counts in total),
        sum(all(hits == found == there for hits, found, there in one[:2]) for one in each),
        sum(one[3][0] for one in each),
    )


def _one(predicted: Record, gold: Record) -> tuple[tuple[int, int, int], ...]:
    name = matched(predicted.steps, gold.steps)
    known = [
        frozenset((name.get(a, f"?{a}"), name.get(b, f"?{b}"), w) for a, b, w in edges)
        for edges in (reduced(predicted.edges), conditions(predicted))
    ]
    edges, asked = reduced(gold.edges), conditions(gold)
    return (
        (len(name), len(predicted.steps), len(gold.steps)),
        (len(known[0] & edges), len(known[0]), len(edges)),
        (len(known[1] & asked), len(known[1]), len(asked)),
        (int(predicted.priority == gold.priority), 0, 0),
    )


def matched(predicted: Sequence[RecordStep], gold: Sequence[RecordStep]) -> dict[str, str]:
    """Return predicted step id to gold step id."""
    theirs, ours = [tokens(step.title) for step in predicted], [tokens(step.title) for step in gold]
    near = 1e-6 / max(len(predicted), len(gold), 1)
    weights = [
        [s - near * abs(p - g) if (s := dice(a, b)) >= THRESHOLD else 0.0 for g, b in enumerate(ours)]
        for p, a in enumerate(theirs)
    ]
    return {predicted[p].id: gold[g].id for p, g in assign(weights).items()} if predicted and gold else {}


def of_plan(plan: Mapping[str, Any], ident: str = "") -> Record:
    """Make a record of a Plan's JSON. Steps that a template hung under a step of the text count as that step."""
    steps = [step for stage in plan["stages"] for step in stage["steps"]]
    parent = {step["id"]: step.get("parent") for step in steps}

    def top(step: str) -> str:
        while above := parent[step]:
            step = above
        return step

    edges = {
        (top(need["step"]), top(step["id"]), need.get("when", "succeeded"))
        for step in steps
        for need in step.get("needs", ())
    }
    goal = plan["goal"]
    return Record(
        id=ident,
        text=goal["text"],
        language=goal.get("language", "en"),
        steps=tuple(_plan_step(step) for step in steps if not step.get("parent")),
        edges=reduced(edge for edge in edges if edge[0] != edge[1]),
        priority=goal.get("priority", "normal"),
        deadline=bool(goal.get("deadline")),
        constraints=tuple(goal.get("constraints", ())),
        band=plan.get("complexity", {}).get("band"),
    )


def _plan_step(step: Mapping[str, Any]) -> RecordStep:
    argv = step["action"].get("argv")
    return RecordStep(step["id"], step["title"], step.get("check", False), tuple(argv) if argv else None)


def split_sentences(gold: Record) -> Record:
    """Read a goal as the baseline does: every sentence or line is a step after the one before."""
    parts = [part.strip(" -*#.\t") for part in re.split(r"(?<=[.!?;])\s+|\n+|,? then ", gold.text)]
    steps = tuple(RecordStep(f"p{n}", part) for n, part in enumerate(part for part in parts if part))
    edges = frozenset((a.id, b.id, "succeeded") for a, b in itertools.pairwise(steps))
    return Record(gold.id, gold.text, gold.language, steps, edges)
