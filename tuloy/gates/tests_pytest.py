"""Pytest: verdict and findings from a JUnit report written just now, checked against all else that it said.

The project's configuration holds, its addopts too; what would hide a failure is overridden on the command
line (`-x`, another report path, quiet output) or refused (`--setup-plan`). Its cache lives in scratch rather than
being switched off, because addopts such as `--ff` need it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tuloy.agents.process import Ended
from tuloy.agents.tools import exit_means, find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_tests
from tuloy.gates.judging import Judging, Lane, Unproved, fresh, output_of, report_bytes, result_of, run_tool
from tuloy.gates.junit import Case, read_cases
from tuloy.gates.origins import installed, interpreter_of, require_workspace
from tuloy.gates.project import pytest_settings
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line

__all__ = ["LANE"]

NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
SELECTED = re.compile(r"^collected (\d+) items?\b(.*)$|^\d+ workers? \[(\d+) items?\]", re.MULTILINE)
COVERAGE = re.compile(r"^.*Required test coverage of .* not reached.*$", re.MULTILINE)
REHEARSAL = re.compile(r"--setup-?(?:only|plan)\b")
FINISHED = re.compile(r"\[100%\]$", re.MULTILINE)
HEADER = re.compile(r"^platform .*?(Python [\d.]+\w*).*?(pytest-[\d.]+\w*)", re.MULTILINE)
ABSENT = re.compile(r"No module named '?([\w.]+)")


def _judge(at: Judging) -> GateResult:
    pytest = _program(at)
    python = interpreter_of(pytest)
    if python is None:
        raise Unproved(f"cannot tell which Python runs {str(pytest)!r}; install pytest in the project's environment")
    _refuse_rehearsal(at.workspace)
    require_workspace(at, python)
    report = fresh(at, "pytest.xml")
    ended = run_tool(at, "pytest", [pytest, *_options(at, report)], env=NO_BYTECODE)
    said = output_of(ended)
    if not report.is_file():
        raise Unproved(_no_report(ended, said), ended)
    cases = read_cases(report_bytes(report, ended, tool="pytest"), tool="pytest")
    tests = {_test_id(case): case for case in cases if case.name and not _uncollected(case)}
    failed = _failures(cases)
    _check(ended, said, tests, failed)
    findings = [_finding(name, case) for name, case in failed.items()]
    findings += [
        Finding(tool="pytest", rule="coverage", message=one_line(line, 200)) for line in COVERAGE.findall(said)
    ]
    result = result_of("tests", ended, tool=_version(said), findings=findings, measured=_measured(said, tests, failed))
    return result.model_copy(update={"reason": _foreign(at, pytest, findings)})


def _program(at: Judging) -> Path:
    if found := find_tool("pytest", at.place):
        return found
    raise ToolMissing("'pytest' is neither in the project's environment nor on PATH; install it there")


def _options(at: Judging, report: Path) -> list[str]:
    options = [
        f"--junitxml={report}", "-o", "junit_family=xunit1", "-o", f"cache_dir={at.scratch / 'pytest-cache'}",
        f"--rootdir={at.workspace}", f"--confcutdir={at.workspace}", "--maxfail=0",
        "-o", "console_output_style=progress", "--continue-on-collection-errors", "--verbosity=0", "--color=no",
    ]  # fmt: skip
    if pytest_settings(at.workspace) is None:  # else a directory above the workspace could configure it
        own = fresh(at, "pytest.ini")
        own.write_text("[pytest]\n", encoding="utf-8")
        options += ["-c", str(own)]
    return options


def _refuse_rehearsal(workspace: Path) -> None:
    """Raise Unproved for options under which tests are reported as passed without being run."""
    if found := REHEARSAL.search(str((pytest_settings(workspace) or {}).get("addopts", ""))):
        raise Unproved(f"pytest's addopts hold {found[0]!r}, so no test would run; remove it")


def _no_report(ended: Ended, said: str) -> str:
    if ended.ok:
        return (
            "exit code 0, but pytest wrote no report: something ended the process while it ran (os._exit?), "
            f"or an option kept it from testing; see {ended.output_path}"
        )
    means = exit_means("pytest", ended.exit_code or 0) or "pytest did not get to its end"
    errors = [line for line in said.splitlines() if re.match(r"E  |ERROR|.*[Ee]rror:", line)]
    detail = f": {one_line(errors[-1], 240)}" if errors else ""
    return f"pytest wrote no report (exit code {ended.exit_code}, {means}){detail}; see {ended.output_path}"


def _test_id(case: Case) -> str:
    """Return pytest's own name of a test, from an xunit1 case."""
    module = case.file.removesuffix(".py").replace("/", ".")
    inner = case.classname.removeprefix(module).strip(".")
    return "::".join(part for part in (case.file, *inner.split("."), case.name) if part)


