"""The list of goals: added in words or from documents, marked done by hand, removed. Starts nothing.

What is added waits with status `open` until it is started. A document's goals are taken in all together or not at all,
and those that are here already are left, or, where their entry was edited before they were started, edited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuloy.errors import TuloyError, UsageError
from tuloy.plan import Plan, Priority
from tuloy.settings import Settings
from tuloy.store import GoalRow, Store
from tuloy.store.intake import Apart, Incoming, Origin, Taken
from tuloy.store.tables import OriginRow
from tuloy.understanding import look_at
from tuloy.understanding.documents import plan_entry, read_document
from tuloy.understanding.documents.entries import Document, Entry
from tuloy.understanding.project import Project
from tuloy.work.begin import made_id
from tuloy.work.origins import write_back
from tuloy.work.reading import check_text, read_goal
from tuloy.workspaces.directories import reopen
from tuloy.workspaces.git import change_ref, forget, git, is_ancestor, read_ref
from tuloy.workspaces.records import Repository
from tuloy.workspaces.removal import remove

__all__ = ["Read", "add_goal", "mark_done", "read_documents", "remove_goals", "take_in", "told_apart"]


@dataclass(frozen=True)
class Read:
    """A document, and the plans of its open entries for the project as it is now.

    `urged` says that the user gave their priority.
    """

    document: Document
    plans: tuple[tuple[Entry, Plan], ...]
    urged: bool = False


def add_goal(store: Store, repo: Repository, text: str, *, priority: Priority | None = None) -> str:
    """Add a goal in words and return its id.

    Raises:
        UsageError: when the text cannot be a goal.
    """
    plan = read_goal(text, repo.root, priority=priority)
    wanted = Incoming(text, str(repo.root), repo.id, plan.goal.priority)
    return store.take_in([wanted], made_id).added[0]


def read_documents(paths: Sequence[Path], root: Path, *, priority: Priority | None = None) -> list[Read]:
    """Read documents whole, so that nothing is begun with one that is damaged.

    Raises:
        UsageError: naming the file and the place in it.
    """
    project = look_at(root)
    documents = [read_document(path) for path in dict.fromkeys(path.absolute() for path in paths)]
    return [
        Read(
            document,
            tuple((entry, _plan(document, entry, project, priority)) for entry in document.open),
            priority is not None,
        )
        for document in documents
    ]


def _plan(document: Document, entry: Entry, project: Project, priority: Priority | None) -> Plan:
    try:
        check_text(entry.text)
        return plan_entry(entry, project, priority=priority)
    except UsageError as error:
        raise UsageError(f"{str(document.path)!r}: {entry.where}: {error}") from error


def take_in(store: Store, repo: Repository, found: Sequence[Read]) -> Taken:
    """Take the goals of documents in, in one transaction; a goal that waits ends when its file has it no more."""
    documents = {str(read.document.path): read.document for read in found}

    def holds(origin: OriginRow) -> bool:
        if (document := documents.get(origin.file)) is None:
            try:
                document = read_document(Path(origin.file))
            except UsageError:
                return False
        same = (origin.kind, origin.entry, origin.content)
        return any((document.kind, entry.key, entry.content) == same for entry in document.entries)

    incoming = [one for read in found for one in _incoming(repo, read)]
    return store.take_in(incoming, made_id, whole=[(repo.id, file) for file in documents], holds=holds)


def told_apart(apart: Sequence[Apart]) -> list[str]:
    """Say where the list stays another than the file, and what would bring them together."""
    lines = []
    for how, status, file in dict.fromkeys((one.how, one.status, one.file) for one in apart):
        some = [one for one in apart if (one.how, one.status, one.file) == (how, status, file)]
        names = ", ".join(f"{one.goal_id} ({one.entry!r})" if one.entry else one.goal_id for one in some[:5])
        names += f" and {len(some) - 5} more" if len(some) > 5 else ""
        first, name = some[0].goal_id, Path(file).name
        if how == "double":
            lines.append(f"{name}: what {names} came from is here too; only the file that it came from is told its end")
        elif how == "gone":
            lines.append(f"{name}: no longer has what {names} came from, {status} here; `tuloy cancel {first}` ends it")
        else:
            other = {"failed": f"`tuloy resume {first}` goes on", "done": "say so there"}.get(status, "")
            anew = f"`tuloy rm {first}`, and it is taken in anew"
            lines.append(f"{name}: still open there, {status} here: {names}; {f'{other}, or ' if other else ''}{anew}")
    return lines


def _incoming(repo: Repository, read: Read) -> list[Incoming]:
    plans = {entry.key: plan for entry, plan in read.plans}
    file, kind = str(read.document.path), read.document.kind
    made = []
    for entry in read.document.entries:
        origin = Origin(kind, file, entry.key, entry.content, entry.word, entry.model_dump_json())
        priority = plans[entry.key].goal.priority if entry.key in plans else "normal"
        goal = Incoming(entry.text, str(repo.root), repo.id, priority, origin, entry.needs, entry.state, read.urged)
        made.append(goal)
    return made


def mark_done(store: Store, home: Path, goal: GoalRow) -> str | None:
    """Mark a goal done by hand; return what hinders its document from saying so, None where nothing does.

    Raises:
        GoalBusy: when a live process runs it.
        UsageError: when it is done already.
    """
    if goal.status == "done":
        raise UsageError(f"goal {goal.id} is done already; there is nothing to mark")
    store.take_lease(goal.id)
    try:
        store.set_goal(goal.id, "done", "marked done by hand", 0)
    finally:
        store.release_lease(goal.id)
    return write_back(store, home, goal.id, "done")


def remove_goals(store: Store, settings: Settings, goals: Sequence[GoalRow]) -> list[str]:
    """Remove goals with their refs and kept files; return what was left behind, in sentences.

    A branch that holds work which nothing else contains is left.

    Raises:
        GoalBusy: when one of them is running. Nothing was removed then.
        UsageError: when another goal that has not ended needs one of them. Nothing was removed then.
    """
    store.remove_goals([goal.id for goal in goals])
    return [said for goal in goals for said in _clear(settings, goal)]


def _clear(settings: Settings, goal: GoalRow) -> list[str]:
    remove(settings.home / "goals" / goal.id)
    if goal.base_commit is None:
        return []
    try:
        repo = reopen(Path(goal.repo or "."), settings.home, goal.repo_id)
        forget(repo, goal.id)
        return _clear_branch(repo, goal)
    except TuloyError as error:
        return [f"refs/tuloy/{goal.id}/ and the branch {goal.branch!r} are left where they are: {error}"]


def _clear_branch(repo: Repository, goal: GoalRow) -> list[str]:
    ref = f"refs/heads/{goal.branch}"
    tip = read_ref(repo, ref)
    if tip is None:
        return []
    holders = git(repo, "for-each-ref", "--format=%(refname)", "--contains", tip, "refs/heads", bare=True).split()
    if holders == [ref] and not is_ancestor(repo, tip, goal.base_commit or tip):
        return [f"the branch {goal.branch!r} holds work that no other has; `git branch -D {goal.branch}` removes it"]
    change_ref(repo, ref, None, tip)
    return []
