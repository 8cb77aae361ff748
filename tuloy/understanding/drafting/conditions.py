"""Conditions: what "if …" asks, as an outcome of an earlier step or as a fact to check.

Owns reading the words of a condition. Which step is meant is decided against the drafts that are handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuloy.plan import When
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Condition", "asked_of", "bare_end", "condition_of", "content", "is_opposed", "opposite"]


@dataclass(frozen=True)
class Condition:
    """`kind`: the outcome of something, a fact, or words that only point back ("so", "not").

    `holds` is False when the condition holds where the thing failed or the fact is not so.
    `subject` are the words in front of the outcome. `every` tells whether all of several must have ended so, or one is
    enough; None where no word says it.
    """

    kind: Literal["outcome", "fact", "back"]
    holds: bool
    subject: tuple[str, ...] = ()
    every: bool | None = None


def opposite(when: When) -> When:
    """Return the other branch."""
    return {"succeeded": "failed", "failed": "succeeded", "finished": "finished"}[when]  # type: ignore[return-value]


def condition_of(tokens: Sequence[Token], known: Grammar) -> Condition:
    """Read the words behind "if" or its kin."""
    words = [t.norm for t in tokens if t.norm not in (",", ":", "—") and t.norm not in known.fragments]
    while len(words) > 1 and (loose := known.loosely.within(words)):
        words = [*words[: loose[1]], *words[loose[1] + loose[2] :]]
    text = " ".join(words)
    if text in known.elliptic_no:
        return Condition("back", False)
    if text in known.elliptic or not words:
        return Condition("back", True)
    if outcome := _outcome(_without_manner(words, known), known):
        return outcome
    if _answers(words, known):
        return Condition("back", not (_negated(words, known) or bool(set(words) & known.answering_no)))
    return Condition("fact", not (_negated(words, known)), tuple(words))


def _answers(words: Sequence[str], known: Grammar) -> bool:
    """ "It isn't there", "they do", "there are some": a pronoun, "is" or "does", and at most a word for presence."""
    if len(words) > 6 or not (set(words[:1]) & (known.pronouns | known.doers | known.answering_starts)):
        return False
    small = known.pronouns | known.doers | known.auxiliaries | known.negations | known.adverbs | known.indefinite
    small |= known.answering_starts | known.answering | known.answering_no | known.everyone
    return len(words) > 1 and all(word in small for word in words)


def _unlinked(word: str, known: Grammar) -> str | None:
    """ "May bumagsak na test", "walang pumalyang test": the verb of failing, without its linker."""
    forms = (word, word.removesuffix("ng"), word.removesuffix("g"))
    return next((form for form in forms if form in known.fails and known.tells(form)), None)


def _without_manner(words: list[str], known: Grammar) -> list[str]:
    """ "Umandar ito nang walang aberya": how it ended, whatever way."""
    place = next((n for n, word in enumerate(words) if n and word in known.manners), len(words))
    return words[:place] if place and words[0] in known.outcomes else words


def _outcome(words: list[str], known: Grammar) -> Condition | None:
    negated = _negated(words, known)
    if known.existence.at(words, 0):
        return _what_there_is(words, negated=negated, known=known)
    if found := _finding(words, known):
        return found
    for place, word in enumerate(words):
        pair = " ".join(words[place : place + 2])
        triple = " ".join(words[place : place + 3])
        good = word in known.passes or pair in known.passes or triple in known.passes
        good = good or (word in known.completing and place == len(words) - 1 and place > 0)
        bad = word in known.fails or pair in known.fails or triple in known.fails
        if word in known.negations and bad:
            if words[place + 1] in known.passes:
                continue  # "hindi pumasa": its own word says it
            rest = [w for w in words[place + 2 :] if w not in known.adverbs]  # "hindi natuloy ang deploy"
            return Condition("outcome", not negated, (*words[:place], *rest), _every(words, negated=False, known=known))
        leads = not words[:place] or all(w in known.everyone or w in known.adverbs for w in words[:place])
        leads = leads and words[place + 1 : place + 2] != [] and words[place + 1] in known.subjects and len(words) < 14
        if not (good or bad) or (place < len(words) - 3 and not leads):
            continue
        if place and place + 1 < len(words) and word in known.determiners:
            continue
        subject = words[:place]
        if place + 1 < len(words) and place == 0 and words[1] not in known.adverbs:
            subject = words[1:]  # the verb stands first, as in Filipino
        small = (known.auxiliaries | known.negations | known.adverbs) - known.everyone
        subject = [w for w in subject if w not in small]
        while len(subject) > 1 and subject[-1] in known.becoming:
            subject.pop()
        return Condition("outcome", good != negated, tuple(subject), _every(words, negated=negated, known=known))
    return None


def _what_there_is(words: list[str], *, negated: bool, known: Grammar) -> Condition | None:
    """ "There are failures", "walang pumalyang test": an outcome by what there is or is not."""
    rest = [word for word in words if word not in known.small and not known.existence.at([word], 0)]
    empty = known.negations | known.pronouns | known.determiners | known.indefinite | {"there", "there's", "ni"}
    empty |= known.one_of_them if known.affixes else frozenset()
    plain = [word for word in rest if word not in empty]
    if len(plain) > 1 and plain[0] in known.troubles and set(plain[1:]) & known.action_nouns:
        return Condition("outcome", negated, tuple(plain[1:]))
    failing = [word for word in plain if known.affixes and _unlinked(word, known) is not None]
    if failing and len(plain) > 1:
        named = tuple(word for word in plain if word not in failing)
        return Condition("outcome", negated, (*named, *(w for w in words if w in known.plural_marks)))
    if len(plain) == 1 and plain[0] in known.fails:
        return Condition("outcome", negated, tuple(w for w in words if w in known.pronouns | known.plural_marks))
    return None


def _finding(words: Sequence[str], known: Grammar) -> Condition | None:
    """ "It finds nothing broken", "the scan reports errors", "a failure of the suite": an end by what was found."""
    place = next((n for n, word in enumerate(words[:6]) if word in known.finds or word in known.finding), 0)
    subject = [w for w in words[:place] if w not in known.auxiliaries and w not in known.adverbs]
    if place and set(words[:place]) & (known.doers | known.negations):
        return None
    if place:
        behind = words[place + 1 : place + 7]
        bad = bool(set(behind) & (known.fails | known.faults | known.anything))
        empty = behind[:1] != [] and behind[0] in known.nothing
        return Condition("outcome", empty, tuple(subject)) if empty or bad else None
    start = 1 if words[0] in known.articles else 0
    if words[start : start + 1] and words[start] in known.failing and words[start + 1 : start + 2] == ["of"]:
        return Condition("outcome", False, tuple(words[start + 2 :]))
    return None


def _every(words: Sequence[str], *, negated: bool, known: Grammar) -> bool | None:
    """ "Either fails", "not all of them pass": one is enough; "both pass", "none of them fails": all must."""
    if any(word in known.one_of_them for word in words):
        return negated
    if any(word in known.all_of_them for word in words):
        return not negated
    return None


def _negated(words: Sequence[str], known: Grammar) -> bool:
    return sum(word in known.negations for word in words) % 2 == 1


def content(words: Sequence[str], known: Grammar) -> frozenset[str]:
    """Return the words that carry meaning, without endings of number and tense."""
    return frozenset().union(*map(known.meant, words))


def asked_of(condition: Condition, before: Sequence[Draft], group: Sequence[Draft], known: Grammar) -> list[Draft]:
    """Return the earlier drafts whose outcome the condition asks about; none where it asks about a new thing."""
    if not before:
        return []
    if condition.kind == "fact":
        return _stated(condition, before, known) or _done(condition, before, known)
    subject = [word for word in condition.subject if word not in known.articles and word != "of"]
    if " ".join(condition.subject) in known.everyone or any(word in known.everyone for word in subject[:1]):
        return list(group) or [before[-1]]
    pointing = known.pronouns | known.small | known.prepositions | known.particles | known.fragments
    if set(subject) & (known.one_of_them | known.all_of_them) and set(subject) <= pointing | known.one_of_them:
        return list(group) or [before[-1]]
    if all(word in known.pronouns or word in known.small or word in known.attempts for word in subject):
        return _pointed(condition.kind, subject, before, group, known)
    parts = [part for part in _split(subject, known) if part]
    found = [_named(part, before, known) for part in parts]
    if len(found) > 1 and all(found):
        return list(dict.fromkeys(one for some in found for one in some))
    return _named(subject, before, known)


def _split(words: Sequence[str], known: Grammar) -> list[list[str]]:
    """ "Lint and tests" are two subjects."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word in known.coordinators or word in known.alternatives:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _named(subject: Sequence[str], before: Sequence[Draft], known: Grammar) -> list[Draft]:
    """The nearest draft that shares the most words with the subject."""
    wanted = [meanings for word in subject if (meanings := known.meant(word))]
    best: tuple[int, Draft] | None = None
    for draft in reversed(before[-60:]):
        shared = sum(
            not meanings.isdisjoint(draft.words) or _within_literal(meanings, draft, known) for meanings in wanted
        )
        if shared and (best is None or shared > best[0]):
            best = (shared, draft)
    return [best[1]] if best and best[0] * 2 >= len(wanted) else []


