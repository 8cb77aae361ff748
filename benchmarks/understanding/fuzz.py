"""Random and hostile texts for the rule lane: no crash but a refusal, and time that grows with the text.

Owns making the texts. Every text is made from a seed, so that a fault can be made again.
"""

import random
import sys
import time
import traceback
from collections.abc import Iterator

from benchmarks.understanding.gold import LANGUAGES, load

__all__ = ["fuzz", "hostile", "slowdown", "texts"]

SIGNS = " \t\n\r,.;:!?()[]{}<>`'\"*_#-+=/\\|@&%$~^→…—“”«»•☐✓"
ODD = (
    "\u200b\u200c\u200d\u2060\ufeff\u202e\u202d\u2066\u2069\u200f\u0301\u0345\U000e0041\U000e007f\U0001f469\U0001f4bb"
    "\x00\x07\x1b\x85\u2028\u2029\ud7ffßİıŉ٣௧½"
)
UNITS = (
    "then test ", "1. fix x\n", "- fix x\n", "and ", "((", "`a` ", "if it passes ", "fix a: ", "lint, ", "\n", "``` \n",
    "run x unless it fails, ", "a" , "a.", "-", "' ", '"', "` ", "_*", "e.g. ", "kung pumasa, i-run ang x, ", "  - x\n",
    "before ", "otherwise ", "for each of a, ", "\u202e", "\u200b", "\U000e0041", "don't ", "# a\n", "by Friday ",
    "1) a 2) b ", "https://", "x=y", "a-", "i-", "nag-", "while ", "that ", "to ", "the ", "no rush ", "not ", ",",
)  # fmt: skip
LONG, SHORT = 80_000, 20_000
SLOWEST = 8.0


def fuzz(count: int, seed: int) -> int:
    """Read `count` random texts and the hostile ones; print what was found; 1 where there was a fault."""
    faults = sum(not _survives(text, f"random {n} of seed {seed}") for n, text in enumerate(texts(count, seed)))
    faults += sum(not _survives(text, name) for name, text in hostile())
    ratios = {unit: slowdown(unit) for unit in UNITS}
    worst = max(ratios, key=lambda unit: ratios[unit])
    faults += sum(ratio > SLOWEST for ratio in ratios.values())
    print(f"{count + len(list(hostile()))} texts; faults: {faults}")
    print(f"four times the text takes at most {ratios[worst]:.1f} times the time ({worst!r}; at most {SLOWEST:g})")
    return int(bool(faults))


def _survives(text: str, name: str) -> bool:
    from tuloy.errors import UsageError
    from tuloy.understanding import understand

    try:
        plan = understand(text)
        assert len(plan.order()) == len(plan)
    except UsageError:
        return True
    except Exception:  # noqa: BLE001 - every kind of fault is what is looked for
        print(f"{name}: {text[:200]!r}\n{traceback.format_exc(limit=-4)}", file=sys.stderr)
        return False
    return True


def texts(count: int, seed: int) -> Iterator[str]:
    """Make texts: words of the gold shuffled, its texts cut, spliced and littered, and plain noise."""
    lot = random.Random(seed)
    goals = [record.text for language in LANGUAGES for record in load(language, "development")]
    words = sorted({word for goal in goals for word in goal.split(" ")})
    for _ in range(count):
        kind = lot.randrange(4)
        if kind == 0:
            yield " ".join(lot.choices(words, k=lot.randrange(1, 40)))
        elif kind == 1:
            one, other = lot.choice(goals), lot.choice(goals)
            yield one[: lot.randrange(len(one))] + other[lot.randrange(len(other)) :]
        elif kind == 2:
            yield _littered(lot.choice(goals), lot)
        else:
            yield "".join(lot.choices(SIGNS + ODD + "abct", k=lot.randrange(1, 60)))


def _littered(text: str, lot: random.Random) -> str:
    signs = list(text)
    for _ in range(lot.randrange(1, 12)):
        signs.insert(lot.randrange(len(signs) + 1), lot.choice(SIGNS + ODD))
    return "".join(signs)


def hostile() -> Iterator[tuple[str, str]]:
    """Yield named texts that try to break a reader: long, deep, many, invisible, backwards."""
    yield "200 kB", "fix the parser " * 14_000
    yield "deep list", "\n".join(" " * n + "- fix x" for n in range(400))
    yield "deep brackets", "fix (" * 8_000
    yield "quotes", "'\"`“«" * 8_000
    yield "clauses", "run a and " * 8_000
    yield "conditions", "if it passes run a, otherwise run b. " * 2_000
    yield "right to left", "\u202e" + "run the tests then deploy \u2067" * 500
    yield "invisible", "run\u200b the\u2060 te\u00adsts".join("\ufeff" * 500)
    yield "tag characters", "fix" + "".join(chr(0xE0000 + n % 128) for n in range(20_000))
    yield "one word", "a" * 99_000
    yield "marks", "e\u0301" * 40_000
    yield "surrogate", "fix \ud800 the \udfff parser"


def slowdown(unit: str) -> float:
    """Return how many times longer four times the text takes; linear is 4."""
    from tuloy.understanding import understand

    def took(length: int) -> float:
        text = "fix x " + (unit * (length // len(unit) + 1))[:length]
        begun = time.process_time()
        understand(text)
        return time.process_time() - begun

    took(1000)
    return min(took(LONG) for _ in range(2)) / max(min(took(SHORT) for _ in range(3)), 0.005)
