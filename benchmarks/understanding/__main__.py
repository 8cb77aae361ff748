"""Measure the rule lane: `python -P -m benchmarks.understanding [--half development|final|blind] [--failures]`.

`--failures` shows wrong readings of the development half only. `--public FILE` scores the steps of a JSONL file of
goals. `--fuzz N` reads N random texts and some hostile ones. `--json FILE` also writes the figures.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.understanding.fuzz import fuzz
from benchmarks.understanding.gold import LANGUAGES, Record, load
from benchmarks.understanding.measure import Measured, figures, measured, measured_on, public_goals, read, reliability
from benchmarks.understanding.score import Score, compare, matched, reduced

COLUMNS = ("step F1", "edge F1", "condition F1", "exact", "priority")


def main() -> int:
    """Print what was asked for; 1 when the fuzzed texts found a fault."""
    given = _arguments()
    if given.fuzz:
        return fuzz(given.fuzz, given.seed)
    if given.failures:
        _failures(given.languages, given.public)
        return 0
    _table(given.half, given.languages, given.public)
    if given.half == "development":
        _reliability(given.half)
    if given.json:
        given.json.write_text(json.dumps([asdict(figure) for figure in figures(given.half, given.public)], indent=1))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.understanding", description=__doc__)
    parser.add_argument("--half", choices=("development", "final", "blind"), default="development")
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--failures", action="store_true", help="show wrong readings (development half)")
    parser.add_argument("--public", type=Path, help="a JSONL file of goals whose steps are scored")
    parser.add_argument("--fuzz", type=int, metavar="N", help="read N random texts and some hostile ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


def _table(half: str, languages: tuple[str, ...], public: Path | None) -> None:
    print(f"{half:24}" + "".join(f"{name:>13}" for name in (*COLUMNS, "deadline", "constraints", "band", "p50/p99 ms")))
    for language in languages:
        _row(measured(language, half))
    if public:
        one = measured_on("public", public_goals(public))
        print(f"public, step F1: rules {_f1(one.rules):.3f}, splitter {_f1(one.splitter):.3f}; {one.rules.goals} goals")


def _f1(score: Score) -> float:
    return score.figures()["step F1"]


def _row(one: Measured) -> None:
    shares = "".join(f"{share:13.3f}" for share in (one.deadline, one.constraints, one.band))
    numbers = "".join(f"{one.rules.figures()[name]:13.3f}" for name in COLUMNS)
    print(f"{one.name + f', {one.rules.goals} goals':24}{numbers}{shares}{one.p50_ms:7.2f}/{one.p99_ms:.2f}")
    print(f"{'  splitter':24}" + "".join(f"{one.splitter.figures()[name]:13.3f}" for name in COLUMNS[:-1]))


def _reliability(half: str) -> None:
    print("\nconfidence   plans   said   exact")
    for name, count, said, right in reliability(half):
        print(f"{name:12} {count:5}   {said:.2f}   {right:.2f}")


def _failures(languages: tuple[str, ...], public: Path | None) -> None:
    gold = [one for language in languages for one in load(language, "development")]
    gold = list(public_goals(public)) if public else gold
    for one in gold:
        mine = read(one)
        score = compare([(mine, one)])
        exact = score.exact if not public else len(set(score.steps)) == 1
        if not exact or (not public and (not score.priorities or len(mine.constraints) != len(one.constraints))):
            print(f"\n{one.id}  [{' '.join(one.tags)}] {one.priority}/{mine.priority}\n{one.text.strip()}")
            _side_by_side(one, mine)


def _side_by_side(gold: Record, mine: Record) -> None:
    names = matched(mine.steps, gold.steps)
    found = {theirs: ours for ours, theirs in names.items()}
    for record, known in ((gold, {step.id: step.id for step in gold.steps}), (mine, names)):
        print("  gold" if record is gold else "  read")
        for step in record.steps:
            missing = step.id not in (found if record is gold else names)
            needs = [
                f"{known.get(a, a)}{'' if when == 'succeeded' else ' ' + when}"
                for a, b, when in sorted(reduced(record.edges))
                if b == step.id
            ]
            sign = "x" if missing else " "
            print(
                f"  {sign} {known.get(step.id, step.id)}{'?' * step.check} {step.title}" + f"  <- {needs}" * bool(needs)
            )
        for words in record.constraints:
            print(f"    ! {words}")


if __name__ == "__main__":
    sys.exit(main())
