"""Reading: the sentences and lists of a text become drafts with edges.

Owns the order that connectives, lists and conditions imply. Knows neither projects nor records of a plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tuloy.plan import When
from tuloy.understanding.blocks import Block
from tuloy.understanding.clauses import Clause, clauses, sentences
from tuloy.understanding.conditions import asked_of, condition_of, content, opposite
from tuloy.understanding.draft import Draft, Needs, open_ends
from tuloy.understanding.grammar import Grammar
from tuloy.understanding.phrase import Phrase, constrains, phrase_of, said, stripped, title_of
from tuloy.understanding.references import depend, shared_object, thing_of
from tuloy.understanding.tokens import Token, tokenize

__all__ = ["Reading", "read"]

_CONDITIONS = frozenset({"if", "unless", "on_pass", "on_fail", "whatever", "whether"})


@dataclass
class Reading:
    """What a text says: drafts in order, constraints and acceptance criteria in its own words."""

    drafts: list[Draft] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    accept: list[str] = field(default_factory=list)


def read(text: str, tree: Sequence[Block], known: Grammar, ignored: Sequence[tuple[int, int]] = ()) -> Reading:
    """Read the blocks of a text. `ignored` are spans that are about the goal and not in it (priority, deadline)."""
    reader = _Reader(text, known, ignored)
    reader.read_all(tree, {})
    return reader.found


@dataclass
class _Sentence:
    """What one sentence has said so far: its last run of steps and what a next one would build on."""

    base: Needs
    run: list[Draft] = field(default_factory=list)
    made: list[Draft] = field(default_factory=list)
    branch: list[Draft] = field(default_factory=list)
    waiting: bool = False
    ordered: bool = False
    items: list[str] = field(default_factory=list)


class _Reader:
    """Reads block by block; remembers the last group of steps and the last thing asked."""

    def __init__(self, text: str, known: Grammar, ignored: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self.known = known
        self.ignored = ignored
        self.found = Reading()
        self.group: list[Draft] = []
        self.asked: list[Draft] = []
        self.asked_when: When = "succeeded"
        self.section = ""
        self.stage = ""

    # Blocks.

    def read_all(self, tree: Sequence[Block], base: Needs) -> list[Draft]:
        """Read neighbouring blocks; return the drafts made."""
        made: list[Draft] = []
        place = 0
        while place < len(tree):
            block = tree[place]
            if block.kind in ("ordered", "bullet"):
                end = place
                while end < len(tree) and tree[end].kind == block.kind:
                    end += 1
                made += self._list(tree[place:end], base, ordered=block.kind == "ordered")
                place = end
            elif block.kind == "heading":
                if self._heading(block) and self.found.drafts:
                    base = self._then(self.found.drafts)
                place += 1
            elif block.kind == "code":
                self._code(block, made)
                place += 1
            else:
                introduces = place + 1 < len(tree) and tree[place + 1].kind in ("ordered", "bullet", "code")
                if introduces and self.text[block.start : block.end].rstrip().endswith(":"):
                    place += 1
                    made += self._introduced(block, tree, place, base, made)
                    while place < len(tree) and tree[place].kind == tree[min(place, len(tree) - 1)].kind:
                        kind = tree[place].kind
                        while place < len(tree) and tree[place].kind == kind:
                            place += 1
                        break
                else:
                    made += self._prose(block, base)
                    place += 1
        return made

    def _introduced(
        self, block: Block, tree: Sequence[Block], place: int, base: Needs, made: list[Draft]
    ) -> list[Draft]:
        """A paragraph that ends in a colon and what it introduces: it says how, the list says what."""
        end = place
        while end < len(tree) and tree[end].kind == tree[place].kind:
            end += 1
        words = [token.norm for token in self._tokens(block)]
        if tree[place].kind == "code":
            drafts = self._prose(block, base)
            self._code(tree[place], drafts)
            return drafts
        before = self.section
        self._enter(words[:-1] if words and words[-1] == ":" else words)
        new, inner = self._lead(block, base)
        ordered = tree[place].kind == "ordered"
        if self.known.parallel_intro.within(words):
            ordered = False
        elif self.known.ordered_intro.within(words):
            ordered = True
        listed = self._list(tree[place:end], inner, ordered=ordered)
        self.section = before
        return [*new, *listed]

    def _lead(self, block: Block, base: Needs) -> tuple[list[Draft], Needs]:
        """Read all sentences of an introduction but the last, and the conditions and order of the last."""
        *full, last = sentences(self._tokens(block)) or [[]]
        new = [draft for one in full for draft in self._sentence(one, base)]
        cut = clauses([token for token in last if token.norm != ":"], self.known)
        state = _Sentence(dict(base))
        for n, clause in enumerate(cut):
            self._order(clause, state)
            if clause.kind in _CONDITIONS | {"after"}:
                self._subordinate(cut, n, state)
        for draft in state.made:
            new.append(draft)
        return new, state.base

    def _list(self, items: Sequence[Block], base: Needs, *, ordered: bool) -> list[Draft]:
        made: list[Draft] = []
        here: Needs = dict(base)
        first = len(self.found.drafts)
        for item in items:
            if item.ticked:
                continue
            fresh = self._item(item, here)
            made += fresh
            if fresh and ordered:
                here = self._then(made)
        self.group = [d for d in self.found.drafts[first:] if d in made] if made else self.group
        if ordered and made:
            self.group = [made[-1]]
        return made

    def _item(self, item: Block, base: Needs) -> list[Draft]:
        """A list item; what is nested below it stands in its place."""
        lists = [block for block in item.inside if block.kind in ("ordered", "bullet")]
        if lists and self.section == "":
            words = [token.norm for token in self._tokens(item)]
            before = self.section
            self._enter(words)
            new, inner = self._lead(item, base) if self._opens_condition(item) else ([], dict(base))
            ordered = bool(self.known.ordered_intro.within(words))
            nested = self._nested(item.inside, inner, ordered=ordered)
            self.section = before
            if nested:
                return [*new, *nested]
        made = self._prose(item, base, forced=True)
        for block in item.inside:
            if block.kind == "code":
                self._code(block, made)
            elif block.kind == "text":
                made += self._prose(block, self._then(made) if made else base)
            elif self.section:
                self._list([block], base, ordered=False)
        return made

    def _nested(self, inside: Sequence[Block], base: Needs, *, ordered: bool) -> list[Draft]:
        if ordered:
            return self._list([b for b in inside if b.kind in ("ordered", "bullet")], base, ordered=True)
        return self.read_all([b for b in inside if b.kind in ("ordered", "bullet")], base)

    def _opens_condition(self, item: Block) -> bool:
        cut = clauses(self._tokens(item)[:60], self.known)
        return bool(cut) and cut[0].kind in _CONDITIONS | {"after"}

    def _heading(self, block: Block) -> bool:
        """Enter the section; return whether the heading has a number: then it follows what is above."""
        words = [token.norm for token in self._tokens(block)]
        while words and words[-1] in (":", "*"):
            words.pop()
        self.section = ""
        self._enter(words)
        numbered = [word.rstrip(".):") for word in words[:2]] or [""]
        if self.known.stage_words.at(words, 0) and numbered[-1].isalnum() and len(words) > 1:
            self.stage = " ".join(self.text[block.start : block.end].split()).rstrip(":# ")
            return True
        step = len(words) > 1 and self.known.step_words.at(words, 0) is not None and numbered[-1].isdecimal()
        return step or numbered[0].isdecimal()

    def _enter(self, words: Sequence[str]) -> None:
        """A heading, or a label before a list, may say that what follows are no steps."""
        words = [word for word in words if word not in ("*", "#", "the", ":")]
        if len(words) > 5:
            return
        for name in ("criteria", "outside", "background"):
            found = getattr(self.known, name).at(words, 0)
            if found and (found[1] == len(words) or name == "criteria"):
                self.section = name

    def _code(self, block: Block, made: list[Draft]) -> None:
        """A fenced block below a step that runs something is its command."""
        body = self.text[block.start : block.end].strip()
        if body and made and not made[-1].command and self.known.root(made[-1].verb) in ("run", "execute", "i-run"):
            made[-1].command = body

    # Sentences.

    def _tokens(self, block: Block) -> list[Token]:
        found = tokenize(self.text, block.start, block.end)
        if not self.ignored:
            return found
        return [t for t in found if not any(a <= t.start and t.end <= b for a, b in self.ignored)]

    def _prose(self, block: Block, base: Needs, *, forced: bool = False) -> list[Draft]:
        tokens = self._tokens(block)
        if self.section:
            self._keep_aside(block)
            return []
        made: list[Draft] = []
        for n, sentence in enumerate(sentences(tokens)):
            here = base if n == 0 or not forced else base
            made += self._sentence(sentence, here, forced=forced and n == 0)
        return made

    def _keep_aside(self, block: Block) -> None:
        words = " ".join(self.text[block.start : block.end].split()).strip("*_ ")
        if words and self.section == "criteria":
            self.found.accept.append(words)
        elif words and self.section == "outside":
            self.found.constraints.append(f"Out of scope: {words}")

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
        state = _Sentence(dict(base), ordered=order is not None)
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

    def _order(self, clause: Clause, state: _Sentence) -> None:
        """Let the clause's adverbs of order set what its steps build on."""
        for mark in clause.marks:
            if mark in ("seq", "last") and not state.waiting:
                inside = state.branch if state.branch else None
                earlier = inside or self.found.drafts
                if earlier:
                    final = not state.made
                    state.base = self._then(earlier, loose=final and inside is None)
                    state.run = []
            elif mark == "else" and self._last_asked():
                state.base = {draft: opposite(self.asked_when) for draft in self.asked}
                state.run, state.branch, state.waiting = [], [], True
            elif mark == "regardless":
                state.base = self._whatever(state)
                state.run, state.branch = [], []

    def _last_asked(self) -> list[Draft]:
        """What the last condition asked about; where there was none, the last check."""
        last = self.found.drafts[-1:]
        if not self.asked and last and self.known.root(last[0].verb) in self.known.check_verbs:
            self.asked, self.asked_when = last, "succeeded"
        return self.asked

    def _whatever(self, state: _Sentence) -> Needs:
        asked = self.asked or state.run or self.group
        return {draft: "finished" for draft in asked}

    def _then(self, earlier: Sequence[Draft], *, loose: bool = False) -> Needs:
        """Success of all the open ends; the end alone where two ends exclude each other.

        `loose`: a new sentence does not belong to the branch that a failure or a fact opened before it.
        """
        ends = open_ends(earlier)
        needs: Needs = {}
        for end in ends:
            off = any(
                end.branch.get(asked) not in (None, other.branch.get(asked), "finished")
                for other in ends
                for asked in end.branch
                if asked in other.branch
            )
            side = loose and any(when == "failed" or asked.check for asked, when in end.branch.items())
            needs[end] = "finished" if off or side else "succeeded"
        return needs

    # Clauses.

    def _main(self, clause: Clause, cut: list[Clause], n: int, state: _Sentence, *, forced: bool) -> None:
        words = [t.norm for t in stripped(clause.tokens, self.known)[0]]
        plain = [token.norm for token in clause.tokens]
        if constrains(plain, self.known) or constrains(words, self.known):
            self._constrain(clause)
            return
        strong = forced or state.waiting or "seq" in clause.marks or "else" in clause.marks
        phrase = self._same_verb(clause, state) or phrase_of(clause.tokens, self.known, forced=strong)
        if phrase is None:
            return
        self._share(phrase, cut, n)
        fresh = self._steps(phrase, state)
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

    def _same_verb(self, clause: Clause, state: _Sentence) -> Phrase | None:
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
        for clause in cut[n + 1 :]:
            if clause.kind != "main" or clause.marks or not (clause.comma or clause.joined):
                return
            other = phrase_of(clause.tokens, self.known, forced=False)
            if other is None or len(phrase.tokens) != 1:
                return
            if extra := shared_object(phrase, other, self.known):
                phrase.tokens = [*phrase.tokens, *extra]
                return

    def _steps(self, phrase: Phrase, state: _Sentence) -> list[Draft]:
        if not state.items:
            return [self._draft(phrase)]
        made = []
        for item in state.items:
            draft = self._draft(phrase)
            draft.title = f"{draft.title} {self.known.spoken['for']} {item}"
            draft.thing = ()
            made.append(draft)
        return made

    def _draft(self, phrase: Phrase) -> Draft:
        tokens = phrase.tokens
        draft = Draft(
            title=title_of(self.text, tokens, phrase.changed),
            span=(min(t.start for t in tokens), max(t.end for t in tokens)),
            verb=phrase.verb,
            tokens=tokens,
            sure=phrase.sure,
            stage=self.stage,
            words=content([phrase.verb, *(t.norm for t in tokens), *self._literal_words(tokens)], self.known),
        )
        draft.title = draft.title or " ".join(self.text[draft.span[0] : draft.span[1]].split())
        draft.title = draft.title or "Do it"
        return draft

    def _literal_words(self, tokens: Sequence[Token]) -> list[str]:
        raw = " ".join(self.text[t.start + 1 : t.end - 1] for t in tokens if t.kind in ("code", "quote"))
        return raw.lower().split()[:40]

    def _append(self, fresh: Sequence[Draft], base: Needs) -> None:
        for draft in fresh:
            draft.need(base)
            depend(draft, self.found.drafts, self.known, self.text)
            self.found.drafts.append(draft)

    def _put_before(self, fresh: Sequence[Draft], later: Sequence[Draft]) -> None:
        """Put drafts in front of others that then need them."""
        drafts = self.found.drafts
        place = min(drafts.index(draft) for draft in later)
        for draft in fresh:
            draft.need({k: v for one in later for k, v in one.needs.items()})
        drafts[place:place] = fresh
        for draft in later:
            draft.need({one: "succeeded" for one in fresh})

    def _constrain(self, clause: Clause) -> None:
        raw = self.text[clause.tokens[0].start : clause.tokens[-1].end] if clause.tokens else ""
        words = " ".join(f"{clause.opener if clause.kind == 'constraint' else ''} {raw}".split())
        if words and words not in self.found.constraints:
            self.found.constraints.append(words)

    def _subordinate(self, cut: list[Clause], n: int, state: _Sentence) -> None:
        clause = cut[n]
        tail = bool(state.run) and not clause.joined and not clause.marks and not self._heads_rest(cut, n)
        match clause.kind:
            case "if" | "unless" | "on_pass" | "on_fail":
                self._condition(clause, state, tail=tail)
            case "whatever" | "whether":
                needs: Needs = self._whatever(state) if not tail else {d: "finished" for d in self.asked or self.group}
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

    def _under(self, needs: Needs, state: _Sentence, *, tail: bool) -> None:
        """Put the steps before (`tail`) or behind a condition under it."""
        if tail:
            inside = [n for n, draft in enumerate(state.run) if draft in needs]
            for draft in state.run[max(inside, default=-1) + 1 :]:
                draft.need(needs)
            return
        asked = set(needs)
        kept = {draft: when for draft, when in state.base.items() if not (asked & {draft, *draft.branch})}
        state.base = {**kept, **needs}
        state.run, state.branch, state.waiting = [], [], True

    def _condition(self, clause: Clause, state: _Sentence, *, tail: bool) -> None:
        known = self.known
        condition = condition_of(clause.tokens, known)
        holds = condition.holds != (clause.kind == "unless")
        before = [d for d in self.found.drafts if not (tail and d is state.run[-1])]
        if clause.kind in ("on_pass", "on_fail"):
            holds = clause.kind == "on_pass"
            asked = asked_of(condition_of([], known).__class__("outcome", True), before, state.run or self.group, known)
        else:
            group = state.run if state.run[: -1 if tail else None] else self.group
            asked = asked_of(condition, before, [d for d in group if d in before], known)
        if not asked:
            asked = [self._check(clause, state, tail=tail)]
            holds = clause.kind != "unless"
        self.asked = asked
        self.asked_when = "succeeded" if holds else "failed"
        self._under({draft: self.asked_when for draft in asked}, state, tail=tail)

    def _check(self, clause: Clause, state: _Sentence, *, tail: bool) -> Draft:
        """The step that finds out whether a condition holds."""
        tokens = [token for token in clause.tokens if token.norm not in (",",)] or clause.tokens
        words = title_of(self.text, tokens)
        words = words[:1].lower() + words[1:] if words[1:2].islower() else words
        start = tokens[0].start if tokens else state.made[-1].span[0] if state.made else 0
        draft = Draft(
            title=f"{self.known.check_title} {words}".strip(),
            span=(start, max((t.end for t in tokens), default=start)),
            verb="check",
            tokens=tokens,
            check=True,
            sure=0.85,
            stage=self.stage,
            words=content([*(t.norm for t in tokens), *self._literal_words(tokens)], self.known),
        )
        self._name_fact(draft)
        if tail and state.run:
            later = state.run
            self.found.drafts.insert(min(self.found.drafts.index(one) for one in later), draft)
            draft.need(dict(later[0].needs))
        else:
            draft.need(state.base)
            self.found.drafts.append(draft)
        state.made.append(draft)
        return draft

    def _name_fact(self, draft: Draft) -> None:
        """ "There is a docs folder" speaks of the docs folder."""
        exists = self.known.existence.at([t.norm for t in draft.tokens], 0)
        rest = [t for t in draft.tokens[exists[1] :] if t.norm not in self.known.negations] if exists else []
        if rest:
            thing = thing_of([rest[0], *rest], self.known)
            draft.thing = tuple(t.norm for t in thing if t.norm not in self.known.determiners)
            draft.thing_text = self.text[thing[0].start : thing[-1].end] if thing else ""

    def _event(self, clause: Clause, state: _Sentence, group: Sequence[Draft]) -> list[Draft] | None:
        """Return the drafts that an event names, new ones where none was there; None where it is no event."""
        words = [token.norm for token in clause.tokens]
        if not words or any(word in self.known.past for word in words):
            return None
        phrase = said(clause.tokens, self.known)
        if phrase is None:
            return None
        spoken = [w for w in words if w not in self.known.auxiliaries and w not in self.known.finished]
        if spoken and all(w in self.known.everyone or w in self.known.pronouns for w in spoken):
            return list(group)
        named = asked_of(_outcome_about(t.norm for t in phrase.tokens), self.found.drafts, [], self.known)
        if named and (phrase.kind == "thing" or named[0].verb == phrase.verb or not phrase.verb):
            return named
        if phrase.kind == "thing":
            self._do_thing(phrase)
        return [self._draft(phrase)]

    def _do_thing(self, phrase: Phrase) -> None:
        """ "After the build": an event that is named by a noun is run."""
        if phrase.tokens[0].norm not in self.known.ongoing:
            phrase.tokens = [phrase.tokens[0], *phrase.tokens]
        phrase.verb = "run"
        phrase.changed = {
            0: self.known.spoken["run"],
            1: self.text[phrase.tokens[1].start : phrase.tokens[1].end].lower(),
        }

    def _after(self, clause: Clause, state: _Sentence, *, tail: bool) -> None:
        condition = condition_of(clause.tokens, self.known)
        if condition.kind == "outcome":
            clause.kind = "if"
            self._condition(clause, state, tail=tail)
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
        state.base = {draft: "succeeded" for draft in events}
        state.run = []
        state.waiting = True
        self.asked, self.asked_when = events, "succeeded"

    def _before(self, clause: Clause, cut: list[Clause], n: int, state: _Sentence, *, tail: bool) -> None:
        events = self._event(clause, state, self.group)
        if not events or any(draft.verb in self.known.no_work for draft in events):
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        if tail:
            earlier = list(state.run)
            self._append(fresh, {})
            for draft in events:
                if draft not in earlier:
                    draft.need({one: "succeeded" for one in earlier})
            state.made += fresh
            state.run = []
            return
        inner = _Sentence(dict(state.base))
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
            draft.need({one: "succeeded" for one in open_ends(inner.run)})
        state.made += [*inner.made, *fresh]
        state.run = list(events)

    def _move_behind(self, events: Sequence[Draft], earlier: Sequence[Draft]) -> None:
        """Keep the order of the text an order of work: what is needed stands in front."""
        drafts = self.found.drafts
        for one in earlier:
            drafts.remove(one)
        place = min(drafts.index(event) for event in events)
        drafts[place:place] = earlier

    def _while(self, clause: Clause, state: _Sentence) -> None:
        events = self._event(clause, state, state.run or self.group)
        if not events:
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        self._append(fresh, state.base)
        state.made += fresh
        state.run += fresh
        if not fresh and events:
            state.base = {**state.base, **events[0].needs}

    def _each(self, clause: Clause, state: _Sentence) -> None:
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

    def _fan_out(self, state: _Sentence, items: Sequence[str]) -> None:
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


def _outcome_about(words: object) -> "object":
    from tuloy.understanding.conditions import Condition

    return Condition("outcome", True, tuple(words))  # type: ignore[arg-type]
