"""How a goal ended, from how its steps and gates did. Pure: the same records always mean the same end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tuloy.gates.verdict import GateResult
from tuloy.plan import Step
from tuloy.work.run import Run

__all__ = ["GoalEnd", "goal_end", "unhandled"]


@dataclass(frozen=True, slots=True)
class GoalEnd:
    """A goal's end. `exit_code`: 0 done, 1 said no, 3 waits for an answer, 4 could not run, 130 interrupted."""

    status: Literal["done", "failed", "waiting", "cancelled"]
    exit_code: int
    reason: str = ""


def goal_end(run: Run, gates: Mapping[str, Mapping[str, GateResult]]) -> GoalEnd:
    """Judge the whole run: what was interrupted, could not run, waits, or said no, in this order of weight."""
    return GoalEnd(*_judged(run, gates))


def unhandled(run: Run, step: Step) -> bool:
    """Whether the step said no and nothing in the plan was there for that case.

    A question's no is an answer; a part's no is its group's to tell.
    """
    if run.outcomes[step.id].status != "failed" or step.check or step.parent is not None:
        return False
    return not any(need.step == step.id and need.when == "failed" for other in run.plan for need in other.needs)


def _judged(
    run: Run, gates: Mapping[str, Mapping[str, GateResult]]
) -> tuple[Literal["done", "failed", "waiting", "cancelled"], int, str]:
    if run.cancel.is_set() and run.stopped_by == "cancelled":
        return "cancelled", 130, f"cancelled; `tuloy resume {run.goal.id}` goes on all the same"
    if run.cancel.is_set():
        return "waiting", 130, f"interrupted; `tuloy resume {run.goal.id}` goes on"
    by_status: dict[str, list[Step]] = {}
    for step in run.plan:
        if step.id in run.outcomes and not _told_by_a_part(run, step):
            by_status.setdefault(run.outcomes[step.id].status, []).append(step)
    said_no = [step for step in by_status.get("failed", []) if unhandled(run, step)]
    verdicts = [result for results in gates.values() for result in results.values()]
    if errors := by_status.get("error", []) + by_status.get("lost", []):
        return "failed", 4, _about(run, errors[0], "could not run")
    if waiting := by_status.get("waiting"):
        return "waiting", 3, _about(run, waiting[0], "waits")
    if said_no:
        return "failed", 1, _about(run, said_no[0], "said no")
    if failed := [result for result in verdicts if result.verdict == "fail"]:
        return "failed", 1, f"gate {failed[0].gate} said no: {failed[0].evidence or failed[0].reason}"
    if broken := [result for result in verdicts if result.verdict == "error"]:
        return "failed", 4, f"gate {broken[0].gate} could not judge: {broken[0].reason}"
    return "done", 0, ""


def _told_by_a_part(run: Run, step: Step) -> bool:
    """Whether the step is a group that could not end well because a part could not run: the part says it better."""
    return step.id in run.plan.parts and run.outcomes[step.id].status == "error"


def _about(run: Run, step: Step, what: str) -> str:
    return f"{step.title!r} {what}: {run.outcomes[step.id].reason}"
