"""What can be said of a goal from the store alone: the JSON document of `run`, `status` and `show`, and its markdown.

A killed run leaves a goal that says `running`; whether its process lives is asked here, so that nobody is told so for
ever.
"""

import shlex
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tuloy.errors import StoreUnavailable
from tuloy.outcome import Outcome, OutcomeStatus, ended
from tuloy.plan import Plan, Step
from tuloy.printable import headline, one_line, printable

if TYPE_CHECKING:
    from tuloy.store import GoalRow, Store

__all__ = ["goal_document", "goal_markdown", "is_running", "plan_markdown"]

JSON_STATUS: dict[OutcomeStatus, str] = {"error": "failed"}
REDUCED = "no sandbox: commands and gates run with your own rights"


def is_running(store: "Store", goal: "GoalRow") -> bool:
    """Whether a live process runs the goal."""
    from tuloy.store.processes import alive

    lease = store.lease_of(goal.id)
    return lease is not None and alive(lease.model_dump())


def goal_document(store: "Store", goal: "GoalRow", *, cached: Collection[str] = ()) -> dict[str, Any]:
    """Return the goal as design.md's JSON: identity, status, steps, gates, what was reduced.

    `status` is done, failed, waiting or cancelled, and for a goal that has not ended `planning`, `planned` or
    `running`. A goal whose process died says waiting, with the reason.
    """
    plan, damage = _plan(store, goal)
    outcomes = _by_step(store, goal)
    started = {attempt.step_id for attempt in store.open_attempts(goal.id)}
    status, reason = _status(store, goal)
    checkpoints = store.checkpoints(goal.id)
    landed = checkpoints[-1].commit if checkpoints else None
    changed = landed is not None and landed != goal.base_commit
    return {
        "id": goal.id,
        "text": goal.text,
        "status": status,
        "reason": damage or reason,
        "repo": goal.repo,
        "base": goal.base_commit,
        "branch": goal.branch if changed else None,
        "commit": landed if changed else None,
        "accepted": goal.accepted_commit,
        "flow_run_id": goal.flow_run_id,
        "flow_run_url": goal.flow_run_url,
        "created_at": goal.created_at,
        "duration_s": _duration_s(goal),
        "progress": _progress(plan, outcomes) if plan else [],
        "steps": _steps(plan, outcomes, started, cached) if plan else [],
        "gates": _gates(store, goal),
        "reduced": [*([REDUCED] if outcomes else []), *goal.options.get("reduced", ())],
        "leaks": goal.options.get("leaks", []),
        "git_dir": goal.options.get("git_dir"),
    }


def goal_markdown(document: dict[str, Any]) -> str:
    """Return the final report: what was done, what the gates said, what changed, what to do next."""
    lines = [
        f"# {headline(document['text'], 200)}",
        "",
        f"**{document['status']}** {one_line(document['reason'], 400)}",
        "",
    ]
    if document["branch"]:
        look = f"`git diff {document['base'][:12]} {document['branch']}`"
        lines += [f"Branch `{document['branch']}` at `{document['commit'][:12]}`.", ""]
        lines += [f"Look at it with {look}, take it in with `tuloy accept {document['id']}`.", ""]
    if len(document["progress"]) > 1:
        lines += [f"- {_cell(stage['title'])}: {stage['done']} of {stage['of']}" for stage in document["progress"]] + [
            ""
        ]
    lines += ["| step | status | seconds | what it said |", "|---|---|---|---|"]
    for step in document["steps"]:
        level = "↳ " if step.get("parent") else ""
        lines.append(
            f"| {level}{_cell(step['title'])} | {step['status']} | {step['duration_s']} | {_cell(step['reason'])} |"
        )
    if document["gates"]:
        lines += ["", "| gate | verdict | evidence |", "|---|---|---|"]
        lines += [
            f"| {g['gate']} | {g['verdict']} | {_cell(g['evidence'] or g['reason'])} |" for g in document["gates"]
        ]
    for step in document["steps"]:
        if step["status"] == "failed" and step["tail"]:
            fence = "`" * max(3, _longest_run(step["tail"]) + 1)
            lines += ["", f"## {one_line(step['title'])}", "", fence, printable(step["tail"])[-3000:], fence]
    if document["leaks"]:
        lines += ["", "**Leak**: " + _cell("; ".join(document["leaks"])) + "."]
    if document["reduced"]:
        lines += ["", "Reduced: " + "; ".join(document["reduced"]) + "."]
    return "\n".join(lines) + "\n"


def plan_markdown(plan: Plan) -> str:
    """Return the plan as a diagram and a table."""
    names = {step.id: f"n{n}" for n, step in enumerate(plan)}
    lines = ["```mermaid", "flowchart TD"]
    for step in plan:
        lines.append(f'  {names[step.id]}["{_diagram(step.title)}"]')
        for need in step.needs:
            said = f"{'any ' if need.any else ''}{need.when}"
            label = "" if said == "succeeded" else f"|{said}|"
            lines.append(f"  {names[need.step]} -->{label} {names[step.id]}")
    lines += ["```", "", "| stage | step | does | after | gates |", "|---|---|---|---|---|"]
    for stage in plan.stages:
        for step in stage.steps:
            after = ", ".join(f"{'any ' if need.any else ''}{need.step} {need.when}" for need in step.needs)
            gates = ", ".join(stage.gates)
            parts = plan.parts.get(step.id)
            does = f"{len(parts)} parts" if parts else _cell(what_it_does(step))
            lines.append(f"| {stage.id} | {step.id} {_cell(step.title)} | {does} | {after} | {gates} |")
    return "\n".join(lines) + "\n"


