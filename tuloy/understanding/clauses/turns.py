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
    sentences = _apart(sentences, known)
    while place < len(sentences):
        asks, body = _asks(sentences[place])
        after = sentences[place + 1] if place + 1 < len(sentences) else []
        place += 1
        if after and known.question_marks and _particle(_norms(body), known) and _goes_on(after, known):
            said = _answered(body, after, known) if place > 1 else []
            yield said or _as_check(body, known)
            place += bool(said)
        elif not asks:
            yield _without_opening(body, known)
        elif (after and _is_verbless(body, known)) or (after and _is_statement(body, known)):
            yield [_put_in("if", body), *body, _mark(after), *_without_then(after, known)]
            place += 1
        elif after and _is_question(body, known) and _goes_on(after, known):
            yield _as_check(body, known)
            if _opens_with_then(after, known):
                yield [_put_in("if", after), _put_in("so", after), _mark(after), *_without_then(after, known)]
                place += 1
        else:
            yield body


def _particle(words: Sequence[str], known: Grammar) -> int:
    """Where the word stands that makes a question ("gumagana ba ang cache"); 0 where none does."""
    place = next((n for n, word in enumerate(words[:_SHORT]) if n and word in known.question_marks), 0)
    return 0 if words[0] in known.questions or known.lead_ins.at(words[:_FAR], 0) else place


def _apart(sentences: Sequence[list[Token]], known: Grammar) -> Sequence[list[Token]]:
    """ "Gumagana ba ang cache, kung oo, …": a question and its answer in one sentence are two."""
    if not known.question_marks:
        return sentences
    found: list[list[Token]] = []
    for sentence in sentences:
        words = _norms(sentence[: 2 * _FAR])
        comma = words.index(",") if "," in words else 0
        apart = comma and _particle(words[:comma], known) and _goes_on(sentence[comma + 1 :], known)
        found += [sentence[:comma], sentence[comma + 1 :]] if apart else [sentence]
    return found


def _answered(body: list[Token], after: list[Token], known: Grammar) -> list[Token]:
    """ "Pumasa ba ang tests? Kung hindi, …" as "kung hindi pumasa ang tests, …"; empty where a fact is asked for."""
    asked = _without_particle(body, known)
    if condition_of(asked, known).kind != "outcome":
        return []
    words = _norms(after[:_FAR])
    opener = known.connectives.at(words, 0)
    end = next((n for n, word in enumerate(words) if n and (word == "," or known.is_verb(word))), 0)
    if not opener or not end or opener[0] == "seq" or end + 1 >= len(after):
        return []
    answer = condition_of(after[opener[1] : end], known)
    if opener[0] == "if" and answer.kind != "back":
        return []
    fails = opener[0] in ("else", "on_fail") or (opener[0] == "if" and not answer.holds)
    negation = [_put_in(min(known.elliptic_no & known.negations), body)] if fails else []
    rest = after[end + (words[end] == ",") :]
    return [_put_in(known.check_title.lower().split()[-1], body), *negation, *asked, _mark(rest), *rest]


def _without_particle(body: list[Token], known: Grammar) -> list[Token]:
    """ "Mayroon bang file" without its question is "mayroong file"."""
    place = _particle(_norms(body), known)
    first = body[0]
    if first.norm in known.vocabulary or known.form(first.norm):
        body = [Token(first.kind, first.norm, first.start, first.start), *body[1:]]
    before = body[place - 1]
    link = {"n": "g"}.get(before.norm[-1:], "ng" if before.norm[-1:] in tuple("aeiou") else "")
    if body[place].norm.endswith("ng") and link:
        before = Token("word", before.norm + link, before.start, before.start)
    return [*body[: place - 1], before, *body[place + 1 :]]


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
    ends = any(word in known.passes or word in known.fails for word in (*words[-1:], " ".join(words[-2:])))
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


def _is_statement(body: Sequence[Token], known: Grammar) -> bool:
    """ "It boots?", "it doesn't boot?": a statement of a pronoun with a question mark."""
    words = _norms(body)
    plain = 1 < len(words) < _SHORT + 1 and words[0] in known.singular | known.plural
    return plain and not known.affixes and words[1] not in known.modals


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
    if _particle(_norms(body), known):
        return [*lead, *_without_particle(body, known)]
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
