"""Do one step: base commit in, commit and record out.

A step is finished when its outcome row is committed in the store, and never done twice for the same key. Everything
before that row can be lost without harm.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tuloy.agents.matching import choose, why_nobody
from tuloy.agents.protocol import Agent, Assignment, Report
from tuloy.agents.tools import Place, step_environment
from tuloy.errors import LandingRefused
from tuloy.outcome import Outcome, ended
from tuloy.plan import CommandAction, Need, Step, canonical
from tuloy.printable import one_line
from tuloy.work.run import Run
from tuloy.workspaces.git import keep
from tuloy.workspaces.pool import Commit, Workspace, commit_all, save_patch
from tuloy.workspaces.prepare import clear_for_install, installs, keep_for_later, prepare, python_path

__all__ = ["commits_before", "do_step", "finished", "place_of", "skip_step", "step_key"]


def step_key(run: Run, step: Step, *, on: str | None = None) -> str:
    """Name what the step's outcome depends on: goal, step, action, and the ends and commits it starts from.

    `on` is given when the step is redone on another base. The plan's revision is no part: a repair undoes nothing.
    """
    stage = run.plan.stage_of[step.id]
    needs = sorted([need.step, need.when, *["any"] * need.any, *_end_of(run, need)] for need in step.needs)
    parts = [run.goal.id, step.id, step.fingerprint, needs, run.base_of(stage), on]
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:24]


def finished(run: Run, step: Step, *, on: str | None = None) -> Outcome | None:
    """Return the outcome that stands for the step already, if a final one does."""
    outcome = run.recorded.get(step_key(run, step, on=on))
    return outcome if outcome is not None and ended(outcome.status) else None


def commits_before(run: Run, step: Step) -> list[str]:
    """Return the commits that the step starts from, in the order of its needs, each once.

    A skipped step made none: what it would have started from stands in its place.
    """
    stage = run.plan.stage_of[step.id]
    found: dict[str, None] = {}
    for need in step.needs:
        outcome = run.outcomes[need.step]
        if run.plan.stage_of[need.step].id != stage.id:
            continue
        if outcome.commit is not None:
            found[outcome.commit] = None
        else:
            found |= dict.fromkeys(commits_before(run, run.plan.steps[need.step]))
    return list(found) or [run.base_of(stage)]


def do_step(run: Run, step: Step, base: str, *, on: str | None = None, task_run_id: str | None = None) -> Outcome:
    """Do the step on `base` with the agent that can, and record how it ended; return what stands in the store.

    Called in a thread. `on` marks a step redone on another base than its needs give. A group is not done by anybody:
    it ends as its parts did.

    Raises:
        TuloyError: when workspaces, git or the store fail: the attempt stays open and is lost.
    """
    if standing := finished(run, step, on=on):
        return standing
    key = step_key(run, step, on=on)
    if step.id in run.plan.parts:
        return _record(run, Outcome(key=key, step=step.id, base=base, commit=base, attempts=0, **_as_parts(run, step)))
    agent = choose(step, run.agents)
    if agent is None:
        reason = why_nobody(step, run.goal.id)
        return _record(run, Outcome(key=key, step=step.id, status="waiting", reason=reason, base=base))
    workspace = run.workspaces.lease(base)
    outcome, clean = None, False
    try:
        outcome, clean = _attempt(run, step, agent, workspace, base, key, task_run_id)
    finally:
        (run.workspaces.give_back if clean else run.workspaces.destroy)(workspace)
    return outcome


def skip_step(run: Run, step: Step) -> Outcome:
    """Record that the step's branch was not taken."""
    ends = [(run.plan.steps[need.step].title, run.outcomes[need.step].status) for need in step.needs]
    needs = ", ".join(f"{title!r} {'is ' if status == 'done' else ''}{status}" for title, status in ends)
    key = step_key(run, step)
    return _record(run, Outcome(key=key, step=step.id, status="skipped", reason=f"not taken: {needs}", attempts=0))


def _as_parts(run: Run, group: Step) -> dict[str, Any]:
    """How a group ended, and why: done when every part that said no had another part for that case."""
    parts = run.plan.parts[group.id]
    handled = {need.step for part in parts for need in part.needs if need.when == "failed"}
    ends = [(part, run.outcomes[part.id]) for part in parts]
    done = sum(outcome.status == "done" for _, outcome in ends)
    for part, outcome in ends:
        if outcome.status == "error":
            return {"status": "error", "reason": f"part {part.title!r} could not run: {outcome.reason}"}
        if outcome.status == "failed" and not part.check and part.id not in handled:
            reason = f"{done} of {len(parts)} parts done; {part.title!r} said no: {outcome.reason}"
            return {"status": "failed", "reason": reason}
    return {"status": "done", "reason": f"{done} of {len(parts)} parts done"}


