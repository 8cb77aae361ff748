"""Clauses: one sentence as a run of clauses, each with the connective that opens it.

Owns where a clause begins and ends. Whether a clause is a step, and what it is tied to, is for
`tuloy.understanding.drafting.reading`.
"""

from collections.abc import Iterator, Sequence

from tuloy.understanding.clauses.connectives import Connectives
from tuloy.understanding.clauses.openings import SUBORDINATE
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Clause", "clauses", "sentences"]

_MARKERS_INSIDE = frozenset({"also", "regardless", "last", "first", "so"})


def sentences(tokens: Sequence[Token], text: str, known: Grammar) -> list[list[Token]]:
    """Split where a sentence ends; brackets do not hold sentences together, and abbreviations end none.

    A question keeps its mark, and so does what goes on behind a semicolon.
    """
    found: list[list[Token]] = [[]]
    for place, token in enumerate(tokens):
        if token.kind == "mark" and token.norm in (".", "!", "?", ";"):
            if token.norm == "." and _abbreviates(tokens, place, text, known):
                found[-1] += [token] if tokens[place - 1].norm in known.honorifics else []
                continue
            if token.norm == "." and _addresses(tokens, place, text, known):
                found[-1][-1] = found[-1][-1]._replace(end=token.end)
                continue
            if token.norm in "?;" and found[-1]:
                found[-1].append(token)
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _abbreviates(tokens: Sequence[Token], place: int, text: str, known: Grammar) -> bool:
    """ "Max. 30 min. and": a short word, and what follows goes on in lower case."""
    if not place or place + 1 >= len(tokens):
        return False
    before, after = tokens[place - 1], tokens[place + 1]
    if before.norm in known.honorifics and before.end == tokens[place].start:
        return True
    return before.norm in known.abbreviations and not text[after.start].isupper() and before.end == tokens[place].start


def _addresses(tokens: Sequence[Token], place: int, text: str, known: Grammar) -> bool:
    """ "Kay Dr. Santos": a short title in front of a name ends no sentence; "500 ms." does."""
    if not place or place + 1 >= len(tokens):
        return False
    before, after = tokens[place - 1], tokens[place + 1]
    titled = before.norm in known.honorifics and text[before.start].isupper()
    return titled and before.end == tokens[place].start and text[after.start].isupper()


def clauses(sentence: list[Token], known: Grammar) -> list[Clause]:
    """Return the clauses of a sentence, in the order of the text."""
    return _Cutter(_without_asides(sentence, known), known).cut()


def _without_asides(sentence: list[Token], known: Grammar) -> list[Token]:
    """Drop what stands in brackets after the first word, and everything from "e.g." to the next comma.

    Brackets behind "each" hold the items."""
    kept: list[Token] = []
    depth = 0
    aside = False
    words = [token.norm for token in sentence]
    for place, token in enumerate(sentence):
        if token.norm in ("(", "[", "{"):
            if any(one.norm in known.distributives for one in kept[-6:]) and not depth:
                kept.append(Token("mark", ":", token.start, token.end))
                continue
            depth += bool(kept) or depth > 0
        elif token.norm in (")", "]", "}"):
            depth = max(0, depth - 1)
        elif kept and not depth and (kept[-1].norm == "," or "." in token.norm) and known.asides.at(words, place):
            aside = True
            if kept[-1].norm == ",":
                kept.pop()
        elif aside and token.norm == ",":
            aside = False
            kept.append(token)
        elif not depth and not aside:
            kept.append(token)
    return kept


