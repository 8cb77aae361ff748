"""Clauses: one sentence as a run of clauses, each with the connective that opens it.

Owns where a clause begins and ends. Whether a clause is a step, and what it is tied to, is for
`tuloy.understanding.reading`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tuloy.understanding.grammar import Grammar
from tuloy.understanding.tokens import Token

__all__ = ["Clause", "clauses", "sentences"]

_SUBORDINATE = frozenset(
    {"if", "unless", "while", "before", "after", "reason", "whatever", "whether", "each", "constraint"}
)
_AT_START_ONLY = frozenset(
    {"next", "last", "first", "second", "third", "fourth", "fifth", "later", "following", "plus", "una", "huli"}
    | {"sunod", "initially", "likewise", "separately", "since", "given", "when", "upon", "too", "kasunod", "susunod"}
    | {"provided", "assuming", "besides"}
    | {"as the", "as we", "as it", "as this", "as they"}
)
_MARKERS_INSIDE = frozenset({"also", "regardless", "last", "first", "so"})


@dataclass
class Clause:
    """A run of tokens. `kind` is main or what opens it; `marks` are the adverbs of order found on it.

    `comma` and `joined` say how it hangs on the clause before: behind a comma, behind an "and".
    """

    kind: str = "main"
    tokens: list[Token] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    comma: bool = False
    joined: bool = False
    opener: str = ""


def sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split where a sentence ends; brackets do not hold sentences together."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "mark" and token.norm in (".", "!", "?", ";"):
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def clauses(sentence: list[Token], known: Grammar) -> list[Clause]:
    """Return the clauses of a sentence, in the order of the text."""
    return _Cutter(_without_asides(sentence), known).cut()


def _without_asides(sentence: list[Token]) -> list[Token]:
    """Drop what stands in brackets after the first word, and everything from "e.g." to the next comma."""
    kept: list[Token] = []
    depth = 0
    aside = False
    for token in sentence:
        if token.norm in ("(", "[", "{"):
            depth += bool(kept) or depth > 0
        elif token.norm in (")", "]", "}"):
            depth = max(0, depth - 1)
        elif token.norm.rstrip(",") in ("e.g.", "i.e."):
            aside = True
            if kept and kept[-1].norm == ",":
                kept.pop()
        elif aside and token.norm == ",":
            aside = False
            kept.append(token)
        elif not depth and not aside:
            kept.append(token)
    return kept


class _Cutter:
    """A scan over one sentence, token by token; never looks further than a phrase ahead."""

    def __init__(self, tokens: list[Token], known: Grammar) -> None:
        self.tokens = tokens
        self.words = [token.norm for token in tokens]
        self.known = known
        self.done: list[Clause] = []
        self.now = Clause()
        self.place = 0
        self.listing = False

    def cut(self) -> list[Clause]:
        while self.place < len(self.tokens):
            self._step()
        self._close()
        return self.done

    def _step(self) -> None:
        token = self.tokens[self.place]
        if idiom := self.known.idioms.at(self.words, self.place):
            self._take(idiom[1])
        elif token.kind == "arrow":
            self._open("main", 1, marks=["seq"], forced=True)
        elif token.norm in (",", "—", ":") or self._coordinates(token):
            self._joint()
        elif connective := self._connective(self.place):
            self._connect(*connective)
        elif self._runs_on():
            self._open("main", 0, comma=True)
            self._take(1)
        else:
            self._take(1)

    def _coordinates(self, token: Token) -> bool:
        known = self.known
        return token.norm in known.coordinators or token.norm in known.alternatives or token.norm in known.contrasts

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
        before = self.now
        if forced or before.tokens or (before.kind != "main"):
            self._close()
            self.now = Clause(kind, marks=list(marks), comma=comma, joined=joined, opener=opener)
        else:
            self.now.kind = kind
            self.now.opener = opener
            self.now.marks += marks
            self.now.comma |= comma
            self.now.joined |= joined
        self.place += skip

    def _joint(self) -> None:
        """A comma, a dash, an "and", or several of them: a clause ends here when another one opens behind."""
        here = end = self.place
        while end < len(self.tokens) and (self.words[end] in (",", "—", ":") or self._coordinates(self.tokens[end])):
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
            self.listing |= comma and self.now.kind == "main"
            self.place = end
            self._open("main", 0, comma=comma, joined=joined)
            self._take(1)
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
        found = self.known.connectives.at(self.words, place)
        if found is None:
            return None
        kind, length = found
        phrase = " ".join(self.words[place : place + length])
        at_start = after_joint or not self.now.tokens
        after = self.words[place + length] if place + length < len(self.words) else ""
        if kind in ("if", "whether") and self._asks_whether():
            return None
        if length == 1 and self._is_ordinary(phrase, kind, after, at_start, place):
            return None
        if (
            phrase in _AT_START_ONLY
            and not at_start
            and not self._trails(kind, place + length)
            and not (kind == "after" and self._ends_done(place))
        ):
            return None
        return found

    def _trails(self, kind: str, place: int) -> bool:
        """ "Run the linter first, then …": an adverb of order at the clause's end."""
        return kind in ("first", "last") and (place >= len(self.words) or self.words[place] == ",")

    def _asks_whether(self) -> bool:
        """ "Check whether", "see if": the question is what the clause does, not a condition on it."""
        last = self.now.tokens[-1].norm if self.now.tokens and self.now.kind == "main" else ""
        return last in self.known.check_verbs or last in self.known.askers

    def _is_ordinary(self, word: str, kind: str, after: str, at_start: bool, place: int) -> bool:
        known = self.known
        if kind == "after" and (after[:1].isdigit() or after in ("a", "per", "every", "again", "more", "another")):
            return word != "after" or not at_start
        if kind == "before" and (after[:1].isdigit() or after in ("and", "/", "")):
            return True
        if kind in ("first", "last", "seq") and word in _AT_START_ONLY:
            # "the next page", "last week", "first name": no adverb.
            if self._trails(kind, place + 1) and not at_start and self.words[place - 1] not in known.determiners:
                return False
            if not at_start or after in known.past or after in ("week", "month", "name", "time", "release"):
                return True
            behind = self.words[place + 2] if place + 2 < len(self.words) else ""
            return not (after in ("", ",", "—", ":") or known.is_verb(after) or self._soft(after)) and not (
                behind and behind in known.determiners
            )
        if kind == "so":
            return not at_start and after in ("that", "far", "much", "many")
        return False

    def _soft(self, word: str) -> bool:
        known = self.known
        return bool(
            word in known.adverbs
            or known.politeness.at([word], 0)
            or word in known.determiners
            or word in known.pronouns
            or known.base(word)
            or word in ("we", "you", "i", "ay", "if", "kung")
            or not word
        )

    def _ends_done(self, place: int) -> bool:
        """Whether what follows "when" says how something ended: then it orders, and does not describe."""
        known = self.known
        ahead = self.words[place + 1 : place + 9]
        return any(word in known.passes or word in known.fails or word in known.finished for word in ahead)

    def _connect(self, kind: str, length: int, *, comma: bool = False, joined: bool = False) -> None:
        inside = kind in _MARKERS_INSIDE and bool(self.now.tokens) and not comma and not joined
        if inside and (kind == "first" or not self._opens(self.place + length, True, True, {","})):
            self.now.marks.append(kind)
            self.place += length
            return
        if kind in _SUBORDINATE:
            self._open(kind, length, comma=comma, joined=joined, forced=bool(self.now.tokens))
        elif kind in ("on_pass", "on_fail"):
            self._open(kind, length, comma=comma, joined=joined, forced=True)
            self._open("main", 0, forced=True)
        else:
            self._open("main", length, marks=[kind], comma=comma, joined=joined)

    def _opens(self, place: int, comma: bool, joined: bool, joint: set[str]) -> bool:
        """Whether the words behind a comma or an "and" begin a clause of their own."""
        known, now = self.known, self.now
        place = self._past_soft_words(place)
        if place >= len(self.words):
            return False
        if known.constraint_starts.at(self.words, place) or known.lead_ins.at(self.words, place):
            return True
        if now.kind == "constraint" or now.kind == "reason":
            return self._verb_opens(place) and (comma or now.kind == "reason")
        if now.kind in _SUBORDINATE:
            return (
                (comma and (not joined or self._verb_opens(place)))
                and (
                    self._has_predicate() or self._verb_opens(place) or now.kind in ("after", "before", "each", "while")
                )
                and not (now.kind == "each" and not self._verb_opens(place))
            )
        if known.alternatives & joint:
            return False
        if self._sheltered(comma) or (self._lists_examples() and not self._surely_opens(place, comma, joined)):
            return False
        if self.tokens[place].kind == "code":
            return self._second_command()
        return self._verb_opens(place) or self._duty_opens(place)

    def _lists_examples(self) -> bool:
        return self.known.examples.within([token.norm for token in self.now.tokens[-60:]]) is not None

    def _surely_opens(self, place: int, comma: bool, joined: bool) -> bool:
        """Behind "including a, b and c" only a verb with an object of its own opens a clause."""
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        return comma and joined and after in self.known.determiners and self.known.is_verb(self.words[place])

    def _duty_opens(self, place: int) -> bool:
        """ "…, and the site must be deployed": a duty of its own."""
        ahead = self.words[place : place + 9]
        return ahead[0] in self.known.determiners and self.known.obligations.within(ahead) is not None

    def _past_soft_words(self, place: int) -> int:
        known = self.known
        while place < len(self.words):
            polite = known.politeness.at(self.words, place)
            if polite:
                place += polite[1]
            elif self.words[place] in known.adverbs or self.words[place] in known.coordinators:
                place += 1
            else:
                break
        return place

    def _has_predicate(self) -> bool:
        known = self.known
        return any(
            t.norm in known.auxiliaries or t.norm in known.passes or t.norm in known.fails or t.norm.endswith("s")
            for t in self.now.tokens[-40:]
        )

    def _second_command(self) -> bool:
        """ "Run `a` and `b`": as many commands, when both stand alone behind the verb."""
        return len(self.now.tokens) >= 2 and self.now.tokens[-1].kind == "code" and len(self.now.tokens) <= 3

    def _runs_on(self) -> bool:
        """ "If it passes deploy it": a verb right behind a condition's predicate opens the rest."""
        if self.now.kind not in ("if", "unless", "after", "while", "reason") or not self.now.tokens:
            return False
        lead = self.known.lead_ins.at(self.words, self.place)
        if lead and lead[1] > 1:
            return True
        last = self.now.tokens[-1].norm
        known = self.known
        ended = last in known.passes or last in known.fails or last in known.finished
        return ended and self.tokens[self.place].kind == "word" and self._verb_opens(self.place)

    def _verb_opens(self, place: int) -> bool:
        known, words = self.known, self.words
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else ""
        followed_by_literal = place + 1 < len(words) and self.tokens[place + 1].kind in ("code", "quote")
        if self.tokens[place].kind != "word" or after in known.auxiliaries:
            return False
        if word in known.verbs:
            if after in known.passes - {"clean"} or after in known.fails:
                return False
            return word not in known.nouns_too or followed_by_literal or self._verb_here(place, after)
        if known.has_verb_prefix(word):
            return True
        if self._begins_with_gerund() and known.base(word) and word.endswith("ing"):
            return True
        return after in known.determiners and after not in ("no", "one", "two", "three") and self._could_be_verb(word)

    def _verb_here(self, place: int, after: str) -> bool:
        """Decide for a word that is a noun as often: "the build and test scripts", "lint and test the code"."""
        known, now = self.known, self.now
        if after in known.determiners or after in known.prepositions - {"of", "for"}:
            return True
        spoken = [
            token for token in now.tokens[-9:] if token.norm not in known.adverbs | {"both", "either", ",", "and"}
        ]
        bare = len(spoken) <= 1
        if not after or after in (",", "—") or after in known.coordinators or after in known.connectives_first:
            return bare or self.listing or self._bare_verbs(place)
        if bare:
            return True
        last = now.tokens[-1].norm if now.tokens else ""
        return last not in known.nouns_too

    def _bare_verbs(self, place: int) -> bool:
        """ "Install deps, lint, test and build": from here on nothing but verbs."""
        known = self.known
        if not self.now.tokens or self.now.tokens[-1].norm in known.nouns_too | known.determiners:
            return False
        rest = self.words[place : place + 24]
        verbs = [word for word in rest if word in known.verbs]
        joints = [word for word in rest if word == "," or word in known.coordinators]
        return len(verbs) >= 2 and len(verbs) + len(joints) == len(rest) == len(self.words) - place

    def _could_be_verb(self, word: str) -> bool:
        known = self.known
        return bool(word) and not (
            word in known.determiners
            or word in known.pronouns
            or word in known.prepositions
            or word in known.auxiliaries
            or word in known.relatives
            or word in known.coordinators
            or word in known.adverbs
            or word in known.negations
            or word in known.past
            or word.endswith(("ing", "ed", "ly"))
            or (word.endswith("s") and (word[:-1] in known.verbs or word[:-2] in known.verbs))
            or not word[0].isalpha()
            or word in ("we", "you", "i", "he", "she", "not", "of", "but", "than", "when", "while", "until", "also")
        )

    def _begins_with_gerund(self) -> bool:
        first = next((t.norm for t in self.now.tokens[:9] if t.norm not in self.known.adverbs), "")
        return first.endswith("ing") or bool(self.known.lead_ins.at([t.norm for t in self.now.tokens[:3]], 0))

    def _sheltered(self, comma: bool) -> bool:
        """Whether the clause is inside a relative clause or an infinitive that coordinates its own verbs."""
        known = self.known
        words = [token.norm for token in self.now.tokens[-60:]]
        if known.examples.within(words) and not comma:
            return True
        lead = known.lead_ins.at(words, 0)
        for n in range(len(words) - 1, lead[1] if lead else 0, -1):
            if words[n] in known.relatives and n + 1 < len(words):
                return not self._third_person(words[n + 1 : n + 4])
            if words[n] == "to" and n + 1 < len(words) and known.is_verb(words[n + 1]):
                return words[n - 1] in known.makers_of_tools
            if words[n] == "until":
                return True
        return False

    def _third_person(self, words: Sequence[str]) -> bool:
        """ "That breaks", "that was": a base form behind it cannot belong to the same subject."""
        known = self.known
        if not words or words[0] in ("can", "could", "will", "should", "must", "may", "might"):
            return False
        if known.finite_prefixes and words[0].startswith(known.finite_prefixes):
            return True
        return (
            words[0].endswith(("s", "ed"))
            or words[0] in known.auxiliaries
            or (len(words) > 1 and words[1].endswith("s"))
        )
