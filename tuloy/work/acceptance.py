"""Acceptance: the goal's branch merged with the user's as it is now, gated as exactly that commit, then moved to.

And the way back: to a checkpoint before acceptance, by a commit that takes the work back after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tuloy.errors import LandingRefused, UsageError
from tuloy.gates.verdict import GateResult
from tuloy.store import CheckpointRow
from tuloy.work.run import Run
from tuloy.work.stage_end import judge_commit
from tuloy.workspaces.git import keep, read_ref, update_ref
from tuloy.workspaces.landing import accept, revert_commit
from tuloy.workspaces.merge import merge
from tuloy.workspaces.removal import remove

__all__ = ["Accepted", "accept_goal", "rollback_goal"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where the user's branch was and is, and what the gates said of the merge."""

    branch: str
    before: str
    commit: str
    gates: tuple[GateResult, ...] = ()


def accept_goal(run: Run, *, partial: bool = False) -> Accepted:
    """Merge the goal's work into the branch it started from; `partial` also takes what a failed goal has landed.

    Raises:
        UsageError: when there is nothing to accept, or the goal is not done and `partial` was not asked for.
        LandingRefused: when the merge conflicts, a gate does not pass it, the branch moved meanwhile, or uncommitted
            work is in the way. Nothing was moved then.
    """
    target, commit = _to_accept(run, partial)
    before = read_ref(run.repo, f"refs/heads/{target}")
    if before is None:
        raise LandingRefused(f"branch {target!r} is gone; make it again, or merge {run.goal.branch!r} yourself")
    merged = merge(run.repo, before, commit, f"Merge {run.goal.branch}\n\nTuloy-Goal: {run.goal.id}\n")
    if merged.commit is None:
        files = ", ".join(merged.conflicts[:5])
        raise LandingRefused(
            f"{target!r} changed the same lines meanwhile ({files}); {_way_out(run, f'git merge {run.goal.branch}')}"
        )
    keep(run.repo, run.goal.id, "accepted", merged.commit)
    gates = _judge(run, merged.commit, before)
    accept(run.repo, target, merged.commit, before)
    run.store.record_acceptance(run.goal.id, target, before, merged.commit)
    remove(run.installed)
    return Accepted(target, before, merged.commit, gates)


def rollback_goal(run: Run, to: str | None) -> str:
    """Take the goal back and say what was done: its acceptance if it was accepted, else its branch to a checkpoint.

    `to` names a checkpoint by stage or commit, or `base`; without it the one before the last is meant.
    """
    if run.goal.accepted_commit and to is None:
        return _take_back(run)
    points = run.store.checkpoints(run.goal.id)
    if not points:
        raise UsageError(f"goal {run.goal.id} has no checkpoint; nothing of it has landed")
    target = _chosen(points, to)
    here = points[-1].commit
    commit = target.commit if target else run.goal.base_commit
    assert commit is not None
    assert run.goal.branch is not None
    if commit != here and here != run.goal.base_commit:
        update_ref(run.repo, f"refs/heads/{run.goal.branch}", commit, here)
    run.store.record_rollback(run.goal.id, target.commit if target else None, "asked by the user")
    return f"{run.goal.branch} is back at {commit[:12]}; the work stays under refs/tuloy/{run.goal.id}/"


def _to_accept(run: Run, partial: bool) -> tuple[str, str]:
    points = run.store.checkpoints(run.goal.id)
    if run.goal.accepted_commit:
        raise UsageError(f"goal {run.goal.id} is accepted already, as {run.goal.accepted_commit[:12]}")
    if not points or points[-1].commit == run.goal.base_commit:
        raise UsageError(f"goal {run.goal.id} has changed nothing that passed its gates; there is nothing to accept")
    if run.goal.status != "done" and not partial:
        raise UsageError(
            f"goal {run.goal.id} is {run.goal.status}, not done: {run.goal.reason}; "
            f"`tuloy accept {run.goal.id} --partial` takes what has landed all the same"
        )
    if run.goal.base_branch is None:
        raise UsageError(f"goal {run.goal.id} started from no branch; `git merge {run.goal.branch}` where you want it")
    return run.goal.base_branch, points[-1].commit


def _judge(run: Run, commit: str, before: str) -> tuple[GateResult, ...]:
    stage = run.plan.stages[-1]
    gates = dict.fromkeys(gate for one in run.plan.stages for gate in one.gates)
    results = tuple(judge_commit(run, stage, gate, commit, base=before) for gate in gates)
    for result in results:
        if result.verdict in ("fail", "error"):
            raise LandingRefused(
                f"gate {result.gate} says {result.verdict} of the merge {commit[:12]}: "
                f"{result.evidence or result.reason}; {run.goal.base_branch!r} was not moved"
            )
    return results


def _take_back(run: Run) -> str:
    bad, target = run.goal.accepted_commit, run.goal.base_branch
    assert bad is not None
    assert target is not None
    before = next(
        event.data["before"] for event in reversed(run.store.events(run.goal.id)) if event.kind == "goal.accepted"
    )
    here = read_ref(run.repo, f"refs/heads/{target}")
    if here is None:
        raise LandingRefused(f"branch {target!r} is gone; there is nothing to take back")
    back = revert_commit(run.repo, here, bad, before)
    if back.commit is None:
        files = ", ".join(back.conflicts[:5])
        raise LandingRefused(
            f"later work on {target!r} touches the same lines ({files}); {_way_out(run, 'git revert')}"
        )
    accept(run.repo, target, back.commit, here)
    run.store.record_taken_back(run.goal.id, target, here, back.commit)
    return f"{target} took the goal back in {back.commit[:12]}"


def _way_out(run: Run, command: str) -> str:
    return "run the goal again on the files as they are" if run.repo.private else f"`{command}` lets you choose"


def _chosen(points: Sequence[CheckpointRow], to: str | None) -> CheckpointRow | None:
    """Return the checkpoint that is meant; None is the commit the goal started from."""
    if to is None:
        return points[-2] if len(points) > 1 else None
    if to == "base":
        return None
    for point in points:
        if point.stage_id == to or (len(to) >= 6 and point.commit.startswith(to)):
            return point
    known = ", ".join(f"{point.stage_id} ({point.commit[:12]})" for point in points)
    raise UsageError(f"no checkpoint is {to!r}; known: {known}, base")
