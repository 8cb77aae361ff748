"""Orders: what one main clause asks for, as a phrase with its verb in front.

Owns telling orders, wishes and duties from what is only told. Events ("after X") are for
`tuloy.understanding.clauses.events`.
"""

from collections.abc import Sequence

from tuloy.understanding.clauses.delegation import delegated
from tuloy.understanding.clauses.events import said
from tuloy.understanding.clauses.phrase import Phrase, stripped
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.kinds import Words
from tuloy.understanding.words.tokens import Token

__all__ = ["phrase_of"]

_FINITE = Words(("has", "have", "had", "must"))


def phrase_of(
    tokens: Sequence[Token], known: Grammar, *, forced: bool, bare: tuple[list[Token], bool] | None = None
) -> Phrase | None:
    """Return the clause as something to do, or None where it only tells something.

    `forced` says that the place (a list, behind "then") makes it a step whatever its words are. `bare` is what
    `stripped` makes of the tokens, where it is at hand.
    """
    kept, asked = bare or stripped(tokens, known)
    if not kept or (not forced and _plans_aloud(tokens, known)):
        return None
    if turned := _verb_first(kept, known):
        return turned
    words = [token.norm for token in kept]
    if doing := _noun_of_doing(kept, known, asked=asked):
        return said(doing, known)
    if (forced or asked) and words[0] in known.doers and len(words) > 1 and known.is_verb(words[1]):
        kept, words = kept[1:], words[1:]
    if kept[0].kind == "code":
        while words[-1] in known.adverbs:
            kept, words = kept[:-1], words[:-1]
    if inflected := _inflected(kept, words, known, forced=forced or asked):
        return inflected
    if forced and known.affixes and words[0].startswith(known.able_prefixes) and known.tells(words[0]):
        return Phrase(kept, "", 0.6, "thing", rule="stands where a step stands")
    if (known.tells(words[0]) and words[0] not in known.verbs) or (not forced and _narrates(words, known)):
        return None
    if kept[0].kind == "code" and (forced or len(kept) == 1):
        return Phrase(kept, "", 0.9, rule="literal command")
    if words[0] in known.tries and len(words) > 1 and words[1].endswith("ing") and known.base(words[1]):
        kept, words, asked = kept[1:], words[1:], True
    if wish := _wish(kept, words, known):
        return wish
    if words[0] in known.tellers and not forced:
        return None
    if _remarks(words, known):
        return None
    if words[0] in known.announcing_verbs and known.announces.within(words[1:4]) and len(words) < 16:
        return None
    if words[0] in known.verbs or known.orders(words[0]):
        return None if _tells(words, known) and not forced else Phrase(kept, _verb_of(words, known))
    base = known.base(words[0])
    if base and words[0].endswith("ing") and (asked or forced or (base in known.verbs and _tail_free(words, known))):
        return Phrase(kept, base, 0.85, changed={0: base}, rule="gerund")
    if passive := _passive(kept, words, known) or _inverted_duty(kept, words, known):
        return passive
    if asked or (len(words) > 1 and _unknown_verb(words, known)):
        return Phrase(kept, words[0], 0.6, rule="asked for, in an unknown verb")
    if forced and not _tells(words, known):
        return Phrase(kept, "", 0.6, "thing", rule="stands where a step stands")
    if fronted := _behind_its_place(kept, words, known):
        return fronted
    story = known.lead_ins.within(words[:12])
    if story and story[1] and story[2] > 1 and not known.verbs & set(words[: story[1]]):
        return phrase_of(kept[story[1] + story[2] :], known, forced=False)
    return None


def _behind_its_place(tokens: list[Token], words: list[str], known: Grammar) -> Phrase | None:
    """ "From the anonymised ones make a corpus": a verb with its object behind the words of where or with what."""
    if words[0] not in known.fronting or known.affixes:
        return None
    ends = known.doers | known.auxiliaries | known.relatives | {",", ":", "—"}
    far = next((n for n, word in enumerate(words[:9]) if n and word in ends), len(words))
    for n in range(2, min(far, len(words) - 1, 9)):
        if words[n] in known.verbs and words[n + 1] in known.determiners and words[n - 1] not in known.determiners:
            changed = {len(tokens) - n: words[0]}
            return Phrase([*tokens[n:], *tokens[:n]], words[n], 0.8, changed=changed, rule="place in front")
    return None


def _verb_of(words: Sequence[str], known: Grammar) -> str:
    """ "Find out whether", "take a look if": the whole verb in front of a question, else the first word."""
    place = next((n for n, word in enumerate(words[:5]) if n > 1 and word in known.whether), 0)
    several = " ".join(words[:place])
    return several if place and several in known.check_verbs else words[0]


def _noun_of_doing(tokens: list[Token], known: Grammar, *, asked: bool) -> list[Token]:
    """ "Unahin ang pag-aayos ng login", "diretso na sa pag-build": return the words from the noun of the verb on."""
    first = tokens[0].norm
    preferred = first in known.preferring and len(tokens) > 2 and tokens[1].norm in known.articles
    rest = tokens[2:] if preferred else tokens if asked and first not in known.verbs else []
    form = known.form(rest[0].norm) if rest else None
    return rest if form and form.mood == "noun" and known.is_verb(known.base(rest[0].norm) or "") else []


