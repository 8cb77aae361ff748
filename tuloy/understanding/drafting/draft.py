"""Draft: a step while the text is still being read, and the edges between drafts.

Owns the graph under construction: open ends, branches that exclude each other, redundant edges.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from tuloy.plan import When
from tuloy.understanding.words.tokens import Token

__all__ = ["Draft", "Needs", "Why", "open_ends", "reduced"]

Needs = dict["Draft", When]
_DEEP = 64


class Why(NamedTuple):
    """The rule that made a step or an edge, and the words of the text that it went by."""

    rule: str
    span: tuple[int, int]


@dataclass(eq=False)
class Draft:
    """One step as read so far.

    `verb` is its base form, `thing` the words it acts on. `command` is a literal command line. `branch` tells which
    outcomes of which drafts lead here; `asked` that the text asks how this one ended; `followed` that another needs it.
    `literal` are its words in backticks, lower case. `item` is the one of several that it is done for, `owner` has what
    is only called its, `meant` is what its last pronoun means, `origin` named that first. Of the needs for what is in
    `either` one that holds is enough.
    """

    title: str
    span: tuple[int, int]
    verb: str = ""
    thing: tuple[str, ...] = ()
    thing_text: str = ""
    words: frozenset[str] = frozenset()
    tokens: Sequence[Token] = ()
    needs: Needs = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    check: bool = False
    negated: bool = False
    command: str | None = None
    sure: float = 0.96
    branch: dict["Draft", When] = field(default_factory=dict)
    stage: str = ""
    tail: str = ""
    item: str = ""
    literal: str = ""
    origin: "Draft | None" = None
    owner: "Draft | None" = None
    meant: "Draft | None" = None
    why: Why | None = None
    reasons: dict["Draft", Why] = field(default_factory=dict)
    followed: bool = False
    asked: bool = False
    either: frozenset["Draft"] = frozenset()

    def need(self, needs: Needs, why: Why | None = None, *, apart: Set["Draft"] = frozenset()) -> None:
        """Add needs and why, and the branches that they put this draft on; those `apart` put it on none."""
        for other, when in needs.items():
            if other is self:
                continue
            self.needs[other] = when
            if why:
                self.reasons.setdefault(other, why)
            other.followed = True
            if other in apart:
                continue
            if when != "finished":
                self.branch = {**other.branch, **self.branch}
            if when == "failed" or (when == "succeeded" and (other.check or other.asked)):
                self.branch = {**self.branch, other: when}
        if len(self.branch) > _DEEP:
            self.branch = dict(list(self.branch.items())[-_DEEP // 2 :])


def open_ends(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts that no other of them needs."""
    some = list(drafts)
    needed = {other for draft in some for other in draft.needs}
    return [draft for draft in some if draft not in needed]


def reduced(drafts: Sequence[Draft]) -> None:
    """Drop every edge that follows from others, or that runs against the order of the drafts.

    O(edges x drafts) on bit sets.

    A need for `succeeded` follows from a path of such needs, of which the last may be for `failed`: what failed ran.
    `finished` follows from any path, and so from another edge between the same two; `failed` from
    what ran because of it. Of needs that are enough alone nothing follows but that they have ended, and all are kept.
    """
    place = {draft: n for n, draft in enumerate(drafts)}
    any_path = [0] * len(drafts)
    good_path = [0] * len(drafts)
    bad_path = [0] * len(drafts)
    for n, draft in enumerate(drafts):
        forward = [need for need in draft.needs.items() if place.get(need[0], n) < n]
        needs = sorted(forward, key=lambda need: -place[need[0]])
        kept: Needs = {}
        for other, when in needs:
            bit = 1 << place[other]
            follows = {"succeeded": good_path[n] & bit, "finished": any_path[n] & bit, "failed": bad_path[n] & bit}[
                when
            ]
            if follows and other not in draft.either:
                continue
            kept[other] = when
            any_path[n] |= bit | any_path[place[other]]
            if when != "finished" and other not in draft.either:
                bad_path[n] |= bad_path[place[other]] | (bit if when == "failed" else 0)
                good_path[n] |= good_path[place[other]] | (bit if when == "succeeded" else 0)
        draft.needs = {other: kept[other] for other in sorted(kept, key=place.__getitem__)}
