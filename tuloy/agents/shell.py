"""The shell agent: commands and Python functions, run as processes in the workspace."""

import json
from dataclasses import dataclass

from tuloy.agents.process import Ended, run_process
from tuloy.agents.protocol import Assignment, Report
from tuloy.agents.tools import exit_means, resolve_argv
from tuloy.errors import ToolMissing
from tuloy.plan import CommandAction, PythonAction

__all__ = ["SHELL_CAPABILITIES", "ShellAgent", "report_of"]

SHELL_CAPABILITIES = frozenset({"shell", "python"})

# A whole number is the exit code, a truth value a yes or no, anything else is printed and means done.
CALL = """
import importlib, json, sys, traceback
module, name = sys.argv[1].split(":")
try:
    function = getattr(importlib.import_module(module), name)
except (ImportError, AttributeError):
    traceback.print_exc()
    sys.exit(127)
answer = function(**json.loads(sys.argv[2]))
if isinstance(answer, bool):
    answer = int(not answer)
elif answer is not None and not isinstance(answer, int):
    print(answer)
    answer = 0
sys.exit(answer if answer is None or 0 <= answer <= 255 else 1)
"""


@dataclass(frozen=True, slots=True)
class ShellAgent:
    """Runs a step's command; its exit code is the answer."""

    name: str = "shell"
    capabilities: frozenset[str] = SHELL_CAPABILITIES

    def do(self, work: Assignment) -> Report:
        """Run the step's command to its end."""
        argv = _argv(work)
        try:
            ended = run_process(
                resolve_argv(argv, work.place),
                cwd=work.place.workspace,
                env=work.env,
                output_path=work.output_path,
                timeout_s=work.step.timeout_s,
                mark=work.mark,
                cancel=work.cancel,
            )
        except ToolMissing as error:
            return Report("error", str(error))
        return report_of(ended, work.step.timeout_s, program=argv[0])


def report_of(ended: Ended, limit_s: float, *, program: str) -> Report:
    """Turn how a process ended into what it means for the step."""
    said = ended.describe(limit_s)
    if ended.cancelled:
        return Report("lost", said, None, ended.tail)
    if ended.exit_code is None:
        return Report("error", said, None, ended.tail)
    if ended.ok:
        return Report("done", said, 0, ended.tail)
    could_not = exit_means(program, ended.exit_code)
    if could_not:
        return Report("error", f"{could_not} ({said})", ended.exit_code, ended.tail)
    return Report("failed", said, ended.exit_code, ended.tail)


def _argv(work: Assignment) -> tuple[str, ...]:
    action = work.step.action
    if isinstance(action, CommandAction):
        return action.argv
    if isinstance(action, PythonAction):
        return ("python", "-c", CALL, action.target, json.dumps(action.arguments))
    raise TypeError(f"the shell agent was given a step of kind {action.kind!r}")
