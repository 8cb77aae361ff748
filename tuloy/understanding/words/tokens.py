"""Tokens: words, literals and marks of a text, with their places in it.

Owns masking: what stands in backticks or quotes is one token whose words no rule sees.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Literal, NamedTuple

__all__ = ["Token", "tokenize"]

Kind = Literal["word", "code", "quote", "arrow", "mark"]

_MARKS = {"’": "'", "…": ".", "...": ".", "..": ".", "....": ".", "–": "—", "-": "—", "--": "—", "---": "—"}
_WORD = r"[\w@#$%+/~*\\^{}&]"


class Token(NamedTuple):
    """`norm` is what rules look at: the lower-case word, the mark, or nothing for a literal."""

    kind: Kind
    norm: str
    start: int
    end: int


_token: Callable[[tuple[str, str, int, int]], Token] = partial(tuple.__new__, Token)  # without a call for the names


@cache
def _pattern() -> re.Pattern[str]:
    """Every alternative is free of nested repetition, so a scan is linear.

    A plain word of ASCII letters, the usual token, is tried first; one space in front is taken along.
    """
    return re.compile(
        rf"""
          [ ]?(?:
          (?P<plain> [A-Za-z]++ (?=[ ,\n)]) )
        | (?P<code> `[^`\n]{{1,2000}}` )
        | (?P<quote> "[^"\n]{{1,2000}}" | “[^”\n]{{1,2000}}” | «[^»\n]{{1,2000}}» | (?<![\w'’])'[^'\n]{{1,300}}'(?!\w) )
        | (?P<arrow> --?> | [→⇒➜] | => )
        | (?P<word> e\.g\.,? | i\.e\.,? | etc\. | vs\. | https?://[^\s<>"'`)]*[^\s<>"'`).,;:!?]
            | (?: -{{1,2}}(?=\w) | \.{{0,2}}/(?=\w) | (?<!\w)\.(?=\w) )?
              {_WORD}+ (?: [.:'’=-]+ {_WORD}+ )* )
        | (?P<mark> \.{{2,}} | … | -{{2,3}} | [^\s\w] )
          )
        """,
        re.VERBOSE,
    )


_EMPHASIS = re.compile(
    r"(\*\*)(?=[^\s*])[^*\n`]{1,300}?(?<=[^\s*])(\*\*)|(?<![\w*/.])(\*)(?=\w)[^*\n`]{1,300}?(?<=[^\s*/])(\*)(?![\w*/.])"
)


def _matches(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    for emphasis in _EMPHASIS.finditer(text, start, end):
        for mark in (n for n in range(1, 5) if emphasis.start(n) >= 0):
            yield from _pattern().finditer(text, start, emphasis.start(mark))
            start = emphasis.end(mark)
    yield from _pattern().finditer(text, start, end)


def tokenize(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens of `text[start:end]` without markdown's emphasis; places count from the start of the text."""
    found = []
    plain = text.find("*", start, end) < 0
    for match in _pattern().finditer(text, start, end) if plain else _matches(text, start, end):
        kind = match.lastgroup or ""
        norm = match[kind]
        first, last = match.span(kind)
        if kind == "plain":
            kind, norm = "word", norm.lower()
        elif kind == "word":
            norm = norm.lower().replace("’", "'")
        elif kind == "mark":
            norm = _MARKS.get(norm, norm)
        elif kind != "arrow":
            norm = ""
        found.append(_token((kind, norm, first, last)))
    return found