def _verb_first(tokens: list[Token], known: Grammar) -> Phrase | None:
    """ "Ang listahan ay ipadala sa pangkat": an order whose object stands in front of it, as the order."""
    words = [token.norm for token in tokens[:24]]
    place = next((n for n, word in enumerate(words) if n > 1 and word in known.inverters), None)
    if place is None or words[0] not in known.subjects or place + 1 >= len(words):
        return None
    while place + 2 < len(words) and words[place + 1] in known.fragments:
        place += 1
    verb = words[place + 1]
    if not known.is_verb(verb) or any(verb.startswith(one.actor) for one in known.affixes):
        return None
    behind = place + 2
    while behind < len(words) and words[behind] in known.fragments:
        behind += 1
    loose = known.fragments | known.inverters
    thing = [t for n, t in enumerate(tokens[:place]) if t.norm not in loose or words[n + 1] in known.neutral]
    ordered = [tokens[place + 1], *thing, *tokens[behind:]]
    return Phrase(ordered, words[place + 1], 0.85, changed={1: words[0]}, rule="object in front")


def _inflected(tokens: list[Token], words: list[str], known: Grammar, *, forced: bool) -> Phrase | None:
    """ "Pakilinis", "aayusin", "lumipat": a request, a plan or an order of a language with affixes."""
    form = known.form(words[0]) if words[0] not in known.borrowed else None
    if form is None or words[0] in known.outcomes:
        return None
    polite = form.mood == "order" and known.requests(words[0])
    base = known.base(words[0])
    if form.mood == "will" and not forced and _narrates(words, known):
        return None
    if (form.mood == "will" or polite) and base and base != words[0]:
        changed = _said_plainly(words, base, known) if polite else {0: base}
        return Phrase(tokens, base, changed=changed, rule="verb by its affixes")
    if form.mood == "either" and (forced or not _has_subject(words, known)):
        return Phrase(tokens, words[0], rule="verb by its affixes")
    return None


def _plans_aloud(tokens: Sequence[Token], known: Grammar) -> bool:
    """ "Lilipat tayo sa BigQuery": what "we" are about to do, and no object of it."""
    words = [token.norm for token in tokens[:6] if token.norm not in known.adverbs]
    form = known.form(words[0]) if len(words) > 2 and words[1] in known.we else None
    later = form is not None and (form.mood in ("will", "told") or words[0][:2] == words[0][2:4])
    return later and words[2] not in known.linkers


def _said_plainly(words: Sequence[str], base: str, known: Grammar) -> dict[int, str]:
    """ "Pa-check nung logs" is "i-check yung logs", "padagdag ng alert" is "magdagdag ng alert"."""
    after = words[1] if len(words) > 1 else ""
    if after in known.definite_of:
        return {0: base, 1: known.definite_of[after]}
    if after not in known.linkers_of:
        return {0: base}
    actor = known.actor_form(base)
    return {0: actor} if actor else {0: base, 1: known.spoken["article"]}


def _narrates(words: Sequence[str], known: Grammar) -> bool:
    """Whether a form that could be an order tells instead, because its doer stands behind it."""
    form = known.form(words[0])
    if form is None:
        return False
    if form.mood == "will" and any(words[0].startswith(one.actor) for one in known.affixes):
        return bool(set(words[1:9]) & known.subjects)  # "mag-e-expire sa Lunes ang cert"
    return form.mood == "either" and _has_subject(words, known)


def _has_subject(words: Sequence[str], known: Grammar) -> bool:
    """ "Tumawag ang kliyente": a doer behind the verb makes it a tale; a thing ("ng", "sa") leaves it an order."""
    after = next((word for word in words[1:6] if word not in known.adverbs and word not in known.fragments), "")
    return after in known.subjects


def _remarks(words: Sequence[str], known: Grammar) -> bool:
    """ "All of this has to be done", "dapat tapos ito": how far things must be, and no more work."""
    small = known.far_reaching
    rest = [word for word in words if word not in small and word not in ("of", "to") and word not in known.needed]
    if not rest and words[0] in known.needed and len(words) > 1:
        return True
    if words[0] in known.negations and len(words) < 4 and not any(known.is_verb(word) for word in words):
        return True
    pointing = words[0] in known.no_work and words[-1] in known.pointers
    if pointing and all(word in small or word in known.pointers for word in words[1:]):
        return True
    return (
        bool(rest) and len(words) > 1 and all(word in known.finished for word in rest) and words[0] not in known.verbs
    )


