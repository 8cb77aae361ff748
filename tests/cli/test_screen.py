"""What is drawn on a terminal, whatever the texts hold that come from plans, tools and repositories."""

import io
import unicodedata
from typing import Any

import pytest
from rich.console import Console

from cli.live import Live
from cli.plan_screen import print_plan
from cli.screen import print_goal, print_goals
from tuloy.plan import AskAction, CommandAction, Goal, InstructAction, Need, Plan, Stage, Step
from tuloy.work.run import Change

EVIL = "a\x1b]52;c;eA==\x07b\x1b[2J\u202e\u200b[red]c[/red][/nope]\r\nok  done :smile:"
SEEN = "ab[red]c[/red][/nope] ok done :smile:"


@pytest.fixture
def console() -> Console:
    """A console that writes into memory, as into a file."""
    return Console(file=io.StringIO(), highlight=False, soft_wrap=True, width=400)


def shown(console: Console) -> str:
    """What was written."""
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert not {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"}
    return text


def document(text: str) -> dict[str, Any]:
    """A goal as `show --json` has it, with the text wherever somebody else writes."""
    step = {
        "id": "s1",
        "title": text,
        "status": "failed",
        "reason": text,
        "duration_s": 1.0,
        "tail": text,
        "changed": [text],
        "kept": [text],
    }
    finding = {"old": False, "path": text, "line": 3, "rule": text, "message": text}
    gate = {
        "gate": text,
        "verdict": "fail",
        "evidence": text,
        "reason": "",
        "duration_s": 1.0,
        "findings": [finding] * 12,
    }
    return {
        "id": "g1",
        "text": text,
        "status": "failed",
        "reason": text,
        "branch": "tuloy/x",
        "commit": "c" * 40,
        "base": "b" * 40,
        "accepted": None,
        "flow_run_url": "http://127.0.0.1:4200/x",
        "reduced": [text],
        "steps": [step],
        "gates": [gate],
    }


def test_nothing_in_a_goal_steers_the_terminal_or_is_markup(console: Console) -> None:
    """Titles, reasons, findings, rules, paths and tails are shown as the characters that they are."""
    print_goal(document(EVIL), console)
    print_goals([{"id": EVIL, "text": EVIL, "status": "done", "ended": 1, "steps": 2}], console)
    text = shown(console)
    assert text.count(SEEN) >= 10
    assert "and 2 more" in text


def test_no_text_can_pose_as_a_line_of_ours(console: Console) -> None:
    """A line end in a title, a rule or a path does not begin a line of the report."""
    print_goal({**document("x\nnext     rm -rf ~"), "steps": [], "reduced": []}, console)
    kept = document("plain")
    kept["steps"][0] |= {"kept": ["a\nnext     rm -rf ~"], "tail": ""}
    print_goal(kept, console)
    assert not [line for line in shown(console).splitlines() if line.startswith("next")]


def test_nothing_in_a_plan_steers_the_terminal_or_is_markup(console: Console) -> None:
    """Goal, stages, titles, commands, gates and limits are shown as the characters that they are."""
    first = Step(id="a", title=EVIL, action=CommandAction(argv=(EVIL, EVIL)))
    second = Step(id="b", title="t", action=InstructAction(prompt="p"), needs=(Need(step="a", when="failed"),))
    third = Step(id="c", title="t", action=AskAction(question=EVIL))
    stages = (
        Stage(id="s1", title=EVIL, gates=(EVIL,), steps=(first, second)),
        Stage(id="s2", title=EVIL, steps=(third,)),
    )
    print_plan(Plan.of(goal=Goal(text=EVIL, constraints=(EVIL,)), stages=stages), console)
    text = shown(console)
    assert text.count(SEEN) >= 6
    assert "← 1 if it fails" in text


@pytest.mark.parametrize("terminal", [False, True])
def test_changes_are_lines_of_plain_text(terminal: bool) -> None:
    """What is under way and what has ended may come in any order, from texts of any kind."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=400, highlight=False, soft_wrap=True)
    with Live(console) as live:
        live.tell(Change("step", "a", EVIL, "running"))
        live.tell(Change("step", "a", EVIL, "failed", EVIL, 1.0))
        live.tell(Change("step", "b", EVIL, "done", "exit code 0", 0.5))
        live.tell(Change("step", "c", EVIL, "unheard-of"))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert SEEN in text
    assert not any(bad in text for bad in ("\x1b]52", "\x1b[2J\u202e", "\u202e", "\u200b"))
