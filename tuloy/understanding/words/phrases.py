"""The lexicons: words of each language, read from `lexicon/*.toml` once per process.

Owns finding a phrase in a run of words. A language is a file here; no rule names one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import tomli  # compiled: the lexicons are large, and every `tuloy plan` reads them

from tuloy.understanding.words.kinds import Words

__all__ = ["Phrases", "table"]


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return `lexicon/<name>.toml`."""
    return tomli.loads((files("tuloy.understanding") / "lexicon" / f"{name}.toml").read_text("utf-8"))


class Phrases:
    """Phrases of several words, each with a meaning; the longest one wins. Lookup costs the longest phrase.

    `made` are more of them by their first word; they are made when that word is met.
    """

    def __init__(
        self,
        meanings: Iterable[tuple[str, str]],
        made: Iterable[tuple[str, Callable[[], Iterable[tuple[str, str]]]]] = (),
    ) -> None:
        self._said: dict[str, list[tuple[str, str]]] = {}
        for phrase, meaning in meanings:
            self._said.setdefault(phrase.replace(":", " : ").split(maxsplit=1)[0], []).append((phrase, meaning))
        self._made: dict[str, list[Callable[[], Iterable[tuple[str, str]]]]] = {}
        for first, make in made:
            self._made.setdefault(first, []).append(make)
        self._by_first: dict[str, tuple[list[int], dict[tuple[str, ...], str]]] = {}

    def __iter__(self) -> Iterator[str]:
        """Every phrase but those that are made when their first word is met."""
        return (phrase for said in self._said.values() for phrase, _ in said)

    @cached_property
    def firsts(self) -> Words:
        """The first words of all phrases."""
        return Words((*self._said, *self._made))

    def _beginning_with(self, first: str) -> tuple[list[int], dict[tuple[str, ...], str]]:
        """Return the lengths of the phrases with this first word, the longest first, and their meanings."""
        said = [*self._said.get(first, ()), *(pair for make in self._made.get(first, ()) for pair in make())]
        meanings = {tuple(phrase.replace(":", " : ").split()): meaning for phrase, meaning in said}
        return sorted({len(words) for words in meanings}, reverse=True), meanings

    def at(self, words: Sequence[str], place: int) -> tuple[str, int] | None:
        """Return the meaning of the longest phrase that starts at `place`, and how many words it takes."""
        if place >= len(words) or (first := words[place]) not in self.firsts:
            return None
        if first not in self._by_first:
            self._by_first[first] = self._beginning_with(first)
        left = len(words) - place
        lengths, meanings = self._by_first[first]
        for length in lengths:
            if length <= left and (meaning := meanings.get(tuple(words[place : place + length]))) is not None:
                return meaning, length
        return None

    def within(self, words: Sequence[str]) -> tuple[str, int, int] | None:
        """Return the first phrase in `words`: its meaning, where it starts, how many words it takes."""
        if self.firsts.isdisjoint(words):
            return None
        for place, word in enumerate(words):
            if word in self.firsts and (found := self.at(words, place)):
                return found[0], place, found[1]
        return None
