"""Events: the drafts that "after X", "before X" and "while X" name, or new ones where nothing before is meant.

Owns which earlier steps an event is. How its words become something to do is for
`tuloy.understanding.clauses.events`.
"""

from collections.abc import Sequence
from itertools import pairwise

from tuloy.understanding.clauses.events import said
from tuloy.understanding.clauses.phrase import Phrase
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import Condition, asked_of
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.references import thing_of
from tuloy.understanding.drafting.told import Drafts, Told

__all__ = ["Events"]


class Events(Drafts):
    """Reads the event that a clause names."""

    def _event(self, clause: Clause, state: Told, group: Sequence[Draft]) -> list[Draft] | None:
        """Return the drafts that an event names, new ones where none was there; None where it is no event."""
        words = [token.norm for token in clause.tokens]
        if not words or any(word in self.known.past for word in words) or self._tells_a_tale(words):
            return None
        if set(words) & self.known.durations and (
            words[0] in self.known.indefinite | self.known.counts or (self.known.affixes and words[0].isdigit())
        ):
            state.base = self._then(self._open())
            return None
        theirs = bool(set(words[1:3]) & self.known.doers_behind) and self.known.tells(words[0])
        if theirs or words[0] in self.known.happenings:
            return list(group) or self.found.drafts[-1:] or None  # "oras na dumating ang mga susi"
        phrase = said(clause.tokens, self.known)
        if phrase is None:
            return None
        if self.known.affixes and words[0] in self.known.nouns_too and clause.opener.endswith(self.known.article_ends):
            phrase = Phrase(list(clause.tokens), "", 0.6, "thing")  # "matapos ang build"
        spoken = [w for w in words if w not in self.known.auxiliaries and w not in self.known.finished]
        if not spoken and len(words) > 1:
            return list(group)
        small = self.known.everyone | self.known.pronouns | self.known.determiners | self.known.fragments
        small |= self.known.numbers.keys() | self.known.pointers if self.known.affixes else frozenset()
        if spoken and all(w in small for w in spoken):
            several = max((self.known.numbers.get(word, 1) for word in spoken), default=1)
            if len(group) < several <= len(self.found.drafts) and self.known.affixes:
                return list(self.found.drafts[-several:])  # "pagkatapos ng dalawa"
            return list(self._open()) if set(spoken) & self.known.totals else list(group)
        nameless = small | self.known.ongoing
        if group and words[0] in self.known.determiners and all(w in nameless for w in spoken):
            return list(group)  # "before the run"
        if self._names_everything(words):
            counted = self._counted(words)
            return counted or (list(self._open()) if set(words) & self.known.totals else list(group))
        if words[0] in self.known.pronouns | self.known.points and words[-1] in self.known.settled and len(words) < 4:
            several = words[0].partition("'")[0] in self.known.plural
            return list(group) if several else self.found.drafts[-1:]
        verbs = [w for w in spoken if w not in small]
        done = {self.known.root(self.known.base(w) or w) for w in verbs}
        if len(verbs) == 1 and len(spoken) > 1 and done & {self.known.root(one.verb) for one in group}:
            return list(group)
        last = self.found.drafts[-1:]
        pointing = len(phrase.tokens) == 2 and phrase.tokens[1].norm in self.known.singular | self.known.plural
        if last and pointing and self._same_work(last[0].verb, phrase.verb):
            return last
        if last and {last[0].verb, phrase.verb} <= self.known.seekers:
            self._speaks_of(last[0], thing_of(phrase.tokens, self.known))
            return last
        named = asked_of(
            Condition("outcome", True, tuple(t.norm for t in phrase.tokens)), self.found.drafts, [], self.known
        )
        named = [one for one in named if not any(state.base.get(asked, w) != w for asked, w in one.branch.items())]
        named = self._all_alike(words, named)
        same = named and self._same_work(named[0].verb, phrase.verb)
        if named and (phrase.kind == "thing" or same or not phrase.verb):
            return named
        if phrase.kind == "thing" and self._goes_on(words):
            return None
        if phrase.kind == "thing" and self._happens(words):
            return list(group) or self.found.drafts[-1:] or None
        if phrase.kind == "thing":
            self._do_thing(phrase)
            if phrase.changed and clause.opener.endswith(self.known.article_ends) and 1 in phrase.changed:
                phrase.changed[1] = f"{self.known.spoken['article']} {phrase.changed[1]}"
        return [self._draft(phrase)]

    def _tells_a_tale(self, words: Sequence[str]) -> bool:
        """ "After the price increase our spend went up": a sentence of its own in the past, and no event to come."""
        return any(word in self.known.tales and n > 1 for n, word in enumerate(words[:16]))

    def _goes_on(self, words: Sequence[str]) -> bool:
        """ "While the board is cycling": what a thing does meanwhile is no work of ours."""
        known = self.known
        return any(
            word in known.auxiliaries and after.endswith("ing") and after not in known.ongoing | known.running
            for word, after in pairwise(words[:10])
        )

    def _happens(self, words: Sequence[str]) -> bool:
        """ "The moment Apple accepts it", "once the client signs off": somebody else's doing, behind what was done."""
        known = self.known
        for n, word in enumerate(words[1:8], 1):
            stem = word.removesuffix("s")
            third = word != stem and (stem in known.verbs or word.removesuffix("es") in known.verbs)
            if third and stem not in known.running and word not in known.finished | known.ongoing:
                return n + 1 < len(words) or stem not in known.nouns_too
            if word in known.auxiliaries:
                return False
        return False

    def _names_everything(self, words: Sequence[str]) -> bool:
        """ "All of that is in", "all of these are built": everything before, whatever is said of it."""
        known = self.known
        end = next((n for n, word in enumerate(words[:8]) if word in known.auxiliaries), 0)
        small = known.everyone | known.pronouns | known.determiners | {"of"}
        return end > 0 and words[0] in known.everyone and all(word in small for word in words[:end])

    def _all_alike(self, words: Sequence[str], named: list[Draft]) -> list[Draft]:
        """ "After the three jobs": all of the last group that do what the one named does."""
        if not named or not any(self.known.numbers.get(word, 1) > 1 for word in words):
            return named
        alike = [one for one in self.group if one.verb == named[0].verb and one.tokens is named[0].tokens]
        return alike if named[0] in alike else named

    def _same_work(self, one: str, other: str) -> bool:
        """ "Search for the book. Once you find it": one verb, or two for looking something up or checking it."""
        known = self.known
        kinds = (known.seekers, known.check_verbs)
        return known.root(one) == known.root(other) or any(one in kind and other in kind for kind in kinds)

    def _do_thing(self, phrase: Phrase) -> None:
        """ "After the build": an event that is named by a noun is run."""
        if phrase.tokens[0].norm not in self.known.ongoing or len(phrase.tokens) < 2:
            phrase.tokens = [phrase.tokens[0], *phrase.tokens]
        phrase.verb = "run"
        phrase.changed = {
            0: self.known.spoken["run"],
            1: self.text[phrase.tokens[1].start : phrase.tokens[1].end].lower(),
        }
