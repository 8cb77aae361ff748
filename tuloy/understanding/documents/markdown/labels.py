"""Labels: "**Out of scope:** …" in running text or above a list is a section of its own.

Owns where such a section begins and ends. A label has a colon, or is a whole line; one whose words say nothing of what
follows is only blank.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tuloy.understanding.documents.markdown.records import Block, Section, plain
from tuloy.understanding.documents.markdown.roles import Role, is_work, own_role, words_table

__all__ = ["cut_labels", "is_labelled", "priority_said"]

_BOLD = re.compile(
    r"(?P<mark>\*\*|__)(?P<words>[^*_\n]{1,80}?)"
    r"(?:[ \t]*:[ \t]*(?P=mark)[ \t]*:?|(?P=mark)[ \t]*(?::|[–—](?=[ \t])|-(?=[ \t])))"
)
_ALONE = re.compile(r"^[ \t>]*(?P<mark>\*\*|__)(?P<words>[^*_\n]{1,80}?)(?P=mark)[ \t]*\r?$", re.MULTILINE)
_PLAIN = re.compile(r"^[ \t]*(?P<words>[^\W\d_][\w '’/&-]{1,60}):(?=\s)", re.MULTILINE)
_ABOVE = re.compile(r"^[ \t]*(?P<words>[^\W\d_][\w '’/&-]{1,60}):[ \t]*\r?$", re.MULTILINE)
_MARKER = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:\[[ xX]?\][ \t]+)?")
_OWN: tuple[Role, ...] = ("criteria", "outside", "constraints", "forbidden")
_Found = tuple[int, int, str, bool]  # start, end, words, bold


class _Cut(NamedTuple):
    """A section that a label makes: its label's start, where it ends, and the block that the label stands in."""

    section: Section
    start: int
    stop: int
    block: Block


def is_labelled(text: str) -> bool:
    """Whether a line like "Out of scope:" says that what is below it is no work."""
    roles = (own_role(found["words"]) for pattern in (_ABOVE, _ALONE) for found in pattern.finditer(text))
    return any(role is not None and not is_work(role) for role in roles)


def cut_labels(found: list[Section], text: str) -> None:
    """Make a section of each label in the text that says what follows it is for; it is blank where it stood."""
    for place in range(len(found)):
        section = found[place]
        taken = -1
        new: list[_Cut] = []
        for block in section.texts:
            marks = list(_labels(block, text)) if block.start >= taken else []
            for n, (start, end, words, bold) in enumerate(marks):
                role = _role(words, section, bold=bold)
                stop = marks[n + 1][0] if n + 1 < len(marks) else block.end
                if role is None:
                    if bold and text[end:stop].strip():
                        section.masked.append((start, end))
                    continue
                taken = _end(block, text, end, stop, section) if n + 1 == len(marks) else stop
                above = (*section.above, place) if place else ()
                made = Section(section.level + 1, words, role, end, taken, above, labelled=True)
                new.append(_Cut(made, start, taken, block))
        if new:
            _move(section, new, text)
            found += [one.section for one in new]


def _role(words: str, section: Section, *, bold: bool) -> Role | None:
    """Return what a label makes of what follows; None where that stays what the section is."""
    role = own_role(words)
    if role is None or (not bold and role not in _OWN) or role == section.role:
        return None
    if is_work(role):
        return role if not is_work(section.role) else None
    return role if is_work(section.role) or role in _OWN or section.role in ("background", "dated") else None


def _labels(block: Block, text: str) -> Iterator[_Found]:
    first = _MARKER.match(text, block.start, block.end)
    start = first.end() if first else block.start
    alone = _ALONE.match(text, start, block.end)
    if alone and not text[alone.end() : block.end].strip() and not block.within("item"):
        yield start, alone.end(), alone["words"], own_role(alone["words"]) is not None
        return
    if (above := _ABOVE.match(text, start, block.end)) and not text[above.end() : block.end].strip():
        yield start, above.end(), above["words"], own_role(above["words"]) is not None
        return
    place = start
    if (spoken := _PLAIN.match(text, start, block.end)) and own_role(spoken["words"]) in _OWN:
        yield start, spoken.end(), spoken["words"], False
        place = spoken.end()
    for one in _BOLD.finditer(text, place, block.end):
        before = text[start : one.start()].rstrip()
        if not before or before[-1] in ".!?;|,)" or "\n" in text[len(before) + start : one.start()]:
            yield one.start(), one.end(), one["words"], True


def _end(block: Block, text: str, end: int, stop: int, section: Section) -> int:
    """Return where the part that a label opens ends: with its paragraph, or with what the label stands above."""
    if text[end:stop].strip(" \t\r\n*_"):
        return stop
    after = block.after
    if after is not None and after.kind == "text" and not next(_labels(after, text), None):
        stop, after = after.end, after.after
        if after is not None and after.kind == "list" and text[:stop].rstrip()[-1:] != ":":
            return min(stop, section.end)
    while after is not None and after.kind in ("list", "code") and after.start < section.end:
        stop, after = after.end, after.after
    return min(stop, section.end)


def _move(section: Section, new: Sequence[_Cut], text: str) -> None:
    """Take what belongs to labels out of the section that they stand in. Labels are in order and do not overlap."""
    starts = [one.start for one in new]
    for one in new:
        if first := plain(text[one.section.start : min(one.block.end, one.stop)]):
            one.section.items.append(first)
    labelled = {id(one.block): one for one in reversed(new)}
    texts, section.texts, section.items = section.texts, [], []
    for block in texts:
        own = _owner(new, starts, block.start)
        if first_label := labelled.get(id(block)):
            before = _MARKER.sub("", text[block.start : first_label.start], count=1)
            block.words = plain(before) if own is None else ""
        if own is not None and block.words:
            own.section.texts.append(block)
            own.section.items.append(block.words)
        elif block.words:
            section.texts.append(block)
            section.items.append(block.words)
    fences, section.fences = section.fences, []
    for fence in fences:
        own = _owner(new, starts, fence.start)
        (own.section if own else section).fences.append(fence)
    lists, section.lists = section.lists, []
    for span in lists:
        own = _owner(new, starts, span[0])
        (own.section if own else section).lists.append(span)
    for span in section.masked:
        if own := _owner(new, starts, span[0]):
            own.section.masked.append(span)
    section.masked += [(one.start, one.stop) for one in new]


def _owner(new: Sequence[_Cut], starts: Sequence[int], place: int) -> _Cut | None:
    n = bisect_right(starts, place) - 1
    return new[n] if n >= 0 and place < new[n].stop else None


def priority_said(sections: Sequence[Section]) -> list[tuple[int, str]]:
    """Return what the text calls its priority, each with the level at which it stands."""
    wanted = words_table()["priority"]
    return [
        (section.level, section.items[0])
        for section in sections
        if section.items and section.title.casefold().strip(" *_:") in wanted
    ]
