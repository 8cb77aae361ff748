"""Sentence: the clauses of one sentence become drafts with edges.

Owns what main clauses and adverbs of order imply. Lists and headings are for `tuloy.understanding.reading`.
"""

from collections.abc import Sequence

from tuloy.understanding.blocks import Block
from tuloy.understanding.clauses import clauses
from tuloy.understanding.conditions import Condition, asked_of, content, opposite
from tuloy.understanding.draft import Draft, Needs, Why
from tuloy.understanding.openings import Clause
from tuloy.understanding.phrase import Phrase, constrains, phrase_of, stripped, title_of
from tuloy.understanding.references import shared_object
from tuloy.understanding.subordinate import CONDITIONS, Subordinates
from tuloy.understanding.tokens import Token
from tuloy.understanding.told import Told

__all__ = ["CONDITIONS", "Sentences"]


_RULES = {
    "if": "condition", "unless": "unless", "on_pass": "condition", "on_fail": "condition", "whatever": "regardless",
    "whether": "regardless", "before": "before", "after": "after", "while": "while", "each": "for each",
    "else": "otherwise", "regardless": "regardless", "seq": "then", "last": "then", "but_first": "but first",
    "first": "first",
}  # fmt: skip


class Sentences(Subordinates):
    """Reads sentence by sentence; remembers the last group of steps and the last thing asked."""

    def _sentence(self, sentence: list[Token], base: Needs, *, forced: bool = False) -> list[Draft]:
        words = [token.norm for token in sentence]
        label = self._label(words)
        if label:
            self.section, before = label[0], self.section
            self._keep_aside(Block("text", sentence[label[1]].start, sentence[-1].end))
            self.section = before
            return []
        order = self.known.ordered_intro.within(words)
        if order:
            sentence = [*sentence[: order[1]], *sentence[order[1] + order[2] :]]
        if self._says_how(sentence, words):
            return []
        cut = self._colons(clauses(sentence, self.known))
        state = Told(dict(base), ordered=order is not None)
        listed = self.because
        for n, clause in enumerate(cut):
            self.because = self._reason(clause, n) or self.because
            self._order(clause, state)
            if clause.kind == "main":
                self._main(clause, cut, n, state, forced=forced)
            else:
                self._subordinate(cut, n, state)
        self.because = listed
        if state.run:
            self.group = state.run
        self._introduce(sentence, cut, state)
        return state.made

    def _says_how(self, rest: list[Token], words: Sequence[str], *, beside: bool = False) -> bool:
        """ "Do it concurrently", "do them in that order": how the steps before are done, and no step."""
        known = self.known
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

    def _reason(self, clause: Clause, n: int) -> Why | None:
        """The connective of a clause as what its edges come from."""
        kind = _RULES.get(clause.kind) or next((_RULES[mark] for mark in clause.marks if mark in _RULES), None)
        if kind and any(clause.place):
            return Why(kind, clause.place)
        return None

    def _introduce(self, sentence: list[Token], cut: list[Clause], state: Told) -> None:
        """ "We want a notification centre. Build …": a wish that the next sentence spells out is no step of its own."""
        before, self.intro = self.intro, None
        if not state.made:
            self.intro = before
            return
        marks = {mark for clause in cut[:1] for mark in clause.marks}
        if before and before in self.found.drafts and not marks - {"first"} and self._spells_out(sentence, cut[0]):
            self._forget(before, state)
        if len(state.made) == 1 and not self.section and self._only_wishes(sentence, state.made[0]):
            self.intro = state.made[0]

    def _spells_out(self, sentence: list[Token], first: Clause) -> bool:
        """Whether a sentence says exactly what the wish before it is; "also" and "if" go on from it instead."""
        words = [token.norm for token in sentence[:6]]
        opener = self.known.connectives.at(words, 0)
        goes_on = opener is not None and opener[0] in CONDITIONS
        return first.kind == "main" and not goes_on and "also" not in {self._kind_of(word) for word in words}

    def _kind_of(self, word: str) -> str:
        found = self.known.connectives.at([word], 0)
        return found[0] if found else ""

    def _only_wishes(self, sentence: list[Token], draft: Draft) -> bool:
        words = [token.norm for token in sentence]
        kept = [token.norm for token in stripped(sentence, self.known)[0]]
        rest = set(words[1:]) - self.known.determiners
        counted = draft.verb in self.known.no_work and bool(set(words) & self.known.counts)
        thing = not draft.verb and bool(self.known.wants.at(kept, 0))
        start = next((n for n in range(min(4, len(words))) if self.known.introductions.at(words, n)), None)
        return bool(rest) and (counted or thing or start is not None)

    def _forget(self, draft: Draft, state: Told) -> None:
        drafts = self.found.drafts
        if len(drafts) < 2:
            return
        self.seen -= drafts.index(draft) < self.seen
        drafts.remove(draft)
        self.ends = [one for one in self.ends if one is not draft]
        for one in drafts[-64:]:
            one.needs.pop(draft, None)
        state.base.pop(draft, None)

    def _label(self, words: Sequence[str]) -> tuple[str, int] | None:
        """ "Out of scope: …", "Note: …" in running text."""
        for name in ("criteria", "outside", "background", "constraints"):
            found = getattr(self.known, name).at(words, 0)
            if (
                found
                and len(words) > found[1] + 1
                and (words[found[1]] == ":" or (name == "criteria" and found[1] > 1))
            ):
                return name, found[1] + (words[found[1]] == ":")
        return None

    def _colons(self, cut: list[Clause]) -> list[Clause]:
        """ "Clean up the repo: remove X and add Y": what stands before a colon is the heading of what follows."""
        for n, clause in enumerate(cut[1:], 1):
            before = self.text[
                max(0, (clause.tokens or [Token("mark", "", 0, 0)])[0].start - 3) : (
                    clause.tokens or [Token("mark", "", 0, 0)]
                )[0].start
            ]
            if ":" in before and clause.kind == "main" and all(one.kind == "main" for one in cut[:n]):
                marks = [mark for one in cut[:n] for mark in one.marks]
                clause.marks = marks + clause.marks
                return cut[n:]
        return cut

    def _order(self, clause: Clause, state: Told) -> None:
        """Let the clause's adverbs of order set what its steps build on."""
        for mark in clause.marks:
            if mark in ("seq", "last") and not state.waiting and "regardless" not in clause.marks:
                inside = state.branch if state.branch else None
                earlier = inside or self._open()
                if earlier:
                    final = not state.made
                    state.base = self._then(earlier, loose=final and inside is None)
                    state.before, state.run = state.run, []
            elif mark == "else" and self._last_asked():
                for draft in self.asked:
                    draft.asked = True
                state.base = {draft: opposite(self.asked_when) for draft in self.asked}
                state.run, state.branch, state.waiting = [], [], True
            elif mark == "regardless":
                state.base = self._whatever(state)
                state.run, state.branch = [], []

    def _main(self, clause: Clause, cut: list[Clause], n: int, state: Told, *, forced: bool) -> None:
        words = [t.norm for t in stripped(clause.tokens, self.known)[0]]
        plain = [token.norm for token in clause.tokens]
        if constrains(plain, self.known) or constrains(words, self.known):
            self._constrain(clause)
            state.forbidding = True
            return
        state.forbidding = False
        told = bool(words) and words[0] in self.known.articles
        marked = bool({"seq", "else", "first", "regardless"} & set(clause.marks))
        if "regardless" in clause.marks and n + 1 < len(cut) and words and words[0] in self.known.subjects:
            named = asked_of(Condition("outcome", True, tuple(words)), self.found.drafts, [], self.known)
            state.base = dict.fromkeys(named, "finished") if named else state.base
            return
        strong = forced or marked or (state.waiting and not told)
        if self._is_courtesy(words, state):
            return
        if state.run and self._says_how(clause.tokens, plain, beside="also" in clause.marks):
            return
        phrase = self._same_verb(clause, state) or phrase_of(clause.tokens, self.known, forced=strong)
        only = self.known.everyone | self.known.pronouns | self.known.determiners | self.known.adverbs
        only = only | self.known.doers
        if phrase is None or all(word in only for word in words or plain):
            if clause.tokens:
                self.found.told.append(Why("only told", (clause.tokens[0].start, clause.tokens[-1].end)))
            self._speak_of(clause)
            state.telling = phrase is None and bool(words)
            return
        state.telling = False
        if self.found.drafts and not forced and self.known.assurances.at(words, 0) and not self._asks_work(words):
            self.found.accept.append(" ".join(self.text[clause.tokens[0].start : clause.tokens[-1].end].split()))
            return
        if not forced and self._gives_details(phrase, clause, cut, n):
            return
        self._share(phrase, cut, n)
        fresh = self._steps(phrase, state)
        for draft in fresh:
            draft.tail = f"{draft.tail} {state.occasion}".strip()
        if state.run and (state.ordered or self._repeats(phrase)):
            state.base = self._then(state.run)
        if state.run and len(phrase.tokens) == 1 and phrase.tokens[0].kind == "code":
            fresh[0].title = f"{state.run[-1].title.partition(' ')[0]} {fresh[0].title}"
            fresh[0].verb = state.run[-1].verb
        before_first = "but_first" in clause.marks or bool(state.later and not clause.marks and clause.joined)
        previous = state.later or state.run or self.group
        state.later = previous if before_first else []
        if before_first and previous:
            self._put_before(fresh, previous, state.put)
            state.put += fresh
        elif "regardless" in clause.marks or not before_first:
            self._append(fresh, state.base)
            self._chain(fresh if state.items and state.ordered and not state.run else ())
            self._pair(fresh, state)
        if "first" in clause.marks and not before_first and not state.base:
            state.base = {} if n + 1 < len(cut) else state.base
        state.run = [*state.run, *fresh]
        state.made += fresh
        if state.waiting or state.branch:
            state.branch += fresh
        state.waiting = False

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
        return bool(pointing) and len(words) == 2 and phrase.verb in self.known.lookups and words[1] in self.known.information

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

    def _pair(self, fresh: Sequence[Draft], state: Told) -> None:
        """ "For each of a and b, bump and publish it": each item follows its own."""
        before = state.run[-len(fresh) :]
        if len(state.items) < 2 or len(before) != len(fresh):
            return
        for draft, own in zip(fresh, before, strict=True):
            if set(draft.needs) & {*before, *fresh}:
                draft.needs = {one: when for one, when in draft.needs.items() if one not in {*before, *fresh}}
                draft.need({own: "succeeded"}, Why("the same item", draft.span))

    def _speak_of(self, clause: Clause) -> None:
        """ "The build is broken": what a later "it" may mean."""
        words = [token.norm for token in clause.tokens]
        place = next(
            (n for n, word in enumerate(words[:9]) if word in self.known.auxiliaries or self._finite(words, n)), 0
        )
        if place > 1 and words[0] in self.known.determiners and words[0] not in self.known.pronouns:
            while place > 1 and words[place - 1] in self.known.adverbs:
                place -= 1
            thing = tuple(word for word in words[:place] if word not in self.known.determiners)
            raw = self.text[clause.tokens[0].start : clause.tokens[place - 1].end]
            self.topic_at = len(self.found.drafts)
            self.topic = [Draft(raw, (0, 0), thing=thing, thing_text=raw[:1].lower() + raw[1:])]

    def _finite(self, words: Sequence[str], place: int) -> bool:
        """ "The footer says": a third person behind its subject."""
        word = words[place]
        base = word.removesuffix("s")
        return (
            place > 1
            and word != base
            and (base in self.known.verbs or word in self.known.fails)
            and (base not in self.known.nouns_too or words[0] in self.known.articles)
        )

    def _asks_work(self, words: Sequence[str]) -> bool:
        """ "Make sure to …" asks for work; "make sure it …" says what has to be true."""
        found = self.known.assurances.at(words, 0)
        return found is None or words[found[1] : found[1] + 1] == ["to"]

    def _same_verb(self, clause: Clause, state: Told) -> Phrase | None:
        """ "Run the linter and also the tests": the verb is the one before."""
        before = state.made[-1:] or self.group[-1:]
        if not {"also", "seq", "last"} & set(clause.marks) or not before or not before[0].verb or not clause.tokens:
            return None
        words = [token.norm for token in clause.tokens]
        kept = stripped(clause.tokens, self.known)[0]
        if kept and self.known.is_verb(kept[0].norm):
            return None
        if words[0] not in self.known.determiners or self.known.obligations.within(words):
            return None
        if any(word in self.known.auxiliaries or self._finite(words, n) for n, word in enumerate(words)):
            return None
        if not before[0].tokens:
            return None
        return Phrase([before[0].tokens[0], *clause.tokens], before[0].verb, 0.8)

    def _repeats(self, phrase: Phrase) -> bool:
        """ "… and run the tests again": again means after what was done about it."""
        again = phrase.verb in self.known.repeating
        return again or any(token.norm in self.known.repeats for token in phrase.tokens[1:])

    def _share(self, phrase: Phrase, cut: list[Clause], n: int) -> None:
        """A bare verb takes the object of the next verb: "lint and test the code"."""
        for clause in cut[n + 1 : n + 9]:
            if clause.kind != "main" or set(clause.marks) - {"also"} or not (clause.comma or clause.joined):
                return
            other = phrase_of(clause.tokens, self.known, forced=False)
            if other is None or len(phrase.tokens) != 1 or self.known.root(phrase.verb) in self.known.absolute:
                return
            if extra := shared_object(phrase, other, self.known):
                phrase.tokens = [*phrase.tokens, *extra]
                return

    def _steps(self, phrase: Phrase, state: Told) -> list[Draft]:
        if not state.items:
            return [self._draft(phrase)]
        made = []
        for item in state.items:
            draft = self._draft(phrase)
            draft.tail = item
            draft.thing = ()
            made.append(draft)
        return made

    def _keep_aside(self, block: Block) -> None:
        words = " ".join(self.text[block.start : block.end].split()).strip("*_ ")
        if words and self.section == "background":
            self.found.told.append(Why("background", (block.start, block.end)))
        if words and self.section == "criteria":
            self.found.accept.append(words)
        elif words and self.section == "constraints":
            self.found.constraints.append(words)
        elif words and self.section == "outside":
            self.found.constraints.append(f"Out of scope: {words}")
