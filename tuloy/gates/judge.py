"""Judge a workspace by a gate: lanes run, old findings told from new ones, one result.

Owns the verdict. `pass` needs a tool's own proof of what it covered; a tool that is missing, crashed, was
killed or proved nothing is an `error`; findings that the base commit has too are old and fail nothing. A
report is written by a process that runs the repository's own code: a conftest that forges the report itself
is not noticed here.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tuloy.agents.tools import Place
from tuloy.errors import ToolMissing, UsageError
from tuloy.gates import lint, tests
from tuloy.gates.judging import Gate, Judging, Lane, Unproved, relocated
from tuloy.gates.verdict import Finding, GateResult, Verdict, same_before

__all__ = ["GATES", "Gate", "Judging", "cache_key", "cacheable", "gates_for", "judge"]

GATES: Mapping[str, Gate] = {gate.name: gate for gate in (lint.GATE, tests.GATE)}
WORST_FIRST: tuple[Verdict, ...] = ("error", "fail", "pass", "skipped")
OF_THE_MOMENT = frozenset({"SSH_AUTH_SOCK", "TMPDIR"})


def judge(gate: str, at: Judging) -> GateResult:
    """Judge the workspace of `at` by the gate of that name.

    Raises:
        UsageError: when there is no such gate.
    """
    known = _gate(gate)
    lanes = known.lanes(at.place)
    if not lanes:
        return GateResult(gate=gate, verdict="skipped", reason=known.nothing)
    return _together(gate, [(lane.name, _judged(known, lane, at)) for lane in lanes])


def gates_for(root: Path) -> tuple[str, ...]:
    """Return the names of the gates that find something to judge in `root`."""
    place = Place(checkout=root, workspace=root)
    return tuple(name for name, gate in GATES.items() if gate.lanes(place))


def cacheable(result: GateResult) -> bool:
    """Whether the same question would get the same answer: errors and skips may not."""
    return result.verdict in ("pass", "fail")


def cache_key(gate: str, at: Judging, tree: str, base_tree: str | None = None) -> str:
    """Return a name for the question that `judge` answers: gate, tools, configuration, tree, base.

    Old findings are told from new ones by the base, so results with findings hold for one `base_tree` only.
    """
    known = _gate(gate)
    env = {
        name: value.replace(str(at.workspace), "{workspace}")
        for name, value in sorted(at.env.items())
        if name not in OF_THE_MOMENT
    }
    tools = [[lane.name, _identity(lane, at)] for lane in known.lanes(at.place)]
    asked = json.dumps([gate, known.version, tools, env, tree, base_tree])
    return hashlib.sha256(asked.encode()).hexdigest()


def _gate(name: str) -> Gate:
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}; known: {', '.join(map(repr, GATES))}")
    return GATES[name]


def _identity(lane: Lane, at: Judging) -> str:
    try:
        return lane.identity(at)
    except (ToolMissing, Unproved) as error:
        return f"none: {error}"


def _judged(gate: Gate, lane: Lane, at: Judging) -> GateResult:
    result = _alone(gate, lane, at)
    if result.verdict == "fail":
        result = _against_base(gate, lane, at, result)
    if result.verdict in ("pass", "fail"):
        result = result.model_copy(update={"evidence": lane.tell(result)})
    return result


def _alone(gate: Gate, lane: Lane, at: Judging) -> GateResult:
    try:
        return lane.judge(at)
    except ToolMissing as error:
        return GateResult(gate=gate.name, verdict="error", reason=str(error), tool=lane.name)
    except Unproved as error:
        ended = error.ended
        known = {} if ended is None else {
            "argv": ended.argv, "exit_code": ended.exit_code, "duration_s": ended.duration_s,
            "output_path": str(ended.output_path),
        }  # fmt: skip
        return GateResult(gate=gate.name, verdict="error", reason=str(error), tool=lane.name, **known)


def _against_base(gate: Gate, lane: Lane, at: Judging, result: GateResult) -> GateResult:
    """Mark the findings that the base commit has too; without a base to judge, all of them are new."""
    folder = at.baseline()
    if folder is None:
        return result
    there = relocated(at, folder)
    same = next((other for other in gate.lanes(there.place) if other.name == lane.name), None)
    if same is None:
        return result
    base = _alone(gate, same, there)
    if base.verdict not in ("pass", "fail"):
        why = f"every finding counts as new, as the base commit could not be judged: {base.reason}"
        return result.model_copy(update={"reason": "; ".join(filter(None, (result.reason, why)))})
    return _marked(result, base.findings)


def _marked(result: GateResult, before: Sequence[Finding]) -> GateResult:
    known = same_before(result.findings, before)
    findings = tuple(
        finding.model_copy(update={"old": finding.comparable and same})
        for finding, same in zip(result.findings, known, strict=True)
    )
    if not all(finding.old for finding in findings):
        return result.model_copy(update={"findings": findings})
    if result.measured["covered"]:
        return result.model_copy(update={"findings": findings, "verdict": "pass"})
    why = f"nothing could be judged, nor before this work: {findings[0].message}; correct that first"
    return result.model_copy(update={"findings": findings, "verdict": "error", "reason": why})


def _together(gate: str, parts: Sequence[tuple[str, GateResult]]) -> GateResult:
    """Return the lanes' results as one: the worst verdict, everything that was found."""
    if len(parts) == 1:
        return parts[0][1]
    worst = min((result for _, result in parts), key=lambda result: WORST_FIRST.index(result.verdict))
    reasons = [f"{name}: {result.reason}" for name, result in parts if result.reason]
    return worst.model_copy(
        update={
            "gate": gate,
            "findings": tuple(finding for _, result in parts for finding in result.findings),
            "evidence": "; ".join(f"{name}: {result.evidence}" for name, result in parts if result.evidence),
            "measured": {name: result.measured for name, result in parts},
            "reason": "; ".join(reasons),
            "tool": ", ".join(result.tool for _, result in parts if result.tool),
            "duration_s": sum(result.duration_s for _, result in parts),
        }
    )
