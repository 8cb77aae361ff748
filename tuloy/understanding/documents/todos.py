"""TODO JSON: a task is a goal, its todos that are not done are steps one after the other."""

from pathlib import Path
from typing import Any

from pydantic import Field

from tuloy.understanding.documents.entries import (
    Document,
    Entry,
    Piece,
    bare_word,
    checked,
    counted,
    priority_word,
    unknown_priorities,
)
from tuloy.understanding.documents.jsontext import validated
from tuloy.understanding.documents.models import NEEDS, Id, Lenient

__all__ = ["read"]


class Todo(Lenient):
    """One step of a task."""

    text: str = Field(min_length=1)
    done: bool = False


class Task(Lenient):
    """One task."""

    id: Id
    description: str = Field(min_length=1)
    todos: list[Todo] = Field(default_factory=list)
    status: str = ""
    priority: str = ""
    dependencies: list[Id] = Field(default_factory=list, validation_alias=NEEDS)


class _File(Lenient):
    tasks: list[Task]


def read(data: dict[str, Any], text: str, path: Path) -> Document:
    """Read the tasks; those neither completed nor failed are open."""
    file = validated(_File, data, text, str(path))
    entries, notes = checked(str(path), (_entry(n, task) for n, task in enumerate(file.tasks)), "tasks")
    notes += unknown_priorities((f"tasks[{n}]", task.priority) for n, task in enumerate(file.tasks))
    failed = sum(bare_word(task.status) == "failed" for task in file.tasks)
    if failed:
        notes = (*notes, f"{counted(failed, 'task that failed is', 'tasks that failed are')} left out")
    return Document("todo", path, entries, notes)


def _entry(number: int, task: Task) -> Entry:
    left = [(n, todo) for n, todo in enumerate(task.todos, 1) if not todo.done]
    word = bare_word(task.status)
    finished = word in ("completed", "done") or (bool(task.todos) and not left)
    pieces = tuple(
        Piece(id=str(n), title=todo.text, needs=(str(left[place - 1][0]),) if place else ())
        for place, (n, todo) in enumerate(left)
    )
    return Entry(
        key=str(task.id),
        text=task.description,
        where=f"tasks[{number}]",
        state="done" if finished else "left out" if word == "failed" else "open",
        word=task.status,
        priority=priority_word(task.priority),
        needs=tuple(str(need) for need in task.dependencies),
        pieces=pieces,
    )
