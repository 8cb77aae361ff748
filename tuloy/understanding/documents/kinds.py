"""Telling the kinds of documents apart, by what is in them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuloy.errors import UsageError
from tuloy.printable import one_line
from tuloy.understanding.documents.entries import Document, Entry
from tuloy.understanding.documents.jsontext import load

__all__ = ["read_bytes", "read_document"]

MOST_BYTES = 20_000_000
MOST_TEXT_BYTES = 100_000
_TEXT_NAMES = frozenset({".md", ".markdown", ".txt", ".rst"})
_JSON_NAMES = frozenset({".json", ".jsonc", ".json5"})
_BEFORE = re.compile(r"(?:\s++|//[^\n]*+|/\*(?s:.*?)\*/|\#[^\n]*+|<{7}[^\n]*+|,)*+")
_PLAINLY = re.compile(r'\{\s*"[^"\n]*"\s*:|\[\s*\{')
"""How objects of JSON begin; comments, a conflict's mark or a comma before that only damage them."""


def read_document(path: Path) -> Document:
    """Read a file of any known kind."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}; name a file that can") from error
    return read_bytes(data, path)


def read_bytes(data: bytes, path: Path) -> Document:
    """Read what a file holds; `path` is where it lies, for messages and for what lies beside it."""
    name = str(path)
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name!r} has over {MOST_BYTES} bytes; split it, or name the file that is meant")
    text = decoded(data, name)
    if _is_json(text, path.suffix.lower()):
        return _json(load(text, name), text, path)
    if len(data) > MOST_TEXT_BYTES:
        raise UsageError(f"{name!r} has {len(data)} bytes; a goal's text may have {MOST_TEXT_BYTES}")
    return Document("text", path, (Entry(key="", text=text, where="the text"),))


def decoded(data: bytes, name: str) -> str:
    """Return the text without its byte order mark.

    Raises:
        UsageError: when it is no UTF-8, naming the line.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name!r} cannot be read as text: no UTF-8 on line {line}; give a UTF-8 text file") from error


def _is_json(text: str, suffix: str) -> bool:
    """Whether a file is meant as JSON: by its name, or by how it begins where its name does not say that it is text."""
    if suffix in _JSON_NAMES:
        return True
    if suffix in _TEXT_NAMES:
        return False
    before = _BEFORE.match(text)
    return text.lstrip()[:1] in ("{", "[") or _PLAINLY.match(text, before.end() if before else 0) is not None


def _json(data: Any, text: str, path: Path) -> Document:
    from tuloy.understanding.documents import features, taskmaster, todos

    if isinstance(data, dict):
        if isinstance(data.get("features"), list):
            return _without_the_rest(features.read(data, text, path), data)
        if _is_todo(data.get("tasks")):
            return todos.read(data, text, path)
        if taskmaster.tags_of(data):
            return taskmaster.read(data, text, path)
    begin = one_line(json.dumps(data), 60)
    raise UsageError(
        f"{str(path)!r} is JSON of no known kind ({begin}); known: FEATURES.json ('features'), task-master's "
        "tasks.json and TODO JSON ('tasks', with 'title' or with 'description' and 'todos')"
    )


def _without_the_rest(document: Document, data: dict[str, Any]) -> Document:
    """Note what a file of features holds besides."""
    if not data.get("tasks"):
        return document
    note = "its 'tasks' are left out: a file with 'features' is read for those; give tasks a file of their own"
    return replace(document, notes=(*document.notes, note))


def _is_todo(tasks: Any) -> bool:
    """A TODO list's tasks have descriptions and todos, task-master's have titles."""
    found = [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
    return any("title" not in task and ("todos" in task or "description" in task) for task in found)
