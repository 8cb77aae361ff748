"""A plan in the user's editor: written as TOML with comments, read back, checked, shown again where it is wrong.

Owns the text form and the loop. Nothing that was typed is lost: the file stays until a plan was made of it.
"""

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.screen import err
from tuloy.errors import PlanInvalid, UsageError
from tuloy.limits import with_limits
from tuloy.plan import AskAction, CommandAction, InstructAction, Need, Plan, Step, When

__all__ = ["as_text", "edited", "from_text"]

_HEAD = """\
# The plan of this goal. Change it, save, and close the editor; without a change nothing happens.
# A step has one of: run = "a command line", do = "words for a coding agent", ask = "a question to you".
# after = ["s1.1", "s1.2 failed", "s1.3 finished"] are the steps it waits for, and how they must have ended
# (nothing said: succeeded). Of those with "any" before them one is enough: ["any s1.4 failed", "any s1.5 failed"].
# part_of = "s1.1" makes it a part of that step, which then is done when its parts are.
"""
_WRONG = "#! "
_ENDS = ("succeeded", "failed", "finished")
_STEP = frozenset({"id", "title", "run", "do", "ask", "after", "part_of", "check", "priority", "timeout_s", "retries"})
_STAGE = frozenset({"id", "title", "gates", "accept", "step"})


def edited(plan: Plan, folder: Path) -> Plan:
    """Let the user change the plan in `$VISUAL` or `$EDITOR`; return what came of it, the same plan if nothing did.

    Raises:
        UsageError: when there is no editor, it failed, or the user left a plan that is none.
    """
    argv = _editor()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "plan.toml"
    before = as_text(plan)
    path.write_text(before, "utf-8")
    wrong = ""
    while True:
        shown = path.read_text("utf-8")
        _open(argv, path)
        typed = path.read_text("utf-8", errors="replace")
        if typed == before:
            return plan
        if wrong and typed == shown:
            raise UsageError(f"{wrong}; nothing is changed, what you typed is kept in {str(path)!r}")
        body = "".join(line for line in typed.splitlines(keepends=True) if not line.startswith(_WRONG))
        try:
            made = from_text(body, plan)
        except UsageError as error:
            wrong = str(error)
            err.print(f"not yet a plan: {wrong}", markup=False)
            path.write_text("".join(f"{_WRONG}{line}\n" for line in wrong.splitlines()) + body, "utf-8")
            continue
        path.unlink()
        return made


def as_text(plan: Plan) -> str:
    """Return the plan as text to edit."""
    lines = [
        _HEAD,
        f"goal = {_quoted(plan.goal.text)}  # not to be changed",
        f"priority = {_quoted(plan.goal.priority)}",
    ]
    lines.append(f"deadline = {_quoted(plan.goal.deadline or '')}")
    lines.append(f"constraints = {_quoted(list(plan.goal.constraints))}")
    for stage in plan.stages:
        lines += ["", "[[stage]]", f"id = {_quoted(stage.id)}", f"title = {_quoted(stage.title)}"]
        lines += [f"gates = {_quoted(list(stage.gates))}", f"accept = {_quoted(list(stage.accept))}"]
        for step in stage.steps:
            lines += ["", "[[stage.step]]", *(f"{name} = {_quoted(value)}" for name, value in _fields(step))]
    return "\n".join(lines) + "\n"


