"""Ruff: findings from its JSON report, and proof of the files it read."""

import json
from pathlib import Path
from typing import Any

from tuloy.agents.tools import find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_files
from tuloy.gates.judging import (
    Judging,
    Lane,
    Unproved,
    fresh,
    output_of,
    report_bytes,
    result_of,
    run_tool,
    source_line,
    version_of,
)
from tuloy.gates.project import ruff_configured
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line

__all__ = ["LANE"]

UNREAD = ("E902", "io-error")
SOURCES = (".py", ".pyi", ".ipynb")
# A project without a configuration of its own (one in a directory above does not count) asked for no style. What it
# is judged by then are faults: syntax, undefined names, comparisons and formats that cannot be meant.
UNCONFIGURED = ("--isolated", "--select=E9,F63,F7,F82")


def _judge(at: Judging) -> GateResult:
    ruff = _program(at)
    options = ["--no-cache", *([] if ruff_configured(at.workspace) else UNCONFIGURED)]
    files = _files(at, ruff, options)
    report = fresh(at, "ruff.json")
    check = [
        "check",
        "--output-format=json",
        f"--output-file={report}",
        "--no-fix",
        "--no-fix-only",
        *options,
        ".",
    ]
    ended = run_tool(at, "ruff", [ruff, *check])
    if ended.exit_code not in (0, 1):
        raise Unproved(f"ruff could not run: {_complaint(output_of(ended))}; correct its configuration", ended)
    found = _parsed(report_bytes(report, ended, tool="ruff"))
    unread = [item["filename"] for item in found if item.get("code") in UNREAD]
    if unread or "Failed to lint" in output_of(ended):
        what = unread[0] if unread else _complaint(output_of(ended))
        raise Unproved(f"ruff could not read everything: {what}; correct or remove that file", ended)
    if bool(found) != (ended.exit_code == 1):
        raise Unproved(f"ruff reports {len(found)} findings but ended with exit code {ended.exit_code}", ended)
    findings = [_finding(item, at.workspace) for item in found]
    return result_of("lint", ended, tool=version_of(at, ruff), findings=findings, measured={"covered": files})


def _program(at: Judging) -> Path:
    if found := find_tool("ruff", at.place):
        return found
    raise ToolMissing("'ruff' is neither in the project's environment nor on PATH; install it there")


def _files(at: Judging, ruff: Path, options: list[str]) -> int:
    """Return how many source files ruff reads with these options; its settings may exclude all."""
    ended = run_tool(at, "ruff-files", [ruff, "check", "--show-files", *options, "."])
    said = output_of(ended)
    if not ended.ok:
        raise Unproved(f"ruff could not run: {_complaint(said)}; correct its configuration", ended)
    count = sum(line.endswith(SOURCES) and (at.workspace / line).is_file() for line in said.splitlines())
    if not count:
        raise Unproved("ruff checked no file at all: its settings exclude every Python file here", ended)
    return count


def _complaint(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    start = next((at for at, line in enumerate(lines) if line.startswith(("error", "ruff failed"))), 0)
    start = next((at for at, line in enumerate(lines) if "Failed to lint" in line), start)
    return one_line(" ".join(lines[start : start + 4]), 240) or "it printed nothing"


def _parsed(data: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise Unproved(f"ruff's report cannot be parsed: {error}") from error
    if not isinstance(found, list):
        raise Unproved(f"ruff's report is {type(found).__name__!r}, not a list")
    return found


def _finding(item: dict[str, Any], workspace: Path) -> Finding:
    path, line = Path(item["filename"]), item["location"]["row"]
    home = workspace.resolve()
    name = str(path.resolve().relative_to(home)) if path.resolve().is_relative_to(home) else str(path)
    return Finding(
        tool="ruff",
        rule=item.get("code") or "invalid-syntax",
        message=one_line(item["message"], 300),
        path=name,
        line=line,
        text=source_line(workspace, name, line) if item.get("cell") is None else "",
    )


LANE = Lane("ruff", _judge, tell_files, lambda at: f"{_program(at)} {version_of(at, _program(at))}")
