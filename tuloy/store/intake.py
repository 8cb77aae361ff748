"""Goals that wait to be started: taken in, one or many in one transaction, edited while they wait, started.

A goal from a document is known again by repository, kind and entry: in the same file, or with the same content.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, select

from tuloy.errors import UsageError
from tuloy.plan import Priority
from tuloy.store.database import Database, Reading, Row, Writing
from tuloy.store.tables import FINISHED, GoalRow, NeedRow, OriginRow, table

__all__ = ["Apart", "Incoming", "Origin", "Taken", "needs_of", "origin_of", "set_word", "start_goal", "take_in"]

_GOAL, _ORIGIN, _NEED = table(GoalRow), table(OriginRow), table(NeedRow)
_ONE = select(_GOAL).where(_GOAL.c.id == bindparam("goal_id"))
_ORIGIN_OF = select(_ORIGIN).where(_ORIGIN.c.goal_id == bindparam("goal_id"))
_NEEDS = select(_NEED).where(_NEED.c.goal_id == bindparam("goal_id")).order_by(_NEED.c.needs_id)
_NEEDED = select(_GOAL).join(_NEED, _NEED.c.needs_id == _GOAL.c.id).where(_NEED.c.goal_id == bindparam("goal_id"))
_SAME = (
    select(_ORIGIN, _GOAL.c.status)
    .join(_GOAL, _GOAL.c.id == _ORIGIN.c.goal_id)
    .where(
        _ORIGIN.c.repo_id == bindparam("repo_id"),
        _ORIGIN.c.kind == bindparam("kind"),
        _ORIGIN.c.entry == bindparam("entry"),
    )
    .order_by(_GOAL.c.created_at.desc())
)
_FROM = (
    select(_ORIGIN, _GOAL.c.status)
    .join(_GOAL, _GOAL.c.id == _ORIGIN.c.goal_id)
    .where(_ORIGIN.c.repo_id == bindparam("repo_id"), _ORIGIN.c.file == bindparam("file"))
    .order_by(_GOAL.c.created_at)
)


@dataclass(frozen=True)
class Origin:
    """What makes an entry of a document known again; `document` is the entry as JSON text."""

    kind: str
    file: str
    entry: str
    content: str
    word: str
    document: str


@dataclass(frozen=True)
class Incoming:
    """A goal to take in. `needs` are entries of the same document; `urged` says that the user gave the priority.

    One that is not `open` in its document is not made. If it is `done` or `left out` there, that ends the goal which
    waits here; `done` counts for one that failed, too.
    """

    text: str
    repo: str
    repo_id: str
    priority: Priority = "normal"
    origin: Origin | None = None
    needs: tuple[str, ...] = ()
    state: Literal["open", "done", "left out", "held"] = "open"
    urged: bool = False


class Apart(NamedTuple):
    """Where list and file differ and nothing was changed for it; `entry` and `file` are the file's.

    `how` says in what: the goal has `ended` here and its entry is open there; it is under way and its entry is `gone`;
    or the entry is a `double` of one in another file, from which the goal came.
    """

    how: Literal["ended", "gone", "double"]
    goal_id: str
    status: str
    entry: str
    file: str


@dataclass
class Taken:
    """Ids of the goals that were added, edited, ended, and found as they are; and where the list stays another."""

    added: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    apart: list[Apart] = field(default_factory=list)


def take_in(
    db: Database,
    incoming: Sequence[Incoming],
    new_id: Callable[[], str],
    *,
    whole: Collection[tuple[str, str]] = (),
    holds: Callable[[OriginRow], bool] = lambda origin: False,
) -> Taken:
    """Store goals with status `open`, all of them or none.

    An entry that is here already adds nothing; where it was edited, and its goal has not been started, the goal is too.
    `whole` are repository and path of files that are given with all their entries: a goal that waits and whose entry is
    not there any more is ended. `holds` says whether another file still has the entry that a goal came from.
    """
    taken = Taken()
    with db.write() as writing:
        ids = [_put(writing, one, new_id, taken, holds) for one in incoming]
        for repo_id, file in whole:
            _end_gone(writing, repo_id, file, incoming, taken)
        of_entry = {
            _named(one, one.origin.entry): goal_id for one, goal_id in zip(incoming, ids, strict=True) if one.origin
        }
        for one, goal_id in zip(incoming, ids, strict=True):
            if goal_id is not None and one.state == "open":
                found = (of_entry.get(_named(one, need)) for need in one.needs)
                _set_needs(writing, goal_id, [need for need in found if need], taken)
    return taken


def _named(one: Incoming, entry: str) -> tuple[str, str, str, str]:
    assert one.origin is not None
    return one.repo_id, one.origin.kind, one.origin.file, entry


def _put(
    writing: Writing, one: Incoming, new_id: Callable[[], str], taken: Taken, holds: Callable[[OriginRow], bool]
) -> str | None:
    """Make the goal, or find it; return its id while it may still be edited or is here all the same."""
    found = _known(writing, one) if one.origin else None
    if found is None:
        return _add(writing, one, new_id, taken) if one.state == "open" else None
    goal = writing.first(_ONE, goal_id=found["goal_id"])
    assert goal is not None  # its origin refers to it
    goal_id = str(goal["id"])
    if one.origin and found["file"] != one.origin.file and holds(_origin_row(found)):
        taken.apart.append(Apart("double", goal_id, str(goal["status"]), one.origin.entry, one.origin.file))
        one = replace(one, origin=replace(one.origin, file=found["file"]))
    elif one.origin and one.state == "open" and goal["status"] in FINISHED:
        taken.apart.append(Apart("ended", goal_id, str(goal["status"]), one.origin.entry, one.origin.file))
    if one.state == "done" and goal["status"] in ("open", "failed", "cancelled"):
        _end(writing, goal_id, one)
        taken.ended.append(goal_id)
    elif goal["status"] != "open" or one.state == "held":
        taken.same.append(goal_id)
    elif one.state == "left out":
        _end(writing, goal_id, one)
        taken.ended.append(goal_id)
    elif _edit(writing, goal, found, one):
        taken.edited.append(goal_id)
    else:
        taken.same.append(goal_id)
    return goal_id


def _known(writing: Writing, one: Incoming) -> dict[str, Any] | None:
    """Return the origin of the goal that came from this entry before.

    A text that is another one now is another goal, unless the one from its file is still to be done.
    """
    origin = one.origin
    assert origin is not None
    found = writing.all(_SAME, repo_id=one.repo_id, kind=origin.kind, entry=origin.entry)
    same = [row for row in found if row["content"] == origin.content]
    here = [row for row in found if row["file"] == origin.file]
    if origin.kind == "text":
        here = [row for row in here if row["status"] not in FINISHED]
        return next(iter([*same, *here]), None)
    return next(iter([*here, *same]), None)


def _add(writing: Writing, one: Incoming, new_id: Callable[[], str], taken: Taken) -> str:
    goal_id = new_id()
    while writing.first(_ONE, goal_id=goal_id) is not None:
        goal_id = new_id()
    goal = GoalRow(
        id=goal_id,
        text=one.text,
        repo=one.repo,
        repo_id=one.repo_id,
        priority=one.priority,
        status="open",
        created_at=_moment(writing.at, len(taken.added)),
        updated_at=writing.at,
    ).model_dump()
    rows: dict[str, list[Row]] = {"goal": [goal]}
    writing.insert("goal", goal)
    if one.origin:
        origin = {**vars(one.origin), "goal_id": goal_id, "repo_id": one.repo_id, "given": []}
        writing.insert("origin", origin)
        rows["origin"] = [origin]
    writing.append(goal_id, "goal.added", {"rows": rows})
    taken.added.append(goal_id)
    return goal_id


def _moment(at: str, number: int) -> str:
    """Goals of one transaction keep their order: each is a microsecond younger than the one before."""
    return (datetime.fromisoformat(at) + timedelta(microseconds=number)).isoformat(timespec="microseconds")


def _edit(writing: Writing, goal: Row, found: Row, one: Incoming) -> bool:
    """Bring goal and origin to what the document says now; whether anything differed."""
    assert one.origin is not None
    origin = {name: value for name, value in vars(one.origin).items() if found[name] != value}
    said: dict[str, Any] = {"text": one.text, "priority": one.priority}
    if "content" not in origin and not one.urged:
        del said["priority"]  # what the user gave stands until the document says something else
    change = {name: value for name, value in said.items() if goal[name] != value}
    if not origin and not change:
        return False
    rows: dict[str, list[Row]] = {"goal": [{"id": goal["id"], **change, "updated_at": writing.at}]}
    writing.update("goal", rows["goal"][0])
    if origin:
        rows["origin"] = [{"goal_id": goal["id"], **origin}]
        writing.update("origin", rows["origin"][0])
    writing.append(str(goal["id"]), "goal.edited", {"rows": rows})
    return bool(change) or "content" in origin


def _end_gone(writing: Writing, repo_id: str, file: str, incoming: Sequence[Incoming], taken: Taken) -> None:
    """End the goals that wait and came from entries which the file has no more; name those that are under way."""
    there = {(one.origin.kind, one.origin.entry) for one in incoming if one.origin and one.origin.file == file}
    for row in writing.all(_FROM, repo_id=repo_id, file=file):
        if (row["kind"], row["entry"]) in there or row["status"] in FINISHED:
            continue
        goal_id = str(row["goal_id"])
        if row["status"] == "open":
            _set_end(writing, goal_id, "cancelled", f"no longer in {file}", row["word"])
            taken.ended.append(goal_id)
        else:
            taken.apart.append(Apart("gone", goal_id, str(row["status"]), str(row["entry"]), file))


def _end(writing: Writing, goal_id: str, one: Incoming) -> None:
    assert one.origin is not None
    status = "done" if one.state == "done" else "cancelled"
    _set_end(writing, goal_id, status, f"{one.origin.word or 'done'} in {one.origin.file}", one.origin.word)


def _set_end(writing: Writing, goal_id: str, status: str, reason: str, word: str) -> None:
    times = {"updated_at": writing.at, "finished_at": writing.at}
    change = {"id": goal_id, "status": status, "reason": reason, "exit_code": 0 if status == "done" else 130, **times}
    origin = {"goal_id": goal_id, "word": word}
    writing.update("goal", change)
    writing.update("origin", origin)
    writing.append(goal_id, f"goal.{status}", {"rows": {"goal": [change], "origin": [origin]}})


def _set_needs(writing: Writing, goal_id: str, needs: Sequence[str], taken: Taken) -> None:
    """Make these the needs of a goal that waits, by one event where they differ."""
    goal = writing.first(_ONE, goal_id=goal_id)
    standing = {row["needs_id"] for row in writing.all(_NEEDS, goal_id=goal_id)}
    if goal is None or goal["status"] != "open" or standing == set(needs):
        return
    new = [{"goal_id": goal_id, "needs_id": need} for need in dict.fromkeys(needs) if need not in standing]
    old = [{"goal_id": goal_id, "needs_id": need} for need in sorted(standing - set(needs))]
    for row in new:
        writing.insert("goal_need", row)
    gone = [writing.delete("goal_need", row) for row in old]
    writing.append(goal_id, "goal.needs", {"rows": {"goal_need": new}, "gone": {"goal_need": gone}})
    if goal_id in taken.same:
        taken.same.remove(goal_id)
        taken.edited.append(goal_id)


def start_goal(db: Database, goal_id: str, place: Mapping[str, Any]) -> GoalRow:
    """Take a goal that waits out of the list: `place` are base_commit, base_branch, branch and options.

    Raises:
        UsageError: when it was started, or ended, meanwhile.
    """
    with db.write() as writing:
        goal = writing.first(_ONE, goal_id=goal_id)
        if goal is None or goal["status"] != "open":
            raise UsageError(f"goal {goal_id!r} is not open any more; `tuloy show {goal_id}` says what it is")
        change = {"id": goal_id, **place, "status": "planning", "updated_at": writing.at}
        writing.update("goal", change)
        writing.append(goal_id, "goal.started", {"rows": {"goal": [change]}})
    return GoalRow(**{**goal, **change})


def origin_of(db: Database, goal_id: str) -> OriginRow | None:
    """Return what a goal came from, None where it came from no document."""
    with db.read() as reading:
        row = _first_origin(reading, goal_id)
    return OriginRow(**row) if row is not None else None


def set_word(db: Database, goal_id: str, word: str) -> None:
    """Note the word for the goal's state that its document was given by us."""
    with db.write() as writing:
        row = _first_origin(writing, goal_id)
        if row is None or row["word"] == word:
            return
        change = {"goal_id": goal_id, "word": word, "given": [*row["given"], word]}
        writing.update("origin", change)
        writing.append(goal_id, "origin.written", {"rows": {"origin": [change]}})


def needs_of(db: Database, goal_id: str) -> list[GoalRow]:
    """Return the goals that have to be done before this one begins."""
    with db.read() as reading:
        return [GoalRow(**row) for row in reading.all(_NEEDED, goal_id=goal_id)]


def _origin_row(row: Row) -> OriginRow:
    return OriginRow(**{name: row[name] for name in OriginRow.model_fields})


def _first_origin(reading: Reading, goal_id: str) -> dict[str, Any] | None:
    return reading.first(_ORIGIN_OF, goal_id=goal_id)