class _Cutter(Connectives):
    """A scan over one sentence, token by token; never looks further than a phrase ahead."""

    def __init__(self, tokens: list[Token], known: Grammar) -> None:
        super().__init__(tokens, known)
        self.done: list[Clause] = []
        self.bare = [known.root(word) if "-" in word else word for word in self.words]
        self.stops = self.tying.union(self._stops())

    def cut(self) -> list[Clause]:
        while self.place < len(self.tokens):
            if self.now.tokens and self.now.kind == "main" and self.place not in self.stops:
                self._take(1)
            else:
                self._step()
        self._close()
        for n, clause in reversed(list(enumerate(self.done))):
            follows = (
                n + 1 < len(self.done) and self.done[n + 1].kind == "main" and "else" not in self.done[n + 1].marks
            )
            leads = not n or ((clause.comma or clause.joined) and not self.known.affixes)
            if clause.kind in ("if", "unless", "after", "while") and leads and not follows:
                self.done[n + 1 : n + 1] = self._run_on_main(clause)
        return self.done

    def _stops(self) -> Iterator[int]:
        """Yield the places besides those that tie where a word may do more than go on in a main clause."""
        idioms, joints, polite = self.known.idioms.firsts, self.known.joints, self.known.polite_prefixes
        for place, word in enumerate(self.bare):
            token = self.tokens[place]
            if word in idioms or token.norm in joints or token.kind == "arrow" or token.norm.startswith(polite):
                yield place

    def _run_on_main(self, clause: Clause) -> list[Clause]:
        """ "If the board is older than 1.4 reflash the board": no comma parts what is to be done from the condition."""
        known, words = self.known, [token.norm for token in clause.tokens[:40]]
        for n in range(3, len(words) - 1):
            told = any(w in known.auxiliaries or w in known.outcomes or w[-1:] == "s" for w in words[:n])
            orders = (
                words[n] in known.verbs
                and words[n - 1] not in known.determiners | known.prepositions | known.infinitives
            )
            behind = words[n + 1] in known.determiners | known.pronouns or clause.tokens[n + 1].kind == "code"
            if told and orders and behind:
                rest = Clause("main", clause.tokens[n:], comma=True, ran_on=True)
                clause.tokens = clause.tokens[:n]
                return [rest]
        return []

    def _step(self) -> None:
        token = self.tokens[self.place]
        if idiom := self.known.idioms.at(self.bare, self.place):
            self._take(idiom[1])
        elif token.kind == "arrow":
            self._open("main", 1, marks=["seq"], forced=True)
        elif (token.norm in self.known.joints or self.place in self.tying) and self._ties(token):
            pass
        elif self._names_event():
            self._open("after", 0)
            self._take(1)
        elif self._runs_on():
            self._open("main", 0, comma=True)
            self.now.ran_on = True
            if token.norm in self.known.inverters:
                self.place += 1
            else:
                self._take(1)
        else:
            self._take(1)

    def _ties(self, token: Token) -> bool:
        """Whether the word ties clauses, or ends one; then it is read."""
        if not self.now.tokens and self._however(self.place):
            self._connect("whatever", 1)
        elif token.norm in (",", "—", ":") or self._coordinates(token):
            self._joint()
        elif connective := self._connective(self.place):
            self._connect(*connective)
        else:
            return False
        return True

    def _take(self, count: int) -> None:
        self.now.tokens += self.tokens[self.place : self.place + count]
        self.place += count

    def _close(self) -> None:
        if self.now.tokens or self.now.marks or self.now.kind != "main":
            self.done.append(self.now)

    def _open(
        self,
        kind: str,
        skip: int,
        *,
        marks: Sequence[str] = (),
        comma: bool = False,
        joined: bool = False,
        forced: bool = False,
    ) -> None:
        opener = " ".join(self.words[self.place : self.place + skip])
        last = min(self.place + max(skip, 1), len(self.tokens)) - 1
        span = (self.tokens[self.place].start, self.tokens[last].end) if self.place <= last else (0, 0)
        before = self.now
        if forced or before.tokens or (before.kind != "main"):
            self._close()
            self.now = Clause(kind, marks=list(marks), comma=comma, joined=joined, opener=opener, place=span)
        else:
            self.now.kind = kind
            self.now.opener = opener
            self.now.place = span if skip else self.now.place
            self.now.marks += marks
            self.now.comma |= comma
            self.now.joined |= joined
        self.place += skip

    def _joint(self) -> None:
        """A comma, a dash, an "and", or several of them: a clause ends here when another one opens behind."""
        here = end = self.place
        while end < len(self.tokens) and (self.words[end] in (",", "—", ":") or self._coordinates(self.tokens[end])):
            if self._however(end):
                break
            end += 1
        joint = self.words[here:end]
        comma = any(mark in joint for mark in (",", "—", ":"))
        joined = any(self._coordinates(token) for token in self.tokens[here:end])
        if end == len(self.tokens):
            self.place = end
        elif whole := self._across(here, end):
            self.place = whole[0]
            self._connect(whole[1], whole[2], comma=comma, joined=joined)
        elif connective := self._connective(end, after_joint=True):
            self.place = end
            self._connect(*connective, comma=comma, joined=joined)
        elif self._opens(end, comma, joined, set(joint)):
            self.listing |= comma and self.now.kind == "main" and bool(self.now.tokens)
            self.place = end
            marks = ["but_first"] if self._comes_first(end - 1) else []
            self._open("main", 0, marks=marks, comma=comma, joined=joined)
            idiom = self.known.idioms.at(self.bare, self.place)
            self._take(idiom[1] if idiom else 1)
        else:
            self._take(end - here)

    def _across(self, here: int, end: int) -> tuple[int, str, int] | None:
        """A connective that itself begins with a conjunction: "but first", "and after that", "or else"."""
        for place in range(here, end):
            found = self._connective(place, after_joint=True)
            if found and place + found[1] > end:
                return place, *found
        return None

    def _connect(self, kind: str, length: int, *, comma: bool = False, joined: bool = False) -> None:
        end = self.place + length
        if kind == "regardless" and self.known.affixes and self.words[end : end + 1]:
            named = self.words[end] in self.known.determiners - self.known.coordinators
            kind = "whatever" if named else kind
        if kind == "seq" and self.words[end - 1] in self.known.results and self.known.affixes:
            while end < len(self.words) and self.words[end] not in (",", ":", "—"):
                end, length = end + 1, length + 1  # "depende sa resulta ng audit"
        trails = (end >= len(self.words) or self.words[end] == ",") and not (comma or joined)
        if kind == "seq" and trails and self.now.kind == "main" and self.now.tokens:
            self.now.marks.append(kind)
            self.place = end
            return
        closes = kind == "regardless" and end >= len(self.words) and bool(self.known.affixes)
        inside = closes and bool(self.now.tokens) and self.now.kind == "main"
        inside = inside or (kind in _MARKERS_INSIDE and bool(self.now.tokens) and not comma and not joined)
        if inside and (kind == "first" or not self._opens(self.place + length, True, True, {","})):
            self.now.marks.append(kind)
            self.place += length
            return
        if kind == "each" and self.now.tokens and self.now.tokens[-1].norm in self.known.prepositions:
            self.now.tokens.pop()
            self.place, length = self.place - 1, length + 1
        if kind in SUBORDINATE:
            self._open(kind, length, comma=comma, joined=joined, forced=bool(self.now.tokens))
        elif kind in ("on_pass", "on_fail", "if_so"):
            self._open(kind, length, comma=comma, joined=joined, forced=True)
            self._open("main", 0, forced=True)
            self.now.ran_on = end < len(self.words) and self.known.is_verb(self.words[end])
        else:
            self._open("main", length, marks=[kind], comma=comma, joined=joined)
