"""From an entry to its plan, for the project as it is when the goal begins."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tuloy.plan import Complexity, InstructAction, Need, Plan, Priority, Stage, Step, topological_order
from tuloy.printable import one_line
from tuloy.understanding import understand
from tuloy.understanding.documents import plan_text
from tuloy.understanding.documents.entries import Entry, Piece
from tuloy.understanding.documents.markdown.amounts import amount, band_of
from tuloy.understanding.hierarchy import without_parts
from tuloy.understanding.project import Project
from tuloy.understanding.unseen import seen

__all__ = ["plan_entry"]

_TITLE = 200
_RANK: tuple[Priority, ...] = ("low", "normal", "high", "critical")


def plan_entry(entry: Entry, project: Project | None, *, priority: Priority | None = None) -> Plan:
    """Make the plan of an entry: its pieces as the steps of one stage, or what its text says."""
    wanted = priority or entry.priority
    if not entry.pieces:
        return plan_text(entry.text, project, priority=wanted)
    head = understand(entry.text.partition("\n")[0] or entry.text, project, priority=wanted)
    read = {piece.id: understand(piece.title, project, priority=wanted) for piece in entry.pieces}
    goal = head.goal.model_copy(update={"text": entry.text, **({} if wanted else _urgency(head, read.values()))})
    head = head.model_copy(update={"goal": goal})
    steps = tuple(_steps(entry.pieces, read, head))
    title = one_line(entry.text.partition("\n")[0], 60) or "Do it"
    stage = Stage(id="s1", title=title, gates=head.stages[-1].gates, accept=entry.accept, steps=steps)
    return Plan.of(
        goal=goal,
        complexity=_complexity(entry, steps),
        lane="given",
        confidence=min(step.confidence for step in steps),
        stages=(stage,),
    )


def _urgency(head: Plan, read: Iterable[Plan]) -> dict[str, Any]:
    """What the pieces' words add: one that is urgent makes its goal so, one that may wait does not let all wait."""
    goals = [plan.goal for plan in read]
    priority = max([head.goal.priority, *(goal.priority for goal in goals if goal.priority != "low")], key=_RANK.index)
    if head.goal.priority == "low" and priority == "normal":
        priority = "low"
    moments = [moment for goal in goals if (moment := goal.deadline)]
    return {"priority": priority, "deadline": head.goal.deadline or min(moments, key=_instant, default=None)}


def _instant(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _steps(pieces: Sequence[Piece], read: Mapping[str, Plan], head: Plan) -> Iterator[Step]:
    """The steps of the pieces, numbered through; what needs a piece comes after its last step."""
    count, step_id = 0, ""
    last: dict[str, str] = {}
    for piece in _in_order(pieces):
        needs = [last[need] for need in piece.needs]
        for step in _of_piece(piece, read[piece.id], head):
            count += 1
            step_id = f"s1.{count}"
            yield step.model_copy(update={
                "id": step_id, "needs": tuple(Need(step=need) for need in needs), "source": None,
                "priority": head.goal.priority,
            })  # fmt: skip
            needs = [step_id]
        last[piece.id] = step_id


def _in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, each after those that it needs, else as the document has them."""
    by_id = {piece.id: piece for piece in pieces}
    return [by_id[one] for one in topological_order({piece.id: piece.needs for piece in pieces})]


def _of_piece(piece: Piece, read: Plan, head: Plan) -> list[Step]:
    """The steps of one piece: those that its words are, one after the other, or one for a coding agent.

    Words with details, conditions or several ways are handed on whole: an agent can weigh them, an order cannot.
    """
    own = without_parts(read)
    plain = all(need.when == "succeeded" and not need.any for step in own for need in step.needs)
    if len(own) > 1 and plain and not piece.details and not any(step.check for step in own):
        return [own.steps[one] for one in own.order()]
    return [_step(piece, own, head)]


def _step(piece: Piece, read: Plan, head: Plan) -> Step:
    """A piece as one step: a command where its title is one, else its words for a coding agent."""
    first = next(iter(read))
    title, details = seen(piece.title)[0], seen(piece.details)[0]
    kept = {"title": one_line(title, _TITLE) or "Do it"}
    if len(read) == 1 and not isinstance(first.action, InstructAction):
        return first.model_copy(update=kept)
    limits = [f"- {one}" for one in dict.fromkeys([*head.goal.constraints, *read.goal.constraints])]
    words = [title, *([details] if details else []), *(["Constraints:", *limits] if limits else [])]
    changed = {"action": InstructAction(prompt="\n\n".join(words)), "check": False, "capabilities": ("code",)}
    sure = {"confidence": 0.9, "parent": None, "effects": first.effects if len(read) == 1 else "workspace"}
    return first.model_copy(update={**kept, **changed, **sure})


def _complexity(entry: Entry, steps: tuple[Step, ...]) -> Complexity:
    """What the document says of the amount of work, else what the number of steps does."""
    by_count = amount(len(steps))
    if entry.complexity is None:
        return by_count
    said = (one_line(entry.complexity_reason, 300),) if entry.complexity_reason else ()
    return by_count.model_copy(
        update={"score": entry.complexity, "band": band_of(entry.complexity), "reasons": (*by_count.reasons, *said)}
    )
