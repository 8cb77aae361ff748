"""ESLint from the project's node_modules: findings and files from its JSON report.

Warnings fail nothing in eslint and nothing here; they are counted.
"""

import json
from pathlib import Path
from typing import Any

from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_files
from tuloy.gates.judging import (
    Judging,
    Lane,
    Unproved,
    fresh,
    report_bytes,
    result_of,
    run_tool,
    source_line,
    version_of,
)
from tuloy.gates.node import local_tool
from tuloy.gates.project import package_json
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line

__all__ = ["LANE", "configured"]

CONFIGS = ("eslint.config.*", ".eslintrc", ".eslintrc.*")
ERROR = 2


def configured(root: Path) -> bool:
    """Whether the project configures eslint."""
    return "eslintConfig" in (package_json(root) or {}) or any(next(root.glob(name), None) for name in CONFIGS)


def _judge(at: Judging) -> GateResult:
    eslint = _program(at)
    report = fresh(at, "eslint.json")
    ended = run_tool(at, "eslint", [eslint, ".", "--format", "json", "--output-file", report])
    if ended.exit_code not in (0, 1):
        said = one_line(ended.tail, 240) or f"exit code {ended.exit_code}"
        raise Unproved(f"eslint could not run: {said}; correct its configuration or install what it names", ended)
    files = _parsed(report_bytes(report, ended, tool="eslint"))
    if not files:
        raise Unproved("eslint checked no file at all; look at its `files` and `ignores`", ended)
    messages = [(file, message) for file in files for message in file["messages"]]
    findings = [_finding(file["filePath"], said, at.workspace) for file, said in messages if said["severity"] == ERROR]
    if findings and ended.ok:
        raise Unproved(f"eslint reports {len(findings)} errors but ended with exit code 0", ended)
    if not findings and not ended.ok:
        raise Unproved(f"eslint ended with exit code 1 but reports no error: {one_line(ended.tail, 200)}", ended)
    measured = {"covered": len(files), "warnings": len(messages) - len(findings)}
    return result_of("lint", ended, tool=version_of(at, eslint), findings=findings, measured=measured)


def _program(at: Judging) -> Path:
    if found := local_tool("eslint", at.place):
        return found
    raise ToolMissing("eslint is configured but not in node_modules; install the project's dependencies")


def _parsed(data: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise Unproved(f"eslint's report cannot be parsed: {error}") from error
    if not isinstance(found, list):
        raise Unproved(f"eslint's report is {type(found).__name__!r}, not a list")
    return found


def _finding(file: str, said: dict[str, Any], workspace: Path) -> Finding:
    home = workspace.resolve()
    path = str(Path(file).resolve().relative_to(home)) if Path(file).resolve().is_relative_to(home) else file
    rule = said.get("ruleId") or ("invalid-syntax" if said.get("fatal") else "eslint")
    line = said.get("line")
    text = source_line(workspace, path, line)
    return Finding(tool="eslint", rule=rule, message=one_line(said["message"], 300), path=path, line=line, text=text)


LANE = Lane("eslint", _judge, tell_files, lambda at: f"{_program(at)} {version_of(at, _program(at))}")
