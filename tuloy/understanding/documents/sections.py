"""Sections: the headings of a markdown text, what each part is for, and the code blocks in it.

Owns layout, by the rules of CommonMark; what the words of a part say is read elsewhere. Offsets are characters of the
text, and front matter, tables and HTML count as blank.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["Fence", "Role", "Section", "sections_of", "words_table"]

Role = Literal["work", "requirements", "criteria", "outside", "constraints", "background"]
_HEADING = re.compile(r"(?m)^ {0,3}(?:#{1,6}(?:[ \t]|$)|(?:=+|-+)[ \t]*$)")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"^(?:(?:step|phase|part|hakbang)\s+)?[\dIVX]+(?:\.\d+)*[.):]?\s+", re.IGNORECASE)
_TICKED = re.compile(r"(?m)^[ \t]*[-*+]?[ \t]*\[[xX]\]\s")
_OPEN = re.compile(r"(?m)^[ \t]*[-*+]?[ \t]*\[ ?\]\s")
_LABEL = re.compile(
    r"(?m)^(?P<mark>[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[ ?\][ \t]+)?)"
    r"(?P<label>\*\*[^*\n]{1,80}\*\*[ \t]*(?:[:–—]|-(?=[ \t]))?)(?=[ \t]*\S)"
)
_BOX = re.compile(r"^\[[ xX]?\]\s+")
_ROLES: tuple[Role, ...] = ("criteria", "outside", "constraints", "background", "requirements")
_MOST_SECTIONS = 1000
_NESTED_AT_MOST = 40


@dataclass(frozen=True)
class Fence:
    """A code block. `introduced` is the span of the paragraph right before it."""

    start: int
    language: str
    body: str
    introduced: tuple[int, int]


@dataclass
class Section:
    """A heading and what stands below it, up to the next heading. `above` are the headings it is part of.

    `body` has the offsets `start` to `end` of the text, with what is no prose blanked; `items` are its paragraphs and
    list items as they read.
    """

    level: int
    title: str
    role: Role
    start: int
    end: int
    above: tuple[int, ...] = ()
    body: str = ""
    items: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    lists: list[tuple[int, int]] = field(default_factory=list)

    @property
    def listed(self) -> str:
        """The body with nothing but its lists in it, each in its place."""
        edges = [0, *(edge for span in self.lists for edge in span), len(self.body)]
        return _blanked(self.body, list(zip(edges[::2], edges[1::2], strict=True)))

    @property
    def ticked(self) -> bool:
        """Whether it has boxes, and every one is ticked."""
        return bool(_TICKED.search(self.body)) and not _OPEN.search(self.body)


@cache
def words_table() -> Mapping[str, frozenset[str]]:
    """Return the lists of `sections.toml`."""
    text = (files("tuloy.understanding.documents") / "sections.toml").read_text("utf-8")
    return {name: frozenset(words) for name, words in tomllib.loads(text).items()}


def sections_of(text: str) -> list[Section]:
    """Cut a text at its headings; what stands before the first one is a section of level 0. None without headings."""
    if not _HEADING.search(text):
        return []
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(text)
    blanked = _blanked(text, [(0, front.end())]) if front else text
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTED_AT_MOST}).enable("table").disable("inline")
    tokens = parser.parse(blanked)
    starts = _line_starts(blanked)
    headings = [(n, token) for n, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    if not headings or len(headings) > _MOST_SECTIONS:
        return []
    first = headings[0][1].map or [0, 0]
    found = [Section(0, "", "work", 0, starts[first[0]])]
    for place, (n, token) in enumerate(headings):
        lines = token.map or [0, 0]
        after = headings[place + 1][1].map if place + 1 < len(headings) else None
        end = starts[after[0]] if after else len(text)
        above = _above(found, int(token.tag[1:]))
        title = " ".join(tokens[n + 1].content.split())
        role = _role(title, [found[one].role for one in above])
        found.append(Section(int(token.tag[1:]), title, role, starts[lines[1]], end, above))
    _fill(found, blanked, tokens, starts)
    return found


def _above(found: Sequence[Section], level: int) -> tuple[int, ...]:
    """Return the places of the sections that a heading of this level is below, the outermost first."""
    place = len(found) - 1
    while place >= 0 and found[place].level >= level:
        place = found[place].above[-1] if found[place].above else -1
    return (*found[place].above, place) if place > 0 else ()


def _role(title: str, above: Sequence[Role]) -> Role:
    """What a section is for: by its own heading ("Out of scope (for now)"), else what it is part of is for."""
    words = _NUMBER.sub("", title.lower())
    words = re.split(r"\s*[(:–—]\s*|\s+-\s+", words, maxsplit=1)[0].strip(" *_`.\"'")
    words = re.sub(r"^[^\w]+", "", words).replace("’", "'")
    known = words_table()
    for role in _ROLES:
        if words in known[role] or (role == "criteria" and words.startswith(tuple(known[role]))):
            return role
    return above[-1] if above and above[-1] not in ("work", "requirements") else "work"


def _fill(found: list[Section], text: str, tokens: Sequence[object], starts: Sequence[int]) -> None:
    """Give every section its words, its code blocks and its body. A label before an item's words is blank there."""
    place, prose = 0, (0, 0)
    masked: list[tuple[int, int]] = []
    in_table = in_heading = False
    for token in tokens:
        kind, lines = token.type, token.map  # type: ignore[attr-defined]
        in_table = kind == "table_open" or (in_table and kind != "table_close")
        in_heading = kind == "heading_open" or (in_heading and kind != "heading_close")
        if lines is None:
            continue
        span = (starts[lines[0]], starts[lines[1]])
        while place + 1 < len(found) and found[place + 1].start <= span[0]:
            place += 1
        if kind in ("table_open", "html_block"):
            masked.append(span)
        elif kind == "inline" and not in_table and not in_heading:
            prose = span
            found[place].items.append(_BOX.sub("", " ".join(token.content.split())))  # type: ignore[attr-defined]
        elif kind in ("bullet_list_open", "ordered_list_open") and token.level == 0:  # type: ignore[attr-defined]
            first = found[place].start
            found[place].lists.append((span[0] - first, min(span[1], found[place].end) - first))
        elif kind == "fence":
            language = (token.info.split() or [""])[0].lower()  # type: ignore[attr-defined]
            found[place].fences.append(Fence(span[0], language, token.content, prose))  # type: ignore[attr-defined]
    text = _LABEL.sub(lambda found: found["mark"] + " " * len(found["label"]), _blanked(text, masked))
    for section in found:
        section.body = text[section.start : section.end]


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Put spaces in the place of spans, which are in order; line ends stay."""
    parts, last = [], 0
    for start, end in spans:
        start = max(start, last)
        parts += [text[last:start], re.sub(r"[^\r\n]", " ", text[start:end])]
        last = max(last, end)
    return "".join([*parts, text[last:]])


def _line_starts(text: str) -> list[int]:
    """Return where each line starts, and after the last one where the text ends."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]
    return [*starts, len(text), len(text)]
