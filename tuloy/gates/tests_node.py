"""Node's test runners, asked for a report where the `test` script plainly calls one of them.

A script with pipes, globs, several commands, or a `pretest` beside it is left to `npm test`. What a test
file ends by `process.exit(0)` after node:test has already reported some of it is not noticed.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tuloy.agents.process import Ended
from tuloy.agents.tools import Place, find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_tests
from tuloy.gates.judging import Judging, Lane, Unproved, fresh, report_bytes, result_of, run_tool, version_of
from tuloy.gates.junit import Case, read_cases
from tuloy.gates.node import local_tool
from tuloy.gates.project import script_of
from tuloy.gates.tests_scripts import NPM
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line, printable

__all__ = ["lane_for"]

WORD = r"[\w./=@:-]+"
PLAIN = re.compile(rf"(?:npx )?(?P<runner>vitest|jest|mocha|node --test)(?: run\b)?(?P<rest>(?: {WORD})*)\Z")
OTHER_PURPOSE = re.compile(r"--(?:watch|reporter|json|ui|outputFile|test-reporter|test-only|import|require)\b")


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a report says: how many passed, how many were skipped, and one finding per failure.

    `unloaded` are the failures that are files which could not be run, so that no test of theirs was.
    """

    passed: int
    skipped: int
    findings: tuple[Finding, ...]
    unloaded: int = 0


def lane_for(place: Place) -> Lane:
    """Return the lane for the package's `test` script."""
    found = PLAIN.match((script_of(place.workspace, "test") or "").strip())
    beside = any(script_of(place.workspace, name) for name in ("pretest", "posttest"))
    if found is None or beside or OTHER_PURPOSE.search(found["rest"]):
        return NPM
    runner, rest = found["runner"], found["rest"].split()
    if runner == "node --test":
        return Lane("node:test", partial(_judge_node, rest), tell_tests, lambda at: version_of(at, _node(at)))
    if local_tool(runner, place) is None:
        return NPM
    judge = partial(_judge_local, runner, rest)
    return Lane(runner, judge, tell_tests, lambda at: version_of(at, _local(at, runner)))


def _node(at: Judging) -> Path:
    if found := find_tool("node", at.place):
        return found
    raise ToolMissing("'node' is not on PATH; install Node.js")


def _local(at: Judging, runner: str) -> Path:
    if found := local_tool(runner, at.place):
        return found
    raise ToolMissing(f"{runner!r} is not in node_modules; install the project's dependencies")


def _judge_node(rest: Sequence[str], at: Judging) -> GateResult:
    node = _node(at)
    report = fresh(at, "node.xml")
    reporters = ["junit", report, "spec", "stdout"]
    options = [f"--test-reporter{'-destination' if odd % 2 else ''}={part}" for odd, part in enumerate(reporters)]
    ended = run_tool(at, "node-test", [node, "--test", *options, *rest])
    cases = read_cases(report_bytes(report, ended, tool="node:test"), tool="node:test")
    _refuse_early_end(cases, at.workspace, ended)
    return _result(ended, version_of(at, node), _of_cases(cases, at.workspace))


def _refuse_early_end(cases: Sequence[Case], workspace: Path, ended: Ended) -> None:
    """Raise Unproved for a file that uses node:test, yet ended well without reporting a test of its own."""
    for case in cases:
        file = workspace / case.name
        if case.state == "passed" and file.is_file() and b"node:test" in file.read_bytes():
            name = file.relative_to(workspace) if file.is_relative_to(workspace) else file
            raise Unproved(f"{str(name)!r} ended without reporting its tests; does it call process.exit?", ended)


def _of_cases(cases: Sequence[Case], workspace: Path) -> _Counted:
    names = Counter(_name(case, workspace) for case in cases)
    failed = [case for case in cases if case.state == "failed"]
    findings = [_finding(case, _name(case, workspace), names, workspace) for case in failed]
    unloaded = sum((workspace / case.name).is_file() for case in failed)
    states = Counter(case.state for case in cases)
    return _Counted(states["passed"], states["skipped"], tuple(findings), unloaded)


def _name(case: Case, workspace: Path) -> str:
    """Return a test's name below its suites; a file that could not be run is a case named by its path."""
    return " > ".join((*case.suites, case.name.removeprefix(f"{workspace}/")))