def place_of(run: Run, workspace: Workspace) -> tuple[Place, dict[str, str]]:
    """Return where a program works in this workspace, and the environment it gets."""
    place = Place(checkout=run.repo.root, workspace=workspace.path)
    env = step_environment(place, python_path=python_path(workspace.path), passed=run.settings.pass_env)
    return place, env


def _attempt(
    run: Run, step: Step, agent: Agent, workspace: Workspace, base: str, key: str, task_run_id: str | None
) -> tuple[Outcome, bool]:
    """Journal, work, commit, record. Return the outcome and whether the workspace may be used again."""
    prepare(workspace, run.repo.root, run.installed)
    if isinstance(step.action, CommandAction) and installs(step.action.argv):
        clear_for_install(workspace)
    place, env = place_of(run, workspace)
    folder = run.folder / "steps" / step.id
    attempt = run.store.start_attempt(
        goal_id=run.goal.id,
        step_id=step.id,
        key=key,
        agent=agent.name,
        base_commit=base,
        workspace=str(workspace.path),
        output_path=str(folder),
        task_run_id=task_run_id,
    )
    assert attempt.id is not None
    output = folder / f"attempt-{attempt.id}.log"
    work = Assignment(
        goal=run.plan.goal,
        step=step,
        place=place,
        env=env,
        output_path=output,
        mark=f"{run.goal.id}.{attempt.id}",
        accept=run.plan.stage_of[step.id].accept,
        cancel=run.cancel,
    )
    began = time.monotonic()
    report = agent.do(work)
    if report.status == "lost":
        patch = save_patch(workspace, folder / f"attempt-{attempt.id}.patch")
        run.store.end_attempt(attempt.id, "lost", report.reason, patch_path=str(patch) if patch else None)
        lost = Outcome(key=key, step=step.id, status="lost", reason=report.reason, base=base, agent=agent.name)
        return lost, False
    report, commit = _take_commit(run, step, agent, workspace, report)
    if report.status == "done":
        keep_for_later(workspace, run.installed)
    elif step.effects == "workspace":
        save_patch(workspace, folder / f"attempt-{attempt.id}.patch")
    outcome = Outcome(
        key=key,
        step=step.id,
        status=report.status,
        reason=report.reason,
        base=base,
        commit=commit.id if commit else base,
        exit_code=report.exit_code,
        agent=agent.name,
        attempts=attempt.number,
        duration_s=round(time.monotonic() - began, 3),
        changed=commit.changed if commit else (),
        kept=_keep_outputs(step, workspace, run.folder / "kept" / step.id) if report.status == "done" else (),
        tail=report.tail[-4000:],
        output_path=str(output),
    )
    standing = run.store.record_outcome(run.goal.id, outcome, attempt_id=attempt.id, task_run_id=task_run_id)
    return standing, report.status == "done" and (commit is not None or step.effects == "none")


def _take_commit(
    run: Run, step: Step, agent: Agent, workspace: Workspace, report: Report
) -> tuple[Report, Commit | None]:
    """Commit what a done step changed; an instruction that changed nothing was not followed."""
    if report.status != "done" or step.effects == "none" or step.check:
        return report, None
    outputs = step.action.outputs if isinstance(step.action, CommandAction) else ()
    try:
        commit = commit_all(workspace, _message(run, step), exclude=outputs)
    except LandingRefused as error:
        return Report("failed", str(error), report.exit_code, report.tail), None
    if commit is None and step.action.kind == "instruct":
        nothing = f"{agent.name} ended with {report.reason}, but changed nothing"
        return Report("failed", nothing, report.exit_code, report.tail), None
    if commit is not None:
        keep(run.repo, run.goal.id, f"{step.id}-{commit.id[:12]}", commit.id)
    return report, commit


def _record(run: Run, outcome: Outcome) -> Outcome:
    return run.store.record_outcome(run.goal.id, outcome)


def _end_of(run: Run, need: Need) -> list[str | None]:
    outcome = run.outcomes[need.step]
    return [outcome.status, outcome.commit]


def _message(run: Run, step: Step) -> str:
    return (
        f"{one_line(step.title, 72)}\n\n{one_line(run.goal.text, 400)}\n\n"
        f"Tuloy-Goal: {run.goal.id}\nTuloy-Step: {step.id}\n"
    )


def _keep_outputs(step: Step, workspace: Workspace, folder: Path) -> tuple[str, ...]:
    """Copy the files that the step's action names as outputs; links and what lies outside are left."""
    patterns = step.action.outputs if isinstance(step.action, CommandAction) else ()
    kept = []
    for path in _matches(workspace.path, patterns):
        target = folder / path.relative_to(workspace.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        kept.append(str(target))
    return tuple(kept)


def _matches(root: Path, patterns: Iterable[str]) -> list[Path]:
    real = root.resolve()
    found = {path for pattern in patterns if not Path(pattern).is_absolute() for path in root.glob(pattern)}
    return sorted(p for p in found if p.is_file() and not p.is_symlink() and p.resolve().is_relative_to(real))
