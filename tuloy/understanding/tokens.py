"""Tokens: words, literals and marks of a text, with their places in it.

Owns masking: what stands in backticks or quotes is one token whose words no rule sees.
"""

import re
from functools import cache
from typing import Literal, NamedTuple

__all__ = ["Token", "tokenize"]

Kind = Literal["word", "code", "quote", "arrow", "mark"]

_MARKS = {"…": ".", "...": ".", "–": "—", "-": "—", "--": "—", "---": "—"}
_WORD = r"[\w@#$%+/~*\\^{}&]"


class Token(NamedTuple):
    """`norm` is what rules look at: the lower-case word, the mark, or nothing for a literal."""

    kind: Kind
    norm: str
    start: int
    end: int


@cache
def _pattern() -> re.Pattern[str]:
    """Every alternative is free of nested repetition, so a scan is linear."""
    return re.compile(
        rf"""
          (?P<code> `[^`\n]{{1,2000}}` )
        | (?P<quote> "[^"\n]{{1,2000}}" | “[^”\n]{{1,2000}}” | «[^»\n]{{1,2000}}» | (?<![\w'’])'[^'\n]{{1,300}}'(?!\w) )
        | (?P<arrow> --?> | [→⇒➜] | => )
        | (?P<word> e\.g\.,? | i\.e\.,? | etc\. | vs\. | https?://[^\s<>"'`)]*[^\s<>"'`).,;:!?]
            | (?: -{{1,2}}(?=\w) | \.{{0,2}}/(?=\w) | (?<!\w)\.(?=\w) )?
              {_WORD}+ (?: [.:'’=-]+ {_WORD}+ )* )
        | (?P<mark> \.{{2,}} | … | -{{2,3}} | [^\s\w] )
        """,
        re.VERBOSE,
    )


def tokenize(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens of `text[start:end]`; places count from the start of the whole text."""
    found = []
    for match in _pattern().finditer(text, start, end):
        kind = match.lastgroup
        norm = "" if kind in ("code", "quote") else match[0].lower().replace("’", "'")
        if kind == "mark":
            norm = _MARKS.get(norm, norm)
        found.append(Token(kind, norm, match.start(), match.end()))  # type: ignore[arg-type]
    return found
