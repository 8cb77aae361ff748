"""Blocks: the lines of a text as a tree of paragraphs, lists, headings and code.

Owns layout only; what the words say is for `tuloy.understanding.drafting.reading`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

__all__ = ["Block", "blocks", "typed", "typed_in"]

Kind = Literal["heading", "text", "ordered", "bullet", "code"]


@dataclass
class Block:
    """One heading, paragraph, list item or code block; `inside` are the blocks nested below an item.

    `language` is what a code block says that it is written in, lower case.
    """

    kind: Kind
    start: int
    end: int
    indent: int = 0
    ticked: bool = False
    inside: list["Block"] = field(default_factory=list)
    language: str = ""


@cache
def _line_pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?P<indent>[ \t]*)(?:(?P<heading>\#{1,6}[ \t]+)|(?P<ordered>\(?(?:\d{1,3}|[a-zA-Z])[.)][ \t]+)"
        r"|(?P<bullet>(?:[-*+•‣◦▪]|[-*]?[ \t]?\[[ xX]?\])[ \t]+)|(?P<fence>```|~~~))?"
    )


_BOLD_LINE = re.compile(r"[ \t]*(\*\*|__)[ \t]*(?=\S)([^*_\n]{1,80}?)[ \t]*:?[ \t]*\1[ \t]*:?[ \t]*$")
_BOX = re.compile(r"\[([ xX]?)\][ \t]+")
_SHELLS = frozenset(
    {"sh", "bash", "zsh", "shell", "console", "shell-session", "sh-session", "shellsession", "terminal"}
)
_COMMAND_LINE = re.compile(
    r"[ \t]*(?:#|(?:[A-Za-z_]\w*=\S*[ \t]*)*(?:[a-z~][\w.+-]*|\.{0,2}/[\w./+-]+|--?\w[\w-]*)(?:[ \t;&|\\]|$)|\w+=)"
)
_INLINE = re.compile(r"(?:(?<=[\s:;,.])|^)\(?(\d{1,2})[.)][ \t]+(?=[^\s\d])")


def blocks(text: str) -> list[Block]:
    """Return the blocks at the top of a text; list items hold what is indented below them."""
    return _nested(list(_flat(text)), text)


def _flat(text: str) -> Iterator[Block]:
    current: Block | None = None
    fence: Block | None = None
    for start, end in _lines(text):
        match = _line_pattern().match(text, start, end)
        assert match is not None  # every part of the pattern is optional
        indent = len(match["indent"].expandtabs(4))
        blank = not text[start:end].strip()
        if fence is not None:
            if match["fence"]:
                yield fence
                fence = None
            else:
                fence.end = end
        elif match["fence"]:
            if current:
                yield current
            current, fence = None, Block("code", min(end + 1, len(text)), end, indent)
            fence.language = _language(text[match.end() : end])
        elif blank:
            if current:
                yield current
            current = None
        elif bold := _BOLD_LINE.fullmatch(text, start, end):
            if current:
                yield current
            current = Block("heading", bold.start(2), bold.end(2), indent)
        elif match.end() > start + len(match["indent"]):
            if current:
                yield current
            current = _marked(match, text, end, indent)
        elif current and not _starts_anew(text, current, start, indent):
            current.end = end
        else:
            if current:
                yield current
            current = Block("text", start + len(match["indent"]), end, indent)
    yield from (block for block in (current, fence) if block)


def _language(info: str) -> str:
    words = info.strip("`~ \t\r").split()
    return words[0].lower().strip("{}.") if words else ""


def typed(code: Block, text: str) -> str | None:
    """Return what a code block has a shell do; None where it is written in something else.

    Of a transcript these are the lines with a prompt, and those that they go on in. Without a language it is a command
    where it looks like one.
    """
    return typed_in(text[code.start : code.end], code.language)


def typed_in(body: str, language: str) -> str | None:
    """As `typed`, of a block's words and its language."""
    lines = body.rstrip().splitlines()
    prompted = [n for n, line in enumerate(lines) if line.lstrip().startswith("$ ")]
    if language not in _SHELLS and not (not language and (prompted or _looks_typed(lines))):
        return None
    if prompted:
        kept: list[str] = []
        for n, line in enumerate(lines):
            if line.lstrip().startswith("$ "):
                kept.append(line.lstrip()[2:])
            elif kept and n and lines[n - 1].endswith("\\"):
                kept.append(line)
        lines = kept
    return "\n".join(lines).strip() or None


def _looks_typed(lines: Sequence[str]) -> bool:
    """Whether every line begins as a command does: a name in lower case, a path, a variable, a comment."""
    return all(_COMMAND_LINE.match(line) for line in lines if line.strip())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _marked(match: re.Match[str], text: str, end: int, indent: int) -> Block:
    kind: Kind = "heading" if match["heading"] else "ordered" if match["ordered"] else "bullet"
    start, ticked = match.end(), "x" in (match["bullet"] or "").lower()
    if kind != "heading" and (box := _BOX.match(text, start, end)):
        start, ticked = box.end(), box[1].lower() == "x"
    return Block(kind, start, end, indent, ticked)


def _starts_anew(text: str, current: Block, start: int, indent: int) -> bool:
    """Whether an unmarked line is a paragraph of its own: after a heading, back at the margin, or a new sentence."""
    if current.kind == "heading":
        return True
    if current.kind in ("ordered", "bullet"):
        return indent <= current.indent and text[start + indent : start + indent + 1].isupper()
    before = text[current.start : current.end].rstrip()[-1:]
    first = text[start:].lstrip(" \t")[:1] if indent < 200 else ""
    return before not in ",;—-(&" and (first.isupper() or first in "`*")


def _nested(flat: list[Block], text: str) -> list[Block]:
    """Hang every block below the nearest item before it that is indented less."""
    top: list[Block] = []
    path: list[Block] = []
    for block in flat:
        while path and block.indent <= path[-1].indent:
            path.pop()
        siblings = path[-1].inside if path else top
        siblings.extend(_unfolded(block, text))
        if block.kind in ("ordered", "bullet") and len(path) < 20:
            path.append(block)
    return top


def _unfolded(block: Block, text: str) -> list[Block]:
    """Split "do this: 1) one 2) two" into its lead and its items."""
    if block.kind not in ("text", "bullet"):
        return [block]
    marks = list(_INLINE.finditer(text, block.start, block.end))
    if len(marks) < 2 or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        return [block]
    ends = [mark.start() for mark in marks[1:]] + [block.end]
    items = [Block("ordered", mark.end(), end, block.indent + 1) for mark, end in zip(marks, ends, strict=True)]
    block.end = marks[0].start()
    return [*([block] if text[block.start : block.end].strip() else []), *items]
