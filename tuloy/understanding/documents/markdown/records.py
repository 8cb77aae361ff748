"""What a markdown text is cut into: sections with blocks, code, tables and lists. Offsets are characters of a text."""

import re
from dataclasses import dataclass, field
from typing import Literal

from tuloy.understanding.documents.markdown.hidden import blanked
from tuloy.understanding.documents.markdown.roles import Role

__all__ = ["Block", "Fence", "Kind", "Section", "Table", "plain"]

_TICKED = re.compile(r"(?m)^[ \t]*(?:[-*+][ \t]+)?\[[xX]\]\s")
_OPEN = re.compile(r"(?m)^[ \t]*(?:[-*+][ \t]+)?\[ ?\]\s")
_BOX = re.compile(r"^\[[ xX]?\]\s+")
_BOLD = re.compile(r"(?<![\w/*])(\*\*|__)(?=[^\s/*_])([^*_`\n]+)(?<=[^\s/*_])\1(?![\w/*])")
Kind = Literal["text", "list", "item", "code", "table", "quote", "html", "heading", "other"]


@dataclass
class Block:
    """One block of the text's tree. `words` are its own, without box and emphasis; `inside` is the block it is in."""

    kind: Kind
    start: int
    end: int
    words: str = ""
    inside: "Block | None" = None
    ticked: bool = False
    after: "Block | None" = None

    def within(self, kind: Kind) -> "Block | None":
        """Return the innermost block of this kind that it is in."""
        block = self.inside
        while block and block.kind != kind:
            block = block.inside
        return block


@dataclass(frozen=True)
class Fence:
    """A code block. `introduced` is the block of words right before it, `item` the list item that it is in."""

    start: int
    language: str
    body: str
    introduced: Block | None
    item: Block | None


@dataclass(frozen=True)
class Table:
    """A table: its rows of cells, each with its place; the first one is its head."""

    start: int
    rows: list[tuple[tuple[int, int], list[str]]]


@dataclass
class Section:
    """A heading or label and what stands below it. `above` are the sections that it is part of, the outermost first.

    `body` has the offsets `start` to `end` of the text, with all that is not its own prose blanked; `items` are its
    paragraphs and list items as they read.
    """

    level: int
    title: str
    role: Role
    start: int
    end: int
    above: tuple[int, ...] = ()
    labelled: bool = False
    body: str = ""
    items: list[str] = field(default_factory=list)
    texts: list[Block] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    lists: list[tuple[int, int]] = field(default_factory=list)
    masked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def listed(self) -> str:
        """The body with nothing but its lists in it, each in its place."""
        edges = [0, *(edge - self.start for span in self.lists for edge in span), len(self.body)]
        return blanked(self.body, list(zip(edges[::2], edges[1::2], strict=True)))

    @property
    def ticked(self) -> bool:
        """Whether it has boxes, and every one is ticked."""
        return bool(_TICKED.search(self.body)) and not _OPEN.search(self.body)


def plain(words: str) -> str:
    """Return words on one line, without a box in front and without strong emphasis."""
    return _BOLD.sub(r"\2", _BOX.sub("", " ".join(words.split())))
