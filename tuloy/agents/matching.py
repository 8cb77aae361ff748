"""Which agent does a step, and what to say when none here can."""

import shutil
from collections.abc import Iterable, Mapping, Sequence

from tuloy.agents.prompt_cli import KNOWN, PromptCli
from tuloy.agents.protocol import Agent
from tuloy.agents.shell import ShellAgent
from tuloy.errors import UsageError
from tuloy.plan import AskAction, Step
from tuloy.settings import AgentSettings

__all__ = ["agents_of", "choose", "why_nobody"]


def agents_of(described: Mapping[str, AgentSettings], chosen: str | None = None) -> list[Agent]:
    """Return the agents of this machine, the chosen one first.

    A coding CLI that is merely installed is not used unasked: it costs money and acts on its own. Describing it in
    `tuloy.toml`, or naming it (`--agent`), is the asking.

    Raises:
        UsageError: when the chosen one is neither described nor known.
    """
    clis = {name: PromptCli(name, one.argv, one.capabilities) for name, one in described.items()}
    if chosen and chosen not in clis:
        if chosen not in KNOWN:
            known = ", ".join(repr(name) for name in sorted({*clis, *KNOWN}))
            raise UsageError(
                f"no agent is called {chosen!r}; known: {known}; or describe it in tuloy.toml ([agents.{chosen}])"
            )
        clis[chosen] = PromptCli(chosen, KNOWN[chosen])
    order = sorted(clis, key=lambda name: name != chosen)
    return [ShellAgent(), *(clis[name] for name in order)]


def choose(step: Step, agents: Sequence[Agent]) -> Agent | None:
    """Return the first agent that has every capability the step asks for."""
    if isinstance(step.action, AskAction):
        return None
    wanted = frozenset(step.capabilities or ("shell",))
    return next((agent for agent in agents if wanted <= agent.capabilities), None)


def why_nobody(step: Step, goal_id: str) -> str:
    """Say what the step waits for, and what would do it."""
    if isinstance(step.action, AskAction):
        return f"asks: {step.action.question}"
    wanted = " and ".join(step.capabilities)
    there = [name for name in KNOWN if shutil.which(name)]
    first = (
        f"`tuloy resume {goal_id} --agent {there[0]}` lets the installed {there[0]!r} do it"
        if there
        else (f"install a coding CLI ({_listed(KNOWN)}) and `tuloy resume {goal_id} --agent NAME`")
    )
    return f"no agent here can do this (it needs {wanted!r}); {first}, or describe one in tuloy.toml as [agents.NAME]"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
