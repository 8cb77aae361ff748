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
        if self._passes_time(words):
            state.base = self._then(self._open())
            return None
        if self._comes_from_outside(words):
            return list(group) or self.found.drafts[-1:] or None
        phrase = self._said_by(clause, words)
        if phrase is None:
            return None
        pointed = self._pointed_at(words, group)
        if pointed is not None:
            return pointed
        return (
            self._looked_for(phrase)
            or self._named_by(words, phrase, state)
            or self._new_event(clause, phrase, words, group)
        )

    def _passes_time(self, words: Sequence[str]) -> bool:
        """ "After a few hours", "pagkatapos ng 3 araw"."""
        known = self.known
        counted = words[0] in known.indefinite | known.counts or (bool(known.affixes) and words[0].isdigit())
        return counted and not known.durations.isdisjoint(words)

    def _comes_from_outside(self, words: Sequence[str]) -> bool:
        """ "Oras na dumating ang mga susi"."""
        theirs = not self.known.doers_behind.isdisjoint(words[1:3]) and self.known.tells(words[0])
        return theirs or words[0] in self.known.happenings

    def _said_by(self, clause: Clause, words: Sequence[str]) -> Phrase | None:
        phrase = said(clause.tokens, self.known)
        noun = words[0] in self.known.nouns_too and clause.opener.endswith(self.known.article_ends)
        if phrase is not None and self.known.affixes and noun:
            return Phrase(list(clause.tokens), "", 0.6, "thing")  # "matapos ang build"
        return phrase

    def _pointed_at(self, words: Sequence[str], group: Sequence[Draft]) -> list[Draft] | None:
        """What an event points at with words that name no work; None where they name some."""
        known = self.known
        spoken = [word for word in words if word not in known.auxiliaries and word not in known.finished]
        if not spoken and len(words) > 1:
            return list(group)
        small = known.everyone | known.pronouns | known.determiners | known.fragments
        small |= known.numbers.keys() | known.pointers if known.affixes else frozenset()
        if spoken and all(word in small for word in spoken):
            return self._so_many(spoken, group)
        nameless = small | known.ongoing
        if group and words[0] in known.determiners and all(word in nameless for word in spoken):
            return list(group)  # "before the run"
        if self._names_everything(words):
            counted = self._counted(words)
            return counted or (list(self._open()) if set(words) & known.totals else list(group))
        if words[0] in known.pronouns | known.points and words[-1] in known.settled and len(words) < 4:
            several = words[0].partition("'")[0] in known.plural
            return list(group) if several else self.found.drafts[-1:]
        verbs = [word for word in spoken if word not in small]
        done = {known.root(known.base(word) or word) for word in verbs}
        again = len(verbs) == 1 and len(spoken) > 1 and done & {known.root(one.verb) for one in group}
        return list(group) if again else None

    def _so_many(self, spoken: Sequence[str], group: Sequence[Draft]) -> list[Draft]:
        """ "Pagkatapos ng dalawa", "after all of it"."""
        several = max((self.known.numbers.get(word, 1) for word in spoken), default=1)
        if len(group) < several <= len(self.found.drafts) and self.known.affixes:
            return list(self.found.drafts[-several:])
        return list(self._open()) if set(spoken) & self.known.totals else list(group)

    def _looked_for(self, phrase: Phrase) -> list[Draft]:
        """ "Once you run it", "once you find the commit": the last draft, in its own verb or another one of seeking."""
        last = self.found.drafts[-1:]
        pointing = len(phrase.tokens) == 2 and phrase.tokens[1].norm in self.known.singular | self.known.plural
        if last and pointing and self._same_work(last[0].verb, phrase.verb):
            return last
        if last and {last[0].verb, phrase.verb} <= self.known.seekers:
            self._speaks_of(last[0], thing_of(phrase.tokens, self.known))
            return last
        return []

    def _named_by(self, words: Sequence[str], phrase: Phrase, state: Told) -> list[Draft]:
        """The drafts whose outcome the words name, but for those of a branch that is not this one."""
        asked = Condition("outcome", True, tuple(token.norm for token in phrase.tokens))
        named = asked_of(asked, self.found.drafts, [], self.known)
        named = [one for one in named if not any(state.base.get(other, w) != w for other, w in one.branch.items())]
        named = self._all_alike(words, named)
        same = bool(named) and self._same_work(named[0].verb, phrase.verb)
        return named if phrase.kind == "thing" or same or not phrase.verb else []

    def _new_event(
        self, clause: Clause, phrase: Phrase, words: Sequence[str], group: Sequence[Draft]
    ) -> list[Draft] | None:
        """A step that no draft is yet; None for what a thing does meanwhile."""
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
        """ "After the build": an event that is named by a noun is run; "after approval from Ana": that is got."""
        given = next((t.norm for t in phrase.tokens if t.norm not in self.known.determiners), "") in self.known.given
        if phrase.tokens[0].norm not in self.known.ongoing or len(phrase.tokens) < 2:
            phrase.tokens = [phrase.tokens[0], *phrase.tokens]
        phrase.verb = self.known.spoken["get"].lower() if given else "run"
        phrase.changed = {
            0: self.known.spoken["get" if given else "run"],
            1: self.text[phrase.tokens[1].start : phrase.tokens[1].end].lower(),
        }