def _wish(tokens: list[Token], words: list[str], known: Grammar) -> Phrase | None:
    """ "We need the invoices exported to CSV": a participle behind its object is the verb."""
    wish = known.wants.at(words, 0)
    if words[0] in known.causatives and len(words) > 3:
        others = Phrase(tokens, words[0], 0.85, rule="to be had done") if delegated(words, known) else None
        return _participle(tokens, words, 1, known) or others
    if not wish:
        return None
    if found := _participle(tokens, words, wish[1], known):
        return found
    if found := _thing_to_do(tokens, words, wish[1], known):
        return found
    rest = tokens[wish[1] :]
    if known.not_wanted & set(words[wish[1] : wish[1] + 4]):
        return None
    first = rest[0].norm if rest else ""
    if first in known.pronouns or first == "to" or not first or (known.is_verb(first) and first not in known.nouns_too):
        return None
    if first in known.determiners or (len(rest) > 1 and first.isalpha() and not first.endswith("ing")):
        return Phrase(rest, "", 0.55, "thing", rule="wished for")
    return None


def _participle(tokens: list[Token], words: list[str], start: int, known: Grammar) -> Phrase | None:
    """Return "the invoices exported to CSV" as "export the invoices to CSV"."""
    for place in range(start + 1, min(len(words), 14)):
        base = known.forms.get(words[place]) if words[place] not in known.describing else None
        if base in known.verbs and not words[place].endswith("ing"):
            before = [t for t in tokens[start:place] if t.norm not in known.infinitives | {"be"}]
            if before and before[0].norm in known.determiners:
                return Phrase(
                    [tokens[place], *before, *tokens[place + 1 :]], base, 0.85, changed={0: base}, rule="to be done"
                )
    return None


def _thing_to_do(tokens: list[Token], words: list[str], start: int, known: Grammar) -> Phrase | None:
    """ "I want the search box to ignore accents": make the search box ignore accents."""
    place = next((n for n in range(start + 1, min(len(words), 14)) if words[n] in known.infinitives), None)
    if place is None or words[start] not in known.articles or place + 1 >= len(words):
        return None
    if words[place + 1] not in known.verbs:
        return None
    rest = [tokens[place], *tokens[start:place], *tokens[place + 1 :]]
    return Phrase(rest, words[place + 1], 0.8, changed={0: "make"}, rule="wished for")


def _passive(tokens: list[Token], words: list[str], known: Grammar) -> Phrase | None:
    """ "The docs should be rebuilt": a duty in the passive."""
    if known.obligations.firsts.isdisjoint(words[1:12]):
        return None
    for place in range(1, min(len(words), 12)):
        duty = known.obligations.at(words, place)
        if duty and place + duty[1] < len(words):
            verb = place + duty[1]
            base = known.base(words[verb])
            if base in known.verbs:
                ordered = [tokens[verb], *tokens[:place], *tokens[verb + 1 :]]
                if base in known.no_work and _points(words[:place], known):
                    return None
                first = {1: words[0]} if words[0] in known.determiners else {}
                return Phrase(ordered, base, 0.8, changed={0: base, **first}, rule="duty")
    return None


def _points(words: Sequence[str], known: Grammar) -> bool:
    """ "All of this", "the below": nothing is named."""
    return all(word in known.far_reaching or word in known.pointers or word == "of" for word in words)


def _inverted_duty(tokens: list[Token], words: list[str], known: Grammar) -> Phrase | None:
    """ "Should the old table be dropped", "are the two images to be pushed": a duty turned round."""
    if words[0] not in known.inverting:
        return None
    for place in range(2, min(len(words) - 1, 16)):
        base = known.base(words[place + 1]) if words[place] == "be" else None
        if base in known.verbs:
            end = place - (words[place - 1] in known.infinitives)
            thing = tokens[1:end]
            while thing and thing[-1].norm == ",":
                thing = thing[:-1]
            return Phrase([tokens[place + 1], *thing, *tokens[place + 2 :]], base, 0.8, changed={0: base}, rule="duty")
    return None


def _tells(words: Sequence[str], known: Grammar) -> bool:
    """Whether a clause states a fact: a finite auxiliary before any subordinate, and no object in between."""
    if (known.auxiliaries | _FINITE).isdisjoint(words[1:8]):
        return False
    for n, word in enumerate(words[:8]):
        if (word in known.relatives and n) or word in known.whether | known.infinitives | known.questions:
            return False
        if word in known.lasting:
            return False
        if n and word in known.auxiliaries and word not in ("do", "does", "did", "ay", "have", "had", "has", "must"):
            return n == 1 or words[1] not in known.determiners
        if n and word in _FINITE:
            return n == 1 or words[1] not in known.determiners
    return False


def _tail_free(words: Sequence[str], known: Grammar) -> bool:
    return not any(word in known.auxiliaries for word in words[1:])


def _unknown_verb(words: Sequence[str], known: Grammar) -> bool:
    """An unknown first word before an article or an object is a verb, or one with a typo, unless the clause tells."""
    first, second = words[0], words[1]
    plain = not (
        first in known.determiners
        or first in known.pronouns
        or first in known.prepositions
        or first in known.auxiliaries
        or first in known.doers | known.others | known.questions | known.connectives_first
        or first.endswith(("ing", "ly", "'s", "'re"))
        or not first[:1].isalpha()
    )
    plain = plain and known.may_order(first, second)
    behind = second in known.determiners - known.negations
    behind = behind or (second in known.particles and words[2:3] != [] and words[2] in known.articles)
    return plain and behind and not _tells(words, known)
