"""Linters behind `npm run lint` and `make lint`: an exit code, and output that may prove something.

Exit code 0 alone proves nothing: the target may be empty, and most linters are silent when they are
content. So a pass needs a line in which a known linter says what it covered; without one the gate is
skipped and says why. Another exit code is the linter's no, unless it shows that the linter never ran. Such
findings count as new, always: two runs of an unknown tool cannot be compared.
"""

import re
from pathlib import Path

from tuloy.agents.process import Ended
from tuloy.agents.tools import find_tool
from tuloy.errors import ToolMissing
from tuloy.gates.evidence import tell_script
from tuloy.gates.judging import Judging, Lane, Unproved, output_of, result_of, run_tool, version_of
from tuloy.gates.node import QUIET, npm
from tuloy.gates.verdict import Finding, GateResult
from tuloy.printable import one_line

__all__ = ["NPM", "make_lane"]

PROOFS = re.compile(
    r"""^\s* (?:
      All\ checks\ passed!                                          # ruff
    | Success:\ no\ issues\ found\ in\ [1-9]\d*\ source\ files?      # mypy
    | Checked\ [1-9]\d*\ files?\ in                                 # biome
    | Finished\ in\ .*\ on\ [1-9]\d*\ files?                         # oxlint
    | All\ matched\ files\ use\ Prettier\ code\ style!
    | Your\ code\ has\ been\ rated\ at\ .*                          # pylint
    | ✖\ \d+\ problems?\ \(0\ errors,                              # eslint with warnings only
    | 0\ issues\.                                                   # golangci-lint
    | [1-9]\d*\ files?\ (?:already\ formatted|would\ be\ left\ unchanged|inspected,\ no\ offenses)
    ) .*""",
    re.VERBOSE | re.MULTILINE,
)
NOTHING_SEEN = re.compile(r"No Python files found|Nothing to be done for|is up to date\.", re.IGNORECASE)
NEVER_RAN = re.compile(
    r"""^(?:
      \S*sh:\ .*(?:not\ found|Permission\ denied)$
    | make(?:\[\d+\])?:\ \S+:\ (?:No\ such\ file\ or\ directory|Permission\ denied)$
    | make(?:\[\d+\])?:\ \*\*\*\ .*(?:No\ rule\ to\ make\ target|Error\ 12[67]$|missing\ separator)
    | npm\ (?:error|ERR!)\ (?:Missing\ script:|code\ (?:ENOENT|127)$)
    | (?:Error:\ )?Cannot\ find\ (?:module|package)\b
    )""",
    re.VERBOSE | re.MULTILINE,
)
LOCATED = re.compile(r"^\s*(?P<path>[\w@./-]+\.\w+)[:(](?P<line>\d+)(?:[:,]\d+)?\)?:?\s+(?P<text>\S.*)$", re.MULTILINE)
MOST = 200


def _judge_npm(at: Judging) -> GateResult:
    ended = run_tool(at, "npm-lint", [npm(at.place), "run", "lint"], env=QUIET)
    return _weighed(at, ended, "npm run lint")


def make_lane(target: str) -> Lane:
    """Return the lane that asks `make <target>`."""
    return Lane("make", lambda at: _judge_make(at, target), tell_script, lambda at: version_of(at, _make(at)))


def _judge_make(at: Judging, target: str) -> GateResult:
    return _weighed(at, run_tool(at, "make-lint", [_make(at), target]), f"make {target}")


def _make(at: Judging) -> Path:
    if found := find_tool("make", at.place):
        return found
    raise ToolMissing("'make' is not on PATH; install it")


def _weighed(at: Judging, ended: Ended, command: str) -> GateResult:
    said = output_of(ended)
    if not ended.ok:
        return _refused(at, ended, command, said)
    proof = PROOFS.search(said)
    if proof and not NOTHING_SEEN.search(said):
        line = one_line(proof[0], 120)
        return result_of(
            "lint", ended, tool=command, findings=(), measured={"covered": 1, "proof": f"`{command}`: {line}"}
        )
    why = f"exit code 0 of `{command}`, but nothing in its output shows that a file was checked"
    return result_of("lint", ended, tool=command, findings=(), measured={}).model_copy(
        update={"verdict": "skipped", "reason": why}
    )


def _refused(at: Judging, ended: Ended, command: str, said: str) -> GateResult:
    if gone := NEVER_RAN.search(said):
        line = next(line for line in said.splitlines() if gone[0].strip() in line)
        raise Unproved(f"`{command}` could not run: {one_line(line, 200)}; install what it needs", ended)
    proof = f"exit code {ended.exit_code} of `{command}`"
    findings = [
        Finding(tool=command, rule="line", message=one_line(found["text"], 300), path=found["path"],
                line=int(found["line"]), comparable=False)
        for found in LOCATED.finditer(said) if (at.workspace / found["path"]).is_file()
    ][:MOST]  # fmt: skip
    whole = Finding(tool=command, rule="exit-code", message=proof, comparable=False)
    return result_of("lint", ended, tool=command, findings=findings or [whole], measured={"covered": 1, "proof": proof})


NPM = Lane("npm", _judge_npm, tell_script, lambda at: f"{npm(at.place)} {version_of(at, npm(at.place))}")
