"""Topics: what a clause that only tells leaves for later pronouns, and clauses that leave out their verb.

Owns both. Reading the steps is for `tuloy.understanding.drafting.sentence`.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.events import said
from tuloy.understanding.clauses.phrase import Phrase, stripped
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.references import thing_of
from tuloy.understanding.drafting.remarks import Remarks
from tuloy.understanding.drafting.told import Told
from tuloy.understanding.words.tokens import Token

__all__ = ["Topics"]

_FAR = 40


class Topics(Remarks):
    """Knows what was spoken of."""

    def _fronts(self, clause: Clause, words: Sequence[str], cut: list[Clause], n: int) -> bool:
        """ "Yung signup naman, lagyan ng validation": the object stands in front of its order, behind it from here."""
        known = self.known
        after = cut[n + 1] if n + 1 < len(cut) else None
        marks = known.articles & known.subjects
        if not known.affixes or not words or words[0] not in marks or clause.marks or len(words) > 10:
            return False
        if after is None or after.kind != "main" or not after.comma or after.marks or not after.tokens:
            return False
        behind = [token.norm for token in after.tokens]
        verb = stripped(after.tokens, known)[0][:1]
        told = any(known.tells(word) or known.orders(word) or word in known.inverters for word in words[1:])
        if told or not verb or not known.is_verb(verb[0].norm) or marks & set(behind):
            return False
        kept = [token for token in stripped(clause.tokens, known)[0] if token.kind != "mark"]
        while len(kept) > 1 and kept[-1].norm in known.fragments:
            kept.pop()
        after.tokens = [*after.tokens, *kept]
        return True

    def _speak_of(self, clause: Clause) -> None:
        """ "The build is broken": what a later "it" may mean."""
        loose = (n for n, t in enumerate(clause.tokens) if t.kind != "mark" and t.norm not in self.known.adverbs)
        tokens = clause.tokens[next(loose, len(clause.tokens)) :][:_FAR]
        words = [token.norm for token in tokens]
        if there := self.known.existence.at(words, 0):
            self._speak_of_what_there_is(tokens[there[1] :])
            return
        place = next(
            (n for n, word in enumerate(words[:12]) if word in self.known.auxiliaries or self._finite(words, n)), 0
        )
        named = bool(tokens) and (self._is_name(tokens[0]) or self.known.idioms.at(words, 0) is not None)
        if place > (not named) and (named or (words[0] in self.known.determiners - self.known.pronouns)):
            while place > 1 and words[place - 1] in self.known.adverbs:
                place -= 1
            if named:
                place = next((n for n, word in enumerate(words[:place]) if word in self.known.prepositions), place)
            head = next((n for n, word in enumerate(words[:place]) if n and word in self.known.prepositions), place)
            thing = tuple(word for word in words[:head] if word not in self.known.determiners)
            raw = self.text[tokens[0].start : tokens[place - 1].end]
            self.topic_at = len(self.found.drafts)
            spoken = raw if named else raw[:1].lower() + raw[1:]
            self.topic = [Draft(raw, (0, 0), thing=thing, thing_text=spoken)]

    def _speak_of_what_there_is(self, tokens: Sequence[Token]) -> None:
        """ "There's a script on the old box": what is there."""
        thing = thing_of([*tokens[:1], *tokens], self.known)
        if thing and thing[0].norm in self.known.indefinite:
            draft = Draft(self.text[thing[0].start : thing[-1].end], (0, 0))
            draft.thing = tuple(t.norm for t in thing if t.norm not in self.known.determiners)
            draft.thing_text = draft.title
            self.topic, self.topic_at = [draft], len(self.found.drafts)

    def _is_name(self, token: Token) -> bool:
        """ "node-7", "`api`", "Redis": what needs no article to be spoken of."""
        if token.kind in ("code", "quote"):
            return True
        raw, known = self.text[token.start : token.end], self.known
        plain = token.norm in known.vocabulary or known.is_verb(token.norm) or known.base(token.norm) is not None
        return token.kind == "word" and not plain and (raw[:1].isupper() or not raw.isalpha())

    def _finite(self, words: Sequence[str], place: int) -> bool:
        """ "The footer says": a third person behind its subject."""
        word = words[place]
        base = word.removesuffix("s")
        if place < 2 or words[place - 1] in self.known.determiners | self.known.prepositions:
            return False
        if word == base:
            before = words[place - 1]
            several = any(one.endswith("s") and not one.endswith("ss") for one in words[1:place])
            behind = words[place + 1] if place + 1 < len(words) else ""
            plain = word in self.known.verbs and (word not in self.known.nouns_too or behind in self.known.articles)
            return plain and several and before not in self.known.infinitives | self.known.prepositions
        known = base in self.known.verbs or word in self.known.fails
        return known and (base not in self.known.nouns_too or words[0] in self.known.articles)

    def _named_work(self, clause: Clause) -> Phrase | None:
        """ "Isabay ang pagsasalin ng README": behind a word of order the noun of a verb asks for what it names."""
        known = self.known
        tokens = [token for token in clause.tokens[:4] if token.norm not in known.fragments]
        if not clause.marks or len(tokens) < 2 or tokens[0].norm not in known.articles & known.subjects:
            return None
        form = known.form(tokens[1].norm)
        if form is None or form.mood != "noun" or not known.is_verb(known.base(tokens[1].norm) or ""):
            return None
        return said(clause.tokens[clause.tokens.index(tokens[1]) :], known)

    def _same_but_where(self, clause: Clause, words: Sequence[str], before: Draft) -> Phrase | None:
        """ "Turn it on for the staff, then for everyone": all but the words behind the preposition is as before."""
        if words[0] not in self.known.prepositions or self.known.affixes:
            return None
        place = next((n for n, token in enumerate(before.tokens) if n > 1 and token.norm == words[0]), 0)
        return Phrase([*before.tokens[:place], *clause.tokens], before.verb, 0.8) if place else None

    def _same_verb(self, clause: Clause, state: Told) -> Phrase | None:
        """ "Run the linter and also the tests": the verb is the one before."""
        before = state.made[-1:] or self.group[-1:]
        if not {"also", "seq", "last"} & set(clause.marks) or not before or not before[0].verb or not clause.tokens:
            return None
        words = [token.norm for token in clause.tokens]
        kept = stripped(clause.tokens, self.known)[0]
        if kept and self.known.is_verb(kept[0].norm):
            return None
        if same := self._same_but_where(clause, words, before[0]):
            return same
        if words[0] not in self.known.determiners or self.known.obligations.within(words):
            return None
        if any(word in self.known.auxiliaries or self._finite(words, n) for n, word in enumerate(words)):
            return None
        if not before[0].tokens:
            return None
        first, verb = before[0].tokens[0], before[0].verb
        turned = bool(self.known.affixes) and first.norm != verb and self.known.base(first.norm) == verb
        changed = {0: verb} if turned else None
        return Phrase([first, *clause.tokens], verb, 0.8, changed=changed)
