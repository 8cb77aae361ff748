"""The lexicons: words of each language, read from `lexicon/*.toml` once per process.

Owns finding a phrase in a run of words. A language is a file here; no rule names one.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from tuloy.understanding.words.kinds import Words

__all__ = ["Phrases", "table"]


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return `lexicon/<name>.toml`."""
    return tomllib.loads((files("tuloy.understanding") / "lexicon" / f"{name}.toml").read_text("utf-8"))


class Phrases:
    """Phrases of several words, each with a meaning; the longest one wins. Lookup costs the longest phrase."""

    def __init__(self, meanings: Iterable[tuple[str, str]]) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], str]] = {}
        for phrase, meaning in meanings:
            words = tuple(phrase.replace(":", " : ").split())
            self._by_first.setdefault(words[0], {})[words] = meaning
        self._longest = {
            first: sorted({len(words) for words in phrases}, reverse=True) for first, phrases in self._by_first.items()
        }

    @cached_property
    def firsts(self) -> Words:
        """The first words of all phrases."""
        return Words(self._by_first)

    def at(self, words: Sequence[str], place: int) -> tuple[str, int] | None:
        """Return the meaning of the longest phrase that starts at `place`, and how many words it takes."""
        if place >= len(words) or words[place] not in self._by_first:
            return None
        phrases, left = self._by_first[words[place]], len(words) - place
        for length in self._longest[words[place]]:
            if length <= left and (meaning := phrases.get(tuple(words[place : place + length]))) is not None:
                return meaning, length
        return None

    def within(self, words: Sequence[str]) -> tuple[str, int, int] | None:
        """Return the first phrase in `words`: its meaning, where it starts, how many words it takes."""
        if self._by_first.keys().isdisjoint(words):
            return None
        for place, word in enumerate(words):
            if word in self._by_first and (found := self.at(words, place)):
                return found[0], place, found[1]
        return None
