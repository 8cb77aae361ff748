"""The limits gate: no path that the goal's own words forbid to change may differ from the commit under the work.

Needs no tool and no workspace: git names what changed. Its verdict rests on the goal's words, so none is kept for
another goal. What is a limit is read in `tuloy.limits`.
"""

from collections.abc import Sequence

from tuloy.gates.evidence import counted
from tuloy.gates.verdict import Finding, GateResult
from tuloy.limits import GATE_NAME, Limits, limits_of
from tuloy.workspaces.git import changes_between
from tuloy.workspaces.records import Repository

__all__ = ["judge_limits"]

_SHOWN = 5


def judge_limits(constraints: Sequence[str], repo: Repository, base: str | None, commit: str) -> GateResult:
    """Compare `commit` with `base` and return which of the changed paths the constraints forbid to change."""
    limits = limits_of(constraints)
    if not limits.checked:
        return GateResult(gate=GATE_NAME, verdict="skipped", reason="the goal names no paths that must not change")
    if base is None:
        return GateResult(gate=GATE_NAME, verdict="error", reason="the goal has no first commit to compare with")
    changed = changes_between(repo, base, commit)
    findings = tuple(
        Finding(tool="tuloy", rule="limit", message=limit.words, path=path, comparable=False)
        for path, change in changed
        for limit in limits.checked
        if limit.covers(path, change)
    )
    return GateResult(
        gate=GATE_NAME,
        verdict="fail" if findings else "pass",
        findings=findings,
        evidence=_evidence(len(changed), findings, limits),
        measured={"covered": len(changed), "not_checked": list(limits.unread)},
        tool="git",
    )


def _evidence(changed: int, findings: Sequence[Finding], limits: Limits) -> str:
    paths = list(dict.fromkeys(finding.path or "" for finding in findings))
    if paths:
        shown = ", ".join([*paths[:_SHOWN], *(["…"] if len(paths) > _SHOWN else [])])
        said = "; ".join(dict.fromkeys(finding.message for finding in findings))
        told = f"{counted(changed, 'changed file')}, {len(paths)} against a limit: {shown} ({said})"
    else:
        kept = ", ".join(f"{limit.name} ({limit.words})" for limit in limits.checked)
        told = f"{counted(changed, 'changed file')}, none of {kept}"
    return told + (f"; not checked: {'; '.join(limits.unread)}" if limits.unread else "")