def _uncollected(case: Case) -> bool:
    return not case.classname and case.state == "failed"


def _failures(cases: Sequence[Case]) -> dict[str, Case]:
    """Return the failed cases by test; a test that fails and then fails to clean up counts once."""
    found: dict[str, Case] = {}
    for case in cases:
        if case.state == "failed":
            found.setdefault((case.file or case.name) if _uncollected(case) else _test_id(case), case)
    return found


def _check(ended: Ended, said: str, tests: dict[str, Case], failed: dict[str, Case]) -> None:
    """Raise Unproved when the report, the exit code and the output do not tell the same story."""
    code, where = ended.exit_code or 0, f"; see {ended.output_path}"
    if code == 0 and failed:
        count = len(failed)
        raise Unproved(
            f"exit code 0, but the report has {count} failed: a conftest or plugin changed one{where}", ended
        )
    if code == 1 and not failed and not COVERAGE.search(said):
        raise Unproved(f"exit code 1, but the report has no failed test{where}", ended)
    if code not in (0, 1) and not (code == 5 and not tests):
        means = exit_means("pytest", code) or "the run was interrupted"
        raise Unproved(f"exit code {code}: {means}{where}", ended)
    if not tests and not failed:
        raise Unproved(f"no tests were collected; look at testpaths, names and selections{where}", ended)
    if (selected := _selected(said)) > len(tests) and not FINISHED.search(said):
        raise Unproved(f"{selected} tests were selected, but only {len(tests)} are in the report{where}", ended)
    if not failed and all(case.state == "skipped" for case in tests.values()):
        raise Unproved(f"all {len(tests)} tests were skipped, so nothing was tested{where}", ended)


def _selected(said: str) -> int:
    """Return how many tests pytest announced, or 0 when its output does not say."""
    found = SELECTED.search(said)
    if found is None:
        return 0
    if found[3]:
        return int(found[3])
    if chosen := re.search(r"/ (\d+) selected", found[2]):
        return int(chosen[1])
    return int(found[1])


def _measured(said: str, tests: dict[str, Case], failed: dict[str, Case]) -> dict[str, int]:
    unimportable = sum(_uncollected(case) for case in failed.values())
    states = Counter(tests[name].state for name in tests.keys() - failed.keys())
    passed = states["passed"] + states["xfailed"]
    return {
        "covered": passed + len(failed) - unimportable,
        "collected": len(tests),
        "passed": passed,
        "skipped": states["skipped"],
        "failed": len(failed) - unimportable,
        "unimportable": unimportable,
        "left_out": max(_selected(said) - len(tests), 0),
    }


def _finding(name: str, case: Case) -> Finding:
    crash = re.findall(rf"^{re.escape(case.file)}:(\d+): ", case.text, re.MULTILINE) if case.file else []
    line = int(crash[-1]) if crash else case.line + 1 if case.line is not None else None
    return Finding(tool="pytest", rule=name, message=_message(case), path=case.file or None, line=line)


def _message(case: Case) -> str:
    raised = [line for line in case.text.splitlines() if line.startswith("E  ")]
    if case.message == "collection failure" and raised:
        return one_line(raised[-1][1:], 300)
    return one_line(case.message or case.text, 300)


def _version(said: str) -> str:
    header = HEADER.search(said)
    return f"{header[2].replace('-', ' ')}, {header[1]}" if header else "pytest"


def _foreign(at: Judging, pytest: Path, findings: Sequence[Finding]) -> str:
    """Return a hint for when imports failed because another environment's pytest ran the tests."""
    home = at.place.environment
    absent = next((found[1] for finding in findings if (found := ABSENT.search(finding.message))), None)
    if absent is None or (home and pytest.is_relative_to(home)):
        return ""
    where = f"the project's environment {str(home)!r} has no pytest" if home else "the project has no environment"
    return f"{where}, so {str(pytest)!r} ran the tests, and has no {absent!r}; install pytest beside it"


def _identity(at: Judging) -> str:
    pytest = _program(at)
    python = interpreter_of(pytest)
    return f"{pytest} {python} {' '.join(installed(python)) if python else ''}"


LANE = Lane("pytest", _judge, tell_tests, _identity)
