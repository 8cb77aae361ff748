"""task-master's tasks.json: a task is a goal, its subtasks are steps. With tags, or the older flat form.

A task is a goal and no stage: tasks have priorities and states of their own, and most do not need each other, so one
that fails must not hold up the rest. The flat form is the tag `master`, as task-master itself has it.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import Field

from tuloy.errors import PlanInvalid, UsageError
from tuloy.plan import topological_order
from tuloy.understanding.documents.entries import (
    Document,
    Entry,
    Piece,
    bare_word,
    checked,
    priority_word,
    unknown_priorities,
)
from tuloy.understanding.documents.jsontext import load, validated
from tuloy.understanding.documents.models import NEEDS, Id, Lenient, lines_of, paragraphs

__all__ = ["read", "tags_of"]

MASTER = "master"
_DONE = frozenset({"done", "completed"})
_ASIDE = frozenset({"cancelled", "deferred"})
_REPORTS = (Path("..") / "reports", Path("..") / "scripts", Path())


class Subtask(Lenient):
    """What a task and its subtasks have in common."""

    id: Id
    title: str = Field(min_length=1)
    description: str = ""
    details: str = ""
    test_strategy: str = Field(default="", alias="testStrategy")
    criteria: str | list[str] = Field(default="", alias="acceptanceCriteria")
    status: str = "pending"
    dependencies: list[Id] = Field(default_factory=list, validation_alias=NEEDS)


class Task(Subtask):
    """One task."""

    priority: str = ""
    complexity: float | None = Field(default=None, ge=0, le=10)
    subtasks: list[Subtask] = Field(default_factory=list)


class _Tasks(Lenient):
    tasks: list[Task]


class _Analysis(Lenient):
    task: Id = Field(alias="taskId")
    score: float = Field(alias="complexityScore", ge=0, le=10)
    reasoning: str = ""


class _Report(Lenient):
    analyses: list[_Analysis] = Field(default_factory=list, alias="complexityAnalysis")


def tags_of(data: dict[str, Any]) -> dict[str, list[str | int]]:
    """Return the tags of a file and the path of each one's object; none when it is no file of task-master's."""
    if isinstance(data.get("tasks"), list):
        return {MASTER: []}
    return {tag: [tag] for tag, one in data.items() if isinstance(one, dict) and isinstance(one.get("tasks"), list)}


def read(data: dict[str, Any], text: str, path: Path) -> Document:
    """Read the tasks of every tag; done ones are done, deferred and cancelled ones left out, all others open."""
    found: list[Entry] = []
    notes: list[str] = []
    for tag, at in tags_of(data).items():
        held = validated(_Tasks, data[tag] if at else data, text, str(path), at)
        scores, note = _scores(path, tag)
        where = f"{tag}.tasks" if at else "tasks"
        found += [_entry(tag, held.tasks, task, f"{where}[{n}]", scores) for n, task in enumerate(held.tasks)]
        notes += note
        notes += [line for n, task in enumerate(held.tasks) for line in _own_needs(task, f"{where}[{n}]")]
        notes += unknown_priorities((f"{where}[{n}]", task.priority) for n, task in enumerate(held.tasks))
    entries, more = checked(str(path), found, "tasks")
    if aside := sorted({entry.word for entry in found if entry.state == "left out"}):
        notes.append(f"tasks that are {' or '.join(aside)} are left out")
    return Document("task-master", path, entries, (*notes, *more))


def _entry(tag: str, tasks: list[Task], task: Task, where: str, scores: dict[str, _Analysis]) -> Entry:
    details = paragraphs(task.description, task.details)
    live = _word(task) not in _DONE | _ASIDE
    pieces, outside = _pieces(task, where) if live else ((), [])
    analysis = scores.get(str(task.id))
    own = [str(need) for need in task.dependencies]
    needs = dict.fromkeys(_task_id(need) for need in [*own, *outside] if not _subtask_done(tasks, need))
    if str(task.id) not in own:  # a need of its own subtasks is none; one that the task names is told
        needs.pop(str(task.id), None)
    return Entry(
        key=f"{tag}/{task.id}",
        text=paragraphs(task.title, details),
        where=where,
        state="open" if live else "done" if _word(task) in _DONE else "left out",
        word=task.status,
        priority=priority_word(task.priority),
        needs=tuple(f"{tag}/{need}" for need in needs),
        pieces=pieces or (Piece(id=str(task.id), title=task.title, details=details),),
        accept=(*lines_of(task.criteria), *lines_of(task.test_strategy)),
        complexity=analysis.score if analysis else task.complexity,
        complexity_reason=analysis.reasoning if analysis else "",
    )


def _pieces(task: Task, where: str) -> tuple[tuple[Piece, ...], list[str]]:
    """Return the subtasks that are left, and what they need of other tasks."""
    ids = Counter(str(one.id) for one in task.subtasks)
    left = [one for one in task.subtasks if _word(one) not in _DONE | _ASIDE]
    here = {str(one.id) for one in left}
    made: dict[str, Piece] = {}
    outside: list[str] = []
    for one in left:
        needs = [need.removeprefix(f"{task.id}.") for need in map(str, one.dependencies)]
        double = next((need for need in needs if ids[need] > 1), None)
        if double:
            raise UsageError(f"{where}: two subtasks have the id {double!r}, which {one.id!r} needs; give each its own")
        outside += [need for need in needs if need not in ids]
        inside = tuple(dict.fromkeys(need for need in needs if need in here and need != str(one.id)))
        words = paragraphs(one.description, one.details, _proof(one))
        piece_id = str(one.id) if str(one.id) not in made else f"{one.id} again, {len(made)}"
        made[piece_id] = Piece(id=piece_id, title=one.title, details=words, needs=inside)
    try:
        topological_order({piece.id: piece.needs for piece in made.values()}, "subtasks")
    except PlanInvalid as error:
        raise UsageError(f"{where}: {error}") from error
    return tuple(made.values()), outside


def _own_needs(task: Task, where: str) -> list[str]:
    """Tell which subtasks need themselves, as `checked` does of tasks."""
    own = [{str(one.id), f"{task.id}.{one.id}"} for one in task.subtasks]
    selfish = [n for n, one in enumerate(task.subtasks) if own[n] & set(map(str, one.dependencies))]
    return [f"{where}.subtasks[{n}] {str(task.subtasks[n].id)!r} needs itself; that is left out" for n in selfish]


def _word(one: Subtask) -> str:
    return bare_word(one.status)


def _proof(one: Subtask) -> str:
    proof = [*lines_of(one.criteria), *lines_of(one.test_strategy)]
    return "\n".join(["Done when:", *(f"- {line}" for line in proof)]) if proof else ""


def _task_id(need: str) -> str:
    return need.partition(".")[0]


def _subtask_done(tasks: list[Task], need: str) -> bool:
    """Whether "4.2" names a subtask that is done, so that nothing of its task has to be waited for."""
    task_id, dot, subtask_id = need.partition(".")
    if not dot:
        return False
    subtasks = [one for task in tasks if str(task.id) == task_id for one in task.subtasks]
    return any(str(one.id) == subtask_id and _word(one) in _DONE for one in subtasks)


def _scores(path: Path, tag: str) -> tuple[dict[str, _Analysis], list[str]]:
    """Return what task-master's complexity report says of this tag's tasks; one that cannot be read is told."""
    name = "task-complexity-report.json" if tag == MASTER else f"task-complexity-report_{tag}.json"
    if Path(name).name != name:
        return {}, []
    file = next((place for folder in _REPORTS if (place := path.parent / folder / name).is_file()), None)
    if file is None:
        return {}, []
    try:
        text = file.read_text("utf-8-sig")
        report = validated(_Report, load(text, str(file)), text, str(file))
    except (OSError, UnicodeDecodeError, UsageError) as error:
        return {}, [f"the complexity report is not used: {error}"]
    return {str(one.task): one for one in report.analyses}, []