def _finding(case: Case, name: str, names: Counter[str], workspace: Path) -> Finding:
    path, line = _place(case.text, workspace)
    message = one_line(case.message or name, 300)
    known = names[name] == 1 or path is not None
    return Finding(tool="node:test", rule=name, message=message, path=path, line=line, comparable=known)


def _place(text: str, workspace: Path) -> tuple[str | None, int | None]:
    """Return the last frame of a stack that is in the workspace: the test itself, below what it called."""
    inside = re.findall(rf"{re.escape(str(workspace))}/([^\s:()]+):(\d+):\d+", text)
    own = [(path, int(line)) for path, line in inside if "node_modules/" not in path]
    return own[-1] if own else (None, None)


def _judge_local(runner: str, rest: Sequence[str], at: Judging) -> GateResult:
    program = _local(at, runner)
    report = fresh(at, f"{runner}.json")
    ended = run_tool(at, runner, [program, *_asking(runner, report), *rest])
    try:
        said = json.loads(report_bytes(report, ended, tool=runner))
        counted = READERS[runner](said, runner, at.workspace)
    except (ValueError, KeyError, TypeError) as error:
        raise Unproved(f"{runner}'s report cannot be understood: {error!r}; see {report}", ended) from error
    return _result(ended, version_of(at, program), counted)


def _asking(runner: str, report: Path) -> list[str]:
    if runner == "vitest":
        return ["run", "--reporter=json", f"--outputFile={report}"]
    if runner == "jest":
        return ["--ci", "--json", f"--outputFile={report}"]
    return ["--reporter", "json", "--reporter-option", f"output={report}"]


def _of_suites(said: dict[str, Any], runner: str, workspace: Path) -> _Counted:
    """Read the report that jest and vitest share."""
    states: Counter[str] = Counter()
    findings: list[Finding] = []
    unloaded = 0
    for suite in said["testResults"]:
        path = _relative(suite["name"], workspace)
        states.update(test["status"] for test in suite["assertionResults"])
        failed = [test for test in suite["assertionResults"] if test["status"] == "failed"]
        findings += [_failure(runner, path, test["fullName"], "\n".join(test["failureMessages"])) for test in failed]
        if suite["status"] == "failed" and not failed:
            findings.append(_failure(runner, path, path, suite.get("message") or "the file could not be run"))
            unloaded += 1
    aside = states["pending"] + states["skipped"] + states["todo"] + states["disabled"]
    return _Counted(states["passed"], aside, tuple(findings), unloaded)


def _of_mocha(said: dict[str, Any], runner: str, workspace: Path) -> _Counted:
    findings = [
        _failure(
            runner,
            _relative(test["file"], workspace),
            test["fullTitle"],
            test["err"].get("message", "failed"),
        )
        for test in said["failures"]
    ]
    return _Counted(said["stats"]["passes"], said["stats"]["pending"], tuple(findings))


def _relative(name: str, workspace: Path) -> str:
    path, home = Path(name).resolve(), workspace.resolve()
    return str(path.relative_to(home)) if path.is_relative_to(home) else name


def _failure(runner: str, path: str, name: str, message: str) -> Finding:
    line = re.search(rf"{re.escape(path)}:(\d+):\d+", message)
    lines = (line.strip() for line in printable(message).splitlines())
    first = next((line for line in lines if line and not line.startswith("●")), name)
    number = int(line[1]) if line else None
    return Finding(tool=runner, rule=printable(name), message=one_line(first, 300), path=path, line=number)


def _result(ended: Ended, tool: str, had: _Counted) -> GateResult:
    failed = len(had.findings)
    where = f"; see {ended.output_path}"
    if not had.passed + failed:
        why = f"all {had.skipped} tests were skipped" if had.skipped else "no tests were collected"
        raise Unproved(f"{tool}: {why}{where}", ended)
    if bool(failed) == ended.ok:
        raise Unproved(f"exit code {ended.exit_code}, but the report has {failed} failed{where}", ended)
    measured = {
        "covered": had.passed + failed - had.unloaded,
        "collected": had.passed + failed + had.skipped - had.unloaded,
        "passed": had.passed,
        "failed": failed - had.unloaded,
        "skipped": had.skipped,
        "unimportable": had.unloaded,
    }
    return result_of("tests", ended, tool=tool, findings=had.findings, measured=measured)


READERS: dict[str, Callable[[dict[str, Any], str, Path], _Counted]] = {
    "jest": _of_suites,
    "vitest": _of_suites,
    "mocha": _of_mocha,
}
