"""Results: steps that act on what earlier steps make, where a noun and no pronoun says so.

Owns these needs. Pronouns are for `tuloy.understanding.drafting.references`.
"""

from collections.abc import Sequence
from itertools import pairwise

from tuloy.understanding.drafting.draft import Draft, Why, open_ends
from tuloy.understanding.words.grammar import Grammar

_FAR = 40

__all__ = ["acts_after", "excludes", "is_linked", "need_asked", "need_repeated", "need_results"]


def is_linked(before: str, word: str, known: Grammar) -> bool:
    """ "Ang listahang iyon": behind a noun with its linker a demonstrative points at that noun."""
    if word not in known.neutral:
        return False
    return before in known.links or (before.endswith("ng") and before not in known.determiners | known.adverbs)


def need_repeated(draft: Draft, recent: Sequence[Draft], known: Grammar) -> None:
    """ "Create a migration, run the migration": a definite noun that an earlier step makes."""
    need_done(draft, recent, known)
    working = known.makers | known.changers
    made = [one for one in recent if one.thing and known.root(one.verb) in working]
    if not made:
        return
    nouns = _definite_nouns(draft, known)
    nouns |= {word.removesuffix("s") for word in nouns} if known.affixes else set()
    done = _described(draft, known)
    for one in made:
        verb = known.root(one.verb)
        if done and (verb, _head(one, known)) in done:
            acts_after(draft, one)
        if verb in nouns and _is_head(verb, draft, known) and one.thing[-1] not in nouns:
            acts_after(draft, one)
        if one.origin and one.thing[-1:] != draft.thing[-1:]:
            continue
        if verb in known.makers and (one.thing[-1] in nouns or _head(one, known) in nouns):
            if _differs(one, draft):
                continue
            same_list = one.thing == draft.thing and known.root(draft.verb) == known.root(one.verb)
            if not same_list:
                acts_after(draft, one)


def need_done(draft: Draft, recent: Sequence[Draft], known: Grammar) -> None:
    """ "I-load ang CSV at i-validate ang mga na-load na row": what was done, by the verb of the step before."""
    words = [token.norm for token in draft.tokens[1:24]] if known.affixes and not draft.check else []
    over = {
        known.root(word)
        for word, after in pairwise(words)
        if after in known.links and word not in known.outcomes and known.tells(word)
    }
    for one in [one for one in recent[-4:] if one.verb and known.root(one.verb) in over][-1:]:
        acts_after(draft, one)


def _differs(one: Draft, other: Draft) -> bool:
    """ "The small model" is not "the base model"."""
    if one.thing[-1:] != other.thing[-1:]:
        return False
    mine, others = set(one.thing[:-1]), set(other.thing[:-1])
    return bool(mine) and bool(others) and not mine & others


def _is_head(word: str, draft: Draft, known: Grammar) -> bool:
    """ "Announce the upgrade", but not "write it into the upgrade log"."""
    words = [token.norm for token in draft.tokens[:60]]
    place = words.index(word) if word in words else len(words)
    after = words[place + 1] if place + 1 < len(words) else ""
    return not after.isalpha() or after in known.prepositions | known.coordinators | known.adverbs | known.relatives


def _described(draft: Draft, known: Grammar) -> set[tuple[str, str]]:
    """ "The cleaned data", "ang malinis na datos": what was done, and to what."""
    words = [token.norm for token in draft.tokens[1:60]]
    found = set()
    for n, word in enumerate(words[:-1]):
        if verb := known.forms.get(word) if word.endswith("ed") else known.stative(word):
            found |= {(known.root(verb), after) for after in words[n + 1 : n + 3]}
    return found


def _definite_nouns(draft: Draft, known: Grammar) -> set[str]:
    words = [token.norm for token in draft.tokens[:60]]
    named = len(words) > 1 and words[1] in known.determiners and words[1] not in known.indefinite
    new = any(word in known.indefinite for word in words[1:4]) or bool(set(draft.thing) & known.novelties)
    indefinite = new and not named
    found: set[str] = set() if indefinite else set(draft.thing[-1:])
    definite, last = False, ""
    for word in words:
        if word in known.demonstratives and last in known.prepositions:
            definite, last = True, word
            continue
        last = word
        if word in known.indefinite and not (definite and word in known.novelties):
            definite = False
        elif word in known.determiners and word not in ("no", "any", "every", "each"):
            definite = True
        elif word in known.prepositions or word in known.coordinators:
            definite = False
        elif definite:
            found.add(word)
    for word, after in pairwise(words):
        if is_linked(word, after, known):
            found |= {word[:-1], word[:-2]}
    return found - {""}