def from_text(text: str, plan: Plan) -> Plan:
    """Read the text as a plan. What the text form does not show is taken from the step of the same id in `plan`.

    Raises:
        PlanInvalid: when it is no TOML, has unknown fields, or its steps form no plan.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanInvalid(f"this is no TOML: {error}") from error
    if document.get("goal") != plan.goal.text:
        raise PlanInvalid("`goal` was changed; a plan is kept for its text, so give another text to `tuloy plan`")
    _only_known(document, {"goal", "priority", "deadline", "constraints", "stage"}, "the plan")
    goal = plan.goal.model_dump() | {
        "priority": document.get("priority", "normal"),
        "deadline": document.get("deadline") or None,
        "constraints": tuple(document.get("constraints", ())),
    }
    stages = _tables(document, "stage", "the plan")
    made = [_stage(one, n, plan) for n, one in enumerate(stages, 1)]
    given = Plan.of(goal=goal, complexity=plan.complexity, lane="given", stages=tuple(made))
    new = set(given.goal.constraints) - set(plan.goal.constraints)
    return with_limits(given) if new else given


def _fields(step: Step) -> Iterator[tuple[str, Any]]:
    yield "id", step.id
    yield "title", step.title
    match step.action:
        case CommandAction(argv=argv):
            yield "run", shlex.join(argv)
        case InstructAction(prompt=prompt):
            yield "do", prompt
        case AskAction(question=question):
            yield "ask", question
        case _:
            pass
    yield "after", [_after(need) for need in step.needs]
    if step.parent:
        yield "part_of", step.parent
    if step.check:
        yield "check", True


def _stage(table: Mapping[str, Any], number: int, plan: Plan) -> dict[str, Any]:
    where = f"stage {number}"
    _only_known(table, _STAGE, where)
    steps = [_step(one, f"{where}, step {n}", plan) for n, one in enumerate(_tables(table, "step", where), 1)]
    given = {name: table[name] for name in ("id", "title", "gates", "accept") if name in table}
    return {"id": f"s{number}", "title": plan.goal.text[:60], **given, "steps": steps}


def _step(table: Mapping[str, Any], where: str, plan: Plan) -> dict[str, Any]:
    _only_known(table, _STEP, where)
    if "id" not in table:
        raise PlanInvalid(f"{where} has no id; give it one that no other step has, such as 'x1'")
    before = plan.steps.get(table["id"])
    fields: dict[str, Any] = dict(before) if before else {}
    fields |= {
        name: table[name] for name in ("id", "title", "check", "priority", "timeout_s", "retries") if name in table
    }
    fields |= {"needs": [_need(words, where) for words in table.get("after", ())], "parent": table.get("part_of")}
    fields.setdefault("title", str(table.get("do") or table.get("run") or table.get("ask") or table["id"])[:100])
    action = _action(table, before, where)
    if before is None or action != before.action:
        fields |= {"action": action, "capabilities": ("code",) if action.kind == "instruct" else (), "confidence": 1.0}
        fields["estimate_s"] = 300.0 if action.kind == "instruct" else None
        fields.setdefault("timeout_s", 1800.0)
    return fields


def _action(table: Mapping[str, Any], before: Step | None, where: str) -> Any:
    given = [name for name in ("run", "do", "ask") if name in table]
    if not given and before is not None and before.action.kind in ("python", "gate"):
        return before.action
    if len(given) != 1:
        raise PlanInvalid(
            f"{where} ({table['id']!r}) has {' and '.join(given) or 'nothing to do'}; give one of run, do, ask"
        )
    words = str(table[given[0]])
    if given[0] == "do":
        return InstructAction(prompt=words)
    if given[0] == "ask":
        return AskAction(question=words)
    if before is not None and isinstance(before.action, CommandAction) and words == shlex.join(before.action.argv):
        return before.action
    try:
        return CommandAction(argv=tuple(shlex.split(words)))
    except ValueError as error:
        raise PlanInvalid(f"{where}: {words!r} is no command line: {error}") from error


def _after(need: Need) -> str:
    return f"{'any ' if need.any else ''}{need.step}{'' if need.when == 'succeeded' else f' {need.when}'}"


def _need(words: Any, where: str) -> Need:
    first, _, rest = str(words).strip().partition(" ")
    either = first == "any" and rest.strip() != "" and rest.strip() not in _ENDS
    step, _, end = rest.strip().partition(" ") if either else (first, "", rest)
    if end and end not in _ENDS:
        raise PlanInvalid(f"{where}: {words!r} says no end of {step!r}; known: {', '.join(_ENDS)}")
    when: When = end or "succeeded"  # type: ignore[assignment]
    return Need(step=step, when=when, any=either)


def _tables(table: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise PlanInvalid(f"{name!r} of {where} is no list of tables; begin each with [[{name}]]")
    return found


def _only_known(table: Mapping[str, Any], known: set[str] | frozenset[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise PlanInvalid(f"{where} has the unknown field {unknown[0]!r}; known: {', '.join(sorted(known))}")


def _quoted(value: Any) -> str:
    """Return a value as TOML: JSON's strings are TOML's, but for characters that must be escaped there."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _editor() -> list[str]:
    words = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not words.strip():
        raise UsageError("no editor is named; set EDITOR, for instance EDITOR=nano")
    return shlex.split(words)


def _open(argv: list[str], path: Path) -> None:
    """Run the editor on the file, on the user's terminal.

    Raises:
        UsageError: when it is not there, or ends with a failure: that is how editors say "leave it".
    """
    try:
        code = subprocess.run([*argv, str(path)], check=False).returncode
    except OSError as error:
        raise UsageError(
            f"the editor {argv[0]!r} cannot be started: {error.strerror}; set EDITOR to another"
        ) from error
    if code:
        raise UsageError(f"the editor ended with {code}, so nothing is changed; what you typed is in {str(path)!r}")
