"""Checks: the step that finds out whether a condition on a fact holds.

Owns its words, what it speaks of, and what it has to wait for.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.phrase import title_of
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft, Why
from tuloy.understanding.drafting.each import Each
from tuloy.understanding.drafting.told import Told
from tuloy.understanding.words.tokens import Token

__all__ = ["Checks"]


class Checks(Each):
    """Makes checks."""

    def _check(self, clause: Clause, state: Told, *, tail: bool) -> Draft:
        """The step that finds out whether a condition holds."""
        tokens = [token for token in clause.tokens if token.norm not in (",",)] or clause.tokens
        words = title_of(self.text, tokens)
        words = words[:1].lower() + words[1:] if words[1:2].islower() else words
        start = tokens[0].start if tokens else state.made[-1].span[0] if state.made else 0
        draft = Draft(
            title=f"{self.known.check_title} {words} {self._missing_subject(tokens, state, tail=tail)}".strip(),
            span=(start, max((t.end for t in tokens), default=start)),
            verb="check",
            tokens=tokens,
            check=True,
            why=Why("condition on a fact", clause.place if any(clause.place) else (start, start)),
            sure=0.85,
            stage=self.stage,
            words=content([*(t.norm for t in tokens), *self._literal_words(tokens)], self.known),
            negated=any(t.norm in self.known.negations for t in tokens),
        )
        self._name_fact(draft, draft.tokens)
        self._insert(draft, state, tail=tail)
        return draft

    def _missing_subject(self, tokens: Sequence[Token], state: Told, *, tail: bool) -> str:
        """ "Linisin ang cache kapag lumampas sa 1 GB": with the predicate in front, the subject may be left out."""
        known = self.known
        words = [token.norm for token in tokens]
        small = known.fragments | known.negations
        if known.affixes and tail and words and state.run and all(word in small for word in words):
            text = state.run[-1].thing_text  # "i-install ang Docker kung wala pa"
            return text if text and text.split()[0] in known.articles else ""
        if (
            not known.affixes
            or not words
            or set(words) & (known.subjects | known.neutral)
            or known.existence.at(words, 0)
        ):
            return ""
        about = state.run[-1:] if tail else self.found.drafts[-1:]
        compares = words[0] in known.comparisons or known.tells(words[0]) or known.form(words[0]) is not None
        if not (about and about[0].thing_text and compares) or about[0].branch:
            return ""
        text = about[0].thing_text
        return text if text.split()[0] in known.articles else f"{known.spoken['article']} {text}"

    def _insert(self, draft: Draft, state: Told, *, tail: bool) -> None:
        """Put what a condition asks in front of the steps that stand under it."""
        if tail and state.run:
            place = state.run.index(state.covered) + 1 if state.covered in state.run else 0
            later = state.run[place:] or state.run[-1:]
            here = min(self.found.drafts.index(one) for one in later)
            draft.need(dict(later[0].needs), self.because)
            if draft.check and not draft.needs:
                self._ask_what_came_out(draft, self.found.drafts[max(0, here - 1) : here], behind=True)
            self.found.drafts.insert(here, draft)
        else:
            draft.need(state.base, self.because)
            if draft.check:
                self._ask_about(draft)
            self.found.drafts.append(draft)
        state.made.append(draft)

    def _ask_about(self, check: Draft) -> None:
        """A fact about what an earlier step works on is checked after it."""
        words = {token.norm for token in check.tokens[:40]}
        pronouns = self.known.singular | self.known.plural
        pointing = bool(check.tokens) and (
            check.tokens[0].norm in pronouns
            or (
                not self.known.affixes
                and any(t.norm in pronouns - self.known.demonstratives for t in check.tokens[:10])
            )
        )
        for draft in reversed(self.found.drafts[-12:]):
            same = bool(draft.thing) and draft.thing[-1] in words and not draft.check
            nested = pointing and bool(draft.branch) and draft.branch.items() <= check.branch.items()
            if (pointing or same) and (nested or not draft.branch):
                check.need({draft: "succeeded"}, Why("asks about what it works on", check.span))
                break
        self._ask_what_came_out(check, self.found.drafts[-1:])

    def _ask_what_came_out(self, check: Draft, last: Sequence[Draft], *, behind: bool = False) -> None:
        """Check behind the last step what came of it; a condition `behind` what it is for must plainly say so."""
        words = {token.norm for token in check.tokens[:40]}
        open_to_it = last and (not last[0].branch or self._measures(words, last[0])) and last[0] not in check.needs
        if open_to_it and self._asks_what_came_out(check, last[0], plainly=behind):
            check.need({last[0]: "succeeded"}, Why("asks about what came out of it", check.span))

    def _measures(self, words: set[str], last: Draft) -> bool:
        """ "Evaluate it on the test set. If the score is above 0.8": a figure that the step before gives."""
        known = self.known
        compares = bool(words & (known.comparisons | known.rising | known.falling))
        return compares and (known.root(last.verb) in known.judging or last.verb in known.inquiries)

    def _asks_what_came_out(self, check: Draft, last: Draft, *, plainly: bool) -> bool:
        """Whether a fact is to be seen behind the last step: it measures, or stands in a sequence."""
        known = self.known
        words = [token.norm for token in check.tokens[:40]]
        if not check.needs and (set(words) & known.finds or (words[:1] and words[0] in known.comparisons)):
            return True
        if not check.needs and set(words) & known.counted_out:
            return True
        exists = known.existence.at(words, 0)
        looked = known.root(last.verb) in known.judging or last.verb in known.inquiries
        fault = next((n for n, word in enumerate(words) if word in known.faults), len(words))
        if exists and looked and not check.needs and not set(words[fault + 1 :]) & known.prepositions:
            return fault < len(words)
        measures = known.root(last.verb) in known.judging or last.verb in known.inquiries
        return not exists and not plainly and (measures or bool(last.needs))