def what_it_does(step: Step) -> str:
    """Say in a few words what a step's action is; the line ends of a command are marks: they are no spaces to it."""
    action = step.action
    match action.kind:
        case "command":
            return "`" + shlex.join(action.argv).strip("\n").replace("\r\n", "\n").replace("\n", " ⏎ ") + "`"
        case "instruct":
            return "by a coding agent"
        case "python":
            return f"`{action.target}`"
        case "ask":
            return "asks you"
        case _:
            return f"gate {action.gate}"


def _plan(store: "Store", goal: "GoalRow") -> tuple[Plan | None, str]:
    """Return the plan; for one that is damaged what is wrong with it, so that other goals can still be listed."""
    try:
        return store.plan_of(goal.id), ""
    except StoreUnavailable as error:
        return None, str(error)


def _by_step(store: "Store", goal: "GoalRow") -> dict[str, Outcome]:
    return store.outcomes_by_step(goal.id)


def _status(store: "Store", goal: "GoalRow") -> tuple[str, str]:
    if goal.status in ("planning", "planned", "running") and not is_running(store, goal):
        return "waiting", f"its process ended before the goal did; `tuloy resume {goal.id}` goes on"
    return goal.status, goal.reason


def _steps(
    plan: Plan, outcomes: Mapping[str, Outcome], started: Collection[str], cached: Collection[str]
) -> list[dict[str, Any]]:
    """All steps; of one that has not ended the reason says what it waits for."""
    found = []
    for step in plan:
        outcome = outcomes.get(step.id)
        parts = [part.id for part in plan.parts.get(step.id, ())]
        begun = step.id in started or any(part in started for part in parts)
        document = _step(step, outcome, begun, cached)
        if outcome is None:
            document["reason"] = _parts_done(parts, outcomes) or _waits_for(plan, step, outcomes)
        found.append({**document, "stage": plan.stage_of[step.id].id, "parent": step.parent})
    return found


def _parts_done(parts: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    done = sum(part in outcomes and outcomes[part].status in ("done", "skipped") for part in parts)
    return f"{done}/{len(parts)} parts" if parts else ""


def _waits_for(plan: Plan, step: Step, outcomes: Mapping[str, Outcome]) -> str:
    missing = [need.step for need in step.needs if need.step not in outcomes or not ended(outcomes[need.step].status)]
    titles = [repr(one_line(plan.steps[other].title, 60)) for other in missing[:2]]
    return f"waits for {', '.join(titles)}{', …' if len(missing) > 2 else ''}" if titles else ""


def _progress(plan: Plan, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """How far each stage is, counted in what is really done: parts count, their groups do not."""
    found = []
    for stage in plan.stages:
        work = [step.id for step in stage.steps if step.id not in plan.parts]
        done = sum(step in outcomes and outcomes[step].status in ("done", "skipped") for step in work)
        found.append({"stage": stage.id, "title": stage.title, "done": done, "of": len(work)})
    return found


def _step(step: Step, outcome: Outcome | None, started: bool, cached: Collection[str]) -> dict[str, Any]:
    if outcome is None:
        status = "running" if started else "waiting"
        outcome = Outcome(key="", step=step.id, status="waiting", attempts=0)
    else:
        status = JSON_STATUS.get(outcome.status, outcome.status)
    return {
        "id": step.id,
        "title": step.title,
        "status": status,
        "cached": step.id in cached,
        "attempts": outcome.attempts,
        "agent": outcome.agent,
        "duration_s": outcome.duration_s,
        "commit": outcome.commit,
        "exit_code": outcome.exit_code,
        "reason": outcome.reason,
        "changed": list(outcome.changed),
        "kept": list(outcome.kept),
        "output": outcome.output_path,
        "tail": outcome.tail,
    }


def _gates(store: "Store", goal: "GoalRow") -> list[dict[str, Any]]:
    """The last verdict of each gate of each stage."""
    last = {(row.stage_id, row.gate): row for row in store.gate_results(goal.id)}
    return [_gate(row.stage_id, row.commit, row.result) for row in last.values()]


def _gate(stage: str, commit: str | None, result: dict[str, Any]) -> dict[str, Any]:
    wanted = ("gate", "verdict", "findings", "evidence", "reason", "measured", "duration_s", "exit_code")
    return {"stage": stage, "commit": commit, **{name: result.get(name) for name in wanted}}


def _duration_s(goal: "GoalRow") -> float | None:
    if not goal.finished_at:
        return None
    return round(
        (datetime.fromisoformat(goal.finished_at) - datetime.fromisoformat(goal.created_at)).total_seconds(),
        3,
    )


def _cell(text: str) -> str:
    return one_line(text, 300).replace("|", "\\|")


def _diagram(text: str) -> str:
    return one_line(text, 60).replace('"', "'").replace("[", "(").replace("]", ")")


def _longest_run(text: str) -> int:
    runs = [len(run) for run in text.split() if set(run) == {"`"}]
    return max(runs, default=0)
