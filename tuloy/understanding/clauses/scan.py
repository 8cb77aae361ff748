"""Scan: a place in one sentence, the clause that is read there, and whether a verb opens a clause at a place.

Owns the record of a clause. Which words open or tie clauses is for `tuloy.understanding.clauses.openings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tuloy.understanding.clauses.delegation import delegated
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Clause", "Scan"]


@dataclass
class Clause:
    """A run of tokens. `kind` is main or what opens it; `marks` are the adverbs of order found on it.

    `comma` and `joined` say how it hangs on the clause before: behind a comma, behind an "and". `place` is the
    span of its connective. `ran_on`: nothing but its verb parts it from the clause before.
    """

    kind: str = "main"
    tokens: list[Token] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    comma: bool = False
    joined: bool = False
    opener: str = ""
    place: tuple[int, int] = (0, 0)
    ran_on: bool = False


class Scan:
    """A place in one sentence, the clause that is being read there, and where verbs open clauses."""

    def __init__(self, tokens: list[Token], known: Grammar) -> None:
        self.tokens = tokens
        self.words = [token.norm for token in tokens]
        self.known = known
        self.now = Clause()
        self.place = 0
        self.listing = False
        self.tying = _tying(self.words, known)

    def _coordinates(self, token: Token) -> bool:
        known = self.known
        return token.norm in known.coordinators or token.norm in known.alternatives or token.norm in known.contrasts

    def _may_be_adjective(self, word: str, place: int) -> bool:
        """ "Pag hindi tugma", "kung hindi valid yung config": what is not so, where no order follows."""
        known = self.known
        small = known.determiners | known.prepositions | known.connectives_first | known.adverbs | known.contrasts
        if not word.isalpha() or word in small or known.is_verb(word) or word in known.pronouns:
            return False
        return not (known.constraint_starts.at([word], 0) or known.politeness.at([word], 0) or known.requests(word))

    def _stands_bare(self, place: int) -> bool:
        """ "Ang mga UI test sa Pixel": among words with affixes an English verb without one names a thing."""
        known = self.known
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        english = self.words[place] in known.borrowed and bool(known.affixes)
        return english and (after not in known.determiners or after in known.prepositions)

    def _verb_opens(self, place: int) -> bool:
        known, words = self.known, self.words
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else ""
        followed_by_literal = place + 1 < len(words) and self.tokens[place + 1].kind in ("code", "quote")
        if self.tokens[place].kind != "word" or after in known.auxiliaries:
            return False
        if word in known.verbs:
            behind = words[place + 2] if place + 2 < len(words) else ""
            ended = after in known.passes - {"clean"} or after in known.fails
            if ended and word in known.borrowed and not self._plain_noun(behind):
                return False
            return word not in known.nouns_too or followed_by_literal or self._verb_here(place, after)
        if word in known.causatives:
            return delegated(words[place : place + 8], known) > 0
        if known.tells(word):
            return False
        if known.orders(word) or ("-" in word and known.is_verb(word)):
            return True
        form = known.form(word)
        if form and form.mood == "either" and word not in known.outcomes:
            return after not in known.subjects
        if word.endswith("ing") and known.base(word) and self._begins_with_gerund():
            return not known.examples.at([word], 0)
        if after in known.particles and words[place + 2 : place + 3] != [] and words[place + 2] in known.articles:
            return self._could_be_verb(word) and word not in known.files
        return after in known.articles and known.may_order(word, after) and self._could_be_verb(word)

    def _verb_here(self, place: int, after: str) -> bool:
        """Decide for a word that is a noun as often: "the build and test scripts", "lint and test the code"."""
        known, now = self.known, self.now
        if after in known.determiners | known.demonstratives or after in known.prepositions - {"of", "for"}:
            return True
        if after in known.whether and known.root(self.words[place]) in known.check_verbs:
            return True
        if after.isdigit() or self._lists_nouns(place):
            return False
        spoken = [
            token for token in now.tokens[-9:] if token.norm not in known.adverbs | {"both", "either", ",", "and"}
        ]
        bare = len(spoken) <= 1
        last = now.tokens[-1].norm if now.tokens else ""
        if last in known.singular | known.plural and len(spoken) > 1:
            return True
        ends = known.coordinators | known.connectives_first - known.openly | {"", ",", "—"}
        if after in ends:
            return bare or self.listing or self._bare_verbs(place)
        if bare:
            return True
        return last not in known.nouns_too

    def _lists_nouns(self, place: int) -> bool:
        """ "The title, release year, director and plot": where a later item is no verb, this one is none."""
        known, words = self.known, self.words
        if any(token.norm == "," for token in self.now.tokens[-12:]) and words[place + 1 : place + 2]:
            return True
        object_before = any(token.norm in known.determiners for token in self.now.tokens[-8:])
        if not object_before or words[place - 1 : place] == []:
            return False
        for n in range(place + 1, min(len(words) - 1, place + 24)):
            if known.connectives.at(words, n):
                return False
            if words[n] == "," or words[n] in known.coordinators:
                head = words[n + 1]
                if head != "," and head not in known.coordinators and self._plain_noun(head):
                    return True
        return False

    def _plain_noun(self, word: str) -> bool:
        known = self.known
        small = known.determiners | known.pronouns | known.prepositions | known.adverbs | known.contrasts
        plain = word not in small and not known.is_verb(word) and not known.connectives.at([word], 0)
        return plain and word.isalpha() and not known.politeness.at([word], 0) and word not in known.relatives

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
            or (word in known.forms and word not in known.verbs)
            or (word.endswith("s") and not word.endswith(("ss", "us")) and not known.affixes)
            or (word in known.lead_ins.firsts and word.endswith("s") and word[:-1] in known.verbs)
            or (word.endswith("s") and (word[:-1] in known.verbs or word[:-2] in known.verbs))
            or "'s" in word
            or not word[0].isalpha()
            or word in known.doers | known.others | known.contrasts | known.lasting | known.connectives_first | {"than"}
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
            if words[n] in known.demonstratives and words[n - 1] in known.prepositions:
                continue  # "from that branch"
            if words[n] in known.relatives and n + 1 < len(words):
                if words[-1] in known.singular | known.plural and len(words) - n > 2:
                    return False
                if known.affixes and words[n] in known.links and known.form(words[n + 1]) is None:
                    continue
                return not self._third_person(words[n + 1 : n + 4])
            if words[n] in known.infinitives and n + 1 < len(words) and known.is_verb(words[n + 1]):
                return {words[n - 1], words[n - 1].removesuffix("s")} & known.makers_of_tools != set()
            if words[n] in known.lasting:
                return True
        return False

    def _third_person(self, words: Sequence[str]) -> bool:
        """ "That breaks", "that was": a base form behind it cannot belong to the same subject."""
        known = self.known
        if not words or words[0] in known.modals:
            return False
        return (
            known.tells(words[0])
            or words[0].endswith(("s", "ed"))
            or (words[0] in known.forms and words[0] not in known.verbs and not words[0].endswith("ing"))
            or words[0] in known.auxiliaries
            or (len(words) > 1 and words[1].endswith("s"))
        )

    def _duty_opens(self, place: int) -> bool:
        """ "…, and the site must be deployed": a duty of its own."""
        ahead = self.words[place : place + 9]
        return ahead[0] in self.known.determiners and self.known.obligations.within(ahead) is not None


def _tying(words: Sequence[str], known: Grammar) -> set[int]:
    """Return the places of words that can tie clauses, or that stand right in front of what shows that they do.

    "Green *or* red, …", "na-merge *man* o hindi", "may bug daw *kasi* ang luma".
    """
    places = {place for place, word in enumerate(words) if word in known.tying}
    for signs, reach in ((known.alternatives, 1), (known.concessive, 2), (known.why_clitics, 4)):
        if not signs.isdisjoint(words):
            places |= {n - back for n, word in enumerate(words) if word in signs for back in range(1, reach + 1)}
    return places
