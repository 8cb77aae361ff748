"""Events: what "after X", "before X" and "while X" name, as something to do."""

from collections.abc import Sequence

from tuloy.understanding.clauses.phrase import Phrase, stripped
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["said"]


def said(tokens: Sequence[Token], known: Grammar) -> Phrase | None:
    """Return the event of "after X", "before X", "while X" as something to do.

    "Running the tests", "the docs are built", "you deploy", "the tests are running", "the build".
    """
    kept, _ = stripped(tokens, known)
    subject = kept[0].norm if kept else ""
    while len(kept) > 1 and kept[0].norm in known.articles | known.doers | known.openers_of_events:
        if kept[0].norm in known.articles:
            break
        kept = kept[1:]
    perfect = kept[1:2] != [] and kept[0].norm in known.doers and kept[1].norm in known.forms
    if perfect and kept[1].norm not in known.verbs and known.forms[kept[1].norm] not in known.causatives:
        done = known.forms[kept[1].norm]
        return Phrase(kept[1:], done, 0.85, changed={0: done})
    if subject in known.doers and len(kept) > 1 and kept[0].norm in known.auxiliaries and known.base(kept[1].norm):
        return Phrase(kept[1:], known.base(kept[1].norm) or "", 0.85, changed={0: known.base(kept[1].norm) or ""})
    words = [token.norm for token in kept]
    if not words:
        return None
    if known.affixes and words[0] in known.finished and len(words) > 1:
        return Phrase(kept[1:], "", 0.6, "thing")
    base = known.base(words[0])
    form = known.form(words[0]) if words[0] not in known.verbs else None
    if base and (known.tells(words[0]) or (form and form.mood == "noun" and known.is_verb(base))):
        of = {1: known.spoken["article"]} if words[1:2] == [known.spoken.get("of")] else {}
        return Phrase(kept, base, 0.85, changed={0: base, **of})
    if words[0] in known.verbs and not (words[0] in known.nouns_too and _predicate(words, known) is not None):
        return Phrase(kept, words[0], 0.85)
    if known.orders(words[0]):
        return Phrase(kept, words[0], 0.85)
    if base and (
        words[0].endswith("ing") or (words[0] in known.forms and len(words) > 1 and words[1] in known.determiners)
    ):
        return Phrase(kept, base, 0.85, changed={0: base})
    if subject in known.doers and len(words) > 1:
        return Phrase(kept, words[0], 0.7)
    return _event(kept, words, known)


def _predicate(words: Sequence[str], known: Grammar) -> int | None:
    return next((n for n, word in enumerate(words) if n and word in known.auxiliaries), None)


def _event(tokens: list[Token], words: list[str], known: Grammar) -> Phrase | None:
    """ "The docs are built" -> build the docs; "the tests are running", "the tests run" -> run the tests."""
    if words[0] in known.ongoing and len(words) > 1:
        return Phrase(tokens, "run", 0.75, changed={0: known.spoken["run"]})
    aux = _predicate(words, known)
    last = next((n for n in range(len(words) - 1, 0, -1) if words[n] in known.ongoing | known.finished), None)
    if aux is not None and aux + 1 < len(words):
        verb = aux + 1 + (words[aux + 1] in known.auxiliaries or words[aux + 1] in known.adverbs)
        base = known.base(words[verb]) if verb < len(words) else None
        if base in known.verbs and words[verb] not in known.finished and words[verb] not in known.ongoing:
            ordered = [tokens[verb], *tokens[:aux], *tokens[verb + 1 :]]
            return Phrase(ordered, base, 0.8, changed={0: base})
        if words[verb : verb + 1] and words[verb] in known.ongoing:
            return Phrase([tokens[verb], *tokens[:aux]], "run", 0.8, changed={0: known.spoken["run"]})
        return Phrase(tokens[:aux], "", 0.6, "thing")
    final = known.base(words[-1]) or words[-1].removesuffix("s")
    if len(words) > 1 and words[-1] != final and final in known.verbs and words[-1] not in known.ongoing:
        return Phrase([tokens[-1], *tokens[:-1]], final, 0.8, changed={0: final})
    if last is not None and known.root(words[last].removesuffix("s")) in known.running:
        return Phrase([tokens[last], *tokens[:last]], "run", 0.8, changed={0: known.spoken["run"].lower()})
    return Phrase(tokens[: last if last is not None else len(tokens)], "", 0.6, "thing")
