"""FEATURES.json: approved features are goals, and what became of them is written back as their status.

Written back is one word in place of another; every other byte of the file stays as it is.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from tuloy.errors import UsageError
from tuloy.understanding.documents.entries import (
    Document,
    Entry,
    Piece,
    bare_word,
    checked,
    priority_word,
    unknown_priorities,
)
from tuloy.understanding.documents.jsontext import load, span_of, validated
from tuloy.understanding.documents.models import NEEDS, Id, Lenient, lines_of, paragraphs

__all__ = ["Became", "read", "word_for", "write_status"]

Became = Literal["running", "done", "failed", "given back"]
_WORDS: dict[Became, tuple[str, ...]] = {
    "running": ("in_progress", "in-progress"),
    "done": ("completed", "implemented", "done"),
    "failed": ("failed",),
    "given back": ("approved",),
}
_STATES: dict[str, Literal["open", "done", "held"]] = {
    **dict.fromkeys(map(bare_word, _WORDS["given back"]), "open"),
    **dict.fromkeys(map(bare_word, _WORDS["done"]), "done"),
    **dict.fromkeys(map(bare_word, _WORDS["running"]), "held"),
}
_TRIES = 3


class Feature(Lenient):
    """One feature; what else it holds is left alone."""

    id: Id
    title: str = Field(min_length=1, validation_alias=AliasChoices("title", "name"))
    description: str = ""
    business_value: str = ""
    status: str = ""
    priority: str = ""
    dependencies: list[Id] = Field(default_factory=list, validation_alias=NEEDS)
    acceptance_criteria: str | list[str] = ""


class _Workflow(Lenient):
    allowed_statuses: list[str] = Field(default_factory=list)


class _File(Lenient):
    features: list[Feature]
    workflow_config: _Workflow = Field(default_factory=_Workflow)


def read(data: dict[str, Any], text: str, path: Path) -> Document:
    """Read the features; those that are approved are open."""
    file = validated(_File, data, text, str(path))
    entries, notes = checked(str(path), (_entry(n, one) for n, one in enumerate(file.features)), "features")
    notes += unknown_priorities((f"features[{n}]", one.priority) for n, one in enumerate(file.features))
    said = {feature.status for feature in file.features if bare_word(feature.status) not in _STATES}
    if others := sorted(word or "without status" for word in said):
        notes = (*notes, f"features that are {', '.join(others)} are left out: only approved ones are goals")
    return Document("features", path, entries, notes)


def _entry(number: int, feature: Feature) -> Entry:
    value = f"Why: {feature.business_value}" if feature.business_value else ""
    details = paragraphs(feature.description, value)
    return Entry(
        key=str(feature.id),
        text=paragraphs(feature.title, details),
        where=f"features[{number}]",
        state=_STATES.get(bare_word(feature.status), "left out"),
        word=feature.status,
        priority=priority_word(feature.priority),
        needs=tuple(str(need) for need in feature.dependencies),
        pieces=(Piece(id="1", title=feature.title, details=details),),
        accept=lines_of(feature.acceptance_criteria),
    )


def word_for(file: BaseModel, became: Became) -> str | None:
    """Return the file's word for what became of a feature, None where it allows none.

    Its list of allowed words decides, else the words that it uses already, else the first of ours; as it spells them.
    """
    assert isinstance(file, _File)
    used = {feature.status for feature in file.features}
    allowed = file.workflow_config.allowed_statuses
    spelled = {bare_word(word): word for word in sorted(allowed or used, reverse=True)}
    known = (spelled[bare_word(word)] for word in _WORDS[became] if bare_word(word) in spelled)
    return next(known, None if allowed else _WORDS[became][0])


def write_status(path: Path, key: str, became: Became, content: str, words: frozenset[str]) -> str | None:
    """Write what became of the feature and return the file's word for it; None where the file has no word for it.

    `content` is the feature as it was read (`Entry.content`), `words` are the statuses that it may have now: those
    that it was read with or given here. The file is replaced whole or not at all. Only one process of ours may do
    this at a time.

    Raises:
        UsageError: when the feature, or its status, was edited meanwhile, or the file cannot be read or written.
            Nothing was written then.
    """
    real = path.resolve()
    for _ in range(_TRIES):
        before = _bytes_of(real)
        word, after = _with_status(before, path, key, became, content, words)
        if after == before:
            return word
        if _bytes_of(real) == before:
            _replace(real, after)
            return word
    raise UsageError(f"{str(path)!r} changes all the time; set the status of feature {key!r} yourself")


def _with_status(
    before: bytes, path: Path, key: str, became: Became, content: str, words: frozenset[str]
) -> tuple[str | None, bytes]:
    text = before.decode("utf-8-sig", "strict")
    data = load(text, str(path))
    if not isinstance(data, dict):
        raise UsageError(f"{str(path)!r} holds no features any more; set the status of feature {key!r} yourself")
    file = validated(_File, data, text, str(path))
    number = next((n for n, one in enumerate(file.features) if str(one.id) == key), None)
    if number is None:
        raise UsageError(f"{str(path)!r} has no feature {key!r} any more; nothing was written")
    entry = _entry(number, file.features[number])
    if entry.content != content:
        raise UsageError(f"feature {key!r} of {str(path)!r} was edited since it was read; its status is left as it is")
    if entry.word not in words:
        raise UsageError(f"feature {key!r} of {str(path)!r} was set to {entry.word!r} meanwhile; that is left as it is")
    word = word_for(file, became)
    span = span_of(text, ["features", number, "status"])
    if word is None or span is None or word == entry.word:
        return word, before
    mark = before[: len(before) - len(text.encode("utf-8", "surrogatepass"))]
    changed = text[: span[0]] + json.dumps(word) + text[span[1] :]
    return word, mark + changed.encode()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}; its status was not written") from error


def _replace(path: Path, data: bytes) -> None:
    """Put a new file, whole and with the old one's mode, in the place of the old one."""
    try:
        number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
                os.fsync(file.fileno())
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}; set its status yourself") from error
