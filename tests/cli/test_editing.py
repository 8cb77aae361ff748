"""A plan in an editor: what is typed becomes the plan, or is shown again with what is wrong."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.editing import as_text, edited, from_text
from tuloy.errors import PlanInvalid, UsageError
from tuloy.plan import CommandAction, Goal, InstructAction, Plan, Stage, Step
from tuloy.understanding import understand

GOAL = "Run the tests. If they fail, fix them, otherwise build a REST API for invoices"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Set $EDITOR to a program that runs one sed script per call, in order; the last one stays."""

    def make(*scripts: str) -> Path:
        program = tmp_path / "editor.sh"
        calls = tmp_path / "calls"
        cases = "".join(f"  {n}) sed -i '{script}' \"$1\";;\n" for n, script in enumerate(scripts, 1))
        last = f"  *) sed -i '{scripts[-1]}' \"$1\";;\n"
        count = f'n=$(cat {calls} 2>/dev/null || echo 0); n=$((n+1)); echo $n > {calls}; cp "$1" {tmp_path}/seen-$n'
        program.write_text(f"#!/bin/sh\n{count}\ncase $n in\n{cases}{last}esac\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("EDITOR", str(program))
        monkeypatch.delenv("VISUAL", raising=False)
        return tmp_path

    return make


@pytest.mark.parametrize("goal", [GOAL, "Lint and test the code; if either fails, open an issue, otherwise ship it"])
def test_a_plan_survives_its_text(goal: str) -> None:
    """What is written for the editor reads back as the same steps, edges, parts and limits."""
    plan = understand(goal + ", and don't touch the docs")
    made = from_text(as_text(plan), plan)
    assert made.stages == plan.stages
    assert made.goal == plan.goal
    assert made.lane == "given"


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
def test_any_words_survive(title: str, prompt: str) -> None:
    """Quotes, control characters and line ends in titles and prompts are no TOML of their own."""
    step = Step(id="s1.1", title=title, action=InstructAction(prompt=prompt))
    plan = Plan.of(goal=Goal(text=title), stages=(Stage(id="s1", title=title, steps=(step,)),))
    assert from_text(as_text(plan), plan).stages == plan.stages


def test_a_limit_that_is_typed_is_gated() -> None:
    """A new constraint that can be checked brings the gate `limits`; who takes the gate away keeps it away."""
    plan = understand("Cache the index")
    typed = as_text(plan).replace("constraints = []", 'constraints = ["do not touch the tests"]')
    made = from_text(typed, plan)
    assert "limits" in made.stages[0].gates
    assert "limits" not in from_text(as_text(made).replace('"limits"', ""), made).stages[0].gates


def test_what_is_typed_is_the_plan(editor, tmp_path: Path) -> None:
    """A changed title and command are in the plan that comes back, and the file is gone."""
    editor('s/title = "Run the tests"/title = "Run them all"/; s/^do = "Run the tests"/run = "pytest -x"/')
    made = edited(understand(GOAL), tmp_path / "edits")
    first = next(iter(made))
    assert (first.title, first.action) == ("Run them all", CommandAction(argv=("pytest", "-x")))
    assert list((tmp_path / "edits").iterdir()) == []


def test_a_mistake_is_shown_at_the_top_and_can_be_mended(editor, tmp_path: Path) -> None:
    """A need that does not exist comes back with the sentence that says so, above all that was typed."""
    editor("s/s1.1 failed/s9.9 failed/; s/Fix the tests/Mend the tests/", "s/s9.9 failed/s1.1 failed/")
    made = edited(understand(GOAL), tmp_path / "edits")
    seen = (tmp_path / "seen-2").read_text()
    assert seen.startswith("#! step 's1.2' needs unknown step 's9.9'")
    assert "Mend the tests" in seen
    assert "Mend the tests" in [step.title for step in made]


def test_what_was_typed_is_kept_when_the_user_gives_up(editor, tmp_path: Path) -> None:
    """Left as wrong as it was, the text stays in a file that the message names."""
    editor("s/after = .*/after = [/", "s/zzz/zzz/")
    with pytest.raises(UsageError, match=r"no TOML: .*kept in '(.*)'") as raised:
        edited(understand(GOAL), tmp_path / "edits")
    kept = tmp_path / "edits" / "plan.toml"
    assert str(kept) in str(raised.value)
    assert "after = [\n" in kept.read_text()


def test_an_unchanged_text_changes_nothing(editor, tmp_path: Path) -> None:
    """Closing the editor leaves the very plan."""
    editor("s/zzz/zzz/")
    plan = understand(GOAL)
    assert edited(plan, tmp_path / "edits") is plan


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nrun = ", "\nrum = ", "unknown field 'rum'"),
        ("\ndo = ", "\nask = 1\ndo = ", "has do and ask"),
        ("goal = ", "gaol = ", "`goal` was changed"),
        ('\nafter = ["s1.1 failed', '\nafter = ["s1.1 maybe', "says no end of 's1.1'"),
        ('run = "pytest"', 'run = "pytest \'x"', "is no command line"),
        ("[[stage]]", "[stage]", "no list of tables"),
    ],
)
def test_mistakes_are_named(old: str, new: str, said: str) -> None:
    """What is no plan is refused with what is wrong and where."""
    step = Step(id="s1.1", title="t", action=CommandAction(argv=("pytest",)))
    other = Step(id="s1.2", title="u", action=InstructAction(prompt="u"), needs=({"step": "s1.1", "when": "failed"},))
    plan = Plan.of(goal=Goal(text="t"), stages=(Stage(id="s1", title="s", steps=(step, other)),))
    with pytest.raises(PlanInvalid, match=said):
        from_text(as_text(plan).replace(old, new, 1), plan)


def test_without_an_editor_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No editor named, or one that is not there, is told with what to do."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    with pytest.raises(UsageError, match="set EDITOR"):
        edited(understand(GOAL), tmp_path)
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    with pytest.raises(UsageError, match="cannot be started"):
        edited(understand(GOAL), tmp_path)
