"""Forbidding: the sentences that forbid something, in words of which no step is read."""

import re
from collections.abc import Iterator, Sequence

from tuloy.limits import limits_of
from tuloy.understanding.clauses.cutting import clauses, sentences
from tuloy.understanding.clauses.phrase import constrains, stripped
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token, tokenize

__all__ = ["forbidden_in"]

_DUTY = re.compile(
    r"(?i)\b(?:(?:should|must|may|shall)(?: not|n['’]t| never)|without (?:chang|touch|edit|modify|break|delet|remov)\w*"
    r"|(?:hindi|di) (?:dapat|pwede|puwede|maaari)\w*|(?:nang|ng) hindi)\b"
)
_LABEL = 5  # words before a colon: "Please note: …"


def forbidden_in(words: str, known: Grammar) -> list[str]:
    """Return what these words forbid, or want left as it is, each in its own words."""
    tokens = tokenize(words, 0, len(words))
    found = [one for sentence in sentences(tokens, words, known) for one in _of(sentence, words, known)]
    return list(dict.fromkeys(found))


def _of(sentence: list[Token], text: str, known: Grammar) -> Iterator[str]:
    colon = next((n for n, token in enumerate(sentence[:_LABEL]) if token.norm == ":"), -1)
    if colon >= 0:
        sentence = sentence[colon + 1 :]
    if not sentence:
        return
    whole = _words(sentence, text)
    parts = []
    for clause in clauses(sentence, known):
        if clause.tokens and _forbids(clause.tokens, known):
            opener = f"{clause.opener} " if clause.kind == "constraint" and clause.opener else ""
            parts.append(f"{opener}{_words(clause.tokens, text)}")
    checked = len(limits_of([whole]).checked)
    if parts and len(limits_of(parts).checked) > checked:
        yield from parts
    elif checked or _forbids(sentence, known) or _DUTY.search(whole):
        yield whole
    else:
        yield from parts


def _words(tokens: Sequence[Token], text: str) -> str:
    return " ".join(text[min(t.start for t in tokens) : max(t.end for t in tokens)].split())


def _forbids(tokens: Sequence[Token], known: Grammar) -> bool:
    plain = [token.norm for token in tokens]
    return constrains(plain, known) or constrains([token.norm for token in stripped(list(tokens), known)[0]], known)
