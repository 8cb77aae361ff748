"""Document, Entry, Piece: what every kind of document becomes, as frozen records that JSON can hold."""

import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tuloy.errors import PlanInvalid, UsageError
from tuloy.plan import Priority, canonical, topological_order
from tuloy.printable import one_line

__all__ = [
    "Document",
    "Entry",
    "Kind",
    "Piece",
    "bare_word",
    "checked",
    "counted",
    "priority_word",
    "unknown_priorities",
]

Kind = Literal["text", "features", "task-master", "todo"]
MOST_ENTRIES = 10_000
_PRIORITIES: dict[str, Priority] = {
    "critical": "critical",
    "urgent": "critical",
    "high": "high",
    "medium": "normal",
    "normal": "normal",
    "low": "low",
    "p0": "critical",
    "p1": "high",
    "p2": "normal",
    "p3": "low",
    "mataas": "high",
    "mababa": "low",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Piece(_Record):
    """One step as the document has it; `needs` are ids of other pieces of the same entry."""

    id: str
    title: str
    details: str = ""
    needs: tuple[str, ...] = ()


class Entry(_Record):
    """One goal of a document. Without pieces its text is read for steps, else they are the steps.

    `key` names it in its document for good. `needs` are keys of other entries. `state` is what the document's own
    word for it (`word`) means; `held` is what cannot begin as things are. `where` is the place in the document.
    """

    key: str
    text: str
    where: str = ""
    state: Literal["open", "done", "left out", "held"] = "open"
    word: str = ""
    priority: Priority | None = None
    needs: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    accept: tuple[str, ...] = ()
    complexity: float | None = Field(default=None, ge=0, le=10)
    complexity_reason: str = ""

    @property
    def content(self) -> str:
        """Hash of what is asked for. The state of the work, the needs that are left and the place are no part of it."""
        said = self.model_dump(mode="json", exclude={"state", "word", "where", "needs"})
        return hashlib.sha256(canonical(said).encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True)
class Document:
    """A file as it was read: its entries in order, and `notes` on what was left out of them and why."""

    kind: Kind
    path: Path
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Entry, ...]:
        """The entries that are still to be done."""
        return tuple(entry for entry in self.entries if entry.state == "open")


def priority_word(word: str | None) -> Priority | None:
    """Return the priority that a document's word means, None where it means none of ours."""
    return _PRIORITIES.get((word or "").strip().lower())


def bare_word(word: str) -> str:
    """Return a status as it is compared: "In Progress" is in_progress."""
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())


def counted(count: int, one: str, several: str | None = None) -> str:
    """Say how many there are: "1 task", "2 tasks"."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def checked(name: str, entries: Iterable[Entry], what: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the entries, those of them held that cannot begin, and notes. Done entries need nothing any more.

    An open entry that needs one which is left out, held or not there is held too: it could not begin. One that needs
    itself needs nothing by that. `what` is the document's word for its entries.

    Raises:
        UsageError: when ids are double, entries need each other in a circle, or there are too many.
    """
    given = tuple(entries)
    found = tuple(_without_itself(entry) for entry in given)
    own = [old for old, new in zip(given, found, strict=True) if old is not new]
    notes = [f"{one.where} {one.key!r} needs itself; that is left out" for one in own]
    notes += [] if found else [f"it has no {what}"]
    if len(found) > MOST_ENTRIES:
        raise UsageError(f"{name!r} has {len(found)} entries, at most {MOST_ENTRIES} can be read; split the file")
    by_key = _by_key(name, found)
    live = {entry.key: entry for entry in found if entry.state == "open"}
    done = {entry.key: entry for entry in found if entry.state == "done"}
    needs = {key: entry.needs for key, entry in live.items()}
    aside: dict[str, str] = {}
    for key in _ordered(name, {key: [need for need in some if need in live] for key, some in needs.items()}, what):
        if blocked := next((need for need in needs[key] if need in aside or need not in live | done), None):
            what = (by_key[blocked].word or "held") if blocked in by_key else "not there"
            aside[key] = f"{live[key].where} {key!r} is held back: it needs {blocked!r}, which is {what}"
    return tuple(_settled(entry, needs, aside) for entry in found), (*notes, *aside.values())


def _without_itself(entry: Entry) -> Entry:
    if entry.key not in entry.needs:
        return entry
    return entry.model_copy(update={"needs": tuple(need for need in entry.needs if need != entry.key)})


def unknown_priorities(said: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Note the priorities, given as place and word, that none of ours is meant by."""
    odd: dict[str, list[str]] = {}
    for where, word in said:
        if word.strip() and priority_word(word) is None:
            odd.setdefault(word, []).append(where)
    known = ", ".join(_PRIORITIES)
    return tuple(
        f"the priority {one_line(word, 40)!r} of {places[0]}{f' and {len(places) - 1} more' if places[1:] else ''} "
        f"is left out: known are {known}"
        for word, places in odd.items()
    )


def _settled(entry: Entry, needs: dict[str, tuple[str, ...]], aside: Container[str]) -> Entry:
    state = "held" if entry.key in aside else entry.state
    return entry.model_copy(update={"needs": needs.get(entry.key, ()), "state": state})


def _by_key(name: str, entries: Iterable[Entry]) -> dict[str, Entry]:
    by_key: dict[str, Entry] = {}
    for entry in entries:
        if (other := by_key.get(entry.key)) is not None:
            raise UsageError(
                f"{name!r}: {other.where} and {entry.where} have the same id {entry.key!r}; give each its own"
            )
        by_key[entry.key] = entry
    return by_key


def _ordered(name: str, needs: dict[str, list[str]], what: str) -> list[str]:
    try:
        return topological_order(needs, what)
    except PlanInvalid as error:
        raise UsageError(f"{name!r}: {error}") from error
