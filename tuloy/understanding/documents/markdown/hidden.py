"""Hidden: what of a markdown text nobody means as words: front matter, comments, struck-through text.

Owns blanking it, so that places in the text stay what they are. Linear in the text.
"""

import re
from collections.abc import Iterator, Sequence

__all__ = ["blanked", "front_matter", "line_starts", "visible"]

_META = re.compile(r"(?:[\w-]+[ \t]*:(?:[ \t]|\r?$)|[ \t]+\S|-[ \t]|#|\r?$)", re.MULTILINE)
_KEY = re.compile(r"[\w-]+[ \t]*:(?:[ \t]|\r?$)")
_OPENS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}(?![^\n]*`)|~{3,})")
_INLINE = re.compile(r"`[^`\n]*`|(?P<comment><!--)|(?P<struck>~~(?=[^\s~])[^~\n]{1,500}~~(?!~))")


def visible(text: str) -> str:
    """Return the text with spaces in the place of what is hidden; code blocks and inline code are left as they are."""
    front = front_matter(text)
    return blanked(text, [(0, front), *_hidden(text, front)])


def front_matter(text: str) -> int:
    """Return where the front matter ends; 0 where there is none. One that is not closed ends at an empty line."""
    lines = _lines(text, 0)
    start, end = next(lines, (0, 0))
    if text[start:end].rstrip() != "---":
        return 0
    first, gap = True, 0
    for start, end in lines:
        line = text[start:end].rstrip()
        if line in ("---", "..."):
            return 0 if first else min(end + 1, len(text))
        if first and not _KEY.match(line):
            return 0
        first = False
        gap = gap or (start if not line else 0)
        if not _META.match(line) or (line.startswith("# ") and gap):
            return gap or start
    return gap or len(text)


def _hidden(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Find comments and struck-through text outside of code; `place` is where hidden text ends so far."""
    fence = ""
    last = text.rfind("-->")
    for start, end in _lines(text, place):
        if place > end:
            continue
        if fence:
            closes = text[start:end].strip()
            fence = "" if closes.startswith(fence) and not closes.strip(fence[0]) else fence
            continue
        if place <= start and (opens := _OPENS.match(text, start, end)):
            fence = opens[1]
            continue
        for found in _INLINE.finditer(text, max(start, place), end):
            if found["struck"] and found.start() >= place:
                yield found.span()
            elif found["comment"] and found.start() >= place:
                stop = text.find("-->", found.end()) + 3 if found.end() <= last else 0
                if not stop and not text[start : found.start()].strip():
                    stop = len(text)  # as markdown has it: a comment that is not closed hides the rest
                if stop:
                    yield found.start(), stop
                    place = stop


def blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Put spaces in the place of spans, which are in order of their starts; line ends stay."""
    parts, last = [], 0
    for start, end in spans:
        start = max(start, last)
        parts += [text[last:start], re.sub(r"[^\r\n]", " ", text[start:end])]
        last = max(last, end)
    return "".join([*parts, text[last:]])


def _lines(text: str, start: int) -> Iterator[tuple[int, int]]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def line_starts(text: str) -> list[int]:
    """Return where each line starts, and after the last one where the text ends."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]
    return [*starts, len(text), len(text)]
