"""Notes: what of a document no step, limit or criterion came of, so that nothing is left out unsaid."""

from collections import Counter
from collections.abc import Sequence

from tuloy.printable import one_line
from tuloy.understanding.documents.markdown.reading import Part
from tuloy.understanding.documents.markdown.records import Section

__all__ = ["notes_of"]

_NAMED = 6


def notes_of(read: Sequence[Part], sections: Sequence[Section]) -> tuple[str, ...]:
    """Return a line on what was left out of the work, and one on the sections that were read as background."""
    left: Counter[str] = Counter()
    for part in read:
        left.update(part.left)
    for section in sections:
        if section.role in ("criteria", "outside", "constraints", "forbidden"):
            left.update({"table": len(section.tables), "code block": len(section.fences)})
    counts = [f"{count} {name}{'s' * (count != 1)}" for name, count in left.items() if count]
    notes = [f"left out, as no step of their own: {', '.join(counts)}"] if counts else []
    aside = [one_line(section.title, 40) for section in sections if section.role == "background" and section.title]
    if aside := list(dict.fromkeys(aside)):
        more = f" and {len(aside) - _NAMED} more" if len(aside) > _NAMED else ""
        notes.append(f"read as background, not as work: {', '.join(aside[:_NAMED])}{more}")
    return tuple(notes)
