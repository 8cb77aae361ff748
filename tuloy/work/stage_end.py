"""A stage's end: the gates judge exactly the commit that would land, and only then does the goal's branch move."""

import time
from pathlib import Path
from typing import Any

from tuloy.errors import TuloyError
from tuloy.gates.judge import Judging, cache_key, cacheable, judge
from tuloy.gates.limits import judge_limits
from tuloy.gates.verdict import GateResult
from tuloy.limits import GATE_NAME
from tuloy.plan import Stage
from tuloy.work.run import Run
from tuloy.work.steps import place_of
from tuloy.workspaces.git import keep, read_ref, tree_of
from tuloy.workspaces.landing import land
from tuloy.workspaces.pool import Workspace, verify
from tuloy.workspaces.prepare import prepare

__all__ = ["judge_commit", "land_stage", "nothing_to_judge"]

SAME = " (same tree and tools, judged before)"


def nothing_to_judge(gate: str) -> GateResult:
    """The result of a gate for a stage that changed no file: there is nothing that could land."""
    return GateResult(gate=gate, verdict="skipped", reason="the stage changed no file; there is nothing to land")


def judge_commit(run: Run, stage: Stage, gate: str, commit: str, *, base: str | None = None) -> GateResult:
    """Judge `commit` with `gate` in a workspace that holds exactly that commit, and record the verdict.

    Findings that `base` (the goal's first commit) has too are old. Verdicts that rest on the same tool, configuration
    and tree are taken from the store; errors and skips never are. Called in a thread.
    """
    began = time.monotonic()
    base = base or run.goal.base_commit
    if gate == GATE_NAME:
        return _judge_limits(run, stage, base, commit)
    workspace = run.workspaces.lease(commit, fresh=True)
    borrowed: list[Workspace] = [workspace]
    try:
        if not verify(workspace, commit):
            raise TuloyError(f"workspace {str(workspace.path)!r} does not hold {commit[:12]}; run `tuloy resume`")
        prepare(workspace, run.repo.root, run.installed)
        at = _judging(run, stage, gate, workspace, base, commit, borrowed)
        key = cache_key(gate, at, tree_of(run.repo, commit), tree_of(run.repo, base) if base else None)
        cached = run.store.gate_from_cache(key)
        result = _known(cached) if cached else judge(gate, at)
    finally:
        for one in borrowed:
            run.workspaces.destroy(one) if run.cancel.is_set() else run.workspaces.give_back(one)
    result = result.model_copy(update={"duration_s": round(time.monotonic() - began, 3)})
    document = result.model_dump(mode="json")
    run.store.record_gate(run.goal.id, stage.id, commit, document, key if cacheable(result) else None)
    return result


def land_stage(run: Run, stage: Stage, commit: str) -> None:
    """Move the goal's branch to the commit that the gates let through, and record the checkpoint.

    Safe to repeat: a branch that is there already is only recorded.

    Raises:
        LandingRefused: when somebody else moved the branch.
    """
    base = run.base_of(stage)
    branch = run.goal.branch
    assert branch is not None
    if commit != base:
        keep(run.repo, run.goal.id, f"checkpoint-{stage.id}", commit)
        if read_ref(run.repo, f"refs/heads/{branch}") != commit:
            land(run.repo, branch, commit, _branch_before(run, base))
    run.store.record_checkpoint(run.goal.id, stage.id, commit, branch)


def _judge_limits(run: Run, stage: Stage, base: str | None, commit: str) -> GateResult:
    """Judge by the goal's own words: never kept for the same tree under another goal."""
    began = time.monotonic()
    result = judge_limits(run.plan.goal.constraints, run.repo, base, commit)
    result = result.model_copy(update={"duration_s": round(time.monotonic() - began, 3)})
    run.store.record_gate(run.goal.id, stage.id, commit, result.model_dump(mode="json"), None)
    return result


def _known(document: dict[str, Any]) -> GateResult:
    """Take a verdict from the store, and say so."""
    result = GateResult.model_validate(document)
    return result.model_copy(update={"evidence": f"{result.evidence.removesuffix(SAME)}{SAME}"})


def _branch_before(run: Run, base: str) -> str | None:
    """Where the goal's branch stood; the first landing makes it."""
    return None if base == run.goal.base_commit else base


def _judging(
    run: Run,
    stage: Stage,
    gate: str,
    workspace: Workspace,
    base: str | None,
    commit: str,
    borrowed: list[Workspace],
) -> Judging:
    place, env = place_of(run, workspace)

    def baseline() -> Path | None:
        if base is None or base == commit:
            return None
        before = run.workspaces.lease(base, fresh=True)
        borrowed.append(before)
        prepare(before, run.repo.root, run.installed)
        return before.path

    return Judging(
        place=place,
        env=env,
        scratch=run.folder / "gates" / f"{stage.id}-{gate}-{commit[:12]}",
        mark=f"{run.goal.id}.gate.{stage.id}.{gate}",
        timeout_s=run.settings.gate_timeout_s,
        cancel=run.cancel,
        baseline=baseline,
    )
