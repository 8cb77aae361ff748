"""Which agent does a step, and what to say when none here can."""

from collections.abc import Iterable, Mapping, Sequence

from tuloy.agents.prompt_cli import KEYS, KNOWN, PromptCli
from tuloy.agents.protocol import Agent
from tuloy.agents.shell import SHELL_CAPABILITIES, ShellAgent
from tuloy.agents.tools import on_path
from tuloy.errors import UsageError
from tuloy.plan import AskAction, GateAction, InstructAction, Step
from tuloy.settings import AgentSettings

__all__ = ["agents_of", "choose", "why_nobody"]


def agents_of(described: Mapping[str, AgentSettings], chosen: str | None = None) -> list[Agent]:
    """Return the agents of this machine, the chosen one first.

    A coding CLI that is merely installed is not used unasked: it costs money and acts on its own. Describing it in
    `tuloy.toml`, or naming it (`--agent`), is the asking.

    Raises:
        UsageError: when the chosen one is neither described nor known.
    """
    clis = {name: PromptCli(name, one.argv, one.capabilities, one.pass_env) for name, one in described.items()}
    if chosen and chosen not in clis:
        if chosen not in KNOWN:
            known = ", ".join(repr(name) for name in sorted({*clis, *KNOWN}))
            raise UsageError(
                f"no agent is called {chosen!r}; known: {known}; or describe it in tuloy.toml ([agents.{chosen}])"
            )
        clis[chosen] = PromptCli(chosen, KNOWN[chosen], pass_env=KEYS[chosen])
    order = sorted(clis, key=lambda name: name != chosen)
    return [ShellAgent(), *(clis[name] for name in order)]


def choose(step: Step, agents: Sequence[Agent]) -> Agent | None:
    """Return the first agent that has every capability the step's action and the step itself ask for."""
    if isinstance(step.action, AskAction | GateAction):
        return None
    wanted = _wanted(step)
    return next((agent for agent in agents if wanted <= agent.capabilities), None)


def _wanted(step: Step) -> frozenset[str]:
    """Programs are run by the shell, words are understood by a coding CLI, whatever a plan asks for beside."""
    asked = frozenset(step.capabilities)
    if isinstance(step.action, InstructAction):
        return asked - SHELL_CAPABILITIES or frozenset({"code"})
    return asked | {"shell"}


def why_nobody(step: Step, goal_id: str) -> str:
    """Say what the step waits for, and what would do it."""
    if isinstance(step.action, AskAction):
        return f"asks: {step.action.question}"
    if isinstance(step.action, GateAction):
        return f"gate {step.action.gate!r} cannot be judged in the middle of a stage; make it a gate of the stage"
    wanted = " and ".join(sorted(_wanted(step)))
    there = [name for name in KNOWN if on_path(name)]
    first = (
        f"`tuloy resume {goal_id} --agent {there[0]}` lets the installed {there[0]!r} do it"
        if there
        else (f"install a coding CLI ({_listed(KNOWN)}) and `tuloy resume {goal_id} --agent NAME`")
    )
    return f"no agent here can do this (it needs {wanted!r}); {first}, or describe one in tuloy.toml as [agents.NAME]"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
