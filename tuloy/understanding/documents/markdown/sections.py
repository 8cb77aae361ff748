"""Sections: the headings and labels of a markdown text, what each part is for, and what blocks are in it.

Owns layout, by the rules of CommonMark; what the words of a part say is read elsewhere. Offsets are characters of the
text. In bodies all that is no prose is blank: hidden text, quotes, tables, HTML, code blocks.
"""

import re
from collections.abc import Iterator, Sequence

from tuloy.understanding.documents.markdown.hidden import blanked, front_matter, line_starts, visible
from tuloy.understanding.documents.markdown.labels import cut_labels, is_labelled
from tuloy.understanding.documents.markdown.records import Block, Fence, Kind, Section, Table, plain
from tuloy.understanding.documents.markdown.roles import inherited, own_role

__all__ = ["sections_of"]

_HEADING = re.compile(r"(?m)^ {0,3}(?:#{1,6}(?:[ \t]|$)|(?:=+|-+)[ \t]*$)")
_STRUCTURE = re.compile(r"(?m)^[ \t]*(?:```|~~~|>|</?[a-zA-Z])|~~|<!--|\*\*[^*\n]{1,80}(?::\*\*|\*\*[ \t]*:)")
_STRONG = re.compile(
    r"(?m)(^[ \t]*|(?<![\w/*`]))\*\*(?=[^\s/*])([^*`\n]{1,200})(?<=[^\s/*])\*\*(?![\w/*`])(?=([ \t]*[^\s:])?)"
)
_MOST_SECTIONS = 1000
_NESTED_AT_MOST = 40
_KINDS: dict[str, Kind] = {
    "paragraph_open": "text", "bullet_list_open": "list", "ordered_list_open": "list", "list_item_open": "item",
    "fence": "code", "code_block": "code", "table_open": "table", "blockquote_open": "quote", "html_block": "html",
    "heading_open": "heading",
}  # fmt: skip


def sections_of(text: str) -> list[Section]:
    """Cut a text at its headings and labels; what stands before the first heading is a section of level 0.

    None where it has neither these nor anything else that is no prose.
    """
    if not (_HEADING.search(text) or _STRUCTURE.search(text) or front_matter(text) or is_labelled(text)):
        return []
    from markdown_it import MarkdownIt

    seen = visible(text)
    tokens = MarkdownIt("commonmark", {"maxNesting": _NESTED_AT_MOST}).enable("table").disable("inline").parse(seen)
    starts = line_starts(seen)
    headings = [(n, token) for n, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    if len(headings) > _MOST_SECTIONS:
        return []
    found = _cut(headings, tokens, starts, len(seen))
    _fill(found, tokens, starts)
    cut_labels(found, seen)
    for section in found:
        spans = sorted(section.masked)
        section.body = _without_marks(blanked(seen[section.start : section.end], _moved(spans, section.start)))
    return found


def _moved(spans: Sequence[tuple[int, int]], start: int) -> list[tuple[int, int]]:
    return [(max(0, a - start), max(0, b - start)) for a, b in spans]


def _without_marks(body: str) -> str:
    """Blank the marks of strong words within a line: a title or limit is to have none, and "__" is read as a word."""
    body = _STRONG.sub(lambda found: f"{found[1]}  {found[2]}  " if found[1].strip() or found[3] else found[0], body)
    return re.sub(
        r"(?<!\w)__(?=[A-Z])([^_\n]{1,200})(?<=\S)__(?!\w)", lambda found: f"  {found[1]}  ", body
    )  # fmt: skip


def _cut(
    headings: Sequence[tuple[int, object]], tokens: Sequence[object], starts: list[int], end: int
) -> list[Section]:
    places = [token.map or [0, 0] for _, token in headings]  # type: ignore[attr-defined]
    ends = [*(starts[lines[0]] for lines in places[1:]), end]
    found = [Section(0, "", "work", 0, starts[places[0][0]] if places else end)]
    levels = [int(token.tag[1:]) for _, token in headings]  # type: ignore[attr-defined]
    titled = bool(levels) and levels[0] == 1 and levels.count(1) == 1 and len(levels) > 1
    for place, (n, _) in enumerate(headings):
        above = _above(found, levels[place])
        title = " ".join(tokens[n + 1].content.split())  # type: ignore[attr-defined]
        roles = [found[one].role for one in above if not (titled and one == 1)]
        role = own_role(title) or inherited(roles)
        if titled and place == 0 and role == "requirements":
            role = "work"
        found.append(Section(levels[place], title, role, starts[places[place][1]], ends[place], above))
    return found


def _above(found: Sequence[Section], level: int) -> tuple[int, ...]:
    """Return the places of the sections that a heading of this level is below, the outermost first."""
    place = len(found) - 1
    while place >= 0 and found[place].level >= level:
        place = found[place].above[-1] if found[place].above else -1
    return (*found[place].above, place) if place > 0 else ()


def _blocks(tokens: Sequence[object], starts: list[int]) -> Iterator[tuple[Block, object]]:
    """Hang the blocks of the text into a tree; each with the token that it was made of."""
    path: list[Block | None] = [None]
    last: dict[int, Block] = {}
    for token in tokens:
        nesting, lines = token.nesting, token.map  # type: ignore[attr-defined]
        if nesting < 0:
            path.pop()
            continue
        inside = path[-1]
        block = Block(_KINDS.get(token.type, "other"), 0, 0, inside=inside)  # type: ignore[attr-defined]
        if lines is not None:
            block.start, block.end = starts[lines[0]], starts[lines[1]]
            before = last.get(id(inside))
            if before and token.type != "inline":  # type: ignore[attr-defined]
                before.after = block
            last[id(inside)] = block
            yield block, token
        if nesting > 0:
            path.append(block)


def _fill(found: list[Section], tokens: Sequence[object], starts: list[int]) -> None:
    """Give every section its words, code blocks, tables and what of it is blank in its body."""
    place, prose = 0, None
    for block, token in _blocks(tokens, starts):
        while place + 1 < len(found) and found[place + 1].start <= block.start:
            place, prose = place + 1, None
        section = found[place]
        if block.within("table"):
            _add_cells(section, block, token)
        elif block.kind in ("table", "quote", "html", "code"):
            section.masked.append((block.start, min(block.end, section.end)))
            if block.kind == "table":
                section.tables.append(Table(block.start, []))
            elif block.kind == "code" and not block.within("quote"):
                language = (token.info.split() or [""])[0].lower().strip("{}.")  # type: ignore[attr-defined]
                section.fences.append(Fence(block.start, language, token.content, prose, block.within("item")))  # type: ignore[attr-defined]
        elif token.type == "inline":  # type: ignore[attr-defined]
            words = plain(token.content)  # type: ignore[attr-defined]
            if block.within("quote"):
                section.quoted.append(words)
            elif not block.within("heading") and words and block.inside:
                prose = block.inside
                prose.words, prose.ticked = words, token.content[:3].lower() == "[x]"  # type: ignore[attr-defined]
                section.texts.append(prose)
        elif block.kind == "list" and not block.inside:
            section.lists.append((block.start, min(block.end, section.end)))
    for section in found:
        section.items = [block.words for block in section.texts]


def _add_cells(section: Section, block: Block, token: object) -> None:
    kind = token.type  # type: ignore[attr-defined]
    table = section.tables[-1]
    if kind == "tr_open":
        table.rows.append(((block.start, block.end), []))
    elif kind == "inline" and table.rows:
        table.rows[-1][1].append(plain(token.content))  # type: ignore[attr-defined]
