"""Amounts: how much work a number of steps is."""

from tuloy.plan import Band, Complexity

__all__ = ["amount", "band_of"]


def amount(count: int, *, at_least: float = 0.0, reasons: tuple[str, ...] = ()) -> Complexity:
    """Return the amount of work in a number of steps, or what is known to be at least."""
    score = max({1: 1.0, 2: 2.5}.get(count, min(9.0, 3.4 + 0.55 * (count - 2))), at_least)
    return Complexity(
        score=round(score, 1), band=band_of(score), reasons=(f"{count} step{'s' * (count != 1)}", *reasons)
    )


def band_of(score: float) -> Band:
    """Return the band of a score."""
    return "simple" if score < 3 else "medium" if score < 7 else "complex"