def need_asked(draft: Draft, before: Sequence[Draft], known: Grammar) -> None:
    """ "Compare the counts. Do they match?": a question asks about what was done right before."""
    if not before or not draft.tokens or draft.tokens[0].start < draft.tokens[0].end:
        return
    kinds = known.judging | known.inquiries | known.makers | known.changers
    if not before[-1].branch and known.root(before[-1].verb) in kinds:
        acts_after(draft, before[-1])


def need_results(draft: Draft, before: Sequence[Draft], known: Grammar) -> None:
    """ "Commit the changes", "publish": what takes whatever there is waits for the open ends."""
    verb = known.root(draft.verb)
    measuring = known.inquiries | known.judging
    measured = bool(before) and known.root(before[-1].verb) in measuring and not before[-1].check
    if measured and draft.thing and draft.thing[-1] in known.measures and verb not in known.inquiries:
        acts_after(draft, before[-1])
    takes = bool(draft.thing) and draft.thing[-1] in known.results and verb not in known.makers
    takes = takes and _head(draft, known) == draft.thing[-1]
    fresh = len(draft.tokens) > 2 and draft.tokens[1].norm in known.articles and draft.tokens[2].norm in known.novelties
    bare = verb in known.consumers and (not draft.thing or fresh)
    if not takes and before and _speaks_of_results(draft, known):
        acts_after(draft, before[-1])
    if takes and before and draft.needs and before[-1].needs == draft.needs:
        acts_after(draft, before[-1])
    if (takes or bare) and not draft.needs:
        duty = draft.why is not None and draft.why.rule == "duty"
        for one in open_ends(before):
            if not duty or known.root(one.verb) in known.makers | known.changers | known.judging | known.inquiries:
                acts_after(draft, one)


def _head(draft: Draft, known: Grammar) -> str:
    """ "A list of dead links", "listahan ng mga link": the list is what it is about, and not the links."""
    words = [word.lower() for word in draft.thing_text.split()[:16]]
    while len(words) > 1 and words[0] in known.determiners:
        words.pop(0)
    ends = known.linkers_of | known.genitives
    place = next((n for n, word in enumerate(words) if n and word in ends), len(words))
    if place == len(words):
        return draft.thing[-1] if draft.thing else ""
    return words[place - 1]


def _speaks_of_results(draft: Draft, known: Grammar) -> bool:
    """ "Write a report about the results": of what was done right before."""
    words = [token.norm for token in draft.tokens[:40]]
    return not known.results.isdisjoint(words) and any(
        word in known.results and words[n - 1] in known.articles and not _counts(words, n, known)
        for n, word in enumerate(words)
        if n > 1
    )


def _counts(words: Sequence[str], place: int, known: Grammar) -> bool:
    """ "Ang lahat ng package": how many of what follows, and not what came out."""
    return words[place] in known.totals and set(words[place + 1 : place + 2]) <= known.linkers_of != frozenset()


def excludes(draft: Draft, source: Draft) -> bool:
    """Whether the two stand on branches of which only one is taken."""
    return any(draft.branch.get(asked, when) != when for asked, when in source.branch.items())


def _leads(source: Draft, end: Draft) -> bool:
    """Whether one is needed by the other, directly or through few others."""
    waiting, seen = [end], {end}
    while waiting and len(seen) < _FAR:
        for one in waiting.pop().needs:
            if one is source:
                return True
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return False


def acts_after(draft: Draft, source: Draft) -> None:
    excluded = excludes(draft, source)
    ends = [one for one, when in draft.needs.items() if when == "finished"]
    optional = bool(ends) and (bool(source.branch) or any(_leads(source, one) for one in ends))
    if source.verb and source is not draft and source not in draft.needs and not (excluded or optional):
        draft.need({source: "succeeded"}, Why("acts on what it makes", draft.span))
