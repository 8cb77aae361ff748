"""Phrase: the words of one main clause as a verb, what it acts on, and a title.

Owns what is politeness, a wish, background or a constraint inside one clause. Knows no other clause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuloy.understanding.words.grammar import Grammar
from tuloy.understanding.words.tokens import Token

__all__ = ["Phrase", "constrains", "stripped", "title_of"]

_LEAVE_TAIL = frozenset({",", "and", ":", "—", "at", "&", "but", "or", "then", '"', "'", "(", "*"})


@dataclass
class Phrase:
    """A main clause. `sure` says how much it looks like something to do.

    `tokens` are the words of the title, `changed` the words that replace a token's own in it.
    """

    tokens: list[Token]
    verb: str = ""
    sure: float = 0.96
    kind: Literal["command", "thing"] = "command"
    changed: dict[int, str] | None = None
    rule: str = "verb"


def stripped(tokens: Sequence[Token], known: Grammar) -> tuple[list[Token], bool]:
    """Drop politeness, adverbs and lead-ins from the front, and politeness anywhere; say whether it was asked for."""
    words = [token.norm for token in tokens]
    start, asked = _opening(tokens, words, known)
    kept = _without_politeness(tokens, words, start, known)
    while kept and (kept[-1].norm in _LEAVE_TAIL or kept[-1].norm in known.contrasts or kept[-1].kind == "mark"):
        kept.pop()
    while len(kept) > 1 and kept[-1].norm in known.trailing:
        kept.pop()
    return _without_fragments(kept, known), asked


def _opening(tokens: Sequence[Token], words: Sequence[str], known: Grammar) -> tuple[int, bool]:
    """Return where a clause begins behind politeness, adverbs and lead-ins, and whether it was asked for."""
    place, asked = 0, False
    while place < len(words):
        lead = _lead_in(words, place, known)
        if polite := known.politeness.at(words, place):
            place += polite[1]
        elif lead and place + lead[1] < len(words):
            asked, place = True, place + lead[1]
        elif (
            words[place] in known.adverbs
            or (words[place] in known.vocatives and place + 1 < len(words))
            or words[place] in _LEAVE_TAIL
            or _addresses(words[place])
            or (tokens[place].kind == "mark" and words[place] not in "#@$")
            or words[place] in known.contrasts
        ):
            place += 1
        else:
            break
    return place, asked


def _without_politeness(tokens: Sequence[Token], words: Sequence[str], place: int, known: Grammar) -> list[Token]:
    """Return the tokens from `place` on, without politeness inside or behind them."""
    if known.politeness.firsts.isdisjoint(words[place + 1 :]):
        return list(tokens[place:])
    kept = list(tokens[place : place + 1])
    place += 1
    while place < len(words):
        polite = known.politeness.at(words, place)
        if polite and kept[-1].norm in known.linkers_of:
            polite = None  # "padalhan ng pasasalamat"
        if polite and (words[place] in known.polite_anywhere or _only_polite(words, place, known)):
            place += polite[1]
        else:
            kept.append(tokens[place])
            place += 1
    return kept


def _lead_in(words: Sequence[str], place: int, known: Grammar) -> tuple[str, int] | None:
    """Return the lead-in at a place, past the small words in it: "makikisuyo po sana na", "baka naman pwede mo"."""
    found = known.lead_ins.at(words, place)
    if found or not known.affixes or words[place] not in known.lead_ins.firsts:
        return found
    near = range(place, min(place + 9, len(words)))
    for small, leads in ((known.polite_anywhere, known.lead_ins), (known.enclitics, known.lead_cores)):
        behind = [n for n in near if words[n] not in small]
        if lead := leads.at([words[n] for n in behind], 0):
            end = behind[lead[1] - 1] + 1
            while leads is known.lead_cores and end < len(words) and words[end] in small:
                end += 1
            return lead[0], end - place
    return None


def _addresses(word: str) -> bool:
    """ "@dev-mobile": somebody is spoken to; "@types/node" is a thing."""
    return len(word) > 1 and word.startswith("@") and "/" not in word


def _without_fragments(tokens: list[Token], known: Grammar) -> list[Token]:
    """ "I-pull mo muna yung main": small words right behind the verb say nothing of the work."""
    words = [known.root(token.norm) if "-" in token.norm else token.norm for token in tokens[:6]]
    idiom = known.idioms.at(words, 0)
    start = end = idiom[1] if idiom else 1
    if known.wants.at(words, 0):
        return tokens
    while end < len(tokens) and tokens[end].norm in known.fragments:
        end += 1
    if end == start:
        return tokens
    return [*tokens[:start], *tokens[end:]] if tokens[0].kind == "word" else tokens


def _only_polite(words: Sequence[str], place: int, known: Grammar) -> bool:
    """Whether nothing but politeness follows."""
    for _ in range(6):
        if place >= len(words):
            return True
        found = known.politeness.at(words, place)
        if found:
            place += found[1]
        elif words[place] in ("!", ",", ".", ":", ")") or words[place] in known.adverbs:
            place += 1
        else:
            return False
    return False


def constrains(words: Sequence[str], known: Grammar) -> bool:
    """Whether these words forbid or preserve instead of asking for work."""
    if not words:
        return False
    start, lead = known.constraint_starts.at(words, 0), known.lead_ins.at(words, 0)
    if start:
        return not lead or lead[1] <= start[1]
    if _limits(words, known):
        return True
    if known.affixes and words[0] in known.negations and len(words) > 1 and words[1][:2] == words[1][2:4]:
        return known.form(words[1]) is not None  # "walang gagalaw sa schema"
    return (
        words[0] in known.keepers
        and len(words) > 1
        and not words[1].endswith("ing")
        and any(word in known.kept or " ".join(words[n:]) in known.kept for n, word in enumerate(words[:40]))
    )


def _limits(words: Sequence[str], known: Grammar) -> bool:
    """ "The public API must stay as it is", "we must not change it": a duty to leave something as it is."""
    told = words[0] in known.doers
    if (known.duties.firsts | known.stayed).isdisjoint(words[1:12]) or (not told and known.is_verb(words[0])):
        return False
    for n, word in enumerate(words[:12]):
        duty = known.duties.at(words, n) if n else None
        if n and word in known.stayed and any(" ".join(words[m:]) in known.kept for m in range(n + 1, len(words))):
            return True  # "I'd be grateful if the placeholders stayed as they are"
        if duty and n + duty[1] < len(words):
            after = words[n + duty[1]]
            negated = after in known.negations or words[n + duty[1] - 1] in known.negations
            return negated or (after in known.staying and not told)
        if n and word in known.auxiliaries | known.whether:
            return False
    return False


def title_of(text: str, tokens: Sequence[Token], changed: dict[int, str] | None = None) -> str:
    """Return the words as a title: the text's own spacing where they were neighbours, a capital at the front."""
    parts: list[str] = []
    for n, token in enumerate(tokens):
        word = (changed or {}).get(n) or text[token.start : token.end] or token.norm
        if n:
            before = tokens[n - 1]
            near = before.start < before.end <= token.start <= before.end + 3 and token.start < token.end
            gap = text[before.end : token.start] if near else " "
            parts.append(gap if not gap or gap.isspace() or gap in ", " else " ")
        parts.append(word)
    title = " ".join("".join(parts).split()).strip(" ,;:*_—")
    return title[:1].upper() + title[1:] if title[:1].isalpha() and not title[:1].isupper() else title
