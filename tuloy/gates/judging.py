"""What a gate is given and what it is made of: Judging, Lane, Gate, and how their tools are run.

Owns running a gate's program and turning "it could not run" into words. Which programs those are, and what
their reports mean, is the lanes' business; which verdict follows is `judge.py`'s.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from tuloy.agents.process import Ended, run_process
from tuloy.agents.tools import Place
from tuloy.errors import TuloyError
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line, printable

__all__ = [
    "Gate",
    "Judging",
    "Lane",
    "Unproved",
    "fresh",
    "output_of",
    "relocated",
    "report_bytes",
    "result_of",
    "run_tool",
    "source_line",
    "version_of",
]

REPORT_LIMIT_BYTES = 64 * 1024 * 1024
ASKING_S = 60.0
_VERSIONS: dict[tuple[Path, int, int], str] = {}


class Unproved(TuloyError):
    """Raised when a gate could not judge; it never leaves `judge`, which answers `error` with this reason."""

    def __init__(self, reason: str, ended: Ended | None = None) -> None:
        super().__init__(reason)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Judging:
    """What is judged, and with what.

    `mark` and `scratch` are for this gate alone: when a process of it ends, all with that mark are ended.
    The workspace of `place` holds exactly the commit in question; `env` is what `step_environment` gave for
    it. `scratch` is a directory outside the workspace. `baseline` gives another directory with the base
    commit, or None; it is called only when there are findings.
    """

    place: Place
    env: Mapping[str, str]
    scratch: Path
    mark: str
    timeout_s: float
    cancel: Event
    baseline: Callable[[], Path | None]

    def __post_init__(self) -> None:
        if self.scratch.resolve().is_relative_to(self.workspace.resolve()):
            raise ValueError(f"scratch {str(self.scratch)!r} lies in the judged workspace; give one outside it")

    @property
    def workspace(self) -> Path:
        """The directory that is judged."""
        return self.place.workspace


@dataclass(frozen=True, slots=True)
class Lane:
    """One tool of a gate: `judge` gives findings, `tell` the evidence in one line, `identity` names the tool.

    `judge` raises Unproved or ToolMissing when it could not judge. `identity` changes when the tool does.
    """

    name: str
    judge: Callable[[Judging], GateResult]
    tell: Callable[[GateResult], str]
    identity: Callable[[Judging], str]


@dataclass(frozen=True, slots=True)
class Gate:
    """A check: `lanes` are the tools that make sense in a place, `nothing` says why when there are none.

    `version` goes up when the same tree may get another answer.
    """

    name: str
    version: int
    lanes: Callable[[Place], tuple[Lane, ...]]
    nothing: str


def run_tool(
    at: Judging,
    name: str,
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> Ended:
    """Run a tool in the workspace; its output goes to `scratch/<name>.txt`.

    Raises:
        Unproved: when it was stopped, ran out of time or was killed.
        ToolMissing: when it cannot be started.
    """
    limit = min(at.timeout_s, limit_s or at.timeout_s)
    ended = run_process(
        [str(part) for part in argv],
        cwd=at.workspace,
        env={**at.env, **(env or {})},
        output_path=at.scratch / f"{name}.txt",
        timeout_s=limit,
        mark=at.mark,
        cancel=at.cancel,
    )
    if ended.exit_code is None:
        raise Unproved(f"{name}: {ended.describe(limit)}; {_after(ended)}", ended)
    return ended


def _after(ended: Ended) -> str:
    if ended.cancelled:
        return "run `tuloy resume` to judge it"
    if ended.timed_out:
        return "give it more time, or find out what hangs"
    return f"see {ended.output_path} for what it was doing"


def fresh(at: Judging, name: str) -> Path:
    """Return the path of a report that does not exist yet."""
    path = at.scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def report_bytes(path: Path, ended: Ended, *, tool: str) -> bytes:
    """Return the report that the tool has just written.

    Raises:
        Unproved: when there is none, or it is empty or over 64 MB.
    """
    size = path.stat().st_size if path.is_file() else 0
    if size > REPORT_LIMIT_BYTES:
        raise Unproved(f"{tool} wrote a report of {size} bytes; the most that is read is {REPORT_LIMIT_BYTES}", ended)
    if size:
        return path.read_bytes()
    said = _last_words(ended)
    raise Unproved(f"{tool} wrote no report (exit code {ended.exit_code}){said}; see {ended.output_path}", ended)


def _last_words(ended: Ended) -> str:
    lines = [line for line in ended.tail.splitlines() if line.strip(" =-!_")]
    errors = [line for line in lines if re.search(r"error|cannot|fail|not found", line, re.IGNORECASE)]
    return f": {one_line((errors or lines)[-1], 200)}" if lines else ""


def output_of(ended: Ended) -> str:
    """Return all that the tool printed, made printable."""
    with ended.output_path.open("rb") as kept:
        return printable(kept.read(REPORT_LIMIT_BYTES).decode("utf-8", "replace"))


def result_of(
    gate: str, ended: Ended, *, tool: str, findings: Sequence[Finding], measured: Mapping[str, Any]
) -> GateResult:
    """Return a lane's result: `fail` when there are findings, else `pass`.

    `measured` has `covered`: how many files were checked, how many tests ran.
    """
    return GateResult(
        gate=gate,
        verdict="fail" if findings else "pass",
        findings=tuple(findings),
        measured=dict(measured),
        tool=tool,
        argv=ended.argv,
        exit_code=ended.exit_code,
        duration_s=ended.duration_s,
        output_path=str(ended.output_path),
    )


def relocated(at: Judging, to: Path) -> Judging:
    """Return the same judging of another directory, with every path of the environment moved there."""
    old = str(at.workspace)
    env = {name: os.pathsep.join(_moved(part, old, str(to)) for part in value.split(os.pathsep))
           for name, value in at.env.items()}  # fmt: skip
    return replace(at, place=replace(at.place, workspace=to), env=env, scratch=at.scratch / "base")


def _moved(part: str, old: str, new: str) -> str:
    return new + part[len(old) :] if part == old or part.startswith(old + os.sep) else part


def source_line(workspace: Path, path: str, line: int | None) -> str:
    """Return the stripped line of a file of the workspace, or "" when there is none."""
    found = workspace / path
    if line is None or line < 1 or not found.is_file() or not found.resolve().is_relative_to(workspace.resolve()):
        return ""
    lines = found.read_bytes().splitlines()
    return lines[line - 1].decode("utf-8", "replace").strip() if line <= len(lines) else ""


def version_of(at: Judging, program: Path) -> str:
    """Return the program's name and the version it says it has; asked once per file as it is now."""
    state = program.stat()
    key = (program, state.st_mtime_ns, state.st_size)
    if key not in _VERSIONS:
        ended = run_tool(at, f"{program.name}-version", [program, "--version"], limit_s=ASKING_S)
        number = re.search(r"\d+(?:\.\d+)+\S*", output_of(ended)) if ended.ok else None
        _VERSIONS[key] = f"{program.name} {number[0] if number else 'of an unknown version'}"
    return _VERSIONS[key]
