"""Tests that can only be heard: `npm test`, `make test` and unittest, judged by their closing lines.

A pass needs a recognised summary with at least one test that ran, and an exit code that agrees with it.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tuloy.agents.process import Ended
from tuloy.agents.tools import find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_tests
from tuloy.gates.judging import Judging, Lane, Unproved, output_of, result_of, run_tool, version_of
from tuloy.gates.node import QUIET, npm
from tuloy.gates.summaries import Summary, recognise
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line

__all__ = ["NPM", "heard", "make_lane"]


def make_lane(target: str) -> Lane:
    """Return the lane that asks `make <target>`."""
    return Lane("make", lambda at: _judge_make(at, target), tell_tests, lambda at: version_of(at, _make(at)))


def _judge_make(at: Judging, target: str) -> GateResult:
    return heard(at, run_tool(at, "make-test", [_make(at), target]), f"make {target}")


def _judge_npm(at: Judging) -> GateResult:
    return heard(at, run_tool(at, "npm-test", [npm(at.place), "test"], env=QUIET), "npm test")


def _make(at: Judging) -> Path:
    if found := find_tool("make", at.place):
        return found
    raise ToolMissing("'make' is not on PATH; install it")


def heard(at: Judging, ended: Ended, command: str) -> GateResult:
    """Return the result of a command whose output is all there is to judge by.

    Raises:
        Unproved: when no summary is recognised, nothing ran, or the exit code disagrees.
    """
    said = output_of(ended).replace(f"{at.workspace}/", "")
    summaries = recognise(said)
    if not summaries:
        raise Unproved(_silent(ended, command, said), ended)
    failed = sum(summary.failed for summary in summaries)
    if not sum(summary.ran for summary in summaries):
        skipped = sum(summary.skipped for summary in summaries)
        why = f"all {skipped} tests were skipped" if skipped else "no tests were collected"
        raise Unproved(f"`{command}`: {why}; see {ended.output_path}", ended)
    if bool(failed) == ended.ok:
        story = f"exit code {ended.exit_code} of `{command}`, but its output tells of {failed} failed"
        raise Unproved(f"{story}; see {ended.output_path}", ended)
    findings = [finding for summary in summaries for finding in _findings(summary, command)]
    measured = _measured(summaries, failed)
    return result_of("tests", ended, tool=command, findings=findings, measured=measured)


def _silent(ended: Ended, command: str, said: str) -> str:
    if ended.ok:
        return f"exit code 0 of `{command}`, but nothing shows that a test ran; see {ended.output_path}"
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"not found|error|cannot|\*\*\*", line, re.IGNORECASE)]
    last = one_line((errors or lines or ["it printed nothing"])[0], 200)
    return f"exit code {ended.exit_code} of `{command}` before any test was counted: {last}"


def _findings(summary: Summary, command: str) -> list[Finding]:
    if summary.names:
        return [Finding(tool=command, rule=name, message=f"{one_line(name, 200)} failed") for name in summary.names]
    if not summary.failed:
        return []
    said = f"{summary.failed} of {summary.ran} {summary.unit}s failed; the output does not name each"
    return [Finding(tool=command, rule=summary.runner, message=said, comparable=False)]


def _measured(summaries: Sequence[Summary], failed: int) -> dict[str, int | str]:
    passed = sum(summary.passed for summary in summaries)
    skipped = sum(summary.skipped for summary in summaries)
    return {
        "covered": passed + failed,
        "collected": passed + failed + skipped,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "unit": summaries[0].unit,
    }


NPM = Lane("npm", _judge_npm, tell_tests, lambda at: f"{npm(at.place)} {version_of(at, npm(at.place))}")
