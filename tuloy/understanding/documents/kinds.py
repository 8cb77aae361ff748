"""Telling the kinds of documents apart, by what is in them."""

from pathlib import Path
from typing import Any

from tuloy.errors import UsageError
from tuloy.understanding.documents.entries import Document, Entry
from tuloy.understanding.documents.jsontext import load

__all__ = ["read_bytes", "read_document"]

MOST_BYTES = 20_000_000
MOST_TEXT_BYTES = 100_000
_TEXT_NAMES = frozenset({".md", ".markdown", ".txt", ".rst"})


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
    if text.lstrip()[:1] in ("{", "[") and path.suffix.lower() not in _TEXT_NAMES:
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


def _json(data: Any, text: str, path: Path) -> Document:
    from tuloy.understanding.documents import features, taskmaster, todos

    if isinstance(data, dict):
        if isinstance(data.get("features"), list):
            return features.read(data, text, path)
        if _is_todo(data.get("tasks")):
            return todos.read(data, text, path)
        if taskmaster.tags_of(data):
            return taskmaster.read(data, text, path)
    raise UsageError(
        f"{str(path)!r} is JSON of no known kind; known: FEATURES.json ('features'), task-master's tasks.json and "
        "TODO JSON ('tasks', with 'title' or with 'description' and 'todos')"
    )


def _is_todo(tasks: Any) -> bool:
    """A TODO list's tasks have descriptions and todos, task-master's have titles."""
    found = [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
    return any("title" not in task and ("todos" in task or "description" in task) for task in found)
