"""Sentence: the clauses of one sentence become drafts with edges.

Owns what main clauses and adverbs of order imply. Lists and headings are for `tuloy.understanding.drafting.reading`.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.blocks import Block
from tuloy.understanding.clauses.cutting import clauses
from tuloy.understanding.clauses.orders import phrase_of
from tuloy.understanding.clauses.phrase import Phrase, constrains, stripped
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.conditions import Condition, asked_of, opposite
from tuloy.understanding.drafting.draft import Draft, Needs, Why
from tuloy.understanding.drafting.forbidding import forbidden_in
from tuloy.understanding.drafting.references import shared_object
from tuloy.understanding.drafting.subordinate import CONDITIONS
from tuloy.understanding.drafting.told import Told
from tuloy.understanding.drafting.topics import Topics
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["CONDITIONS", "Sentences"]


_RULES = {
    "if": "condition", "if_so": "condition", "unless": "unless",
    "on_pass": "condition", "on_fail": "condition", "whatever": "regardless",
    "whether": "regardless", "before": "before", "after": "after", "while": "while", "each": "for each",
    "else": "otherwise", "regardless": "regardless", "seq": "then", "last": "then", "but_first": "but first",
    "first": "first",
}  # fmt: skip


class Sentences(Topics):
    """Reads sentence by sentence; remembers the last group of steps and the last thing asked."""

    def _sentence(self, sentence: list[Token], base: Needs, *, forced: bool = False) -> list[Draft]:
        goes_on = sentence[-1].norm == ";"
        sentence = sentence[:-1] if goes_on else sentence
        words = [token.norm for token in sentence]
        if not words:
            return []
        if len(words) > 2 and words[1] == ":" and words[0] in self.known.asking_labels:
            sentence, words, forced = sentence[2:], words[2:], True
        if len(words) > 2 and words[1] == ":" and words[0] in self.known.fields:
            self._keep_told(sentence)
            return []
        label = self._label(words)
        if label:
            self.section, before = label[0], self.section
            self._keep_aside(Block("text", sentence[label[1]].start, sentence[-1].end))
            self.section = before
            return []
        if not forced and len(words) < 4 and words[-1] == ":" and self._only_labels(words[0]):
            return []  # a label, of whose words nothing is left
        order = self.known.ordered_intro.within(words)
        if order:
            sentence = [*sentence[: order[1]], *sentence[order[1] + order[2] :]]
        if self._says_how(sentence, words) or self._names_the_plan(words):
            return []
        cut = self._colons(clauses(sentence, self.known))
        self._turn_event(cut)
        state = Told(dict(base), ordered=order is not None, branch=self.branch)
        side = self.known.parallel_intro.within(words)
        introduced = side is not None and ":" in words[side[1] + side[2] : side[1] + side[2] + 2]
        self.beside = len(self.found.drafts) if introduced else None
        listed = self.because
        first = cut[0] if cut and cut[0].tokens else Clause()
        aside = "also" in first.marks and 0 < first.place[1] <= first.tokens[0].start
        for n, clause in enumerate(cut):
            state.beside = state.made if aside and n else []
            self.because = self._reason(clause, n) or self.because
            self._order(clause, state)
            if clause.kind == "main":
                self._main(clause, cut, n, state, forced=forced)
            else:
                self._subordinate(cut, n, state)
        self.because, self.beside = listed, None
        turns = any("else" in clause.marks for clause in cut)
        self.branch = list(state.branch) if goes_on and not turns else []
        if state.run:
            self.group = state.run
            self.groups = [*self.groups[-8:], state.run]
        self._introduce(sentence, cut, state)
        return state.made

    def _keep_told(self, sentence: Sequence[Token]) -> None:
        self.found.told.append(Why("only told", (sentence[0].start, sentence[-1].end)))

    def _turn_event(self, cut: list[Clause]) -> None:
        """ "Pagkatapos i-seed ang database, patakbuhin ang test": what stands in front of the comma is over."""
        known = self.known
        first = cut[0] if known.affixes and len(cut) > 1 else Clause()
        if first.kind != "main" or first.marks != ["seq"] or not first.tokens:
            return
        goes_on = cut[1].kind == "main" and cut[1].comma and not cut[1].joined and not set(cut[1].marks) - {"also"}
        listed = any(one.comma and one.joined for one in cut[2:])
        near = self.text[cut[0].place[1] : cut[0].tokens[0].start].isspace()
        if cut[0].opener in known.also_after and goes_on and near and not listed:
            cut[0].kind = "after"

    def _names_the_plan(self, words: Sequence[str]) -> bool:
        """ "Plan for the session store." at the very start: a title, for a plan is no object here."""
        known = self.known
        titled = not self.found.drafts and len(words) < 10 and words[0] in known.plan_words
        return titled and len(words) > 1 and words[1] in known.prepositions and words[1] not in known.particles

    def _only_labels(self, word: str) -> bool:
        return word in self.known.due_labels or not self.known.is_verb(word)

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
        for name in ("criteria", "outside", "background", "constraints") if words[0] in self.known.labels else ():
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
            start = clause.tokens[0].start if clause.tokens else 0
            start = min(start, clause.place[0]) if any(clause.place) and self.known.affixes else start
            before = self.text[max(0, start - 4) : start]
            if ":" in before and clause.kind == "main" and all(one.kind == "main" for one in cut[:n]):
                marks = [mark for one in cut[:n] for mark in one.marks]
                clause.marks = marks + clause.marks
                self._carry_verb(cut[0].tokens, cut[n:])
                return cut[n:]
        return self._split_at_colon(cut) if self.known.affixes else cut

    def _split_at_colon(self, cut: list[Clause]) -> list[Clause]:
        """ "I-deploy ang mga service: auth muna, tapos billing": the first item stands behind the colon."""
        tokens = cut[0].tokens if cut and cut[0].kind == "main" else []
        colon = next((n for n, token in enumerate(tokens) if token.norm == ":"), 0)
        items = [Clause("main", tokens[colon + 1 :], [*cut[0].marks]), *cut[1:]] if colon else []
        return items if items and self._carry_verb(tokens[:colon], items) else cut

    def _carry_verb(self, head: Sequence[Token], items: Sequence[Clause]) -> bool:
        """ "Patakbuhin ang mga test: una ang unit, tapos ang e2e": the verb in front is that of every item."""
        known = self.known
        kept = [token for token in stripped(head, known)[0] if token.norm != ":"]
        named = [stripped(one.tokens, known)[0] for one in items if one.kind == "main"]
        ordered = any({"seq", "last", "first"} & set(one.marks) for one in items)
        if not (known.affixes and kept and ordered and len(named) == len(items) > 1 and all(named)):
            return False
        loose = known.is_verb(kept[0].norm) or (
            kept[0].norm in known.articles and {token.norm for token in kept} & known.action_nouns
        )
        if not loose or not all(self._names_only(words) for words in named):
            return False
        for one, words in zip(items, named, strict=True):
            at = words[0].start
            run = Token("word", known.spoken["run"].lower(), at, at)
            verb = kept[0] if known.is_verb(kept[0].norm) else run
            article = [] if words[0].norm in known.articles else [Token("word", known.spoken["article"], at, at)]
            one.tokens = [verb, *article, *words]
        return True

    def _names_only(self, tokens: Sequence[Token]) -> bool:
        """Whether the words name one thing and ask for nothing."""
        known = self.known
        words = [token.norm for token in tokens]
        verbs = [word for word in words if known.is_verb(word) and word not in known.borrowed]
        bare = words[0] in known.borrowed and words[1:2] != [] and words[1] in known.determiners
        return len(words) < 7 and not verbs and not bare and not known.tells(words[0])

    def _order(self, clause: Clause, state: Told) -> None:
        """Let the clause's adverbs of order set what its steps build on."""
        for mark in clause.marks:
            if mark in ("seq", "last") and not state.waiting and "regardless" not in clause.marks:
                inside = state.branch if state.branch else state.beside or None
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
                state.run, state.branch, state.waiting = [], [], bool(self.known.affixes)

    def _main(self, clause: Clause, cut: list[Clause], n: int, state: Told, *, forced: bool) -> None:
        bare = stripped(clause.tokens, self.known)
        words = [token.norm for token in bare[0]]
        plain = [token.norm for token in clause.tokens]
        state.forbidding = constrains(plain, self.known) or (words != plain and constrains(words, self.known))
        if state.forbidding:
            small = self.known.fragments | self.known.pronouns
            if not (state.waiting and all(word in small for word in plain[1:])):  # "kung hindi, hayaan na lang"
                self._constrain(clause)
            return
        if self._is_courtesy(words, state) or self._goes_on_regardless(clause, words, state, last=n + 1 == len(cut)):
            return
        if state.run and self._says_how(clause.tokens, plain, beside="also" in clause.marks):
            return
        helps = bool(words) and words[0] in self.known.help_asked and not forced
        helps = helps and (n + 1 < len(cut) or words[1:2] == [","])
        if not forced and self._fronts(clause, words, cut, n):
            return
        phrase = self._phrase(clause, bare, state, forced=forced) if not helps else None
        if phrase is None:
            return
        listed = bool(self.known.affixes) and bool({"seq", "first", "last"} & set(clause.marks))
        assured = self.known.assurances.at(words, 0) is not None and not forced and not listed
        if self.found.drafts and assured and not self._asks_work(words):
            self.found.accept.append(" ".join(self.text[clause.tokens[0].start : clause.tokens[-1].end].split()))
            return
        if forced or not self._gives_details(phrase, clause, cut, n):
            self._share(phrase, cut, n)
            self._add(phrase, clause, state, last=n + 1 == len(cut))

    def _phrase(self, clause: Clause, bare: tuple[list[Token], bool], state: Told, *, forced: bool) -> Phrase | None:
        """Return the clause, of which `bare` is `stripped`, as something to do; what only tells is kept as such."""
        known = self.known
        words = [token.norm for token in bare[0]]
        told = bool(words) and words[0] in known.articles
        marked = bool({"seq", "else", "first", "regardless"} & set(clause.marks))
        strong = forced or marked or (state.waiting and not told)
        phrase = self._named_work(clause) or self._same_verb(clause, state)
        phrase = phrase or phrase_of(clause.tokens, known, forced=strong, bare=bare)
        only = known.nameless
        plain = [token.norm for token in clause.tokens]
        state.telling = phrase is None and not set(words) <= known.vocatives
        if phrase is not None and not all(word in only for word in words or plain):
            moved = [n for n in range(1, len(phrase.tokens)) if phrase.tokens[n].start < phrase.tokens[n - 1].start]
            small = {n: phrase.tokens[n].norm for n in moved if phrase.tokens[n].norm in known.articles}
            phrase.changed = {**small, **(phrase.changed or {})} or None
            return phrase
        if clause.tokens:
            self.found.told.append(Why("only told", (clause.tokens[0].start, clause.tokens[-1].end)))
        if state.telling and not known.affixes:
            self._drop_check(state)
        self._speak_of(clause)
        return None

    def _drop_check(self, state: Told) -> None:
        """ "If you quit early, the slot is empty": a condition on what is only told asks for no check."""
        check = state.made[-1] if state.waiting and state.made else None
        if check is not None and check.check and check is self.found.drafts[-1]:
            self.found.drafts.pop()
            state.made.remove(check)
            self.asked = [one for one in self.asked if one is not check]
            state.base.pop(check, None)
            state.waiting = False

    def _add(self, phrase: Phrase, clause: Clause, state: Told, *, last: bool) -> None:
        """Add the steps of a clause where its words of order put them."""
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
            state.base = state.base if last else {}
        state.run = [*state.run, *fresh]
        state.made += fresh
        if state.waiting or state.branch:
            state.branch += fresh
        state.waiting = False

    def _goes_on_regardless(self, clause: Clause, words: Sequence[str], state: Told, *, last: bool) -> bool:
        """ "Pumasa man o hindi ang tests, …": the subject of what may have happened, and no step."""
        if "regardless" not in clause.marks or last or not words or words[0] not in self.known.subjects:
            return False
        subject = (*words, *self._literal_words(clause.tokens))
        named = asked_of(Condition("outcome", True, subject), self.found.drafts, [], self.known)
        state.base = dict.fromkeys(named, "finished") if named else state.base
        return True

    def _pair(self, fresh: Sequence[Draft], state: Told) -> None:
        """ "For each of a and b, bump and publish it": each item follows its own."""
        before = state.run[-len(fresh) :]
        if len(state.items) < 2 or len(before) != len(fresh):
            return
        for draft, own in zip(fresh, before, strict=True):
            if set(draft.needs) & {*before, *fresh}:
                draft.needs = {one: when for one, when in draft.needs.items() if one not in {*before, *fresh}}
                draft.need({own: "succeeded"}, Why("the same item", draft.span))

    def _repeats(self, phrase: Phrase) -> bool:
        """ "… and run the tests again": again means after what was done about it."""
        again = phrase.verb in self.known.repeating
        verb = self.known.root(phrase.verb)
        if self.known.affixes and verb not in self.known.checkable | self.known.judging | self._done_lately():
            return again  # "i-scale down ulit ang cluster" undoes what was done
        return again or any(token.norm in self.known.repeats for token in phrase.tokens[1:])

    def _done_lately(self) -> set[str]:
        return {self.known.root(draft.verb) for draft in self.found.drafts[-12:]}

    def _share(self, phrase: Phrase, cut: list[Clause], n: int) -> None:
        """A bare verb takes the object of the next verb: "lint and test the code"."""
        if len(phrase.tokens) != 1 or self.known.root(phrase.verb) in self.known.absolute:
            return
        for clause in cut[n + 1 : n + 9]:
            if clause.kind != "main" or set(clause.marks) - {"also"} or not (clause.comma or clause.joined):
                return
            other = phrase_of(clause.tokens, self.known, forced=False)
            if other is None:
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
            draft.tail = draft.item = item
            draft.thing = ()
            made.append(draft)
        return made

    def _forbids(self, block: Block) -> bool:
        """ "Huwag patayin ang server." below what is out of scope, and no item of it."""
        return constrains([token.norm for token in tokenize(self.text, block.start, block.end)[:40]], self.known)

    def _keep_aside(self, block: Block) -> None:
        words = " ".join(self.text[block.start : block.end].split()).strip("*_ ")
        if words and self.section == "background":
            self.found.told.append(Why("background", (block.start, block.end)))
        if words and self.section in ("background", "criteria"):
            forbidden = forbidden_in(self.text[block.start : block.end], self.known)
            self.found.constraints += [one for one in forbidden if one not in self.found.constraints]
        if words and self.section == "criteria":
            self.found.accept.append(words)
        elif words and self.section == "constraints":
            self.found.constraints.append(words)
        elif words and self.section == "outside" and block.kind == "text" and self._forbids(block):
            self.found.constraints.append(words.rstrip("."))
        elif words and self.section == "outside":
            self.found.constraints.append(f"Out of scope: {words}")
