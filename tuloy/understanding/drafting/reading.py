"""Reading: the blocks of a text, top to bottom, become drafts with edges.

Owns what lists, headings and sections imply. Knows neither projects nor records of a plan.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from tuloy.understanding.clauses.blocks import Block, typed
from tuloy.understanding.clauses.cutting import clauses, sentences
from tuloy.understanding.clauses.phrase import stripped
from tuloy.understanding.clauses.turns import turned
from tuloy.understanding.clauses.wording import Wording
from tuloy.understanding.drafting.draft import Draft, Needs, Why
from tuloy.understanding.drafting.sentence import CONDITIONS, Sentences
from tuloy.understanding.drafting.told import Reading, Told
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["read"]

_NEAR = 40
_LONGEST_CLOSING = 50
_TICKET = re.compile(r"[A-Z][A-Z0-9]{1,9}-\d{1,7}[ \t]*[:—–-][ \t]+\S")
_VERSION = re.compile(r"v?\d[\w.-]*")
_BOLD_LABEL = re.compile(r"\*\*[^*\n]{1,60}\*\*")


def read(
    text: str, tree: Sequence[Block], known: Grammar, tokens: Sequence[Token], ignored: Sequence[tuple[int, int]] = ()
) -> Reading:
    """Read the blocks of a text. `ignored` are spans that are about the goal and not in it (priority, deadline)."""
    reader = _Reader(text, known, Wording(text, known, tokens, ignored))
    reader.read_all(tree, {})
    if reader.title and not reader.found.drafts:
        reader.read_all([reader.title], {})
    idle = {draft for draft in reader.found.drafts if draft.check and draft not in reader.needed()}
    if len(idle) < len(reader.found.drafts):
        reader.found.drafts = [draft for draft in reader.found.drafts if draft not in idle]
    return reader.found


def _run_end(tree: Sequence[Block], place: int) -> int:
    """Return where the run of blocks of one kind that starts at `place` ends."""
    end = place
    while end < len(tree) and tree[end].kind == tree[place].kind:
        end += 1
    return end


class _Reader(Sentences):
    """Reads block by block."""

    def __init__(self, text: str, known: Grammar, wording: Wording) -> None:
        super().__init__(text, known)
        self.wording = wording
        self.title: Block | None = None

    def read_all(self, tree: Sequence[Block], base: Needs) -> list[Draft]:
        """Read neighbouring blocks; return the drafts made."""
        made: list[Draft] = []
        place = 0
        while place < len(tree):
            block = tree[place]
            if self._closes(block):
                break
            if block.kind in ("ordered", "bullet"):
                end = _run_end(tree, place)
                made += self._list(tree[place:end], base, ordered=block.kind == "ordered")
                place = end
            elif block.kind == "heading":
                if self._heading(block) and self.found.drafts:
                    base = self._then(self._open())
                self._aim(block, tree, place + 1)
                place += 1
            elif block.kind == "code":
                self._code(block, made)
                place += 1
            elif place == 0 and not base and self._is_title(block, tree):
                self.title = block
                place += 1
            else:
                introduces = place + 1 < len(tree) and tree[place + 1].kind in ("ordered", "bullet", "code")
                if introduces and (
                    self._ends_open(block) or self._says_in_what_order(block) or self._labels_section(block)
                ):
                    end = _run_end(tree, place + 1)
                    made += self._introduced(block, tree[place + 1 : end], base)
                    place = end
                else:
                    made += self._prose(block, base)
                    place += 1
        return made

    def _closes(self, block: Block) -> bool:
        """ "Kind regards," on a line of its own: what follows is who wrote it."""
        line = self.text[block.start : block.end].partition("\n")[0]
        if len(line) > _LONGEST_CLOSING or block.kind != "text":
            return False
        words = [token.norm for token in tokenize(line, 0, len(line)) if token.kind == "word"]
        found = self.known.closings.at(words, 0) if 0 < len(words) < 6 else None
        return found is not None and found[1] == len(words)

    def _is_title(self, block: Block, tree: Sequence[Block]) -> bool:
        """ "Release 7.3 runbook", "Title: …" above the rest of a text: names what follows."""
        body = self.text[block.start : block.end].strip()
        if self.section or self.found.drafts or len(tree) < 2 or "\n" in body:
            return False
        words = [token.norm for token in self.wording.tokens(block)]
        if not 0 < len(words) <= 16:
            return False
        if words[1:2] == [":"] and words[0] in self.known.titles:
            return True
        if _TICKET.match(body) and self._lists_work(tree):
            return True  # "SHOP-1190: Move resizing out of the request path" above its tasks
        ends = self.known.prepositions | {":", "—"}
        head = words[: next((n for n, word in enumerate(words) if word in ends), len(words))]
        orders = self.known.is_verb(words[0]) and words[0] not in self.known.nouns_too
        while len(head) > 1 and head[-1].removeprefix("v")[:1].isdigit():
            head = head[:-1]  # "checklist v2.8"
        if self._names_work(words, tree[1]) and body[-1] not in ".!?;:,":
            return True
        listed = tree[1].kind in ("ordered", "bullet") and words[0] in self.known.nouns_too
        if listed and len(words) == 2 and _VERSION.fullmatch(words[1]):
            return True  # "Release 4.8" above its steps
        plain = not orders and not set(head) & self.known.determiners and body[-1] not in ".!?;:,"
        return plain and 0 < len(head) < 6 and head[-1] in self.known.plan_words

    def _ends_open(self, block: Block) -> bool:
        return self.text[block.start : block.end].rstrip().endswith(":")

    def _lists_work(self, tree: Sequence[Block]) -> bool:
        """Whether there is a list that no label calls anything but work."""
        return any(
            one.kind in ("ordered", "bullet") and before.kind != one.kind and not self._labels_section(before)
            for before, one in pairwise(tree)
        )

    def _labels_section(self, block: Block) -> bool:
        """ "Out of scope" on a line of its own above a list, without a colon."""
        words = [token.norm for token in self.wording.tokens(block) if token.norm != ":"]
        sections = (self.known.outside, self.known.criteria, self.known.constraints)
        return 0 < len(words) < 5 and any((found := one.at(words, 0)) and found[1] == len(words) for one in sections)

    def _says_in_what_order(self, block: Block) -> bool:
        """ "Do the open points one after the other" above a list, without a colon."""
        tokens = self.wording.tokens(block)
        colon = next((n for n, token in enumerate(tokens) if token.norm == ":"), -1)
        words = [token.norm for token in stripped(tokens[colon + 1 :], self.known)[0]]
        order = self.known.ordered_intro.within(words) or self.known.parallel_intro.within(words)
        return bool(words) and order is not None and words[0] in self.known.no_work

    def _names_work(self, words: Sequence[str], below: Block) -> bool:
        """ "Retraining ng churn model", "Pag-upgrade ng Redis": the noun of a verb above a list is its title."""
        known = self.known
        if below.kind not in ("ordered", "bullet") or not set(words[1:2]) & known.linkers_of:
            return False
        form = known.form(words[0])
        named = len(words[0]) > 5 and words[0].startswith(known.naming_prefixes)
        return words[0].endswith("ing") or named or (form is not None and form.mood == "noun")

    def _introduced(self, block: Block, items: Sequence[Block], base: Needs) -> list[Draft]:
        """A paragraph that ends in a colon and what it introduces: it says how, the list says what."""
        words = [token.norm for token in self.wording.tokens(block)]
        if items[0].kind == "code":
            drafts = self._prose(block, base)
            self._code(items[0], drafts)
            return drafts
        before = self.section
        self._enter(words[:-1] if words and words[-1] == ":" else words)
        new, inner = self._lead(block, base)
        ordered = items[0].kind == "ordered"
        if self.known.parallel_intro.within(words):
            ordered = False
        elif self.known.ordered_intro.within(words):
            ordered = True
        listed = self._list(items, inner, ordered=ordered)
        self.section = before
        return [*new, *listed]

    def _lead(self, block: Block, base: Needs) -> tuple[list[Draft], Needs]:
        """Read all sentences of an introduction but the last, and the conditions and order of the last."""
        tokens = self.wording.tokens(block)
        if order := self.known.ordered_intro.within([token.norm for token in tokens]):
            tokens = [*tokens[: order[1]], *tokens[order[1] + order[2] :]]
        *full, last = list(turned(sentences(tokens, self.text, self.known), self.known)) or [[]]
        new = [draft for one in full for draft in self._sentence(one, base)]
        cut = clauses([token for token in last if token.norm not in (":", ";")], self.known)
        state = Told(dict(base))
        for n, clause in enumerate(cut):
            self._order(clause, state)
            if clause.kind in CONDITIONS | {"after"}:
                self._subordinate(cut, n, state)
        for draft in state.made:
            new.append(draft)
        return new, state.base

    def _list(self, items: Sequence[Block], base: Needs, *, ordered: bool) -> list[Draft]:
        made: list[Draft] = []
        here: Needs = dict(base)
        tip: list[Draft] = []
        first = len(self.found.drafts)
        for item in items:
            if item.ticked:
                continue
            self.because = Why("numbered list", (item.start, item.start)) if ordered else self.because
            fresh = self._item(item, here)
            made += fresh
            if fresh and ordered:
                tip = [draft for draft in tip if not draft.followed] + fresh
                here = self._then(tip, loose=True)
        self.because = None
        if made:
            self.group = [made[-1]] if ordered else self.found.drafts[first:]
            self.groups = [*self.groups[-8:], self.found.drafts[first:]]
        return made

    def _item(self, item: Block, base: Needs) -> list[Draft]:
        """A list item; what is nested below it stands in its place."""
        lists = [block for block in item.inside if block.kind in ("ordered", "bullet")]
        if lists and all(block.ticked for block in lists):
            return []
        if lists and all(self._opens_condition(block) for block in lists):
            made = self._prose(item, base, forced=True)
            return [*made, *self._list(lists, self._then(made) if made else base, ordered=False)]
        if lists and self.section == "":
            words = [token.norm for token in self.wording.tokens(item)]
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
        cut = clauses(self.wording.tokens(item)[:60], self.known)
        return bool(cut) and (cut[0].kind in CONDITIONS | {"after"} or bool({"else", "regardless"} & set(cut[0].marks)))

    def _heading(self, block: Block) -> bool:
        """Enter the section; return whether the heading has a number: then it follows what is above."""
        words = [token.norm for token in self.wording.tokens(block)]
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

    def _aim(self, heading: Block, tree: Sequence[Block], place: int) -> None:
        """Prose below "Goal" says what for, where lists further down say what to do."""
        words = [token.norm for token in self.wording.tokens(heading)]
        if len(words) > 3 or not self.known.aims.at(words, 0) or place >= len(tree) or tree[place].kind != "text":
            return
        if any(block.kind in ("ordered", "bullet") for block in tree[place : place + _NEAR]):
            self.section = "background"

    def _enter(self, words: Sequence[str]) -> None:
        """A heading, or a label before a list, may say that what follows are no steps."""
        words = [word for word in words if word not in ("*", "#", "the", ":")]
        if len(words) > 5:
            return
        for name in ("criteria", "outside", "background", "constraints"):
            found = getattr(self.known, name).at(words, 0)
            if found and (found[1] == len(words) or name == "criteria"):
                self.section = name

    def _code(self, block: Block, made: list[Draft]) -> None:
        """A block of shell below a step that runs something is its command; any other is what its step is told."""
        body = self.text[block.start : block.end].rstrip()
        if not body.strip() or not made or self.section or made[-1].command:
            return
        command = typed(block, self.text)
        if command and self.known.root(made[-1].verb) in ("run", "execute", "i-run"):
            made[-1].command = command
        else:
            made[-1].details.append(f"\n\n```{block.language}\n{body}\n```\n")

    def _prose(self, block: Block, base: Needs, *, forced: bool = False) -> list[Draft]:
        tokens = self.wording.tokens(block)
        if self.section and len(tokens) > 2 and tokens[1].norm == ":" and tokens[0].norm in self.known.asking_labels:
            self.section = ""  # "**Request:** …" below "**Steps to reproduce**"
        spoken = [token for token in tokens if token.norm.isalpha()]
        if self.section and block.kind == "text" and len(spoken) < 2 and self.wording.is_about_time(block):
            return []
        if self.section and block.kind == "text" and _BOLD_LABEL.match(self.text, block.start, block.end):
            self.section = ""
        if self.section:
            self._keep_aside(block)
            return []
        made: list[Draft] = []
        for n, sentence in enumerate(turned(sentences(tokens, self.text, self.known), self.known)):
            made += self._sentence(sentence, base, forced=forced and n == 0)
        return made
