"""References: pronouns and repeated nouns that tie a step to what an earlier one makes.

Owns which noun a pronoun means and whether acting on it has to wait.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.delegation import delegated
from tuloy.understanding.clauses.phrase import Phrase, title_of
from tuloy.understanding.drafting.conditions import content
from tuloy.understanding.drafting.draft import Draft
from tuloy.understanding.drafting.results import (
    acts_after,
    excludes,
    is_linked,
    need_asked,
    need_repeated,
    need_results,
)
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["depend", "shared_object", "thing_of"]

_FAR = 12


def thing_of(tokens: Sequence[Token], known: Grammar) -> list[Token]:
    """Return what the verb in front acts on: its words up to a preposition or a subordinate."""
    rest = list(tokens[max(1, delegated([token.norm for token in tokens[:8]], known)) :])
    while rest and (rest[0].norm in known.particles or rest[0].norm in known.adverbs):
        rest.pop(0)
    thing: list[Token] = []
    if len(rest) > 2 and rest[0].norm == "to" and rest[1].norm in known.verbs:
        rest = rest[2:]
    for token in rest[:12]:
        stop = token.norm in known.prepositions or token.norm in known.relatives or token.norm in (",", ":", "—")
        stop = stop or token.norm in known.questions
        if stop and token.norm not in ("of",) and not (token.norm in known.articles and not thing):
            break
        thing.append(token)
    return thing


def shared_object(bare: Phrase, other: Phrase, known: Grammar) -> list[Token]:
    """Return the words that two verbs share: "lint and test the code"."""
    if not bare.verb or not other.verb or len(other.tokens) < 2:
        return []
    thing = thing_of(other.tokens, known)
    if not thing or other.tokens[1].norm in known.particles | known.manners or other.tokens[1].norm in ("me", "us"):
        return []
    return list(other.tokens[1:])


def depend(
    draft: Draft,
    before: Sequence[Draft],
    known: Grammar,
    text: str,
    topic: Sequence[Draft] = (),
    *,
    lately: bool = False,
) -> None:
    """Note what the draft acts on, put nouns for its pronouns, and add the needs that follow."""
    thing = _note_thing(draft, known, text)
    recent = [*before[-_FAR:], *topic] if lately else [*topic, *before[-_FAR:]]
    changed = _pronouns(draft, recent, thing, known, text)
    if draft.tokens[1:2] and draft.tokens[1].norm in ("its", "their"):
        draft.owner = _antecedent(recent, plural=draft.tokens[1].norm == "their", known=known)
    _find_until(draft, known, text)
    if changed:
        _put_nouns(draft, changed, thing, before, known, text)
    else:
        _name_adjective(draft, recent, thing, known, text)
    if not thing:
        _complete(draft, before, recent, topic, known, text)
    there = bool(draft.tokens) and draft.tokens[-1].norm in known.places
    if before and there and known.root(before[-1].verb) in known.makers:
        acts_after(draft, before[-1])
    need_repeated(draft, recent, known)
    need_results(draft, before, known)
    need_asked(draft, before, known)


def _note_thing(draft: Draft, known: Grammar, text: str) -> list[Token]:
    """Write down what the draft acts on, and return its tokens."""
    thing = thing_of(draft.tokens if draft.verb else [*draft.tokens[:1], *draft.tokens], known)
    if len(draft.tokens) > 1 and draft.tokens[1].norm in known.whether:
        thing = []
    bare = [t.norm for t in thing if t.norm not in known.determiners]
    draft.thing = tuple(bare or [t.norm for t in thing if t.norm in known.pronouns])
    draft.thing_text = text[thing[0].start : thing[-1].end] if thing else ""
    return thing


def _place_of(before: Sequence[Draft], known: Grammar, text: str) -> str:
    """ "I-deploy sa sandbox, i-run ang suite doon": there is where the step before went."""
    tokens = before[-1].tokens if before and known.affixes else ()
    place = next((n for n, token in enumerate(tokens) if n and token.norm == known.spoken["at"]), len(tokens))
    where = [*tokens[place : place + 1], *thing_of(tokens[place:], known)] if place < len(tokens) else []
    return text[where[0].start : where[-1].end] if len(where) > 1 else ""


def _put_nouns(
    draft: Draft,
    changed: dict[int, Draft],
    thing: Sequence[Token],
    before: Sequence[Draft],
    known: Grammar,
    text: str,
) -> None:
    """Put the nouns for the pronouns in the title; what the draft acts on is then what the pronoun means."""
    direct = bool(thing) and any(draft.tokens[n] is thing[0] for n in changed if thing[0].norm not in known.places)
    if direct or (set(draft.thing) <= known.pronouns | {"one"} and draft.thing):
        source = changed[next(iter(changed))]
        draft.thing, draft.thing_text = source.thing, source.thing_text
        draft.words |= content(source.thing, known)
        draft.origin = source.origin or source
    words = {n: _place_of(before, known, text) if draft.tokens[n].norm in known.places else "" for n in changed}
    words = {
        n: words[n]
        or _spoken(draft.tokens[n].norm, source, known, at=n > 0 and draft.tokens[n - 1].norm in known.articles)
        for n, source in changed.items()
    }
    if draft.tokens and known.base(draft.tokens[0].norm) == draft.verb and draft.verb:
        words.setdefault(0, draft.verb)
    draft.title = title_of(text, draft.tokens, words)


def _complete(
    draft: Draft, before: Sequence[Draft], recent: Sequence[Draft], topic: Sequence[Draft], known: Grammar, text: str
) -> None:
    """Name what a verb without an object acts on, where the text says it."""
    verb = known.root(draft.verb)
    if verb in known.movers and before:
        _moves(draft, recent, known, text)
    if len(draft.tokens) != 1:
        return
    if topic and verb in known.changers:
        draft.thing, draft.thing_text = topic[-1].thing, topic[-1].thing_text
        draft.title = f"{draft.title} {_definite(topic[-1].thing_text, known)}"
    elif before and verb in known.changers - known.consumers and _was_looked_at(before[-1], known):
        draft.thing, draft.thing_text = before[-1].thing, before[-1].thing_text
        draft.title = f"{draft.title} {_definite(draft.thing_text, known)}"
    elif verb not in known.absolute:
        _take_from_check(draft, known)


def _was_looked_at(draft: Draft, known: Grammar) -> bool:
    """ "Suriin ang memory leak tapos ayusin": what was looked at is what is put right."""
    looks = bool(known.affixes) and not draft.check and known.root(draft.verb) in known.check_verbs
    return looks and bool(draft.thing) and draft.thing[0] not in known.pronouns


def _find_until(draft: Draft, known: Grammar, text: str) -> None:
    """ "Bisect main until you find the commit": what was looked for is what comes out."""
    words = [token.norm for token in draft.tokens[:24]]
    if known.lasting.isdisjoint(words):
        return
    last = next((n for n, word in enumerate(words) if word in known.lasting), len(words))
    verb = next((n for n in range(last + 1, min(last + 4, len(words))) if words[n] in known.seekers), None)
    found = thing_of(draft.tokens[verb:], known) if verb else []
    named = tuple(t.norm for t in found if t.norm not in known.determiners | known.pronouns)
    if named:
        draft.thing = named
        draft.thing_text = text[found[0].start : found[-1].end]
        draft.verb = words[verb] if verb else draft.verb


def _take_from_check(draft: Draft, known: Grammar) -> None:
    """ "Kung meron, i-remove": a verb alone acts on what the check asked about."""
    check = next((one for one, when in draft.needs.items() if when != "finished" and one.asked), None)
    if check is None or not check.thing_text or not (check.check or known.root(check.verb) in known.check_verbs):
        return
    if draft.verb in known.consumers or known.root(draft.verb) in known.consumers:
        return
    draft.thing, draft.thing_text = check.thing, check.thing_text
    first = check.thing_text.split()[0].lower()
    named = check.thing_text if first in known.articles else _definite(check.thing_text, known)
    form = known.form(draft.verb)
    acts = form is not None and (
        form.mood == "either" or draft.verb.startswith(tuple(p for a in known.affixes for p in a.actor))
    )
    if acts and named.partition(" ")[0].lower() == known.spoken["article"]:
        named = f"{known.spoken['of']} {named.partition(' ')[2]}"  # "gumawa ng CHANGELOG"
    draft.title = f"{draft.title} {named}"


def _moves(draft: Draft, recent: Sequence[Draft], known: Grammar, text: str) -> None:
    """ "Download the schema, put in ./spec": what is moved, where nothing is named, is what was made last."""
    source = recent[-1]
    if not source.thing or known.root(source.verb) not in known.makers or len(draft.tokens) < 2:
        return
    draft.thing, draft.thing_text = source.thing, source.thing_text
    verb, *rest = draft.tokens
    draft.title = f"{title_of(text, [verb])} {_definite(source.thing_text, known)} {title_of(text, rest).lower()}"
    draft.title = draft.title.replace(title_of(text, rest).lower(), text[rest[0].start : rest[-1].end])
    acts_after(draft, source)


def _name_adjective(draft: Draft, recent: Sequence[Draft], thing: Sequence[Token], known: Grammar, text: str) -> None:
    """ "Restore the old one", "ibalik ang luma": an adjective stands for the noun that was named last."""
    last = thing[-1] if thing else None
    if last is None or len(thing) < 2 or len(draft.tokens) > 8 or last.norm not in known.standing_in:
        return
    source = _antecedent(recent, plural=False, known=known)
    noun = text[: source.span[1]] and source.thing_text.split()[-1:] if source else []
    place = next((n for n, token in enumerate(draft.tokens) if token is last), 0)
    if not noun or not place:
        return
    if last.norm == "one" and thing[-2].norm not in known.determiners:
        draft.title = title_of(text, draft.tokens, {place: noun[0]})
    elif last.norm in known.linked and len(thing) == 2:
        named = f"{known.linked[last.norm]} {noun[0]}"
        draft.title = title_of(text, draft.tokens, {place: named})
        draft.thing = (*draft.thing[:-1], known.linked[last.norm], noun[0].lower())
        draft.thing_text = f"{text[thing[0].start : thing[-2].end]} {named}"


def _pronouns(
    draft: Draft, recent: Sequence[Draft], thing: Sequence[Token], known: Grammar, text: str
) -> dict[int, Draft]:
    """Return the pronouns of the draft, by place, with the draft whose object each means."""
    found: dict[int, Draft] = {}
    if known.pointing.isdisjoint([token.norm for token in draft.tokens[:40]]):
        return found
    loose = known.prepositions | known.adverbs | known.trailing
    for n, token in enumerate(draft.tokens[:40]):
        if token.norm == "one" and n == len(draft.tokens) - 1 and len(thing) == 1:
            check = next((one for one in reversed(recent) if one.check and one.thing), None)
            if check:
                found[n] = check
            continue
        if token.norm in known.substitutes and n and draft.tokens[n - 1].norm in known.determiners:
            source = _antecedent(recent, plural=True, known=known)
            if source:
                found[n] = source
                if known.root(source.verb) in known.makers:
                    acts_after(draft, source)
            continue
        if not n or token.norm not in known.singular | known.plural or token.norm in ("its", "their"):
            continue
        if draft.tokens[n - 1].norm in known.lasting and n > 2:
            continue  # "keep trimming the bundle until it is small": what the step itself is about
        after = draft.tokens[n + 1].norm if n + 1 < len(draft.tokens) else ""
        literal = n + 1 < len(draft.tokens) and draft.tokens[n + 1].kind in ("code", "quote")
        if token.norm in ("that", "this", "these", "those") and (literal or (after and after not in loose)):
            continue
        if after in ("", *loose) and is_linked(draft.tokens[n - 1].norm, token.norm, known):
            continue
        open_to_it = [one for one in recent if not excludes(draft, one)]
        if known.affixes and known.root(draft.verb) not in known.makers:
            open_to_it = [one for one in open_to_it if not _asks_for_none(one, known)]
        plural = token.norm in known.plural or draft.tokens[n - 1].norm in known.plural_marks
        source = _kept_on(token, open_to_it, plural=plural, known=known)
        source = source or _antecedent(open_to_it, plural=plural, known=known)
        if token.norm in known.neutral and source is None:
            source = _antecedent(open_to_it, plural=not plural, known=known)
        if source is None:
            continue
        direct = bool(thing) and token is thing[0]
        verb = known.root(source.verb)
        about = draft.tokens[n - 1].norm in known.topics or token.norm in known.genitives
        counted = source.thing_text.partition(" ")[0].lower()
        new = counted in known.indefinite or counted in known.numbers or counted.isdecimal()
        reached = direct or not about
        if verb in known.makers or after in known.finds or ((new or verb in known.changers) and reached):
            acts_after(draft, source)
        elif source.origin and known.root(source.origin.verb) in known.makers:
            acts_after(draft, source.origin)
        found[n] = draft.meant = source
    return found


def _kept_on(token: Token, recent: Sequence[Draft], *, plural: bool, known: Grammar) -> Draft | None:
    """ "Load the data into it, then run the migrations against it": "it" goes on meaning what it meant right before."""
    last = recent[-1] if recent and not known.affixes and token.norm not in known.demonstratives else None
    meant = last.meant if last and last.meant and last.thing != last.meant.thing else None
    return meant if meant and meant.thing and _plural(meant, known) == plural else None


def _asks_for_none(check: Draft, known: Grammar) -> bool:
    """ "Kung walang conflict": of what is not there a pronoun says nothing."""
    words = [token.norm for token in check.tokens[:2]]
    return check.check and check.negated and known.existence.at(words, 0) is not None


def _antecedent(recent: Sequence[Draft], *, plural: bool, known: Grammar) -> Draft | None:
    for one in reversed(recent):
        owner = one.owner or one
        if owner.thing and not set(owner.thing) & known.pronouns and _plural(owner, known) == plural:
            return owner
    return None


def _plural(draft: Draft, known: Grammar) -> bool:
    head = draft.thing[: draft.thing.index("of", 1)] if "of" in draft.thing[1:] else draft.thing
    last = head[-1]
    several = bool(set(draft.thing) & known.coordinators)
    if several and known.idioms.within(draft.thing):
        return False
    several = several and not draft.thing_text.startswith(("a ", "an "))
    return several or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def _spoken(pronoun: str, source: Draft, known: Grammar, *, at: bool) -> str:
    """The words that a pronoun stands for; "there" and "from it" of one word say where."""
    if pronoun == "one":
        return source.thing_text
    if pronoun in known.substitutes:
        return source.thing_text.split()[-1]
    words = _definite(source.thing_text, known)
    if pronoun in known.places and known.spoken.get("at"):
        return words.replace(known.spoken["article"], known.spoken["at"], 1)
    if pronoun in known.genitives and not at and known.spoken.get("of"):
        return words.replace(known.spoken["article"], known.spoken["of"], 1)
    while at and known.spoken["article"] and words.partition(" ")[0] in known.articles:
        words = words.partition(" ")[2]
    return words


def _definite(words: str, known: Grammar) -> str:
    """ "A script" the second time is "the script"; a bare noun stays as it is."""
    first, _, rest = words.partition(" ")
    if known.spoken["article"]:
        return f"{known.spoken['article']} {rest if first.lower() in known.articles else words}"
    return f"the {rest}" if first.lower() in ("a", "an") and rest else words
