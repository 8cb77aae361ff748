"""Subordinate: clauses that tie steps: if, unless, before, after, while, whatever.

Owns what a subordinate clause asks of the steps around it. Main clauses are for the module `sentence`.
"""

from collections.abc import Sequence
from itertools import pairwise

from tuloy.plan import When
from tuloy.understanding.clauses.phrase import Phrase
from tuloy.understanding.clauses.scan import Clause
from tuloy.understanding.drafting.checks import Checks
from tuloy.understanding.drafting.conditions import Condition, asked_of, bare_end, condition_of, is_opposed, opposite
from tuloy.understanding.drafting.draft import Draft, Needs, open_ends
from tuloy.understanding.drafting.told import Told

__all__ = ["CONDITIONS", "Subordinates"]

CONDITIONS = frozenset({"if", "if_so", "unless", "on_pass", "on_fail", "whatever", "whether"})


class Subordinates(Checks):
    """Reads the clauses that tie steps to others."""

    def _main(self, clause: Clause, cut: list[Clause], n: int, state: Told, *, forced: bool) -> None:
        raise NotImplementedError  # `tuloy.understanding.drafting.sentence` reads main clauses

    def _order(self, clause: Clause, state: Told) -> None:
        raise NotImplementedError  # `tuloy.understanding.drafting.sentence` reads adverbs of order

    def _subordinate(self, cut: list[Clause], n: int, state: Told) -> None:
        clause = cut[n]
        if n and clause.kind in CONDITIONS | {"while", "after", "before"} and self._tells_on(clause, state):
            return
        goes_on = state.forbidding and not clause.comma and not state.run and bool(self.found.constraints)
        if goes_on and clause.tokens:
            raw = self.text[clause.tokens[0].start : clause.tokens[-1].end]
            self.found.constraints[-1] += f" {clause.opener} {raw}"
            return
        last = n + 1 == len(cut) and clause.kind in CONDITIONS | {"after", "before"}
        tail = bool(state.run) and (last or not clause.joined) and not clause.marks and not self._heads_rest(cut, n)
        tail = tail and clause.kind != "if_so"
        match clause.kind:
            case "if" | "if_so" | "unless" | "on_pass" | "on_fail":
                self._condition(clause, state, tail=tail)
            case "whatever" | "whether":
                self._under(self._needs_whatever(clause, state, tail=tail), state, tail=tail)
            case "before":
                self._before(clause, cut, n, state, tail=tail)
            case "after":
                self._after(clause, state, tail=tail)
            case "while":
                self._while(clause, state)
            case "each":
                self._each(clause, state)
            case "constraint" if not state.telling:
                self._constrain(clause)
            case _:
                pass

    def _needs_whatever(self, clause: Clause, state: Told, *, tail: bool) -> Needs:
        """ "No matter how the smoke test goes", "anuman ang lumabas sa tests": from what the words name; else from what
        was asked about last."""
        known = self.known
        words = [t.norm for t in clause.tokens if t.norm not in known.becoming | known.outcomes]
        words += self._literal_words(clause.tokens)
        end = next((n for n, word in enumerate(words) if word in known.alternatives), len(words))
        subject = [w for w in words[:end] if w not in known.auxiliaries | known.negations]
        before = [d for d in self.found.drafts[-64:] if not (tail and d in state.run)]
        if subject and not all(word in known.pronouns | known.everyone for word in subject):
            named = asked_of(Condition("outcome", True, tuple(subject)), before, [], known)
            if named:
                return dict.fromkeys(named, "finished")
        return self._whatever(state) if not tail else dict.fromkeys(self.asked or self.group, "finished")

    def _tells_on(self, clause: Clause, state: Told) -> bool:
        """ "The importer crashes if the file is empty": a condition on what is only told is told as well."""
        return state.telling and not clause.comma and not clause.joined and not clause.marks

    def _heads_rest(self, cut: list[Clause], n: int) -> bool:
        """Whether a clause behind a comma belongs to what follows it: "run the tests, if they pass, build"."""
        if n + 1 >= len(cut):
            return False
        after = cut[n + 1]
        if after.ran_on:
            return True
        return cut[n].comma and after.kind == "main" and (after.comma or "seq" in after.marks) and not after.joined

    def _under(self, needs: Needs, state: Told, *, tail: bool) -> None:
        """Put the steps before (`tail`) or behind a condition under it."""
        if tail:
            for draft in reversed(state.run):
                if draft in needs or draft is state.covered:
                    break
                draft.need(needs, self.because)
            state.covered = state.run[-1]
            return
        asked = set(needs)
        for one in asked:
            one.asked = True
        implied = {other for one in asked for other in one.needs}
        kept = {
            draft: when
            for draft, when in state.base.items()
            if draft not in implied and not (asked & {draft, *draft.branch})
        }
        state.base = {**kept, **needs}
        state.run, state.branch, state.waiting = [], [], True

    def _condition(self, clause: Clause, state: Told, *, tail: bool) -> None:
        known = self.known
        plain = clause.kind in ("on_pass", "on_fail")
        if clause.kind == "if_so" and self._answers():
            self._under(self._ask(self.asked, self.named_when, None), state, tail=False)
            return
        if clause.kind == "if_so":
            clause.kind, clause.tokens = "if", []
        condition = Condition("outcome", clause.kind == "on_pass") if plain else self._asked_by(clause.tokens)
        if condition.kind == "fact" and condition.holds and self._tells_it_is_done(clause):
            self._after(clause, state, tail=tail)
            return
        if condition.kind == "fact" and not tail and self.found.drafts and self._tells_only_that(clause, condition):
            named = asked_of(Condition("outcome", True, condition.subject), self.found.drafts[-64:], [], known)
            state.base = dict.fromkeys(named or (state.run or self.group or self.found.drafts)[-1:], "succeeded")
            state.run, state.waiting = [], True
            return
        if condition.kind == "fact" and not tail and not self.found.drafts and condition.holds and self._waits(clause):
            state.waiting = True
            return
        holds = condition.holds != (clause.kind == "unless")
        if condition.kind == "back" and clause.kind == "if" and self._answers():
            when = self._answered(clause, condition, holds=holds)
            self._under(dict.fromkeys(self.asked, when), state, tail=tail)
            return
        every = condition.every if clause.kind != "unless" or condition.every is None else not condition.every
        if self._asks_again(condition, clause, holds=holds):
            self._under(self._ask(self.asked, "succeeded" if holds else "failed", every), state, tail=tail)
            return
        asked, holds = self._whom_it_asks(clause, condition, state, holds=holds, tail=tail)
        self.asked = asked
        self.awaited = False
        self.asked_when = "succeeded" if holds else "failed"
        self.named_when = opposite(self.asked_when) if clause.kind == "unless" else self.asked_when
        self.asked_no = sum(t.norm in known.negations for t in clause.tokens) % 2 == 1
        self.asked_words = condition.subject
        self.asked_plainly = condition.kind == "back"
        self.asked_for_none = self._asks_for_none(clause, plain=plain)
        self._under(self._ask(asked, self.asked_when, every), state, tail=tail)

    def _answered(self, clause: Clause, condition: Condition, *, holds: bool) -> When:
        """How what was asked last has to end for "if so", "if it doesn't", "kung meron"."""
        known = self.known
        said: When = "succeeded" if self.asked_plainly else self.asked_when
        turns = self.asked_no and not known.affixes and self._says_that_it_does(clause)
        when = said if holds != turns else opposite(said)
        if self.asked_for_none and condition.holds and clause.tokens:
            when = "failed"  # "kung walang problema, …; kung meron, …"
        if self._says_whether_there_is(clause):
            when = "succeeded" if holds != (self.asked[0].negated or self.asked_for_none) else "failed"
        return when

    def _whom_it_asks(
        self, clause: Clause, condition: Condition, state: Told, *, holds: bool, tail: bool
    ) -> tuple[list[Draft], bool]:
        """Return the drafts whose end a condition asks about, a new check where it asks none, and what has to hold."""
        known = self.known
        before = [d for d in self.found.drafts[-64:] if not (tail and d is state.run[-1])]
        asked = self._meant_by(clause, condition, before, state, tail=tail)
        if not asked and condition.kind == "fact" and (ended := bare_end(clause.tokens, before, known)):
            turned = self.asked and self.asked[0] in ended[0].branch and (self.asked_when == "succeeded") != ended[1]
            counted = self.group if any(t.norm in known.all_of_them for t in clause.tokens) else []
            asked = list(self.asked) if turned else counted or [ended[0]]
            return asked, ended[1] != (clause.kind == "unless")
        if len(asked) == 1 and condition.kind == "fact" and is_opposed(condition, asked[0], known):
            holds = not holds
        if before and condition.kind == "outcome" and any(t.norm in known.repeats for t in clause.tokens):
            turned = self.asked and self.asked[0] in before[-1].branch and (self.asked_when == "succeeded") != holds
            asked = list(self.asked) if turned else [before[-1]]
        if not asked and clause.kind == "unless" and condition.kind == "outcome" and not condition.holds:
            asked = self._run_first(clause, condition, state, tail=tail)
        if not asked:
            return [self._check(clause, state, tail=tail)], clause.kind != "unless"
        if condition.kind == "back" and self._turns_found(clause, asked):
            holds = not holds
        if condition.kind == "fact" and asked[0].check and asked[0].negated:
            holds = not holds  # "pag di ma-reproduce, …; pag na-reproduce, …"
        return asked, holds

    def _meant_by(
        self, clause: Clause, condition: Condition, before: list[Draft], state: Told, *, tail: bool
    ) -> list[Draft]:
        """The earlier drafts that the words of a condition mean."""
        if clause.kind in ("on_pass", "on_fail"):
            pointing = tuple(word for word in clause.opener.split() if word in self.known.demonstratives)
            asked = asked_of(Condition("outcome", True, pointing), before, state.run or self.group, self.known)
        else:
            group = state.run if state.run[: -1 if tail else None] else self.group
            group = self._counted(condition.subject) or group
            asked = asked_of(condition, before, [d for d in group[-64:] if d in before], self.known)
        total = bool(self.known.affixes) and any(token.norm in self.known.totals for token in clause.tokens)
        if total and len(asked) == 1 and asked[0] in self.group and not asked[0].check:
            return list(self.group)  # "kapag nasubukan na sa lahat"
        return asked

    def _tells_it_is_done(self, clause: Clause) -> bool:
        """ "Kapag nagawa na ang tatlo": the end of earlier steps, in a language whose word for "when" is "if"."""
        words = [token.norm for token in clause.tokens]
        first = next((word for word in words[:3] if word not in self.known.all_of_them), "")
        asks = set(clause.opener.split()) & self.known.whether
        return bool(self.known.affixes) and clause.kind == "if" and not asks and first in self.known.finished

    def _tells_only_that(self, clause: Clause, condition: Condition) -> bool:
        """ "Kapag nahanap na": a verb that is over, and nothing else, is the end of what stands before."""
        known = self.known
        asks = set(clause.opener.split()) & known.whether
        said = [token.norm for token in clause.tokens if token.norm not in known.fragments]
        over = any(token.norm in known.links for token in clause.tokens[1:2])
        if over and not asks and clause.kind == "if" and self._others_do(clause):
            return True
        return (
            bool(known.affixes)
            and clause.kind == "if"
            and not asks
            and over
            and len(said) == 1
            and (condition.holds and known.tells(said[0]))
        )

    def _waits(self, clause: Clause) -> bool:
        """ "Kapag nakumpirma na ng QA, isara ang tiket": at the front there is nothing to wait for."""
        over = any(token.norm in self.known.links for token in clause.tokens[1:2])
        asks = set(clause.opener.split()) & self.known.whether
        return clause.kind == "if" and over and not asks and self._others_do(clause)

    def _others_do(self, clause: Clause) -> bool:
        """ "Kapag na-approve na ni Carlo ang PR", "kapag pumayag na siya": somebody else's doing."""
        known = self.known
        words = [token.norm for token in clause.tokens[:12]]
        form = known.form(words[0]) if len(words) > 2 and words[0] not in known.outcomes else None
        if form is None or form.mood not in ("told", "either"):
            return False
        named = [words[n + 1] for n in range(2, len(words) - 1) if words[n] in known.linkers_of]
        capital = any(
            before.norm in known.linkers_of and self.text[token.start : token.start + 1].isupper()
            for before, token in pairwise(clause.tokens[:8])
        )
        return bool(set(words[2:]) & known.agents) or bool(set(named) & known.parties) or capital

    def _asks_again(self, condition: Condition, clause: Clause, *, holds: bool) -> bool:
        """ "If it passes, …; if it fails, …": the other outcome, in the same words, of what was asked last."""
        if condition.kind != "outcome" or clause.kind == "unless" or not self.asked or self.asked_words is None:
            return False
        pointing = self.known.pronouns | self.known.plural_marks | self.known.everyone
        same = set(condition.subject) <= pointing and (
            condition.subject == self.asked_words
            or self._may_mean(condition.subject, self.asked_words)
            or {*condition.subject, *self.asked_words} <= self.known.everyone
        )
        counted = set(condition.subject) <= self.known.one_of_them | self.known.all_of_them
        bare = bool(self.known.affixes) and counted and not any(one.check for one in self.asked)
        stated = not self.known.affixes and counted and self._states_an_end(self.asked)
        same = same or bare or stated  # "kung nagtagumpay ang flash, …; kung nabigo, …"
        return same and (self.asked_when == "succeeded") != holds

    def _states_an_end(self, checks: Sequence[Draft]) -> bool:
        """Whether what was asked is a check that says how something ended: "check whether no tests fail"."""
        return all(one.check and not self.known.outcomes.isdisjoint(t.norm for t in one.tokens) for one in checks)

    def _turns_found(self, clause: Clause, asked: Sequence[Draft]) -> bool:
        """ "Run the scan. If nothing is found, …": what judges finds what is wrong; what seeks finds what is wanted."""
        known = self.known
        words = [token.norm for token in clause.tokens]
        if known.affixes or len(asked) != 1 or asked[0].check or not words or known.finds.isdisjoint(words[1:]):
            return False
        return words[0] in known.nothing | known.anything and known.root(asked[0].verb) in known.judging

    def _may_mean(self, pronouns: tuple[str, ...], words: tuple[str, ...]) -> bool:
        """ "If the migration goes through, …; if it errors out, …": a pronoun of the same number."""
        known = self.known
        if len(pronouns) != 1 or not words or words[-1] in known.pronouns or pronouns[0] in known.demonstratives:
            return False
        several = words[-1].endswith("s") and not words[-1].endswith("ss")
        return pronouns[0] in (known.plural if several else known.singular)

    def _answers(self) -> bool:
        """Whether "if so" goes on about what was asked last: no other check was made since."""
        drafts = self.found.drafts
        last = max((drafts.index(one) for one in self.asked if one in drafts[-64:]), default=-1)
        return last >= 0 and not any(
            one.check or self.known.root(one.verb) in self.known.check_verbs for one in drafts[last + 1 :]
        )

    def _asks_for_none(self, clause: Clause, *, plain: bool) -> bool:
        """ "Kung walang problema", "if no config exists": that there is one is a no to that."""
        if self.known.affixes:
            return plain and bool(set(clause.opener.split()) & self.known.negations)
        return bool(clause.tokens) and clause.tokens[0].norm in self.known.nothing

    def _says_that_it_does(self, clause: Clause) -> bool:
        """ "If it doesn't build, …; if it does, …": a plain yes behind a question that was asked with "no"."""
        words = [token.norm for token in clause.tokens]
        return len(words) > 1 and words[0] in self.known.pronouns and words[-1] in self.known.auxiliaries

    def _says_whether_there_is(self, clause: Clause) -> bool:
        """ "Kung mayroon", "if there is": answers the thing itself, and not a question that was asked with "no"."""
        words = [token.norm for token in clause.tokens]
        return self.asked[0].check and self.known.existence.at(words, 0) is not None

    def _run_first(self, clause: Clause, condition: Condition, state: Told, *, tail: bool) -> list[Draft]:
        """ "Unless `make check` fails": what nothing ran before is run."""
        small = self.known.outcomes | self.known.auxiliaries | self.known.adverbs | {",", ":"}
        named = set(condition.subject)
        tokens = [t for t in clause.tokens if t.kind != "word" or (t.norm in named and t.norm not in small)]
        if not tokens or (condition.subject and set(condition.subject) <= self.known.pronouns):
            return []
        draft = self._draft(Phrase(tokens, "run", 0.8))
        draft.title = f"{self.known.spoken['run']} {draft.title[:1].lower()}{draft.title[1:]}"
        self._insert(draft, state, tail=tail)
        return [draft]

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
                    draft.need({one: "succeeded" for one in events if one is not draft}, self.because)
            return
        self._append(fresh, state.base)
        state.made += fresh
        state.base = dict.fromkeys(events, "succeeded")
        state.run = []
        state.waiting = True
        self.asked, self.asked_when, self.asked_words = events, "succeeded", None
        self.awaited = len(events) > 1

    def _describes(self, clause: Clause) -> bool:
        """ "When users log in": an occasion in the product, and not the end of a step."""
        words = {token.norm for token in clause.tokens}
        return bool(words) and not words & (self.known.finished | self.known.pronouns | self.known.doers)

    def _before(self, clause: Clause, cut: list[Clause], n: int, state: Told, *, tail: bool) -> None:
        events = self._event(clause, state, self.group)
        if not events or any({draft.verb, self.known.root(draft.verb)} & self.known.no_work for draft in events):
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
                    draft.need(dict.fromkeys(earlier, "succeeded"), self.because)
            state.made += fresh
            state.run = []
            return
        inner = Told(dict(state.base))
        if fresh and self.known.affixes and not self.found.drafts:
            self._note_topic(fresh[0])
        rest = 0
        for rest, other in enumerate(cut[n + 1 :], n + 1):
            if other.kind != "main" or "last" in other.marks or "also" in other.marks:
                break
            self._order(other, inner)
            self._main(other, cut, rest, inner, forced=True)
            other.tokens, other.kind = [], "spent"
        if fresh:
            self._append(fresh, {})
        elif inner.run and events[0] in self.found.drafts:
            self._move_behind(events, inner.run)
        for draft in events:
            draft.need(dict.fromkeys(open_ends(inner.run), "succeeded"), self.because)
        state.made += [*inner.made, *fresh]
        state.run = list(events)

    def _while(self, clause: Clause, state: Told) -> None:
        small = self.known.being_there | self.known.fragments | self.known.pronouns
        if all(token.norm in small for token in clause.tokens):
            return
        events = self._event(clause, state, state.run or self.group)
        if not events:
            return
        fresh = [draft for draft in events if draft not in self.found.drafts]
        self._append(fresh, state.base)
        state.made += fresh
        state.run += fresh
        if not fresh and events:
            state.base = {**state.base, **events[0].needs}
