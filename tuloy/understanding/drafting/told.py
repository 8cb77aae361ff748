"""Told: what a text has said so far, and the drafts that its clauses add to it.

Owns making drafts, their order of work, open ends and the last thing asked. Cuts no text
(`tuloy.understanding.drafting.sentence`, `tuloy.understanding.drafting.reading`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tuloy.plan import When
from tuloy.understanding.clauses.phrase import Phrase, title_of
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import Condition, condition_of, content, opposite
from tuloy.understanding.drafting.draft import Draft, Needs, Why, open_ends, reduced
from tuloy.understanding.drafting.references import depend, thing_of
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Drafts", "Reading", "Told"]

_EMPHASIS = re.compile(r"(?<![/\w*`])\*\*(?=\w)|(?<=[\w.!])\*\*(?![/\w*`])")


@dataclass
class Reading:
    """What a text says: drafts in order, constraints and acceptance criteria in its own words, what is only told.

    `enough` tells of several drafts that are asked about together whether one that ended so is enough.
    """

    drafts: list[Draft] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    accept: list[str] = field(default_factory=list)
    told: list[Why] = field(default_factory=list)
    enough: dict[frozenset[tuple[Draft, When]], bool] = field(default_factory=dict)

    def settle(self) -> None:
        """Note on every draft of which needs one that holds is enough, and drop the edges that follow from others."""
        for group in (group for group, alone in self.enough.items() if alone):
            for draft in (draft for draft in self.drafts if group <= draft.needs.items()):
                others = [one for one, when in draft.needs.items() if when != "finished" and (one, when) not in group]
                if any(group <= one.needs.items() for one in others):
                    draft.needs = {one: when for one, when in draft.needs.items() if (one, when) not in group}
                else:
                    draft.either |= {one for one, _ in group}
        reduced(self.drafts)


@dataclass
class Told:
    """What one sentence has said so far: its last run of steps and what a next one would build on."""

    base: Needs
    run: list[Draft] = field(default_factory=list)
    before: list[Draft] = field(default_factory=list)
    made: list[Draft] = field(default_factory=list)
    branch: list[Draft] = field(default_factory=list)
    waiting: bool = False
    ordered: bool = False
    forbidding: bool = False
    telling: bool = False
    later: list[Draft] = field(default_factory=list)
    put: list[Draft] = field(default_factory=list)
    covered: Draft | None = None
    occasion: str = ""
    items: list[str] = field(default_factory=list)
    beside: list[Draft] = field(default_factory=list)


class Drafts:
    """The drafts of a text and what the next clause may refer to."""

    def __init__(self, text: str, known: Grammar) -> None:
        self.text = text
        self.known = known
        self.found = Reading()
        self.group: list[Draft] = []
        self.groups: list[list[Draft]] = []
        self.branch: list[Draft] = []
        self.rejoined: set[Draft] = set()
        self.asked: list[Draft] = []
        self.asked_when: When = "succeeded"
        self.asked_words: tuple[str, ...] | None = None
        self.asked_plainly = False
        self.asked_for_none = False
        self.awaited = False
        self.named_when: When = "succeeded"
        self.asked_no = False
        self.because: Why | None = None
        self.intro: Draft | None = None
        self.section = ""
        self.stage = ""
        self.topic: list[Draft] = []
        self.topic_at = -1
        self.ends: list[Draft] = []
        self.beside: int | None = None
        self.seen = 0

    def needed(self) -> set[Draft]:
        """Return the drafts that others need."""
        return {other for draft in self.found.drafts for other in draft.needs}

    def _open(self) -> list[Draft]:
        """Return all open ends so far; what is followed once is never looked at again."""
        drafts = self.found.drafts
        self.ends = [draft for draft in self.ends if not draft.followed] + [
            draft for draft in drafts[self.seen :] if not draft.followed
        ]
        self.seen = len(drafts)
        return self.ends

    def _then(self, earlier: Sequence[Draft], *, loose: bool = False) -> Needs:
        """Success of all the open ends; the end alone where two ends exclude each other.

        `loose`: a new sentence does not belong to the branch that a failure or a fact opened before it. It waits for
        what was asked to go well, or for the branch to mend it.
        """
        ends = open_ends(earlier)
        needs: Needs = {}
        mending = [end for end in ends if loose and len(self._sides(end)) == 1]
        for end in ends:
            if loose and (given_up := self._given_up(end, ends)):
                needs |= dict.fromkeys(given_up, "succeeded")
                end.followed = True  # nothing waits for it any more
                continue
            off = any(
                end.branch.get(asked) not in (None, other.branch.get(asked), "finished")
                for other in ends
                for asked in end.branch
                if asked in other.branch
            )
            sides = self._sides(end) if loose else []
            if sides and not off and mending == [end]:
                needs |= self._rejoined(end, *sides[0])
                continue
            needs[end] = "finished" if off or sides else "succeeded"
        return needs

    def _sides(self, end: Draft) -> list[tuple[Draft, When]]:
        """The failures and facts that open the branch of a draft."""
        return [(asked, when) for asked, when in end.branch.items() if when == "failed" or asked.check]

    def _rejoined(self, end: Draft, asked: Draft, when: When) -> Needs:
        """ "If it fails, fix it. Then ship it": it did not fail, or it was fixed."""
        needs: Needs = {asked: opposite(when), end: "succeeded"}
        self.found.enough[frozenset(needs.items())] = True
        self.rejoined |= {asked, end}
        return needs

    def _given_up(self, end: Draft, ends: Sequence[Draft]) -> list[Draft]:
        """ "If they fail, page Dana. Then ship it": who only tells of a failure mends nothing, so it is shipped if they
        pass. Return what had to pass; nothing where the other branch has work of its own."""
        failed = [asked for asked, when in end.branch.items() if when == "failed" and not asked.check]
        known = self.known
        tells = known.root(end.verb) in known.giving_up or bool(set(end.thing) & known.complaints)
        taken = any(other.branch.get(asked, "failed") != "failed" for other in ends for asked in failed)
        return failed if tells and not taken else []

    def _last_asked(self) -> list[Draft]:
        """What the last condition asked about; where there was none, the last step."""
        last = self.found.drafts[-1:]
        asks = bool(last) and any(token.norm in self.known.whether for token in last[0].tokens[1:4])
        if asks and self.known.root(last[0].verb) in self.known.check_verbs and last[0] not in self.asked:
            self.asked, self.asked_when = last, "succeeded"
        if not self.asked and last:
            self.asked, self.asked_when = last, "succeeded"
        return self.asked

    def _counted(self, words: Sequence[str]) -> list[Draft]:
        """ "All three", "both": the last drafts that were said together and are so many; none where none are."""
        several = {number for word in words if (number := self.known.numbers.get(word, 0)) > 1}
        several |= {2} if set(words) & self.known.twos else set()
        recent = [*reversed(self.groups), self.found.drafts[-max(several, default=0) :]]
        return next((group for group in recent if len(group) in several), [])

    def _ask(self, asked: Sequence[Draft], when: When, every: bool | None) -> Needs:
        """Return what a condition asks. Unsaid, of several drafts all must have succeeded, and one failure counts."""
        if len(asked) > 1:
            enough, group = self.found.enough, frozenset((one, when) for one in asked)
            enough[group] = not every if every is not None else when == "failed"
            enough.setdefault(frozenset((one, opposite(when)) for one in asked), not enough[group])
        return dict.fromkeys(asked, when)

    def _whatever(self, state: Told) -> Needs:
        asked = [] if self.awaited else self.asked
        asked = asked or state.run or state.before or self.group
        return dict.fromkeys(asked, "finished")

    def _draft(self, phrase: Phrase) -> Draft:
        tokens = phrase.tokens
        literal = self._literal_words(tokens)
        draft = Draft(
            title=title_of(self.text, tokens, phrase.changed),
            span=(min(t.start for t in tokens), max(t.end for t in tokens)),
            verb=phrase.verb,
            tokens=tokens,
            sure=phrase.sure,
            why=Why(phrase.rule, (tokens[0].start, tokens[0].end)),
            stage=self.stage,
            words=content([phrase.verb, *(t.norm for t in tokens), *literal], self.known),
            literal=" ".join(literal),
        )
        draft.title = draft.title or " ".join(self.text[draft.span[0] : draft.span[1]].split())
        draft.title = draft.title or "Do it"
        return draft

    def _asked_by(self, tokens: Sequence[Token]) -> Condition:
        """The condition that these words set; a subject in backticks is asked for by the words in them."""
        condition = condition_of(tokens, self.known)
        if condition.kind != "outcome" or "" not in condition.subject:
            return condition
        literal = self._literal_words(tokens)[:1]
        return replace(condition, subject=(*(word for word in condition.subject if word), *literal))

    def _literal_words(self, tokens: Sequence[Token]) -> list[str]:
        raw = [self.text[t.start + 1 : t.end - 1].lower() for t in tokens if t.kind in ("code", "quote")]
        if not raw:
            return []
        whole = [one for one in raw if " " in one]
        return [*whole, *re.findall(r"\w+", " ".join(raw))[:40]]

    def _append(self, fresh: Sequence[Draft], base: Needs) -> None:
        for draft in fresh:
            own = {one: when for one, when in base.items() if one.item in ("", draft.item)} if draft.item else base
            draft.need(own, self.because, apart=self.rejoined if self.rejoined >= set(base) else frozenset())
            depend(
                draft,
                self._seen_by(draft),
                self.known,
                self.text,
                self.topic,
                lately=self.topic_at == len(self.found.drafts),
            )
            self._name_question(draft)
            self._add_tail(draft)
            self.found.drafts.append(draft)

    def _seen_by(self, draft: Draft) -> list[Draft]:
        """What a draft may refer to: not what is beside it in one list, nor what is done for another of the items."""
        drafts = self.found.drafts[: self.beside] if self.beside is not None else self.found.drafts
        return [one for one in drafts[-64:] if one.item in ("", draft.item)] if draft.item else drafts

    def _note_topic(self, draft: Draft) -> None:
        """ "Bago i-drop ang table, kumuha ng snapshot nito": what a pronoun in front of the event speaks of."""
        thing = thing_of(draft.tokens, self.known)
        self._speaks_of(draft, thing)
        self.topic, self.topic_at = [draft], len(self.found.drafts)

    def _name_question(self, draft: Draft) -> None:
        """ "Check if the certificate is expired" speaks of the certificate."""
        place = next((n for n, t in enumerate(draft.tokens[:5]) if n and t.norm in self.known.whether), 0)
        if place and not draft.thing and self.known.root(draft.verb) in self.known.check_verbs:
            self._name_fact(draft, draft.tokens[place + 1 :])

    def _add_tail(self, draft: Draft) -> None:
        """Name the item or the occasion behind the words of a step, whatever its pronouns became."""
        if draft.tail:
            draft.title, draft.tail = f"{draft.title} {draft.tail}", ""

    def _put_before(self, fresh: Sequence[Draft], later: Sequence[Draft], beside: Sequence[Draft] = ()) -> None:
        """Put drafts in front of others that then need them; what stands `beside` them is no need of theirs."""
        drafts = self.found.drafts
        place = min((drafts.index(draft) for draft in later if draft in drafts), default=len(drafts))
        for draft in fresh:
            self._add_tail(draft)
            draft.need({k: v for one in later for k, v in one.needs.items() if k not in beside}, self.because)
        drafts[place:place] = fresh
        for draft in later:
            draft.need(dict.fromkeys(fresh, "succeeded"), self.because)

    def _move_behind(self, events: Sequence[Draft], earlier: Sequence[Draft]) -> None:
        """Keep the order of the text an order of work: what is needed stands in front."""
        drafts = self.found.drafts
        for one in earlier:
            drafts.remove(one)
        place = min(drafts.index(event) for event in events)
        drafts[place:place] = earlier

    def _constrain(self, clause: Clause) -> None:
        tokens = clause.tokens
        loose = self.known.polite_anywhere | self.known.tail_calls | {","}
        while len(tokens) > 1 and tokens[-1].norm in loose:
            tokens = tokens[:-1]
        raw = self.text[tokens[0].start : tokens[-1].end] if tokens else ""
        raw = _EMPHASIS.sub("", raw)
        words = " ".join(f"{clause.opener if clause.kind == 'constraint' else ''} {raw}".split())
        if words and words not in self.found.constraints:
            self.found.constraints.append(words)

    def _name_fact(self, draft: Draft, tokens: Sequence[Token]) -> None:
        """ "There is a docs folder" speaks of the docs folder, "the old model wins" of the old model."""
        words = [t.norm for t in tokens]
        if exists := self.known.existence.at(words, 0):
            rest = [t for t in tokens[exists[1] :] if t.norm not in self.known.negations]
            marks = self.known.articles & self.known.subjects if self.known.affixes else frozenset()
            owner = next((n for n, token in enumerate(rest[:9]) if n and token.norm in marks), 0)
            rest = rest[owner:]  # "may bagong bersyon ang Django"
            if len(rest) > 2 and rest[1].norm in self.known.links and marks and not self.known.tells(rest[2].norm):
                self._speaks_of(draft, rest[:3])  # "may kulang na salin"
                return
            if owner:
                self._speaks_of(draft, thing_of([rest[0], *rest], self.known))
                return
            self._speaks_of(draft, thing_of([rest[0], *rest], self.known) if rest else [])
            return
        verbs = self.known.auxiliaries | {"turns", "turned"}
        place = next((n for n, word in enumerate(words[:9]) if word in verbs), 0)
        end = next((n for n, word in enumerate(words[:9]) if word in self.known.prepositions), len(words))
        if not place and end in range(3, 9) and words[end - 1].endswith("s") and not words[end - 2].endswith("s"):
            place = end - 1
        if place > 1 and words[0] in self.known.articles:
            self._speaks_of(draft, tokens[:place])
        behind = self.known.articles & self.known.subjects
        start = next((n for n, word in enumerate(words[:12]) if n and word in behind), 0)
        if start and self.known.affixes:
            self._speaks_of(draft, thing_of([tokens[start], *tokens[start:]], self.known))

    def _speaks_of(self, draft: Draft, thing: Sequence[Token]) -> None:
        if thing:
            draft.thing = tuple(t.norm for t in thing if t.norm not in self.known.determiners)
            draft.thing_text = self.text[thing[0].start : thing[-1].end]
