"""Who does a step."""

from typing import Any

import pytest

from tuloy.agents.matching import agents_of, choose, why_nobody
from tuloy.errors import UsageError
from tuloy.plan import AskAction, CommandAction, GateAction, InstructAction, PythonAction, Step
from tuloy.settings import AgentSettings

MINE = {"mine": AgentSettings(argv=("m", "{prompt}")), "other": AgentSettings(argv=("o", "{prompt}"))}


def step(action: Any, *capabilities: str) -> Step:
    """A step that asks for these capabilities."""
    return Step(id="s", title="t", action=action, capabilities=capabilities)


@pytest.mark.parametrize(
    ("action", "capabilities", "who"),
    [
        (CommandAction(argv=("x",)), (), "shell"),
        (CommandAction(argv=("x",)), ("shell",), "shell"),
        (CommandAction(argv=("x",)), ("code",), None),
        (PythonAction(target="m:f"), (), "shell"),
        (InstructAction(prompt="p"), ("code",), "mine"),
        (InstructAction(prompt="p"), ("write", "review"), "mine"),
        (InstructAction(prompt="p"), (), "mine"),
        (InstructAction(prompt="p"), ("shell",), "mine"),
        (InstructAction(prompt="p"), ("vision",), None),
        (AskAction(question="q"), (), None),
        (GateAction(gate="lint"), (), None),
    ],
)
def test_a_step_goes_to_one_who_can_and_only_of_its_kind(action: Any, capabilities: tuple[str, ...], who: str) -> None:
    """A command is never handed to a coding CLI as words, and words are never handed to the shell."""
    agent = choose(step(action, *capabilities), agents_of(MINE))
    assert (agent.name if agent else None) == who


def test_the_chosen_agent_is_first() -> None:
    """`--agent` decides between two that can."""
    agent = choose(step(InstructAction(prompt="p"), "code"), agents_of(MINE, "other"))
    assert agent is not None
    assert agent.name == "other"


def test_an_installed_cli_is_not_used_unasked() -> None:
    """Without a description or a choice there is nobody for words; naming a known one is enough."""
    words = step(InstructAction(prompt="p"), "code")
    assert choose(words, agents_of({})) is None
    agent = choose(words, agents_of({}, "claude"))
    assert agent is not None
    assert agent.name == "claude"


def test_an_unknown_agent_is_said() -> None:
    """The message lists those that are known and how to describe another."""
    with pytest.raises(UsageError, match=r"no agent is called 'x'; known: 'aider'.*'mine'.*\[agents\.x\]"):
        agents_of(MINE, "x")


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (AskAction(question="which one?"), "asks: which one\\?"),
        (InstructAction(prompt="p"), "needs 'code'.*tuloy resume g1"),
        (GateAction(gate="lint"), "gate 'lint'"),
    ],
)
def test_who_waits_is_told_what_for(action: Any, sentence: str) -> None:
    """Every step that nobody does gets a sentence with the next action."""
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(why_nobody(step(action), "g1"))
