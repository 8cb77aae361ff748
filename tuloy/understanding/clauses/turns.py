"""Turns: sentences that say it another way round, put as clauses expect them.

Owns questions ("Is the disk full? Then grow it"), verbless conditions ("Tests green? Squash", "All green, ship it") and
what is over in front of a comma ("That done, …", "With all of it out of the way, …"). Words that are put in have no
width: titles speak them as they are.
"""

from collections.abc import Iterator, Sequence

from tuloy.understanding.drafting.conditions import condition_of
from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["turned"]

_FAR = 10
_SHORT = 5


def turned(sentences: Sequence[list[Token]], known: Grammar) -> Iterator[list[Token]]:
    """Yield the sentences of a paragraph, none of them ending in a question mark any more."""
    place = 0
    while place < len(sentences):
        asks, body = _asks(sentences[place])
        after = sentences[place + 1] if place + 1 < len(sentences) else []
        place += 1
        if not asks:
            yield _without_opening(body, known)
        elif after and _is_verbless(body, known):
            yield [_put_in("if", body), *body, _mark(after), *_without_then(after, known)]
            place += 1
        elif after and _is_question(body, known) and _goes_on(after, known):
            yield _as_check(body, known)
            if _opens_with_then(after, known):
                yield [_put_in("if", after), _put_in("so", after), _mark(after), *_without_then(after, known)]
                place += 1
        else:
            yield body


def _asks(sentence: list[Token]) -> tuple[bool, list[Token]]:
    return (True, sentence[:-1]) if len(sentence) > 1 and sentence[-1].norm == "?" else (False, sentence)


def _put_in(norm: str, before: Sequence[Token]) -> Token:
    return Token("word", norm, before[0].start, before[0].start)


def _mark(before: Sequence[Token]) -> Token:
    return Token("mark", ",", before[0].start, before[0].start)


def _norms(tokens: Sequence[Token]) -> list[str]:
    return [token.norm for token in tokens]


def _is_verbless(body: Sequence[Token], known: Grammar) -> bool:
    """ "Tests green", "it isn't", "all good": an outcome or an answer in a few words, and no order."""
    words = _norms(body)
    ends = bool(words) and (words[-1] in known.passes or words[-1] in known.fails)
    if not 0 < len(words) <= _SHORT:
        return False
    if known.is_verb(words[0]) and words[0] not in known.nouns_too and not (ends and len(words) == 2):
        return False
    if set(words) & known.alternatives:
        return False
    condition = condition_of(body, known)
    if condition.kind == "back":
        return True
    return condition.kind == "outcome" and ends and not set(words[1:-1]) & known.determiners


def _is_question(body: Sequence[Token], known: Grammar) -> bool:
    """ "Does the row count match", "is there a changelog": not "can you", nor a question for a reason."""
    words = _norms(body)
    return len(words) > 2 and words[0] in known.asking and words[1] not in known.askees


def _opens_with_then(after: Sequence[Token], known: Grammar) -> bool:
    opener = known.connectives.at(_norms(after[:4]), 0)
    return opener is not None and opener[0] == "seq" and opener[1] == 1


def _without_then(after: list[Token], known: Grammar) -> list[Token]:
    return after[1:] if _opens_with_then(after, known) and len(after) > 1 else after


def _goes_on(after: list[Token], known: Grammar) -> bool:
    """Whether the next sentence acts on the answer."""
    asks, body = _asks(after)
    opener = known.connectives.at(_norms(body[:8]), 0)
    conditional = opener is not None and opener[0] in ("if", "unless", "else", "if_so", "on_pass", "on_fail")
    return (asks and _is_verbless(body, known)) or conditional or _opens_with_then(body, known)


def _as_check(body: list[Token], known: Grammar) -> list[Token]:
    """ "Is the disk full" as "check whether the disk is full"."""
    lead = [_put_in(word, body) for word in known.check_title.lower().split()]
    first, rest = body[0], body[1:]
    if first.norm in known.asking_only:
        return [*lead, *rest]
    words = _norms(rest)
    small = known.passes | known.fails | known.finished | known.rising | known.comparisons | known.adverbs
    place = next(
        (
            n
            for n, word in enumerate(words[: 2 * _FAR])
            if n and (word in small or word in known.negations or (word in known.forms and word not in known.verbs))
        ),
        min(2 if words[0] in known.determiners else 1, len(words)),
    )
    return [*lead, *rest[:place], _put_in(first.norm, rest[place:] or rest), *rest[place:]]


def _without_opening(body: list[Token], known: Grammar) -> list[Token]:
    """Turn what stands in front of the first comma into an "after that" or an "if" where it is one without a verb."""
    words = _norms(body[: _FAR + 1])
    comma = words.index(",") if "," in words else 0
    if comma < 2 or comma + 1 >= len(body):
        return body
    head = body[:comma]
    if _is_over(words[:comma], known):
        return [_put_in("then", body), *body[comma + 1 :]]
    if words[0] in known.perfects:
        rest = [token for token in head[1:] if token.norm not in known.adverbs and token.norm not in known.start_only]
        if rest and rest[0].norm in known.forms:
            return [_put_in("after", body), *rest, *body[comma:]]
    if known.connectives.at(words, 0):
        return body
    if comma <= _SHORT and condition_of(head, known).kind == "outcome" and _is_verbless(head, known):
        return [_put_in("if", body), *body]
    return body


def _is_over(words: Sequence[str], known: Grammar) -> bool:
    """ "That done", "with all of it out of the way", "the three of them finished": what went before is over."""
    pointing = known.everyone | known.demonstratives | known.pronouns | known.counts | known.determiners | {"of"}
    if words[0] in known.accompanied:
        pointed = words[1:2] != [] and words[1] in known.everyone | known.demonstratives | known.pronouns
        return len(words) > 2 and (pointed or (words[-2:] == ["in", "hand"] or words[-1] in known.finished))
    if words[0] not in pointing or words[-1] in known.pronouns or words[0] in known.doers:
        return False
    having = set(words) & known.perfects
    if not having and set(words) & known.auxiliaries:
        return False
    done = words[-1] in known.finished or words[-1] in known.forms or words[-1] in known.settled
    return (done or bool(having)) and bool(set(words[:-1]) & (known.everyone | known.demonstratives | known.counts))
