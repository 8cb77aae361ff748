"""Clauses: one sentence as a run of clauses, each with the connective that opens it.

Owns where a clause begins and ends. Whether a clause is a step, and what it is tied to, is for
`tuloy.understanding.reading`.
"""

from collections.abc import Sequence

from tuloy.understanding.grammar import Grammar
from tuloy.understanding.openings import SUBORDINATE, Clause, Scan
from tuloy.understanding.tokens import Token

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
    return before.norm in known.abbreviations and not text[after.start].isupper() and before.end == tokens[place].start


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


class _Cutter(Scan):
    """A scan over one sentence, token by token; never looks further than a phrase ahead."""

    def __init__(self, tokens: list[Token], known: Grammar) -> None:
        super().__init__(tokens, known)
        self.done: list[Clause] = []
        self.bare = [known.root(word) if "-" in word else word for word in self.words]

    def cut(self) -> list[Clause]:
        while self.place < len(self.tokens):
            self._step()
        self._close()
        if self.done and self.done[0].kind in ("if", "unless", "after", "while") and len(self.done) == 1:
            self.done += self._run_on_main(self.done[0])
        return self.done

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
        elif not self.now.tokens and self._however(self.place):
            self._connect("whatever", 1)
        elif token.norm in (",", "—", ":") or self._coordinates(token):
            self._joint()
        elif connective := self._connective(self.place):
            self._connect(*connective)
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

    def _take(self, count: int) -> None:
        self.now.tokens += self.tokens[self.place : self.place + count]
        self.place += count

    def _close(self) -> None:
        if self.now.tokens or self.now.marks or self.now.kind != "main":
            self.done.append(self.now)
        self.now = Clause()

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
            self._open("main", 0, comma=comma, joined=joined)
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

    def _connective(self, place: int, *, after_joint: bool = False) -> tuple[str, int] | None:
        """Return the connective at a place, unless it is an ordinary word there."""
        if self._inverted(place, after_joint=after_joint):
            return "if", 1
        if self._however(place) and (after_joint or not self.now.tokens):
            return "whatever", 1
        if length := self._green_or_red(place):
            return "regardless", length
        if reason := self._gives_reason(place):
            return "reason", reason
        found = self._either_way(place) or self.known.connectives.at(self.words, place)
        if found is None:
            return None
        at_start = after_joint or not self.now.tokens
        kind, length = self._meant(place, *found)
        polite = self.known.politeness.at(self.words, place)
        ahead = self.words[place + polite[1] :][:1] if polite else []
        if polite and polite[1] > length and not (ahead and self.known.is_verb(ahead[0])):
            return None
        phrase = " ".join(self.words[place : place + length])
        if phrase in self.known.precautions and not at_start:
            return "reason", length
        inside = not after_joint and self._stands_inside(kind, place + length)
        if inside or not self._connects(kind, phrase, place, at_start=at_start):
            return None
        return kind, length

    def _is_after(self, word: str) -> bool:
        found = self.known.connectives.at([word], 0)
        return found is not None and found[0] == "after"

    def _however(self, place: int) -> bool:
        """ "However the checks went, …": no contrast, for it has a subject and a verb before the comma."""
        known, ahead = self.known, self.words[place + 1 : place + 9]
        if self.words[place] not in known.howevers or not ahead or ahead[0] not in known.determiners | known.pronouns:
            return False
        head = ahead[: ahead.index(",")] if "," in ahead else ahead
        return len(head) < 6 and bool(set(head) & known.becoming)

    def _green_or_red(self, place: int) -> int:
        """ "Green or red, …", "pass or not, …": how many words say that it does not matter."""
        words, known = self.words[place : place + 4], self.known
        if len(words) < 4 or words[1] not in known.alternatives or words[3] != "," or self.now.tokens:
            return 0
        good, bad = ({words[0], words[2]} & one for one in (known.passes, known.fails))
        return 3 if (good and bad) or ((good or bad) and words[2] in known.negations) else 0

    def _gives_reason(self, place: int) -> int:
        """ "Para ma-test nila", "may bug daw kasi ang luma": how many words open what for, or why."""
        known, words, now = self.known, self.words, self.now
        if not known.affixes or not now.tokens or now.kind != "main" or place + 1 >= len(words):
            return 0
        if words[place] in known.purposive and known.tells(words[place + 1]):
            first, indefinite = now.tokens[0].norm, {token.norm for token in now.tokens[1:4]} & known.indefinite
            return int(not (indefinite and known.root(first) in known.makers))
        if words[place - 1] in known.determiners | known.links or words[place] in known.fragments:
            return 0
        exists = known.existence.at(words, place) is not None
        for n in range(1, 5):
            word = words[place + n] if place + n < len(words) else ""
            if word in known.why_clitics:
                behind = n > 1 or exists or words[place - 1] in (",", "—") or words[place] in known.outcomes
                return n + 1 if behind or known.tells(words[place]) else 0
            if word not in known.fragments and not (exists and n == 1):
                return 0
        return 0

    def _either_way(self, place: int) -> tuple[str, int] | None:
        """ "Na-merge man o hindi", "may error man o wala", "bumagsak man ang deploy o hindi": whatever comes out."""
        known, words = self.known, self.words
        if not known.affixes or place + 3 >= len(words) or words[place] in known.concessive:
            return None
        length = next((n for n in (1, 2) if words[place + n] in known.concessive), 0)
        if not length or (length == 2 and not known.existence.at(words, place)):
            return None
        behind = words[place + length + 1 : place + length + 3]
        if behind[:1] and behind[0] in known.alternatives and len(behind) > 1:
            told = behind[1] in known.outcomes or known.tells(behind[1])
            return ("regardless", length + 3) if behind[1] in known.negations or told else None
        ahead = words[place + length + 1 : place + length + 12]
        turn = next((n for n, word in enumerate(ahead[:-1]) if word in known.alternatives), None)
        open_to_it = turn is not None and (ahead[turn + 1] in known.negations or ahead[turn + 1] in known.outcomes)
        return ("regardless", length + 1) if open_to_it and "," not in ahead[:turn] else None

    def _meant(self, place: int, kind: str, length: int) -> tuple[str, int]:
        """What the words behind a connective make of it: "on pass" with a subject asks, "after that" may name X."""
        known, words = self.known, self.words
        if kind in ("seq", "last", "first", "also") and place + length < len(words):
            length += words[place + length] in known.inverters
        after = words[place + length] if place + length < len(words) else ""
        behind = next((w for w in words[place + length : place + length + 4] if w not in known.fragments), "")
        if kind == "seq" and length > 1 and after in known.auxiliaries and self._is_after(words[place]):
            return "after", 1  # "after both are through"
        named = known.subjects | known.totals | ({known.spoken["at"]} if known.affixes else set())
        if kind in ("on_pass", "on_fail") and length > 1 and behind in named:
            return "if", 1
        if kind == "seq" and length > 1 and after in known.action_nouns and words[place + length + 1 :][:1] == [","]:
            return "after", length  # "pag tapos na build, …"
        if kind == "seq" and words[place] in known.also_after and length == 1 and self._turns(place, after):
            return "after", 1
        negated = length
        while kind == "else" and known.affixes and negated > 2 and words[place + negated - 1] in known.fragments:
            negated -= 1  # "kung hindi pa naka-install"
        if kind == "else" and length > 1 and self._negates(place, negated):
            return "if", negated - 1
        return kind, length

    def _stands_inside(self, kind: str, behind: int) -> bool:
        """Whether a condition or a time belongs to a relative clause, and ties no steps."""
        if kind in ("before", "after", "if", "while") and self._belongs_to_relative(behind):
            return True
        if kind == "if" and self._happens_when():
            return True
        return kind in ("if", "after", "while") and self._makes_what_acts()

    def _connects(self, kind: str, phrase: str, place: int, *, at_start: bool) -> bool:
        """Whether the words order or tie here; elsewhere they are ordinary words."""
        length = len(phrase.split())
        after = self.words[place + length] if place + length < len(self.words) else ""
        if kind == "also" and not at_start and length > 2 and after in self.known.determiners:
            return False  # "the tests, as well as the docs": one more object
        if kind == "whatever" and phrase in self.known.openly and not at_start:
            return False  # "fix whichever tests break"
        if kind == "constraint" and phrase in self.known.withouts and not self._withholds(after):
            return False
        if kind in ("if", "whether") and self._asks_whether(place + length):
            return False
        if kind == "constraint" and self.now.kind in ("if", "unless", "after") and self.known.affixes:
            return False  # "kung umandar ito nang walang aberya"
        if length == 1 and self._is_ordinary(phrase, kind, after, at_start, place):
            return False
        if phrase not in self.known.start_only or at_start or self._trails(kind, place + length):
            return True
        return kind == "after" and self._ends_done(place)

    def _withholds(self, after: str) -> bool:
        """ "Without touching the API", "without new dependencies" limit; "requests without a header" are what is so."""
        return after.endswith("ing") or after in self.known.not_more

    def _turns(self, place: int, after: str) -> bool:
        """ "Pagkatapos mabuo ang imahe", "pagkatapos buuin ang imahe ay …": what follows is the event."""
        if self.known.tells(after):
            return True
        ahead = self.words[place + 2 : place + 16]
        end = next((n for n, word in enumerate(ahead) if word in self.known.inverters or word == ","), len(ahead))
        return end < len(ahead) and ahead[end] in self.known.inverters and self.known.is_verb(after)

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
