"""Limits: the paths that a goal's own words forbid to change.

Owns which words forbid a change and what they cover; the words are data (`limits.toml`). What cannot be read as a whole
(an exception, a narrower part, a limit of another kind) is told as unread and covers nothing: a limit is never guessed.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tuloy.plan import Plan

__all__ = ["GATE_NAME", "Limit", "Limits", "limits_of", "with_limits"]

GATE_NAME = "limits"
Change = Literal["A", "M", "D"]
_WORD = re.compile(r"`[^`\n]+`|[^\s,;:.()`]\S*?(?=[,;:()]*(?:\s|$)|\.(?:\s|$))|\.\S*\w|[,;:()]")
_PATH = re.compile(r"(?=.*(?:/|\*|\.[a-z]))[\w.*?@+\[\](){}~-][\w.*?@+\[\](){}~/-]*$", re.ASCII)
_ANY: frozenset[Change] = frozenset(("A", "M", "D"))


@dataclass(frozen=True, slots=True)
class Limit:
    """What must not change: `name` for people, globs, the kinds of change that are forbidden, the words that say so."""

    name: str
    paths: tuple[str, ...]
    changes: frozenset[Change]
    words: str

    def covers(self, path: str, change: Change) -> bool:
        """Whether the limit forbids this change of this path."""
        return change in self.changes and any(_glob(pattern).match(path.casefold()) for pattern in self.paths)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a goal's constraints forbid to change, and those that are, in whole or in part, only words."""

    checked: tuple[Limit, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """One thing that is named, or only what exists of it; without a name the words say nothing."""

    name: str = ""
    paths: tuple[str, ...] = ()
    existing: bool = False


def limits_of(constraints: Iterable[str]) -> Limits:
    """Read constraints as limits on paths."""
    checked: list[Limit] = []
    unread = []
    for words in constraints:
        found, whole = _read(words)
        checked += found
        unread += [] if whole else [words]
    return Limits(tuple(checked), tuple(unread))


def with_limits(plan: Plan) -> Plan:
    """Return the plan with the gate `limits` on every stage, if the goal has a limit that can be checked."""
    if not limits_of(plan.goal.constraints).checked:
        return plan
    stages = [
        stage.model_copy(update={"gates": tuple(dict.fromkeys([*stage.gates, GATE_NAME]))}) for stage in plan.stages
    ]
    return plan.model_copy(update={"stages": tuple(stages)})


def _read(words: str) -> tuple[list[Limit], bool]:
    """Return the limits in these words, and whether they are all that the words say."""
    tokens = _without_reason(_WORD.findall(words.replace("’", "'")))
    order = _order_of([token.casefold().strip("'\"!?") for token in tokens])
    if order is None:
        return [], False
    start, end, changes = order
    found: list[Limit] = []
    whole = True
    for part in _between(tokens[start:end]):
        read = _target(part)
        if read is None:
            if {token.casefold() for token in part} & _set("narrowing"):
                return [], False
            whole = False
        elif read.name:
            narrowed = changes - {"A"} if read.existing else changes
            found.append(Limit(read.name, read.paths, narrowed, words))
    return found, whole and bool(found)


def _without_reason(tokens: Sequence[str]) -> Sequence[str]:
    ends = _set("reasons") | {":", "(", "—", "–"}
    place = next((n for n, token in enumerate(tokens) if n and token.casefold() in ends), len(tokens))
    return tokens[:place]


def _order_of(words: Sequence[str]) -> tuple[int, int, frozenset[Change]] | None:
    """Return where the forbidden things stand and which changes are forbidden; None is another kind of limit."""
    start = 0
    while length := _phrase(words, start, "openers"):
        start += length
    if length := _phrase(words, start, "away"):
        return start + length, len(words), _ANY
    if length := _phrase(words, start, "keepers"):
        left = next((n for n in range(start + length, len(words)) if n + _phrase(words, n, "kept") == len(words)), None)
        return None if left is None else (start + length, left, _ANY)
    if length := _phrase(words, start, "negations"):
        return _forbidden(words, start + length)
    return None


def _forbidden(words: Sequence[str], start: int) -> tuple[int, int, frozenset[Change]] | None:
    """Read "touch", "modify or delete" and the like behind a negation."""
    changes: set[Change] = set()
    place = start
    while place < len(words) and words[place] in _set("particles"):
        place += 1
    while place < len(words):
        if words[place] in _set("changing"):
            changes |= _ANY
        elif words[place] in _set("deleting"):
            changes.add("D")
        elif not changes or words[place] not in _set("separators"):
            break
        place += 1
    return (place, len(words), frozenset(changes)) if changes else None


def _between(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    part: list[str] = []
    for token in [*tokens, ","]:
        if token.casefold() in _set("separators") or token in ";:()":
            if part:
                yield part
            part = []
        else:
            part.append(token)


def _target(tokens: Sequence[str]) -> _Target | None:
    """Read one named thing; None when there are words in it that are not known, or it names two."""
    words = [token.casefold().strip("'\"!?`") for token in tokens]
    found: list[_Target] = []
    place = 0
    while place < len(words):
        part = _part(words, place)
        if part is not None:
            name, length = part
            found.append(_Target(name, tuple(_table()["parts"][name]["paths"])))
            place += length
            continue
        if words[place] not in _set("fillers") | _set("existing"):
            path = _path(tokens[place], in_folder=bool(_set("folders") & set(words)))
            if path is None:
                return None
            found.append(_Target(f"`{path}`", (f"/{path}" if "/" in path.rstrip("/") else path.rstrip("/"),)))
        place += 1
    if len(found) > 1:
        return None
    return replace(found[0], existing=bool(_set("existing") & set(words))) if found else _Target()


def _path(token: str, *, in_folder: bool) -> str | None:
    """Return the token as a path from the top; one without a slash is meant at any depth."""
    path = token.strip("`'\"").removeprefix("./")
    inside = not path.startswith("/") and ".." not in path.split("/") and "(" not in path
    return path if inside and (_PATH.match(path.casefold()) or in_folder) else None


def _part(words: Sequence[str], place: int) -> tuple[str, int] | None:
    """Return the part of a project that is named here by the most words, and how many they are."""
    found = [
        (name, len(phrase)) for name, phrase in _part_phrases() if tuple(words[place : place + len(phrase)]) == phrase
    ]
    return max(found, key=lambda one: one[1], default=None)


def _phrase(words: Sequence[str], place: int, kind: str) -> int:
    """Return how many words the longest phrase of this kind takes here; 0 is none."""
    lengths = [len(one) for one in _phrases(kind) if tuple(words[place : place + len(one)]) == one]
    return max(lengths, default=0)


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    """Return a glob as a pattern of whole paths: `*` stays in one name, `**` does not; what lies below matches too."""
    bare = pattern.casefold().strip("/")
    marks = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(marks.get(one) or re.escape(one) for one in re.findall(r"\*\*/|\*\*|.", bare))
    return re.compile(rf"{'' if pattern.startswith('/') else '(?:.*/)?'}{body}(?:/.*)?\Z", re.DOTALL)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("tuloy") / "limits.toml").read_text("utf-8"))


@cache
def _set(kind: str) -> frozenset[str]:
    return frozenset(_table()[kind])


@cache
def _phrases(kind: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in _table()[kind])


@cache
def _part_phrases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(said.split())) for name, part in _table()["parts"].items() for said in part["words"])
