"""Connectives: which words of order, condition and reason stand at a place, and what they mean there.

Owns telling connectives from ordinary words. Where the cuts are made is for `tuloy.understanding.clauses.cutting`.
"""

from tuloy.understanding.clauses.openings import Openings

__all__ = ["Connectives"]


class Connectives(Openings):
    """The connective at a place of the sentence."""

    def _connective(self, place: int, *, after_joint: bool = False) -> tuple[str, int] | None:
        """Return the connective at a place, unless it is an ordinary word there."""
        if place not in self.tying:
            return None
        if self._inverted(place, after_joint=after_joint):
            return "if", 1
        if not self.now.tokens and not after_joint and self._where_it_ends(place):
            return "if", 1
        if self._however(place) and (after_joint or not self.now.tokens):
            return "whatever", 1
        if length := self._green_or_red(place):
            return "regardless", length
        if reason := self._gives_reason(place):
            return "reason", reason
        found = self._either_way(place) or self.known.connectives.at(self.words, place)
        if found is None or self._adds_item(place, found[1]):
            return None
        at_start = after_joint or not self.now.tokens or self._only_soft()
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

    def _only_soft(self) -> bool:
        """ "Alright so first pull main": nothing but courtesy stands before."""
        begun = self.now.tokens
        if self.now.kind != "main" or len(begun) > 4 or self.words[self.place] not in self.known.start_only:
            return False
        return self._past_soft_words(self.place - len(begun)) >= self.place

    def _comes_first(self, place: int) -> bool:
        """ "I-deploy ang app, pero i-test muna ang login"."""
        known, behind = self.known, self.words[place + 1 : place + 6]
        if self.words[place] not in known.contrasts or not set(behind[1:4]) & known.firstly or not known.affixes:
            return False
        return known.is_verb(behind[0]) and bool(self.now.tokens)

    def _adds_item(self, place: int, length: int) -> bool:
        """ "May install steps, sample request, saka error codes": one more item of what is listed."""
        known, behind = self.known, place + length
        if not known.affixes or self.words[place] not in known.loose_and or self.now.kind != "main":
            return False
        commas = sum(token.norm == "," for token in self.now.tokens[-24:])
        return commas > 0 and behind < len(self.words) and self._lists_things_at(behind)

    def _is_after(self, word: str) -> bool:
        found = self.known.connectives.at([word], 0)
        return found is not None and found[0] == "after"

    def _where_it_ends(self, place: int) -> bool:
        """ "Where it passes, publish the site"."""
        known, ahead = self.known, self.words[place + 1 : place + 4]
        if self.words[place] not in known.places_of_ends or len(ahead) < 2:
            return False
        return ahead[0] in known.pronouns and bool(set(ahead[1:]) & known.outcomes)

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
        if kind == "if" and length > 1 and words[place + length - 1] in known.demonstratives and self._acts(after):
            return kind, length - 1  # "provided that goes through"
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
        if kind == "if" and (self._happens_when() or self._makes_what_reacts()):
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
