"""Told: what a text has said so far, and the drafts that its clauses add to it.

Owns making drafts, their order of work, open ends and the last thing asked. Cuts no text
(`tuloy.understanding.sentence`, `tuloy.understanding.reading`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tuloy.plan import When
from tuloy.understanding.conditions import Condition, asked_of, condition_of, content, opposite
from tuloy.understanding.draft import Draft, Needs, Why, open_ends, reduced
from tuloy.understanding.grammar import Grammar
from tuloy.understanding.openings import Clause
from tuloy.understanding.phrase import Phrase, said, title_of
from tuloy.understanding.references import depend, thing_of
from tuloy.understanding.tokens import Token

__all__ = ["Drafts", "Reading", "Told"]


@dataclass
class Reading:
    """What a text says: drafts in order, constraints and acceptance criteria in its own words, what is only told.

    `enough` tells of several drafts that are asked about together whether one that ended so is enough.
    """

    drafts: list[Draft] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    accept: list[str] = field(default_factory=list)
    told: list[Why] = field(default_factory=list)
    enough: dict[tuple[frozenset[Draft], When], bool] = field(default_factory=dict)

    def settle(self) -> None:
        """Note on every draft of which needs one that holds is enough, and drop the edges that follow from others."""
        for draft in self.drafts if any(self.enough.values()) else ():
            for (asked, when), alone in self.enough.items():
                if alone and all(draft.needs.get(one) == when for one in asked):
                    draft.either |= asked
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


class Drafts:
    """The drafts of a text and what the next clause may refer to."""

    def __init__(self, text: str, known: Grammar) -> None:
        self.text = text
        self.known = known
        self.found = Reading()
        self.group: list[Draft] = []
        self.groups: list[list[Draft]] = []
        self.branch: list[Draft] = []
        self.asked: list[Draft] = []
        self.asked_when: When = "succeeded"
        self.asked_words: tuple[str, ...] | None = None
        self.asked_plainly = False
        self.awaited = False
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

        `loose`: a new sentence does not belong to the branch that a failure or a fact opened before it.
        """
        ends = open_ends(earlier)
        needs: Needs = {}
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
            side = loose and any(when == "failed" or asked.check for asked, when in end.branch.items())
            needs[end] = "finished" if off or side else "succeeded"
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
            group, enough = frozenset(asked), self.found.enough
            enough[group, when] = not every if every is not None else when == "failed"
            enough.setdefault((group, opposite(when)), not enough[group, when])
        return dict.fromkeys(asked, when)

    def _whatever(self, state: Told) -> Needs:
        asked = [] if self.awaited else self.asked
        asked = asked or state.run or state.before or self.group
        return dict.fromkeys(asked, "finished")

    def _draft(self, phrase: Phrase) -> Draft:
        tokens = phrase.tokens
        draft = Draft(
            title=title_of(self.text, tokens, phrase.changed),
            span=(min(t.start for t in tokens), max(t.end for t in tokens)),
            verb=phrase.verb,
            tokens=tokens,
            sure=phrase.sure,
            why=Why(phrase.rule, (tokens[0].start, tokens[0].end)),
            stage=self.stage,
            words=content([phrase.verb, *(t.norm for t in tokens), *self._literal_words(tokens)], self.known),
        )
        draft.literal = " ".join(self._literal_words(tokens))
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
        whole = [one for one in raw if " " in one]
        return [*whole, *re.findall(r"\w+", " ".join(raw))[:40]]

    def _append(self, fresh: Sequence[Draft], base: Needs) -> None:
        for draft in fresh:
            draft.need(base, self.because)
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
        place = min(drafts.index(draft) for draft in later)
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
        words = " ".join(f"{clause.opener if clause.kind == 'constraint' else ''} {raw}".split())
        if words and words not in self.found.constraints:
            self.found.constraints.append(words)

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
            self.found.drafts.insert(min(self.found.drafts.index(one) for one in later), draft)
            draft.need(dict(later[0].needs), self.because)
        else:
            draft.need(state.base, self.because)
            if draft.check:
                self._ask_about(draft)
            self.found.drafts.append(draft)
        state.made.append(draft)

    def _ask_about(self, check: Draft) -> None:
        """A fact about what an earlier step works on is checked after it."""
        words = {token.norm for token in check.tokens[:40]}
        pointing = bool(check.tokens) and check.tokens[0].norm in self.known.singular | self.known.plural
        for draft in reversed(self.found.drafts[-12:]):
            same = bool(draft.thing) and draft.thing[-1] in words and not draft.check
            nested = pointing and bool(draft.branch) and draft.branch.items() <= check.branch.items()
            if (pointing or same) and (nested or not draft.branch):
                check.need({draft: "succeeded"}, Why("asks about what it works on", check.span))
                break
        last = self.found.drafts[-1:]
        if last and not last[0].branch and last[0] not in check.needs and self._asks_what_came_out(check, last[0]):
            check.need({last[0]: "succeeded"}, Why("asks about what came out of it", check.span))

    def _asks_what_came_out(self, check: Draft, last: Draft) -> bool:
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
        return not exists and (measures or bool(last.needs))

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
        place = next((n for n, word in enumerate(words[:9]) if word in self.known.auxiliaries), 0)
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

    def _event(self, clause: Clause, state: Told, group: Sequence[Draft]) -> list[Draft] | None:
        """Return the drafts that an event names, new ones where none was there; None where it is no event."""
        words = [token.norm for token in clause.tokens]
        if not words or any(word in self.known.past for word in words) or self._tells_a_tale(words):
            return None
        if set(words) & self.known.durations and words[0] in self.known.indefinite | self.known.counts:
            state.base = self._then(self._open())
            return None
        phrase = said(clause.tokens, self.known)
        if phrase is None:
            return None
        if self.known.affixes and words[0] in self.known.nouns_too and clause.opener.endswith(self.known.article_ends):
            phrase = Phrase(list(clause.tokens), "", 0.6, "thing")  # "matapos ang build"
        spoken = [w for w in words if w not in self.known.auxiliaries and w not in self.known.finished]
        if not spoken and len(words) > 1:
            return list(group)
        small = self.known.everyone | self.known.pronouns | self.known.determiners | self.known.fragments
        if spoken and all(w in small for w in spoken):
            several = max((self.known.numbers.get(word, 1) for word in spoken), default=1)
            if len(group) < several <= len(self.found.drafts) and self.known.affixes:
                return list(self.found.drafts[-several:])  # "pagkatapos ng dalawa"
            return list(self._open()) if set(spoken) & self.known.totals else list(group)
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
        if phrase.tokens[0].norm not in self.known.ongoing:
            phrase.tokens = [phrase.tokens[0], *phrase.tokens]
        phrase.verb = "run"
        phrase.changed = {
            0: self.known.spoken["run"],
            1: self.text[phrase.tokens[1].start : phrase.tokens[1].end].lower(),
        }
