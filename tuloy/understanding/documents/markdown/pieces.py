"""Pieces: what is one step by its form, whatever words are in it: a user story, "The system shall …", a table's row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuloy.plan import CommandAction, InstructAction, Priority, Step
from tuloy.printable import one_line
from tuloy.understanding import understand
from tuloy.understanding.documents.markdown.records import Block, Section, Table, plain
from tuloy.understanding.documents.markdown.roles import heading_of, words_table
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import Grammar

__all__ = ["Piece", "is_dated", "is_order", "parts_of", "pieces_of", "step_of"]

_STORY = re.compile(
    r"(?is)^(?:as (?:an? |the )?[^,\n]{1,80}?,?\s+i (?:want|need|would like|wish)(?: to)?(?: be able to)?|"
    r"as (?:an? |the )?[^,\n]{1,80}?,?\s+i (?:can|should be able to)|"
    r"bilang (?:isang )?[^,\n]{1,80}?,?\s+(?:gusto|nais) kong?)\s+"
)
_SO_THAT = re.compile(r"(?i)[,;]?\s+(?:so that|in order to|so (?=i\b|we\b|they\b)|para)\s")
_SHALL = re.compile(
    r"(?i)^(?:the |our |an? |each |every )?[\w`'/ -]{2,60}? (?P<duty>shall|must|should|will|needs? to|has to|have to)"
    r"(?! not|n't| never)\s+(?P<what>\S.*)"
)
_DATE = re.compile(
    r"(?i)\b(?:\d{4}-\d\d|\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?|q[1-4]\b|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    r"\.? \d|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:enero|pebrero|marso|abril|mayo|hunyo|hulyo"
    r"|agosto|setyembre|oktubre|nobyembre|disyembre)\b|(?:week|linggo|sprint) \d)"
)
_TITLE = 200


@dataclass(frozen=True)
class Piece:
    """One step: its title, what else is said of it, and its place in the text."""

    title: str
    details: str
    start: int
    end: int


def pieces_of(section: Section, known: Grammar, text: str, *, required: bool) -> tuple[list[Piece], list[Table]]:
    """Return the steps that a section's sentences and tables are by their form, and the tables that hold none."""
    live = [block for block in section.texts if not block.ticked]
    pieces = [piece for block in live for piece in _said(block, known, text, required=required)]
    left = []
    for table in section.tables:
        rows = list(_rows(table))
        pieces += rows
        if not rows:
            left.append(table)
    return sorted(pieces, key=lambda piece: piece.start), left


def _said(block: Block, known: Grammar, text: str, *, required: bool) -> Iterator[Piece]:
    """A paragraph that is a story, or each line of it that has a number of its own or stands below requirements."""
    words = heading_of(block.words).words if block.words else ""
    if story := _STORY.match(words):
        want = _SO_THAT.split(words[story.end() :], maxsplit=1)[0].rstrip(" .,;")
        if want:
            yield Piece(_upper(want), block.words, block.start, block.end)
        return
    start = block.start
    for line in text[block.start : block.end].splitlines(keepends=True):
        said = plain(re.sub(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+", "", line))
        bare = heading_of(said).words if said else ""
        if (bare != said or required) and (duty := _SHALL.match(bare)):
            what = duty["what"].rstrip(" .;")
            told = known.is_verb(what.split()[0].lower())
            yield Piece(
                _upper(what) if told else bare.rstrip(" .;"),
                said if said != bare or told else "",
                start,
                start + len(line),
            )
        start += len(line)


def _rows(table: Table) -> Iterator[Piece]:
    """The rows of a table that has a column for work and does not say that they are done."""
    if len(table.rows) < 2:
        return
    head = [cell.casefold().strip() for cell in table.rows[0][1]]
    column = next((n for n, cell in enumerate(head) if cell in words_table()["work_columns"]), None)
    if column is None:
        return
    for (start, end), cells in table.rows[1:]:
        title = heading_of(cells[column]).words if column < len(cells) and cells[column] else ""
        state = [cell for name, cell in zip(head, cells, strict=False) if name in words_table()["done_columns"]]
        if not title or any(cell.casefold() in words_table()["done_words"] for cell in state):
            continue
        more = [f"{name}: {cell}" for n, (name, cell) in enumerate(zip(table.rows[0][1], cells, strict=False))
                if n != column and name and cell and cell not in ("[ ]", "-")]  # fmt: skip
        yield Piece(title, "\n".join(more), start, end)


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def step_of(piece: Piece, step_id: str, project: Project | None, priority: Priority | None) -> Step:
    """Make the step: a command where its title is one, else its words for a coding agent."""
    read = understand(piece.title, project, priority=priority)
    first = next(iter(read))
    source = (piece.start, piece.end)
    kept = {
        "id": step_id,
        "title": one_line(piece.title, _TITLE) or "Do it",
        "needs": (),
        "parent": None,
        "source": source,
    }
    if len(read) == 1 and isinstance(first.action, CommandAction):
        return first.model_copy(update=kept)
    prompt = f"{piece.title}\n\n{piece.details}" if piece.details else piece.title
    changed = {"action": InstructAction(prompt=prompt), "check": False, "capabilities": ("code",), "confidence": 0.8}
    effects = first.effects if len(read) == 1 else "workspace"
    return first.model_copy(update={**kept, **changed, "effects": effects})


def is_order(words: str, known: Grammar) -> bool:
    """Whether words begin as an order does: with a verb that has something to work on."""
    spoken = re.findall(r"[^\W_][\w'-]*|`[^`]*`", words)
    return len(spoken) > 1 and known.is_verb(spoken[0].lower().rstrip(":,"))


def parts_of(section: Section, known: Grammar) -> dict[int, tuple[tuple[int, int], list[str]]]:
    """Return the items that are orders and whose nested items are none, by where they start.

    Each with the place of what is nested in it, and the words of that which is not ticked.
    """
    owner: dict[int, Block] = {}
    for block in section.texts:
        if item := block.within("item"):
            owner.setdefault(id(item), block)
    below: dict[int, tuple[Block, list[Block]]] = {}
    for block in owner.values():
        item = block.within("item")
        outer = item.within("item") if item else None
        if outer and (parent := owner.get(id(outer))):
            below.setdefault(parent.start, (parent, []))[1].append(block)
    found: dict[int, tuple[tuple[int, int], list[str]]] = {}
    for start, (parent, children) in below.items():
        if _is_whole(parent, children, known):
            span = (children[0].start, max(child.end for child in children))
            found[start] = (span, [child.words for child in children if not child.ticked])
    return found


def _is_whole(parent: Block, children: Sequence[Block], known: Grammar) -> bool:
    words = set(parent.words.lower().split())
    return (
        is_order(parent.words, known)
        and not words & words_table()["each"]
        and not all(child.ticked for child in children)
        and not any(is_order(child.words, known) for child in children)
    )


def is_dated(section: Section, known: Grammar) -> bool:
    """Whether the items of a section are dates, or none of them is an order."""
    live = [words for words in section.items if words]
    dates = sum(bool(_DATE.search(words)) for words in live)
    return dates * 2 >= len(live) or not any(is_order(heading_of(words).words, known) for words in live)
