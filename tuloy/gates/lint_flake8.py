"""Flake8, for projects that configure it and not ruff: findings from its report, files from its own count."""

import re
from pathlib import Path

from tuloy.agents.tools import find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_files
from tuloy.gates.judging import (
    Judging,
    Lane,
    Unproved,
    fresh,
    output_of,
    result_of,
    run_tool,
    source_line,
    version_of,
)
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line, printable

__all__ = ["LANE"]

FORMAT = "%(path)s\t%(row)d\t%(code)s\t%(text)s"
COUNT = re.compile(r"^(\d+)\s+total files processed", re.MULTILINE)


def _judge(at: Judging) -> GateResult:
    flake8 = _program(at)
    report = fresh(at, "flake8.txt")
    options = [f"--output-file={report}", f"--format={FORMAT}", "--benchmark", "--jobs=1"]
    ended = run_tool(at, "flake8", [flake8, *options, "."])
    # With --benchmark the count is printed where the report goes.
    said = printable(report.read_bytes().decode("utf-8", "replace")) if report.is_file() else ""
    count = COUNT.search(said) or COUNT.search(output_of(ended))
    if count is None or ended.exit_code not in (0, 1):
        raise Unproved(f"flake8 could not run (exit code {ended.exit_code}): {_complaint(ended.tail)}", ended)
    if not int(count[1]):
        raise Unproved("flake8 checked no file at all: its settings exclude every Python file here", ended)
    findings = [_finding(line.split("\t", 3), at.workspace) for line in said.splitlines() if line.count("\t") >= 3]
    if unread := next((finding for finding in findings if finding.rule == "E902"), None):
        raise Unproved(f"flake8 could not read {unread.path!r}: {unread.message}", ended)
    if bool(findings) != (ended.exit_code == 1):
        raise Unproved(f"flake8 reports {len(findings)} findings but ended with exit code {ended.exit_code}", ended)
    measured = {"covered": int(count[1])}
    return result_of("lint", ended, tool=version_of(at, flake8), findings=findings, measured=measured)


def _program(at: Judging) -> Path:
    if found := find_tool("flake8", at.place):
        return found
    raise ToolMissing("'flake8' is neither in the project's environment nor on PATH; install it there")


def _complaint(tail: str) -> str:
    lines = [line for line in tail.splitlines() if line.strip()]
    return one_line(lines[-1], 200) if lines else "it printed nothing"


def _finding(parts: list[str], workspace: Path) -> Finding:
    path, row, code, text = parts
    name = path.removeprefix("./")
    line = source_line(workspace, name, int(row))
    return Finding(tool="flake8", rule=code, message=one_line(text, 300), path=name, line=int(row), text=line)


LANE = Lane("flake8", _judge, tell_files, lambda at: f"{_program(at)} {version_of(at, _program(at))}")
