"""Remarks: clauses that say how steps are done or what they hand out, and wishes that others spell out.

Owns telling such clauses from steps. Reading the steps is for `tuloy.understanding.drafting.sentence`.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.phrase import Phrase, stripped, title_of
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.subordinate import CONDITIONS, Subordinates
from tuloy.understanding.drafting.told import Told
from tuloy.understanding.words.tokens import Token

__all__ = ["Remarks"]


class Remarks(Subordinates):
    """Knows the clauses that ask for no step of their own."""

    def _says_how(self, rest: list[Token], words: Sequence[str], *, beside: bool = False) -> bool:
        """ "Do it concurrently", "do them in that order": how the steps before are done, and no step."""
        known = self.known
        if not beside and not known.parallel_intro.within(words) and not known.ordered_intro.within(words):
            return False
        kept = [token.norm for token in stripped(rest, known)[0]]
        side = known.parallel_intro.within(kept)
        kept = [*kept[: side[1]], *kept[side[1] + side[2] :]] if side else kept
        ordered = known.ordered_intro.within(words) is not None
        everyone = known.everyone | known.pronouns | known.determiners | known.adverbs | {"of"}
        if not (side or ordered or beside) or not self.found.drafts or not kept or kept[0] not in known.no_work:
            return False
        if not all(word in everyone for word in kept[1:]):
            return False
        self._chain(self.group if ordered else ())
        return True

    def _only_wishes(self, sentence: list[Token], draft: Draft) -> bool:
        known, words = self.known, [token.norm for token in sentence]
        if known.determiners.issuperset(words[1:]):
            return False
        if draft.verb in known.no_work and not known.counts.isdisjoint(words):
            return True
        if not draft.verb and known.wants.at([token.norm for token in stripped(sentence, known)[0]], 0):
            return True
        return any(known.introductions.at(words, n) for n in range(min(4, len(words))))

    def _spells_out(self, sentence: list[Token], first: Clause) -> bool:
        """Whether a sentence says exactly what the wish before it is; "also" and "if" go on from it instead."""
        words = [token.norm for token in sentence[:6]]
        opener = self.known.connectives.at(words, 0)
        goes_on = opener is not None and opener[0] in CONDITIONS
        return first.kind == "main" and not goes_on and "also" not in {self._kind_of(word) for word in words}

    def _kind_of(self, word: str) -> str:
        found = self.known.connectives.at([word], 0)
        return found[0] if found else ""

    def _is_courtesy(self, words: Sequence[str], state: Told) -> bool:
        """ "If any of that is a bad idea, tell me": an offer, not a branch; the check that it made goes."""
        check = state.made[-1:] if state.waiting else []
        if not (check and check[0].check and words and words[0] in self.known.courtesies):
            return False
        first = next((t.norm for t in check[0].tokens if t.norm not in self.known.auxiliaries), "")
        if first not in self.known.everyone | {"you", "anything", "something", "any"}:
            return False
        self.found.drafts.remove(check[0])
        state.made.remove(check[0])
        state.base, state.waiting = {}, False
        return True

    def _gives_details(self, phrase: Phrase, clause: Clause, cut: list[Clause], n: int) -> bool:
        """ "Find the book. Please provide its title and author": what the step before is to hand out."""
        known = self.known
        if len(phrase.tokens) == 1 and phrase.verb in known.lookups and n + 1 < len(cut):
            behind = stripped(cut[n + 1].tokens, known)[0]
            hands = len(behind) > 1 and behind[0].norm in known.delivers and behind[1].norm in known.askees
            return hands and cut[n + 1].joined
        before = self.found.drafts[-1:]
        if before and before[0] is self.intro and self._asks_for_it(phrase):
            self.intro = None
            return True
        if phrase.verb not in known.delivers or set(clause.marks) - {"also"} or clause.opener or not before:
            return False
        if before[0] is self.intro or phrase.tokens[1:2] == []:
            return False
        heads = any(one.kind == "main" and one.tokens for one in cut[:n])
        if (heads and not clause.joined) or not self._hands_over(phrase, before[0]):
            return False
        asks = before[0].verb in known.lookups | known.delivers | known.inquiries or not before[0].verb
        if not asks or before[0].branch or before[0].command:
            return False
        self.intro = None if before[0] is self.intro else self.intro
        before[0].details.append(title_of(self.text, phrase.tokens))
        return True

    def _asks_for_it(self, phrase: Phrase) -> bool:
        """ "Retrieve this information": asks for what the wish before names, and nothing else."""
        words = [token.norm for token in phrase.tokens[1:]]
        pointing = words[:1] and words[0] in self.known.singular | self.known.plural
        return (
            bool(pointing)
            and len(words) == 2
            and phrase.verb in self.known.lookups
            and words[1] in self.known.information
        )

    def _hands_over(self, phrase: Phrase, before: Draft) -> bool:
        """Whether "provide …" names its receiver, or speaks of what was asked for before: no source of its own."""
        known = self.known
        words = [token.norm for token in phrase.tokens]
        if words[1] in known.askees:
            return True
        spoken = content(words[1:], known)
        if words[1] in known.information or (words[1] in known.articles and set(words[2:3]) & known.information):
            return before.verb in known.inquiries | known.lookups
        return words[1] not in known.indefinite - {"some"} and bool(spoken & (before.words | known.results))

    def _asks_work(self, words: Sequence[str]) -> bool:
        """ "Make sure to …" asks for work; "make sure it …" says what has to be true."""
        found = self.known.assurances.at(words, 0)
        behind = [word for word in words[found[1] :] if word not in self.known.fragments] if found else []
        if self.known.affixes and behind:
            first = self.known.form(behind[0])
            return behind[0] not in self.known.borrowed and bool(first) and self.known.orders(behind[0])
        return found is None or words[found[1] : found[1] + 1] == ["to"]
