"""Finding, GateResult: what every gate returns, whatever tool it uses."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Finding", "GateResult", "Verdict", "fingerprints", "same_before"]

Verdict = Literal["pass", "fail", "error", "skipped"]


class Finding(BaseModel):
    """One thing a gate found. `path` is relative to the workspace, `line` 1-based or None.

    `text` is the stripped source line, part of the fingerprint, so that a moved line is not a new finding.
    A failed test has its id as `rule` and no text: it stays the same finding while its message changes.
    `old` means it was there at the base commit too. What cannot be told apart from another one ("2 tests
    failed") is not `comparable` and never old.
    """

    model_config = ConfigDict(frozen=True)

    tool: str
    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    text: str = ""
    comparable: bool = True
    old: bool = False


class GateResult(BaseModel):
    """A verdict with what it rests on.

    `evidence` is one line for people ("41 tests collected, 41 passed"); `measured` are the figures behind it.
    `reason` says why a gate was skipped or could not judge, and what to do about it.
    """

    model_config = ConfigDict(frozen=True)

    gate: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    evidence: str = ""
    measured: dict[str, Any] = Field(default_factory=dict)
    reason: str = ""
    tool: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    duration_s: float = 0.0
    output_path: str | None = None

    @property
    def new(self) -> tuple[Finding, ...]:
        """The findings that the base commit did not have."""
        return tuple(finding for finding in self.findings if not finding.old)


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """One stable name per finding: tool, rule, path, line text, and which of several equal ones it is."""
    seen: Counter[tuple[str, str, str | None, str]] = Counter()
    names = []
    for finding in findings:
        key = (finding.tool, finding.rule, finding.path, finding.text)
        names.append(hashlib.sha1("\0".join([*map(str, key), str(seen[key])]).encode()).hexdigest())
        seen[key] += 1
    return names


def same_before(findings: Sequence[Finding], before: Sequence[Finding]) -> list[bool]:
    """Say of each finding whether the base had it too.

    The same line text is the same finding. What is left is counted: a formatter changes every line's text, but where
    a file has no more findings of a rule than it had, none of them is new.
    """
    there = Counter(fingerprints(before))
    same = [there[name] > 0 for name in fingerprints(findings)]
    left = Counter(map(_kind, before))
    left.subtract(_kind(finding) for finding, known in zip(findings, same, strict=True) if known)
    for n, finding in enumerate(findings):
        if not same[n] and finding.line is not None and left[_kind(finding)] > 0:
            left[_kind(finding)] -= 1
            same[n] = True
    return same


def _kind(finding: Finding) -> tuple[str, str, str | None]:
    return finding.tool, finding.rule, finding.path
