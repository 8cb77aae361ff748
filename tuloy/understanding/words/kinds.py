"""Kinds: the words of one kind, as a set whose combinations with other kinds are made once, or as phrases in order.

Owns no words; those are the lexicons'.
"""

from collections.abc import Sequence, Set
from functools import cached_property
from typing import TypeVar

__all__ = ["Listed", "Words"]

_T = TypeVar("_T")


class Words(frozenset[str]):
    """Words of one kind. "Pronouns or articles", "determiners but no negations" are remembered from then on.

    There are as many of these as rules name; what is made with the words of a text is never remembered.
    """

    @cached_property
    def _or(self) -> dict[frozenset[str], "Words"]:
        return {}

    @cached_property
    def _and(self) -> dict[frozenset[str], "Words"]:
        return {}

    @cached_property
    def _but(self) -> dict[frozenset[str], "Words"]:
        return {}

    def __or__(self, other: Set[_T]) -> frozenset[str | _T]:
        if not isinstance(other, Words):
            return frozenset().union(self, other)
        found = self._or.get(other)
        if found is None:
            found = self._or[other] = Words(self.union(other))
        return found

    def __and__(self, other: Set[object]) -> frozenset[str]:
        if not isinstance(other, Words):
            return self.intersection(other)
        found = self._and.get(other)
        if found is None:
            found = self._and[other] = Words(self.intersection(other))
        return found

    def __sub__(self, other: Set[object]) -> frozenset[str]:
        if not isinstance(other, Words):
            return self.difference(other)
        found = self._but.get(other)
        if found is None:
            found = self._but[other] = Words(self.difference(other))
        return found


class Listed(tuple[str, ...]):
    """Phrases whose order means something: weekdays, months. The longest one at a place wins."""

    @cached_property
    def _by_first(self) -> dict[str, list[tuple[str, ...]]]:
        found: dict[str, list[tuple[str, ...]]] = {}
        for words in sorted((tuple(phrase.split()) for phrase in self), key=len, reverse=True):
            found.setdefault(words[0], []).append(words)
        return found

    @cached_property
    def firsts(self) -> Words:
        """The first words of all phrases."""
        return Words(self._by_first)

    def longest(self, words: Sequence[str], place: int) -> int:
        """Return how many words the longest phrase takes that stands at `place`, 0 where none does."""
        if place >= len(words) or words[place] not in self._by_first:
            return 0
        for phrase in self._by_first[words[place]]:
            if tuple(words[place : place + len(phrase)]) == phrase:
                return len(phrase)
        return 0
