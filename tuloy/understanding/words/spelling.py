"""Spelling: the word of a list that a mistyped word means, one slip away.

Owns one letter too many or too few, or two swapped, behind the first one; a wrong letter is as often another word.
Which words may be meant is for the caller.
"""

from collections.abc import Iterable, Iterator

__all__ = ["Spelling"]

_SHORTEST, _LONGEST = 4, 24


class Spelling:
    """Words by what is left of them without one letter (symmetric deletion, after Garbe 2012)."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if len(word) >= _SHORTEST and word.isalpha())
        self._by_rest: dict[str, dict[str, str]] = {}  # by first letter, which every rest keeps; made when it is met

    def mended(self, word: str) -> str | None:
        """Return the word that was meant, None where none is near or the word only has another ending."""
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha() or word in self._words:
            return None
        by_rest = self._beginning_with(word[0])
        for rest in (word, *_rests(word)):
            meant = by_rest.get(rest) or (rest if rest in self._words else None)
            long = meant and (len(meant) > _SHORTEST or len(word) == len(meant))
            if meant and long and not _ending(word, meant) and _near(word, meant):
                return meant
        return None

    def _beginning_with(self, letter: str) -> dict[str, str]:
        if letter not in self._by_rest:
            words = sorted((word for word in self._words if word[0] == letter), reverse=True)
            self._by_rest[letter] = {rest: word for word in words for rest in _rests(word)}
        return self._by_rest[letter]


def _rests(word: str) -> Iterator[str]:
    return (word[:n] + word[n + 1 :] for n in range(1, len(word)))


def _ending(word: str, meant: str) -> bool:
    """ "Tests" and "parser" are forms of "test" and "parse", and no slips."""
    return word.startswith(meant) or meant.startswith(word) or word[:-1] == meant[:-1]


def _near(one: str, other: str) -> bool:
    """Whether one letter more or less, or two neighbours swapped, make one the other."""
    if len(one) > len(other):
        one, other = other, one
    n = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[n:] == other[n + 1 :]
    return one[n : n + 2] == other[n : n + 2][::-1] and one[n + 2 :] == other[n + 2 :]
