"""The picture of a plan: every line fits, conditions are words, whatever the script of the titles."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from cli.plan_facts import facts_of
from cli.plan_screen import duration, print_plan
from cli.planning import Asked, Read, plan_from, settled
from tests.cli.conftest import Ran
from tuloy.errors import Interrupted, ReadingUnsure
from tuloy.plan import CommandAction, Goal, InstructAction, Need, Plan, Stage, Step
from tuloy.printable import headline
from tuloy.settings import AgentSettings, Settings
from tuloy.understanding import understand
from tuloy.work.reading import readings_of

HEAVY = "Format the code, then build a REST API for invoices and, if it fails, tell the team, otherwise push the branch"


def picture(plan: Plan, width: int = 80, settings: Settings | None = None) -> list[str]:
    """The lines of the plan on a console of that width that is no terminal."""
    console = Console(file=io.StringIO(), width=width, highlight=False, soft_wrap=True)
    print_plan(plan, console, facts_of(plan, settings or Settings(), "."))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def plan_of(*titles: str) -> Plan:
    """Steps one after the other."""
    steps = []
    for n, title in enumerate(titles):
        needs = (Need(step=f"x{n - 1}", when="failed"),) if n else ()
        steps.append(Step(id=f"x{n}", title=title, action=InstructAction(prompt="p"), needs=needs, confidence=0.5))
    return Plan.of(goal=Goal(text=" ".join(titles)), stages=(Stage(id="s1", title="all", steps=tuple(steps)),))


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4))
def test_every_line_fits(titles: list[str]) -> None:
    """No line is wider than 80 columns, whatever the words are."""
    assert max(cell_len(line.rstrip()) for line in picture(plan_of(*titles))) <= 80


@pytest.mark.parametrize(
    "goal", [HEAVY, "部署应用程序到生产环境并且运行所有的测试" * 4, "Improve the code every night at 2"]
)
def test_real_plans_fit(goal: str) -> None:
    """Parts, wide characters and commands to copy keep to the width."""
    assert max(cell_len(line.rstrip()) for line in picture(understand(goal))) <= 80


def test_right_to_left_words_stand_alone() -> None:
    """Numbers and arrows are not on the line of a right-to-left title, which a terminal would reorder."""
    lines = picture(plan_of("בדוק את הקוד", "תקן"))
    assert "├── 1. בדוק את הקוד" in lines
    assert "       by a coding agent  ← 1 if it fails  ? 0.50" in [line.replace("│", " ") for line in lines]


def test_conditions_are_words() -> None:
    """What follows a success, a failure or either end of a step says so; parts are numbered under their step."""
    text = "\n".join(picture(understand(HEAVY), 140))
    assert "2. Build a REST API for invoices  " in text
    assert "2.2. Write tests that say what a REST API for invoices must do" in text
    assert "← 1, 2 if it fails" in text or "← 2 if it fails" in text
    assert "← 2 if it passes" in text
    assert "either way" in "\n".join(picture(understand("Run `a`. Either way, run `b`")))


def test_what_is_enough_alone_is_told_with_or() -> None:
    """Of several of which one failure is enough the line says "or"."""
    goal = "Lint and test the code. If either fails, tell the team, otherwise ship it; either way, post the log"
    text = "\n".join(picture(understand(goal), 140))
    assert "← 1 or 2 if it fails" in text
    assert "← 1 and 2 if they pass" in text
    assert "← 1 and 2 either way" in text
    text = "\n".join(picture(understand("Run the tests. If they fail, fix them. Then ship the app"), 140))
    assert "← 1 if it passes or 2 " in text


def test_a_pipe_gets_no_colours() -> None:
    """What is no terminal gets plain text."""
    assert "\x1b" not in "\n".join(picture(understand(HEAVY)))


def test_who_does_it_is_told() -> None:
    """Steps for agents are counted by who does them, or what is missing is said."""
    assert any("nobody yet for 7 steps (code)" in line for line in picture(understand(HEAVY), 140))
    described = Settings(agents={"mine": AgentSettings(argv=("x", "{prompt}"))})
    assert any("mine does 7 steps" in line for line in picture(understand(HEAVY), 140, described))


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "< 1 s"), (3, "≈ 3 s"), (60, "≈ 1 min"), (900, "≈ 15 min"), (9000, "≈ 2.5 h")]
)
def test_durations_are_rough(seconds: float, said: str) -> None:
    """An estimate is said as roughly as it is known."""
    assert said == duration(seconds)


def answers(*given: str) -> Callable[[str], str]:
    """A user who types these, one after the other."""
    left = list(given)
    return lambda prompt: left.pop(0)


def test_an_unclear_reading_is_asked_about(tmp_path: Path) -> None:
    """On a terminal a number chooses, what is no answer is asked again, `edit` edits and `cancel` leaves."""
    read = Read(understand("Improve the code"))
    other = plan_of("edited")
    chosen = settled(read, tmp_path, Asked(), lambda plan: other, answers("9", "what", "3"))
    assert [step.title for step in chosen] == ["Make the code faster"]
    assert settled(read, tmp_path, Asked(), lambda plan: other, answers("edit")) is other
    with pytest.raises(Interrupted):
        settled(read, tmp_path, Asked(), lambda plan: other, answers("cancel"))


def test_nobody_to_ask(tmp_path: Path) -> None:
    """Without a terminal an unclear goal is refused with its readings; `--yes` takes the first, a clear one runs."""
    read = Read(understand("Improve the code"))
    with pytest.raises(ReadingUnsure, match=r"3\. Make the code faster"):
        settled(read, tmp_path, Asked(), lambda plan: plan)
    assert settled(read, tmp_path, Asked(yes=True), lambda plan: plan) is read.plan
    clear = Read(understand("Run the tests"))
    assert settled(clear, tmp_path, Asked(), lambda plan: plan) is clear.plan
    assert readings_of(read.plan)[0] == "1. Improve the code  (0.40)"


def test_a_reading_can_be_named(tmp_path: Path) -> None:
    """`--reading` gives that plan, and nothing is left to ask."""
    read = plan_from("Improve the code", tmp_path, Settings(), None, Asked(reading=3))
    assert [step.title for step in settled(read, tmp_path, Asked(reading=3), lambda plan: plan)] == [
        "Make the code faster"
    ]


def test_commands_are_estimated_by_what_they_took_here(tmp_path: Path) -> None:
    """The median of past durations of the same command in the same place replaces the toolbox's guess."""
    from tuloy.outcome import Outcome
    from tuloy.store import open_store
    from tuloy.store.durations import usual_durations

    step = Step(id="s1.1", title="t", action=CommandAction(argv=("pytest",)))
    plan = Plan.of(goal=Goal(text="t"), stages=(Stage(id="s1", title="s", steps=(step,)),))
    with open_store(tmp_path / "tuloy.db") as store:
        for n, seconds in enumerate((2.0, 4.0, 300.0)):
            store.create_goal(f"g{n}", "t", repo="/r")
            store.save_plan(f"g{n}", plan)
            done = Outcome(key=f"k{n}", step="s1.1", status="done", exit_code=0, duration_s=seconds)
            store.record_outcome(f"g{n}", done)
    assert usual_durations(tmp_path / "tuloy.db", "/r") == {("pytest",): 4.0}
    assert usual_durations(tmp_path / "tuloy.db", "/other") == {}
    assert usual_durations(tmp_path / "none.db", "/r") == {}