def _within_literal(meanings: frozenset[str], draft: Draft, known: Grammar) -> bool:
    """ "The probe" may be `./bin/tlsprobe`."""
    if not draft.literal:
        return False
    return any(len(word) > 3 and word in draft.literal for word in meanings)


def _pointed(
    kind: str, subject: Sequence[str], before: Sequence[Draft], group: Sequence[Draft], known: Grammar
) -> list[Draft]:
    recent = list(reversed(before[-30:]))
    if kind == "back":
        check = next((draft for draft in recent if draft.check or known.root(draft.verb) in known.check_verbs), None)
        return [check or recent[0]]
    plural = any(word in known.plural | known.plural_marks for word in subject)
    if not plural and any(word in known.demonstratives for word in subject):
        return [recent[0]]
    if plural and len(group) > 1:
        last = group[-1]
        if not _is_plural(last):
            return list(group)
        if all(_is_plural(draft) and known.root(draft.verb) in known.judging for draft in group):
            return list(group)
    checkable = [draft for draft in recent if known.root(draft.verb) in known.checkable or draft.command or draft.check]
    if plural:
        found = next((draft for draft in checkable if _is_plural(draft)), None)
        if found:
            return [found]
    return [checkable[0] if checkable else recent[0]]


def _is_plural(draft: Draft) -> bool:
    return bool(draft.thing) and draft.thing[-1].endswith("s") and not draft.thing[-1].endswith("ss")


