"""From an entry to its plan, for the project as it is when the goal begins."""

from tuloy.plan import Complexity, InstructAction, Need, Plan, Priority, Stage, Step
from tuloy.printable import one_line
from tuloy.understanding import understand
from tuloy.understanding.documents import plan_text
from tuloy.understanding.documents.entries import Entry, Piece
from tuloy.understanding.documents.markdown import amount, band_of
from tuloy.understanding.project import Project

__all__ = ["plan_entry"]

_TITLE = 200


def plan_entry(entry: Entry, project: Project | None, *, priority: Priority | None = None) -> Plan:
    """Make the plan of an entry: its pieces as the steps of one stage, or what its text says."""
    wanted = priority or entry.priority
    if not entry.pieces:
        return plan_text(entry.text, project, priority=wanted)
    head = understand(entry.text.partition("\n")[0] or entry.text, project, priority=wanted)
    ids = {piece.id: f"s1.{n}" for n, piece in enumerate(entry.pieces, 1)}
    steps = tuple(_step(piece, ids, head, project) for piece in entry.pieces)
    title = one_line(entry.text.partition("\n")[0], 60) or "Do it"
    stage = Stage(id="s1", title=title, gates=head.stages[-1].gates, accept=entry.accept, steps=steps)
    return Plan.of(
        goal=head.goal.model_copy(update={"text": entry.text}),
        complexity=_complexity(entry, steps),
        lane="given",
        confidence=min(step.confidence for step in steps),
        stages=(stage,),
    )


def _step(piece: Piece, ids: dict[str, str], head: Plan, project: Project | None) -> Step:
    """One step per piece: a command where its title is one, else its words for a coding agent."""
    read = understand(piece.title, project, priority=head.goal.priority)
    first = next(iter(read))
    needs = tuple(Need(step=ids[need]) for need in piece.needs)
    kept = {"id": ids[piece.id], "title": one_line(piece.title, _TITLE) or "Do it", "needs": needs, "source": None}
    if len(read) == 1 and not isinstance(first.action, InstructAction):
        return first.model_copy(update=kept)
    limits = [f"- {one}" for one in dict.fromkeys([*head.goal.constraints, *read.goal.constraints])]
    words = [piece.title, *([piece.details] if piece.details else []), *(["Constraints:", *limits] if limits else [])]
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