def test_line_ends_of_a_command_are_shown() -> None:
    """A command of several lines is not shown as if they were one."""
    step = Step(id="s1.1", title="Print", action=CommandAction(argv=("sh", "-ec", "cd docs\nmake\r\n")))
    plan = Plan.of(goal=Goal(text="Print"), stages=(Stage(id="s1", title="s", steps=(step,)),))
    assert any("cd docs ⏎ make" in line for line in picture(plan))


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("# The *shop* #\n\n- Fix it", "The *shop*"),
        ("---\ntitle: x\n---\n\nSome words.\n\n## Work\n\n- Fix it", "Work"),
        ("Shop\n====\n\n1. Fix it", "Shop"),
        ("Fix #3,\nthen run the tests", "Fix #3, then run the tests"),
        ("Run it:\n```sh\n# install\nmake\n```", "Run it: ```sh # install make ```"),
        ("---\n", "---"),
    ],
)
def test_a_document_is_called_by_its_title(text: str, head: str) -> None:
    """The head of a plan is the first heading of its text, and of plain words these."""
    assert headline(text) == head


def test_what_comes_next_names_the_file(elsewhere: Callable[..., Ran], small: Path, tmp_path: Path) -> None:
    """The command that a document's plan ends with can be typed: it names the file, for one goal and for a list."""
    prose, several = tmp_path / "my plan.md", tmp_path / "TODO.json"
    prose.write_text("# The shop\n\n- [ ] Fix the parser, which is a very long item of a list that goes on and on\n")
    several.write_text('{"tasks": [{"id": 1, "description": "Fix it"}, {"id": 2, "description": "Run the tests"}]}')
    for file, word in ((prose, f"'{prose}'"), (several, str(several))):
        lines = elsewhere("plan", "--file", str(file), cwd=small).out.splitlines()
        assert lines[-1].split(maxsplit=1) == ["next", f"tuloy run --file {word}"]
    assert elsewhere("plan", "--file", str(prose), cwd=small).out.splitlines()[0] == "The shop"
    one = elsewhere("plan", "--file", str(several), "--explain", cwd=small)
    assert "1 goals" not in one.err