def _done(condition: Condition, before: Sequence[Draft], known: Grammar) -> list[Draft]:
    """ "If you can reproduce it", "kung hindi ma-reproduce": the doing of an earlier step, in its own verb."""
    small = known.negations | known.doers | (known.novelties if known.affixes else frozenset())
    wanted = content([w for w in condition.subject if w not in small], known)
    for draft in reversed(before[-8:]):
        verb = known.nominals.get(draft.verb) or known.root(draft.verb)
        if verb in wanted and wanted <= {*draft.words, *draft.thing, verb} and verb not in known.check_verbs:
            return [draft]
    return []


def bare_end(tokens: Sequence[Token], before: Sequence[Draft], known: Grammar) -> tuple[Draft, bool] | None:
    """ "Kung nakumpleto ang restore", "kapag hindi sumagot", "kung nag-converge": a verb that is over, with nothing but
    what the step before did, tells how that ended. Return the step, and whether it ended well."""
    small = known.fragments | known.adverbs | known.articles | known.links | known.everyone
    words = [token.norm for token in tokens if token.norm not in small and token.kind == "word"]
    end = next((n for n, word in enumerate(words) if n and word in known.manners), len(words))
    negated = words[:1] != [] and words[0] in known.negations
    verb, *rest = words[negated:end] or [""]
    form = known.form(verb) if known.affixes and before else None
    if form is None or verb.startswith("naka-") or known.existence.at(words, 0) or len(rest) > 2:
        return None
    good = form.root not in known.failing_roots
    if named := [word for word in rest if word not in known.pronouns]:
        wanted = content(named, known)
        doing = [draft for draft in before[-1:-9:-1] if {known.root(draft.verb), draft.verb} & wanted]
        return (doing[0], good != negated) if doing else None
    ends = form.root in known.succeeding_roots | known.failing_roots
    checks = before[-1].check or known.root(before[-1].verb) in known.check_verbs
    return (before[-1], good != negated) if ends and not checks else None


def is_opposed(condition: Condition, check: Draft, known: Grammar) -> bool:
    """Whether one of the two is about more and the other about less: "is it 1.29 or later", "if it is older"."""
    asked, stated = set(condition.subject), {token.norm for token in check.tokens[:60]}
    pairs = ((known.rising, known.falling), (known.falling, known.rising))
    return any(bool(asked & one) and bool(stated & other) and not asked & other for one, other in pairs)


def _stated(condition: Condition, before: Sequence[Draft], known: Grammar) -> list[Draft]:
    """A check that the text already states: most words of the fact are in it."""
    loose = known.negations | known.finds | known.rising | known.falling | {"than"}
    wanted = content([w for w in condition.subject if w not in loose], known)
    compared = set(condition.subject) & (known.rising | known.falling)
    if compared and not wanted and (known.affixes or set(condition.subject[:1]) & known.pronouns):
        return [draft for draft in before[-1:-9:-1] if draft.check or known.root(draft.verb) in known.check_verbs][:1]
    pointed = bool(set(condition.subject[:1]) & known.pronouns)
    for draft in reversed(before[-30:]):
        checks = draft.check or known.root(draft.verb) in known.check_verbs
        enough = 1 if checks and pointed else len(wanted) * 2 / 3
        pointed = pointed and not checks
        if checks and wanted and len(wanted & draft.words) >= enough:
            return [draft]
    return []
