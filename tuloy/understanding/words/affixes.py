"""Affixes: what the root of a word is and what its affixes make of it, for languages that inflect so.

Owns the analysis; which affixes there are, and which roots, is data of a lexicon (`[affixes]` and `roots`).
"""

from collections.abc import Iterator, Mapping, Set
from typing import Literal, NamedTuple

__all__ = ["Affixes", "Form", "Mood"]

Mood = Literal["order", "will", "either", "told", "noun"]
_LONGEST = 40
_VOWELS = frozenset("aeiou")


class Form(NamedTuple):
    """`order`: an imperative; `will`: yet to come; `told`: under way or over; `noun`: the doing of it.

    `either`: an imperative or past, as its subject decides.
    """

    root: str
    mood: Mood


class Affixes:
    """The affixes of one language, over its own roots and over verbs that it borrows."""

    def __init__(self, table: Mapping[str, list[str]], roots: Set[str], irregular: Mapping[str, str]) -> None:
        self._prefixes: list[tuple[str, Mood]] = sorted(
            ((prefix, mood) for mood in ("order", "told", "noun") for prefix in table[mood]),
            key=lambda pair: -len(pair[0]),
        )
        self._infixes: tuple[tuple[Mood, list[str]], ...] = (
            ("either", table["infix_either"]),
            ("told", table["infix_told"]),
        )
        self._suffixes = tuple(table["suffix"])
        self.actor = tuple(table["actor"])
        self._joining = frozenset(table["joining"])
        self._roots = roots
        self._irregular = irregular
        self._seen: dict[str, Form | None] = {}

    def form(self, word: str, borrowed: Set[str]) -> Form | None:
        """Return the analysis of a word, None where it has no affix that is known here."""
        if word not in self._seen:
            if len(self._seen) > 20_000:
                self._seen.clear()
            self._seen[word] = self._hyphened(word) if "-" in word else self._plain(word, borrowed)
        return self._seen[word]

    def inflects(self, word: str) -> bool:
        """Whether an unknown word has the look of an order."""
        order = tuple(prefix for prefix, mood in self._prefixes if mood == "order" and len(prefix) > 1)
        return len(word) > 5 and (word.startswith(order) or word.endswith(self._suffixes))

    def _hyphened(self, word: str) -> Form | None:
        """ "i-push", "nagse-send", "nag-iimport", "ide-deploy": the root is what follows the last hyphen."""
        first, _, rest = word.partition("-")
        if "-" in rest and any(first == prefix for prefix, _ in self._prefixes):
            syllable, _, root = rest.partition("-")
            if root.startswith(syllable) and len(syllable) < 4 and (mood := self._mood(first)):
                return Form(root, "will" if mood == "order" else mood)  # "mag-e-expire"
            head, tail = first, rest  # "i-cherry-pick"
        else:
            head, _, tail = word.rpartition("-")
            head = head.replace("-", "")
        if len(tail) < 2 or not head:
            return None
        if any(head[1:].startswith(infix) and head[0] == tail[0] for infix in self._infixes[1][1]) and len(head) < 6:
            return Form(tail, "told")
        for prefix, mood in self._prefixes:
            if head == prefix:
                again = _once(tail)
                doubled = again is not None and tail[0] in _VOWELS
                return Form(again if doubled and again else tail, "will" if doubled and mood == "order" else mood)
            if head.startswith(prefix) and len(head) - len(prefix) in (1, 2, 3) and tail[0] == head[len(prefix)]:
                return Form(tail, "will" if mood == "order" else mood)
        return None

    def _mood(self, prefix: str) -> Mood | None:
        return next((mood for one, mood in self._prefixes if one == prefix), None)

    def _plain(self, word: str, borrowed: Set[str]) -> Form | None:
        if not 4 <= len(word) <= _LONGEST or word in borrowed:
            return None
        if word in self._irregular:
            return Form(self._irregular[word], "order")
        best: Form | None = None
        for stem, mood in self._stems(word):
            if stem in self._irregular and mood == "order":
                return Form(self._irregular[stem], mood)
            for root in self._spellings(stem):
                if root in self._roots:
                    return Form(root, mood)
            once = _once(stem)
            for root in self._spellings(once) if once else ():
                if root in self._roots or (stem.startswith(once or "") and root in self._roots):
                    best = best or Form(root, "will" if mood == "order" else "told" if mood == "either" else mood)
            if stem in borrowed and mood != "noun" and len(stem) > 2 and word[: -len(stem)] in self._joining:
                best = best or Form(stem, mood)
        return best

    def _stems(self, word: str) -> Iterator[tuple[str, Mood]]:
        """What is left without a prefix, an infix, a suffix; the likelier first."""
        for prefix, mood in self._prefixes:
            if word.startswith(prefix) and len(word) - len(prefix) >= 3:
                yield word[len(prefix) :], mood
                for bare in self._unsuffixed(word[len(prefix) :]):
                    yield bare, mood
        for mood, infixes in self._infixes:
            for infix in infixes:
                if word[0] not in _VOWELS and word.startswith(infix, 1) and word[1 + len(infix) : 2 + len(infix)]:
                    yield word[0] + word[1 + len(infix) :], mood
                elif word.startswith(infix) and word[len(infix) : len(infix) + 1] in _VOWELS:
                    yield word[len(infix) :], mood
                for prefix in ("i",):
                    inner = word[len(prefix) :]
                    if word.startswith(prefix + inner[:1] + infix):
                        yield inner[0] + inner[1 + len(infix) :], "told"
        if once := _once(word):
            yield once, "either"
        for bare in self._unsuffixed(word):
            yield bare, "order"
            for _, infixes in self._infixes:
                for infix in infixes:
                    if bare.startswith(infix, 1):
                        yield bare[0] + bare[1 + len(infix) :], "told"

    def _unsuffixed(self, word: str) -> Iterator[str]:
        for suffix in self._suffixes:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3:
                yield word[: -len(suffix)]

    def _spellings(self, stem: str) -> Iterator[str]:
        """A root as it was before a suffix changed it: ayus-in, gaw-in, bayar-an, buu-in."""
        yield stem
        last = max((n for n, sign in enumerate(stem) if sign in _VOWELS), default=-1)
        if last >= 0 and stem[last] == "u":
            yield stem[:last] + "o" + stem[last + 1 :]
        if stem.endswith("r"):
            yield stem[:-1] + "d"
        if len(stem) >= 3 and stem[-1] not in _VOWELS:
            for vowel in "aio":
                yield stem + vowel


def _once(stem: str) -> str | None:
    """Return the stem without its doubled first syllable: aayus, gagaw, dadagdag, rarun."""
    if len(stem) < 4:
        return None
    if stem[0] in _VOWELS:
        return stem[1:] if stem[1] == stem[0] else None
    return stem[2:] if stem[2:4] == stem[:2] else None
