"""Each: "for each of a, b and c" makes one step per item.

Owns reading the items and multiplying the steps.
"""

from collections.abc import Sequence
from itertools import pairwise

from tuloy.understanding.clauses.phrase import title_of
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.events import Events
from tuloy.understanding.drafting.told import Told
from tuloy.understanding.words.tokens import Token

__all__ = ["Each"]


class Each(Events):
    """Reads "for each"."""

    def _each(self, clause: Clause, state: Told) -> None:
        """ "For each of a, b and c": one step per item, where the items are named."""
        tokens = clause.tokens
        link = self._link(clause.opener)
        colon = next((n for n, token in enumerate(tokens) if token.norm == ":"), None)
        tokens = tokens[colon + 1 :] if colon is not None else tokens
        items: list[list[Token]] = [[]]
        for token in tokens:
            if token.norm in (",", ":") or token.norm in self.known.coordinators:
                items.append([])
            elif not (token.norm == "of" and not items[-1]):
                items[-1].append(token)
        items = self._plain_items(items)
        names = [title_of(self.text, item) for item in items if item]
        spelled = [self.text[item[0].start : item[-1].end] for item in items if item]
        if len(names) < 2:
            if state.run and tokens:
                pointing = bool(self.known.affixes) and tokens[0].norm in self.known.one_of_them
                pointing = pointing and clause.opener.split()[0] in self.known.prepositions
                for draft in self._last_for_each(state) if pointing else state.run:
                    draft.title = f"{draft.title} {clause.opener} {spelled[0]}" if spelled else draft.title
            elif spelled:
                state.occasion = f"{clause.opener} {spelled[0]}"
            return
        named = [f"{link} {item}" for item in spelled]
        if state.run:
            self._fan_out(state, named)
            self._chain(state.run if state.ordered else ())
        else:
            state.items = named

    def _last_for_each(self, state: Told) -> list[Draft]:
        """ "Hanapin ang mga bug at gumawa ng tiket para sa bawat isa": each of what the step before brings."""
        last, before = state.run[-1], [draft for draft in self.found.drafts if draft is not state.run[-1]]
        if before and not last.needs and self.known.root(before[-1].verb) in self._bringing:
            last.need({before[-1]: "succeeded"}, self.because)
        return [last]

    @property
    def _bringing(self) -> frozenset[str]:
        known = self.known
        return known.makers | known.seekers | known.inquiries | known.lookups

    def _chain(self, drafts: Sequence[Draft]) -> None:
        """ "In that order": each item waits for the one before."""
        for one, after in pairwise(drafts):
            after.need({one: "succeeded"}, self.because)

    def _link(self, opener: str) -> str:
        """ "On each of" gives "on"; "bawat" alone gives the word that the language has for it."""
        known = self.known
        before = next((n for n, word in enumerate(opener.split()) if word in known.distributives), 0)
        return " ".join(opener.split()[:before]) or known.spoken["for"]

    def _plain_items(self, items: list[list[Token]]) -> list[list[Token]]:
        """ "The web, api and worker packages": the items are web, api and worker."""
        items = [item for item in items if item]
        while items and len(items[0]) > 1 and len(items) > 1 and items[0][0].norm in self.known.determiners:
            items[0] = items[0][1:]
        several = len(items) > 1 and all(len(item) == 1 for item in items[1:])
        if several and len(items[0]) == 2 and items[0][0].norm.endswith("s"):
            items[0] = items[0][1:]
        if len(items) > 1 and items[0][0].norm in self.known.determiners and len(items[0]) > 1:
            items[0] = items[0][1:]
            if len(items[-1]) > 1 and all(len(item) == 1 for item in items[:-1]) and items[-1][-1].norm.endswith("s"):
                items[-1] = items[-1][:-1]
        return items

    def _fan_out(self, state: Told, items: Sequence[str]) -> None:
        for draft in list(state.run):
            place = self.found.drafts.index(draft)
            copies = []
            for item in items:
                copy = Draft(f"{draft.title} {item}", draft.span, draft.verb)
                copy.tokens, copy.sure, copy.stage = draft.tokens, draft.sure, draft.stage
                copy.words = draft.words | content(item.lower().split(), self.known)
                copy.why = draft.why
                copy.need(dict(draft.needs), self.because)
                copies.append(copy)
            self.found.drafts[place : place + 1] = copies
            state.run = [one for one in state.run if one is not draft] + copies
            state.made = [one for one in state.made if one is not draft] + copies
