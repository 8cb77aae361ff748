"""Roles: what a section is for, by the words of its heading or label. The words are data (`sections.toml`)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

__all__ = ["Heading", "Role", "heading_of", "inherited", "is_work", "own_role", "words_table"]

Role = Literal[
    "work", "requirements", "criteria", "outside", "constraints", "forbidden", "background", "dated", "aside"
]
_ROLES: tuple[Role, ...] = (
    "requirements", "forbidden", "constraints", "criteria", "outside", "background", "dated", "aside",
)  # fmt: skip
_ID = re.compile(r"([A-Z]{1,8})[-_ ]?\d{1,6}(?:\.\d{1,4}){0,4}(?=[\s:)–—])(:|\)|[ \t]+[–—-](?=[ \t]))?[ \t]*")
_BETWEEN = re.compile(r"\s*(?:[/&,+]|\band\b|\bor\b|\bat\b)\s*")
_ENDS = re.compile(r"\s*[(\[:–—]\s*|\s+-\s+")


class Heading(NamedTuple):
    """A heading's words without number and emphasis; whether it has a number, and whether that names a step."""

    words: str
    numbered: bool = False
    named: bool = False


@cache
def words_table() -> Mapping[str, frozenset[str]]:
    """Return the lists of `sections.toml`, with spaces in the place of hyphens in what headings are called."""
    text = (files("tuloy.understanding.documents.markdown") / "sections.toml").read_text("utf-8")
    found = {name: frozenset(words) for name, words in tomllib.loads(text).items()}
    return {**found, **{role: frozenset(word.replace("-", " ") for word in found[role]) for role in _ROLES}}


@cache
def _number() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, words_table()["numbered"]), key=len, reverse=True))
    number = r"(?:\d{1,4}(?:\.\d{1,4}){0,5}|[IVX]{1,5}(?=[.):])|[A-Za-z](?=[.):]))"
    return re.compile(
        rf"(?:(?P<word>(?i:{words}))[ \t]*#?(?:{number})\b|(?P<plain>{number}))(?P<mark>[.):]?)[ \t]*"
        r"(?:(?<=[ \t])[–—-]+[ \t]+|(?<=[.): \t]))"
    )


def heading_of(title: str) -> Heading:
    """Take number ("3.1", "Step 2:", "FR-4"), emphasis and pictures off a heading."""
    words = re.sub(r"(?<![\w/])(\*\*|__)(?=\S)([^*_\n]+)(?<=\S)\1(?![\w/])", r"\2", title)
    words = re.sub(r"^[^\w`\"'(\[@#./~$-]+", "", words).strip()
    numbered = named = False
    if found := _number().match(words):
        numbered = bool(found["word"] or (found["mark"] and found["plain"].isdecimal()))
        named = (found["word"] or "").lower() in words_table()["steps"]
        words = words[found.end() :]
    if (one := _ID.match(words)) and (one[2] or one[1].lower() in words_table()["ids"]):
        words = words[one.end() :]
    return Heading(words.strip(" \t:#") or title, numbered and bool(words.strip()), named and bool(words.strip()))


def own_role(title: str) -> Role | None:
    """What a heading or label says that its section is for; None where it says nothing of it."""
    words = re.sub(r"[*_`~\"]", "", heading_of(title).words).casefold().replace("’", "'")
    words = _ENDS.split(words, maxsplit=1)[0].replace("-", " ")
    words = " ".join(re.sub(r"[^\w\s'/&,+;]", " ", words).split())
    return _role(words) if 0 < len(words) <= 80 else None


def _role(words: str) -> Role | None:
    known = words_table()
    if whole := _exactly(words):
        return whole
    for role in ("criteria", "outside"):
        long = tuple(f"{phrase} " for phrase in known[role] if role == "criteria" or phrase.count(" ") > 1)
        if words.startswith(long):
            return role
    bare = next((words.removesuffix(f" {word}") for word in known["behind"] if words.endswith(f" {word}")), "")
    if bare:
        return _role(bare)
    if words.startswith("mga ") and (plural := _exactly(words.removeprefix("mga "))):
        return plural
    if _forbids(words):
        return "forbidden"
    parts = [_exactly(part) for part in _BETWEEN.split(words) if part]
    if len(parts) < 2 or None in parts:
        return None
    return next(role for role in _ROLES if role in parts)


def _exactly(words: str) -> Role | None:
    found = next((role for role in _ROLES if words in words_table()[role]), None)
    return "background" if found == "aside" else found


def _forbids(words: str) -> bool:
    """ "Things we must not do", "Never do this": not "Fix what must not happen"."""
    known = words_table()
    forbidding = [f"{one} " for one in known["forbids"]]
    named = words.split()[0] in known["things"]
    return any(f"{words} ".startswith(one) or (named and f" {one}" in f" {words} ") for one in forbidding)


def inherited(above: Sequence[Role]) -> Role:
    """What a section is for that does not say it itself, by those that it is part of."""
    return above[-1] if above and not is_work(above[-1]) else "work"


def is_work(role: Role) -> bool:
    """Whether steps are read of such a section."""
    return role in ("work", "requirements")
