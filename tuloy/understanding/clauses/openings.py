"""Openings: whether the words at a place of a sentence begin a clause of their own.

Owns these questions. Where the cuts are made is for `tuloy.understanding.clauses.cutting`.
"""

from tuloy.understanding.clauses.scan import Scan

__all__ = ["SUBORDINATE", "Openings"]

SUBORDINATE = frozenset(
    {"if", "unless", "while", "before", "after", "reason", "whatever", "whether", "each", "constraint"}
)


class Openings(Scan):
    """What may be asked about the words at a place: whether they open, tie or end a clause."""

    def _trails(self, kind: str, place: int) -> bool:
        """ "Run the linter first, then …": an adverb of order at the clause's end."""
        return kind in ("first", "last") and (place >= len(self.words) or self.words[place] == ",")

    def _asks_whether(self, behind: int) -> bool:
        """ "Check whether", "see if", "kung bakit": the question is what the clause does, not a condition on it."""
        last = self.now.tokens[-1].norm if self.now.tokens and self.now.kind == "main" else ""
        if behind < len(self.words) and self.words[behind] in self.known.questions:
            return True
        if " ".join(t.norm for t in self.now.tokens[-4:]) in self.known.check_verbs:
            return True
        spoken = [t.norm for t in self.now.tokens[-6:] if t.norm not in self.known.fragments] or [last]
        known = self.known
        if self.now.kind != "main" or (spoken[-2:-1] and spoken[-2] in known.determiners - known.askees):
            return False
        return last in known.askers or known.root(known.base(spoken[-1]) or spoken[-1]) in known.check_verbs

    def _negates(self, place: int, length: int) -> bool:
        """ "Kung hindi gumana", "if not already installed": a negated condition and no "otherwise"."""
        known = self.known
        if self.words[place + length - 1] not in known.negations or place + length >= len(self.words):
            return False
        small = known.fragments | known.neutral | known.pronouns if known.affixes else frozenset()
        word = next((w for w in self.words[place + length : place + length + 5] if w not in small), "")
        form = known.form(word)
        if known.affixes and (known.tells(word) or word in known.outcomes or (form and form.mood == "either")):
            return True
        if known.affixes and self._is_told_of(place + length):
            return True
        if known.affixes and self._may_be_adjective(word, place + length):
            return True
        return word in known.outcomes or word in ("already", "yet") or (word in known.forms and word.endswith("ed"))

    def _is_told_of(self, place: int) -> bool:
        """ "Kung hindi mag-build ang image", "kung hindi tumakbo": what a thing does, and no order."""
        known, word = self.known, self.words[place]
        form = known.form(word)
        acts = word.startswith(tuple(prefix for one in known.affixes for prefix in one.actor))
        named = place + 1 < len(self.words) and self.words[place + 1] in known.subjects
        return form is not None and (form.mood == "either" or (acts and named and form.mood == "order"))

    def _inverted(self, place: int, *, after_joint: bool) -> bool:
        """ "Should the tests fail, …" asks as "if the tests fail" does."""
        if self.words[place] not in self.known.inversions or (self.now.tokens and not after_joint):
            return False
        ahead = self.words[place + 1 : place + 22]
        subject = ahead[:1] and ahead[0] in self.known.determiners | self.known.pronouns | {"there", "any", "anything"}
        return bool(subject) and any(word == "," or word in self.known.outcomes for word in ahead)

    def _belongs_to_relative(self, behind: int) -> bool:
        """ "Tokens that were issued before the change": the time of what a relative clause tells."""
        known = self.known
        words = [token.norm for token in self.now.tokens[-12:]]
        after = self.words[behind] if behind < len(self.words) else ""
        dated = after in known.deadlines["weekdays"] or after in known.deadlines["months"] or after[:1].isdigit()
        if not words or self.now.kind != "main" or (after not in known.articles and not dated):
            return False
        place = next((n for n in range(len(words) - 1, 0, -1) if words[n] in known.relatives), None)
        if place is not None and place + 1 < len(words) and self._third_person(words[place + 1 : place + 4]):
            return words[-1] == words[place + 1] or words[-1].endswith("ed") or known.base(words[-1]) is not None
        return len(words) > 2 and words[-1].endswith("ed") and known.base(words[-1]) is not None

    def _happens_when(self) -> bool:
        """ "Ang crash na lumalabas kapag walang internet": behind what goes on, "when" says when it does."""
        known = self.known
        words = [token.norm for token in self.now.tokens[-8:]]
        if not known.affixes or len(words) < 4 or self.now.kind != "main" or self.words[self.place] in known.whether:
            return False
        place = next((n for n in range(len(words) - 1, 0, -1) if words[n] in known.links), len(words))
        behind = words[place + 1 :]
        if not behind or len(behind) > 4 or not known.tells(behind[0]):
            return False
        ahead = self.words[self.place + 1 : self.place + 9]
        return not any(word in known.outcomes for word in ahead[: ahead.index(",") if "," in ahead else len(ahead)])

    def _makes_what_reacts(self) -> bool:
        """ "Magdagdag ng alert kapag mabagal ang query": when the new thing speaks up, and no condition."""
        known, now = self.known, self.now
        if not known.affixes or not now.tokens or now.kind != "main" or self.words[self.place] in known.whether:
            return False
        words = [token.norm for token in now.tokens[:12]]
        makes = known.root(words[0]) in known.makers | known.placers
        return makes and set(words[1:3]) & known.indefinite != set() and set(words[2:]) & known.signals != set()

    def _makes_what_acts(self) -> bool:
        """ "Add an alert that fires": what stands behind says when the new thing does so."""
        known = self.known
        words = [token.norm for token in self.now.tokens[:30]]
        if len(words) < 4 or self.now.kind != "main" or known.root(words[0]) not in known.makers | known.movers:
            return False
        if not set(words[1:3]) & known.indefinite:
            return False
        place = next((n for n, word in enumerate(words[:-1]) if n > 1 and word in known.relatives), None)
        return place is not None and self._acts(words[place + 1])

    def _acts(self, word: str) -> bool:
        form = self.known.form(word)
        stems = {word.removesuffix("s"), word.removesuffix("es")} if word.endswith("s") else set()
        return bool(stems & (self.known.verbs | self.known.fails)) or (
            form is not None and form.mood in ("told", "will", "either")
        )

    def _is_ordinary(self, word: str, kind: str, after: str, at_start: bool, place: int) -> bool:
        known = self.known
        if kind == "after" and (after[:1].isdigit() or after in ("a", "per", "every", "again", "more", "another")):
            return word != "after" or not at_start
        if kind == "after" and word == "once" and not at_start and after in known.prepositions | {"", ",", "."}:
            return True  # "run it once against the sandbox"
        if kind == "before" and (after[:1].isdigit() or after in ("and", "/", "")):
            return True
        if kind in ("seq", "last") and place and self.words[place - 1] in known.alternatives:
            return True  # "1.29 or later"
        if kind == "else" and place and self.words[place - 1] in known.before_else:
            return True  # "don't touch anything else"
        if kind == "before" and known.affixes and place and self.words[place - 1] in known.lengths:
            return not known.is_verb(after) and any(token.norm in known.links for token in self.now.tokens)
        if kind == "before" and word in known.novelties and place:
            return self.words[place - 1] in known.articles  # "gumawa ng bago"
        if kind == "whatever" and known.affixes and place and self.words[place - 1] == known.spoken["at"]:
            return True  # "may fail sa kahit isa"
        told = self.now.kind in ("if", "unless", "after", "while")
        told = told or (bool(self.now.tokens) and self.now.tokens[-1].norm in known.whether)
        if kind == "seq" and word in known.finished and told:
            return after in ("", ",", *known.fragments)  # "kapag parehong tapos na"
        if kind in ("first", "last", "seq") and word in known.start_only:
            # "the next page", "last week", "first name": no adverb.
            if self._trails(kind, place + 1) and not at_start and self.words[place - 1] not in known.determiners:
                return False
            if not at_start or after in known.past or after in ("week", "month", "name", "time", "release"):
                return True
            behind = self.words[place + 2] if place + 2 < len(self.words) else ""
            return not (after in ("", ",", "—", ":") or known.is_verb(after) or self._soft(after)) and not (
                behind and behind in known.determiners
            )
        if kind == "so" and self.now.tokens and self.now.tokens[-1].norm in known.auxiliaries:
            return True
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
            or word in known.doers
            or word in known.inverters
            or word in known.connectives_first
            or not word
        )

    def _ends_done(self, place: int) -> bool:
        """Whether what follows "when" says how something ended: then it orders, and does not describe."""
        known = self.known
        ahead = self.words[place + 1 : place + 9]
        return any(word in known.passes or word in known.fails or word in known.finished for word in ahead)

    def _opens(self, place: int, comma: bool, joined: bool, joint: set[str]) -> bool:
        """Whether the words behind a comma or an "and" begin a clause of their own."""
        known, now = self.known, self.now
        begin, place = place, self._past_soft_words(place)
        if place >= len(self.words):
            return False
        if self.words[place] in known.lead_ins.firsts and self._sheltered(comma) and self.words[place][-1:] == "s":
            return False  # "that shows the courts and lets members book them"
        asked = any(word in known.polite_anywhere for word in self.words[begin:place])
        if asked and known.is_verb(self.words[place]):
            return True
        lead = known.lead_ins.at(self.words, place)
        if known.constraint_starts.at(self.words, place) or (lead and (lead[1] > 1 or not self._sheltered(comma))):
            return True
        if comma and not joined and self._says_more(place):
            return True
        if (
            now.kind == "reason"
            and not comma
            and any(t.norm in known.auxiliaries or t.norm in known.infinitives for t in now.tokens)
        ):
            return False
        if now.kind == "constraint" or now.kind == "reason":
            return self._verb_opens(place) and (comma or now.kind == "reason")
        if now.kind == "each" and self._names_items(place):
            return False
        if now.kind == "each" and comma and not joined and any(t.norm in known.coordinators for t in now.tokens):
            return known.is_verb(self.words[place]) or self._verb_opens(place)
        inflected = bool(known.affixes) and self.words[place] not in known.borrowed
        if now.kind == "each" and joined and now.tokens and inflected and known.orders(self.words[place]):
            return True
        if now.kind in SUBORDINATE:
            return (
                (comma and (not joined or self._verb_opens(place)))
                and (
                    self._has_predicate() or self._verb_opens(place) or now.kind in ("after", "before", "each", "while")
                )
                and not (now.kind == "each" and not self._verb_opens(place))
            )
        if known.alternatives & joint:
            return False
        until = bool(known.affixes) and any(token.norm in known.lasting for token in now.tokens)
        until = until and self.words[place] not in known.borrowed and known.orders(self.words[place])
        if (self._sheltered(comma) and not until) or (
            self._lists_examples() and not self._surely_opens(place, comma, joined)
        ):
            return False
        if self.tokens[place].kind == "code":
            return self._second_command()
        if joined and not comma and self._stands_bare(place) and self._goes_on_with_nouns(place):
            return False
        if self._lists_things(place):
            return False
        return self._verb_opens(place) or self._duty_opens(place)

    def _goes_on_with_nouns(self, place: int) -> bool:
        """ "Bigyan ng read at write access ang QA": behind a verb with affixes, two bare ones in front of a noun."""
        known, now = self.known, self.now
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        inflected = bool(now.tokens) and now.tokens[0].norm not in known.borrowed
        small = known.determiners | known.prepositions | known.coordinators | known.fragments | known.adverbs
        return inflected and after.isalpha() and after not in small and not known.connectives.at([after], 0)

    def _says_more(self, place: int) -> bool:
        """ "Fix the typo on the page, it says …": behind a comma a pronoun with its verb tells on."""
        known = self.known
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        told = self.now.kind == "main" and bool(self.now.tokens) and not known.affixes
        return told and self.words[place] in known.neutral | known.singular | known.plural and self._acts(after)

    def _lists_things(self, place: int) -> bool:
        """ "Gumawa ng endpoint para sa login, logout at register": bare English words behind what it is for or has."""
        known, words = self.known, self.words
        told = [token.norm for token in self.now.tokens[-24:]]
        if words[place] not in known.borrowed or not told or told[0] in known.borrowed:
            return False
        return self._lists_things_at(place)

    def _lists_things_at(self, place: int) -> bool:
        known, words = self.known, self.words
        told = [token.norm for token in self.now.tokens[-24:]]
        inflected = known.is_verb(words[place]) and words[place] not in known.borrowed
        if not known.affixes or inflected or not words[place].isalpha():
            return False
        last = next((n for n in range(len(told) - 1, 0, -1) if told[n] in known.listers), 0)
        if (
            not last
            or known.articles & known.subjects & set(told[last:])
            or known.fragments & set(words[place : place + 3])
        ):
            return False
        end = next(
            (n for n in range(place, len(words)) if words[n] == "," or words[n] in known.coordinators), len(words)
        )
        item = words[place:end]
        return len(item) < 4 and not set(item) & (known.determiners | known.prepositions) and "" not in item

    def _names_items(self, place: int) -> bool:
        """ "For each of billing, search and mail": before the last item every bare word is one."""
        now, known = self.now, self.known
        if not now.tokens or not now.opener.endswith(tuple(known.item_links)):
            return False
        if now.tokens[0].norm in known.determiners:
            return False
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        several = any(token.norm in known.coordinators for token in now.tokens)
        return not several and (not after or after == "," or after in known.coordinators)

    def _lists_examples(self) -> bool:
        return self.known.examples.within([token.norm for token in self.now.tokens[-60:]]) is not None

    def _surely_opens(self, place: int, comma: bool, joined: bool) -> bool:
        """Behind "including a, b and c" only a verb with an object of its own opens a clause."""
        after = self.words[place + 1] if place + 1 < len(self.words) else ""
        return comma and joined and after in self.known.determiners and self.known.is_verb(self.words[place])

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
        """ "Run `a`, `b` and `c`": as many commands, when each stands alone behind a verb that runs.

        "Delete `a` and `b`" is one step with two objects.
        """
        now, known = self.now, self.known
        if not now.tokens or now.tokens[-1].kind != "code" or len(now.tokens) > 3:
            return False
        if len(now.tokens) == 1:
            return now.kind == "main" and (now.comma or now.joined)
        return any(known.root(token.norm) in known.running for token in now.tokens[:-1])

    def _names_event(self) -> bool:
        """ "Pagka-merge ng PR": a form of the verb that itself says "after"."""
        known, word = self.known, self.words[self.place]
        if self.now.tokens or self.now.kind != "main" or not word.startswith(known.event_prefixes):
            return False
        form = known.form(word)
        after = self.words[self.place + 1 : self.place + 2]
        behind = known.linkers | known.fragments | {","}
        return form is not None and form.mood == "noun" and bool(after) and after[0] in behind

    def _runs_on(self) -> bool:
        """ "If it passes deploy it": a verb right behind a condition's predicate opens the rest."""
        word = self.words[self.place]
        if not self.now.tokens:
            return False
        if self.now.kind == "main":
            polite = word.startswith(self.known.polite_prefixes)
            return polite and self.now.tokens[-1].norm not in self.known.coordinators and self.known.orders(word)
        if self.now.kind == "whatever" and self.known.affixes:
            return word not in self.known.borrowed and self.known.is_verb(word)
        if self._runs_on_behind_event(word):
            return True
        if self.now.kind not in ("if", "unless", "after", "while", "reason"):
            return False
        if self.words[self.place] in self.known.inverters:
            behind = self.words[self.place + 1 : self.place + 2]
            return bool(behind) and self.known.is_verb(behind[0])
        lead = self.known.lead_ins.at(self.words, self.place)
        if lead and lead[1] > 1:
            return True
        known = self.known
        norms = [token.norm for token in self.now.tokens]
        last = next((w for w in reversed(norms) if w not in known.places and w not in known.adverbs), "")
        first = next((w for w in norms if w in known.outcomes or w not in known.scattered), "")
        leads = first in known.outcomes and last not in known.articles and bool(known.affixes)
        loose = known.fragments | known.adverbs
        answer = " ".join(t.norm for t in self.now.tokens[:6] if t.norm not in loose)
        answers = self.now.kind == "if" and answer in known.elliptic | known.elliptic_no
        answers = answers and not (last in known.negations and self._is_told_of(self.place))
        leads = leads or (answers and last not in known.auxiliaries)
        leads = leads or self._names_what_there_is(self.now.tokens[-1].norm)
        if not leads and len(self.now.tokens) > 1 and self.now.tokens[-2].norm in known.articles:
            return False
        done = self.now.kind == "after" and bool(set(self.now.opener.split()) & known.finished)
        if (
            done
            and known.orders(self.words[self.place])
            and self.words[self.place] not in known.verbs - known.nouns_too
        ):
            return True
        if self._inverts_duty(last):
            return True
        past = len(self.now.tokens) > 1 and last in known.forms and self.now.tokens[-2].norm in known.auxiliaries
        ended = leads or past or last in known.passes or last in known.fails or last in known.finished
        ended = ended or (self.now.kind == "after" and last in known.past)
        if not ended or self.tokens[self.place].kind != "word" or (leads and self._stands_bare(self.place)):
            return False
        return self._verb_opens(self.place)

    def _runs_on_behind_event(self, word: str) -> bool:
        """ "Bago mo i-deploy sa dev ayusin mo yung lint", "pag na-merge na sabihan mo ko": the next order, no comma."""
        known, now = self.known, self.now
        if not known.affixes or not now.tokens or word in known.borrowed or not known.is_verb(word):
            return False
        told = [token.norm for token in now.tokens]
        if now.kind == "before":
            first = next((one for one in told if one not in known.fragments), "")
            linked = told[-1] in known.links or known.is_verb(told[-1][:-1])  # "bago subukang i-deploy"
            return known.is_verb(first) and not linked
        over = len(told) < 4 and told[-1] in known.links and (known.tells(told[0]) or told[0] in known.outcomes)
        return now.kind == "if" and over

    def _names_what_there_is(self, last: str) -> bool:
        """ "Pag may broken na link ilista": behind what there is, a verb with affixes opens the rest."""
        known, words = self.known, [token.norm for token in self.now.tokens[:9]]
        if not known.affixes or len(words) < 2 or not known.existence.at(words, 0):
            return False
        loose = known.links | known.novelties | known.needed | known.lead_ins.firsts | known.articles
        word = self.words[self.place]
        return last not in loose and word not in known.borrowed and known.orders(word)

    def _inverts_duty(self, last: str) -> bool:
        """ "Only if it passes are the images to be pushed", "not before that has ended should it be dropped"."""
        known, place = self.known, self.place
        if self.words[place] not in known.inverting or self.words[place + 1 : place + 2] == []:
            return False
        after = self.words[place + 1]
        done = last in known.outcomes or last in known.finished or last in known.forms
        return done and (after in known.determiners or after in known.pronouns)
