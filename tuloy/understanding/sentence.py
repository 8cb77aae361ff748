"""Sentence: the clauses of one sentence become drafts with edges.

Owns what connectives and conditions imply for order. Lists and headings are for `tuloy.understanding.reading`.
"""

from collections.abc import Sequence

from tuloy.understanding.blocks import Block
from tuloy.understanding.clauses import Clause, clauses
from tuloy.understanding.conditions import Condition, asked_of, condition_of, content, opposite
from tuloy.understanding.draft import Draft, Needs, open_ends
from tuloy.understanding.phrase import Phrase, constrains, phrase_of, stripped, title_of
from tuloy.understanding.references import shared_object
from tuloy.understanding.tokens import Token
from tuloy.understanding.told import Drafts, Told

__all__ = ["CONDITIONS", "Sentences"]

CONDITIONS = frozenset({"if", "unless", "on_pass", "on_fail", "whatever", "whether"})


class Sentences(Drafts):
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
        cut = self._colons(clauses(sentence, self.known))
        state = Told(dict(base), ordered=order is not None)
        for n, clause in enumerate(cut):
            self._order(clause, state)
            if clause.kind == "main":
                self._main(clause, cut, n, state, forced=forced)
            else:
                self._subordinate(cut, n, state)
        if state.run:
            self.group = state.run
        return state.made

    def _label(self, words: Sequence[str]) -> tuple[str, int] | None:
        """ "Out of scope: …", "Note: …" in running text."""
        for name in ("criteria", "outside", "background"):
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
            if mark in ("seq", "last") and not state.waiting:
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
        strong = forced or state.waiting or bool({"seq", "else", "first"} & set(clause.marks))
        phrase = self._same_verb(clause, state) or phrase_of(clause.tokens, self.known, forced=strong)
        if phrase is None:
            self._speak_of(clause)
            return
        if self.found.drafts and not forced and self.known.assurances.at(words, 0) and not self._asks_work(words):
            self.found.accept.append(" ".join(self.text[clause.tokens[0].start : clause.tokens[-1].end].split()))
            return
        self._share(phrase, cut, n)
        fresh = self._steps(phrase, state)
        for draft in fresh:
            draft.title = f"{draft.title} {state.occasion}".strip()
        if state.run and (state.ordered or self._repeats(phrase)):
            state.base = self._then(state.run)
        if state.run and len(phrase.tokens) == 1 and phrase.tokens[0].kind == "code":
            fresh[0].title = f"{state.run[-1].title.partition(' ')[0]} {fresh[0].title}"
            fresh[0].verb = state.run[-1].verb
        before_first = "but_first" in clause.marks
        previous = state.run or self.group
        if before_first and previous:
            self._put_before(fresh, previous)
        elif "regardless" in clause.marks or not before_first:
            self._append(fresh, state.base)
        if "first" in clause.marks and not before_first and not state.base:
            state.base = {} if n + 1 < len(cut) else state.base
        state.run = [*state.run, *fresh]
        state.made += fresh
        if state.waiting or state.branch:
            state.branch += fresh
        state.waiting = False

    def _speak_of(self, clause: Clause) -> None:
        """ "The build is broken": what a later "it" may mean."""
        words = [token.norm for token in clause.tokens]
        place = next((n for n, word in enumerate(words[:9]) if word in self.known.auxiliaries), 0)
        if place > 1 and words[0] in self.known.determiners and words[0] not in self.known.pronouns:
            thing = tuple(word for word in words[:place] if word not in self.known.determiners)
            raw = self.text[clause.tokens[0].start : clause.tokens[place - 1].end]
            self.topic = [Draft(raw, (0, 0), thing=thing, thing_text=raw[:1].lower() + raw[1:])]

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
        if words[0] not in self.known.determiners or self.known.obligations.within(words):
            return None
        if any(word in self.known.auxiliaries for word in words) or not before[0].tokens:
            return None
        return Phrase([before[0].tokens[0], *clause.tokens], before[0].verb, 0.8)

    def _repeats(self, phrase: Phrase) -> bool:
        """ "… and run the tests again": again means after what was done about it."""
        return any(token.norm in self.known.repeats for token in phrase.tokens[1:])

    def _share(self, phrase: Phrase, cut: list[Clause], n: int) -> None:
        """A bare verb takes the object of the next verb: "lint and test the code"."""
        for clause in cut[n + 1 : n + 9]:
            if clause.kind != "main" or set(clause.marks) - {"also"} or not (clause.comma or clause.joined):
                return
            other = phrase_of(clause.tokens, self.known, forced=False)
            if other is None or len(phrase.tokens) != 1:
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
            draft.title = f"{draft.title} {self.known.spoken['for']} {item}"
            draft.thing = ()
            made.append(draft)
        return made

    def _subordinate(self, cut: list[Clause], n: int, state: Told) -> None:
        clause = cut[n]
        if state.forbidding and not clause.comma and not state.run and clause.tokens:
            raw = self.text[clause.tokens[0].start : clause.tokens[-1].end]
            self.found.constraints[-1] += f" {clause.opener} {raw}"
            return
        tail = bool(state.run) and not clause.joined and not clause.marks and not self._heads_rest(cut, n)
        match clause.kind:
            case "if" | "unless" | "on_pass" | "on_fail":
                self._condition(clause, state, tail=tail)
            case "whatever" | "whether":
                needs: Needs = (
                    self._whatever(state) if not tail else dict.fromkeys(self.asked or self.group, "finished")
                )
                self._under(needs, state, tail=tail)
            case "before":
                self._before(clause, cut, n, state, tail=tail)
            case "after":
                self._after(clause, state, tail=tail)
            case "while":
                self._while(clause, state)
            case "each":
                self._each(clause, state)
            case "constraint":
                self._constrain(clause)
            case _:
                pass

    def _heads_rest(self, cut: list[Clause], n: int) -> bool:
        """Whether a clause behind a comma belongs to what follows it: "run the tests, if they pass, build"."""
        if n + 1 >= len(cut):
            return False
        after = cut[n + 1]
        return cut[n].comma and after.kind == "main" and (after.comma or "seq" in after.marks) and not after.joined

    def _under(self, needs: Needs, state: Told, *, tail: bool) -> None:
        """Put the steps before (`tail`) or behind a condition under it."""
        if tail:
            for draft in reversed(state.run):
                if draft in needs or draft is state.covered:
                    break
                draft.need(needs)
            state.covered = state.run[-1]
            return
        asked = set(needs)
        for one in asked:
            one.asked = True
        kept = {draft: when for draft, when in state.base.items() if not (asked & {draft, *draft.branch})}
        state.base = {**kept, **needs}
        state.run, state.branch, state.waiting = [], [], True

    def _condition(self, clause: Clause, state: Told, *, tail: bool) -> None:
        known = self.known
        condition = condition_of(clause.tokens, known)
        holds = condition.holds != (clause.kind == "unless")
        before = [d for d in self.found.drafts[-64:] if not (tail and d is state.run[-1])]
        if clause.kind in ("on_pass", "on_fail"):
            holds = clause.kind == "on_pass"
            asked = asked_of(Condition("outcome", True), before, state.run or self.group, known)
        else:
            group = state.run if state.run[: -1 if tail else None] else self.group
            asked = asked_of(condition, before, [d for d in group[-64:] if d in before], known)
        if not asked:
            asked = [self._check(clause, state, tail=tail)]
            holds = clause.kind != "unless"
        self.asked = asked
        self.asked_when = "succeeded" if holds else "failed"
        self._under(dict.fromkeys(asked, self.asked_when), state, tail=tail)

    def _after(self, clause: Clause, state: Told, *, tail: bool) -> None:
        condition = condition_of(clause.tokens, self.known)
        if condition.kind == "outcome":
            clause.kind = "if"
            self._condition(clause, state, tail=tail)
            return
        if clause.opener in self.known.occasions and not tail and self._describes(clause):
            raw = self.text[clause.tokens[0].start : clause.tokens[-1].end]
            state.occasion = f"{clause.opener} {raw}"
            return
        events = self._event(clause, state, state.run or self.group)
        if not events:
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        if tail:
            if fresh:
                self._put_before(fresh, state.run)
                state.made += fresh
            else:
                for draft in state.run:
                    draft.need({one: "succeeded" for one in events if one is not draft})
            return
        self._append(fresh, state.base)
        state.made += fresh
        state.base = dict.fromkeys(events, "succeeded")
        state.run = []
        state.waiting = True
        self.asked, self.asked_when = events, "succeeded"

    def _describes(self, clause: Clause) -> bool:
        """ "When users log in": an occasion in the product, and not the end of a step."""
        words = {token.norm for token in clause.tokens}
        return bool(words) and not words & (self.known.finished | self.known.pronouns | {"you", "we"})

    def _before(self, clause: Clause, cut: list[Clause], n: int, state: Told, *, tail: bool) -> None:
        events = self._event(clause, state, self.group)
        if not events or any(draft.verb in self.known.no_work for draft in events):
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        if tail:
            earlier = list(state.run)
            self._append(fresh, {})
            late = {one for draft in earlier for one in [draft, *draft.needs]}
            if not fresh and not late & set(events):
                self._move_behind(events, earlier)
            for draft in events:
                if draft not in late:
                    draft.need(dict.fromkeys(earlier, "succeeded"))
            state.made += fresh
            state.run = []
            return
        inner = Told(dict(state.base))
        rest = 0
        for rest, other in enumerate(cut[n + 1 :], n + 1):
            if other.kind != "main" or any(mark in ("seq", "last") for mark in other.marks):
                break
            self._main(other, cut, rest, inner, forced=True)
            other.tokens, other.kind = [], "spent"
        if fresh:
            self._append(fresh, {})
        elif inner.run and events[0] in self.found.drafts:
            self._move_behind(events, inner.run)
        for draft in events:
            draft.need(dict.fromkeys(open_ends(inner.run), "succeeded"))
        state.made += [*inner.made, *fresh]
        state.run = list(events)

    def _while(self, clause: Clause, state: Told) -> None:
        events = self._event(clause, state, state.run or self.group)
        if not events:
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        self._append(fresh, state.base)
        state.made += fresh
        state.run += fresh
        if not fresh and events:
            state.base = {**state.base, **events[0].needs}

    def _each(self, clause: Clause, state: Told) -> None:
        """ "For each of a, b and c": one step per item, where the items are named."""
        tokens = clause.tokens
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
                for draft in state.run:
                    draft.title = f"{draft.title} {clause.opener} {spelled[0]}" if spelled else draft.title
            elif spelled:
                state.items = []
            return
        if state.run:
            self._fan_out(state, spelled)
        else:
            state.items = spelled

    def _plain_items(self, items: list[list[Token]]) -> list[list[Token]]:
        """ "The web, api and worker packages": the items are web, api and worker."""
        items = [item for item in items if item]
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
                copy = Draft(f"{draft.title} {self.known.spoken['for']} {item}", draft.span, draft.verb)
                copy.tokens, copy.sure, copy.stage = draft.tokens, draft.sure, draft.stage
                copy.words = draft.words | content(item.lower().split(), self.known)
                copy.need(dict(draft.needs))
                copies.append(copy)
            self.found.drafts[place : place + 1] = copies
            state.run = [one for one in state.run if one is not draft] + copies
            state.made = [one for one in state.made if one is not draft] + copies

    def _keep_aside(self, block: Block) -> None:
        words = " ".join(self.text[block.start : block.end].split()).strip("*_ ")
        if words and self.section == "criteria":
            self.found.accept.append(words)
        elif words and self.section == "outside":
            self.found.constraints.append(f"Out of scope: {words}")
