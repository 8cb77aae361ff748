"""Markdown and PRDs: what headings, lists, boxes, criteria, limits and code blocks become."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuloy.errors import UsageError
from tuloy.plan import CommandAction, InstructAction, Plan
from tuloy.understanding.documents import plan_entry, plan_text, read_document

FILES = Path(__file__).parent / "files"


def plan_of(name: str) -> Plan:
    (entry,) = read_document(FILES / name).open
    return plan_entry(entry, None)


def titles(plan: Plan) -> dict[str, list[str]]:
    return {stage.title: [step.title for step in stage.steps] for stage in plan.stages}


def test_headings_are_stages_and_open_items_steps() -> None:
    """Headings with work are stages in order; open boxes and items are steps, ticked ones and background are not."""
    assert titles(plan_of("prd.md")) == {
        "Implementation": ["Add a greeting for the night to `greeting.py`", "Add a test for the greeting of the night"],
        "Release": ["Bump the version to 0.2.0", "Build the package", "Update the README with this example"],
    }


def test_criteria_belong_to_their_stage() -> None:
    """Criteria below a heading are its stage's, those of the whole text the last stage's."""
    assert [stage.accept for stage in plan_of("prd.md").stages] == [
        ('`greeter --hour 23` prints "Good night"', "Every test passes"),
        ("The package is built",),
    ]


def test_limits_reach_the_goal_and_every_agent() -> None:
    """What is out of scope, and constraints, are on the goal and in each agent's words."""
    plan = plan_of("prd.md")
    assert plan.goal.constraints == (
        "Out of scope: Greetings in other languages",
        "Out of scope: A graphical interface",
        "Don't add a dependency",
    )
    prompts = [step.action.prompt for step in plan if isinstance(step.action, InstructAction)]
    assert all(prompt.count("Don't add a dependency") == 1 for prompt in prompts)


def test_a_shell_block_is_what_its_step_runs() -> None:
    """A shell block below a step is its command to the letter; below one that writes it is part of the words."""
    build, readme = list(plan_of("prd.md"))[3:]
    assert build.action == CommandAction(argv=("python", "-m", "build"))
    assert isinstance(readme.action, InstructAction)
    assert "```sh\ngreeter --hour 23\n```" in readme.action.prompt


def test_several_lines_stop_at_the_first_that_fails() -> None:
    """A block of several lines, prompts taken off, is one command that the first failing line ends."""
    text = "# Go\n\n1. Check it:\n\n   ```console\n   $ make lint\n   all good\n   $ make test\n   ```\n"
    (step,) = plan_text(text, None)
    assert step.action == CommandAction(argv=("sh", "-ec", "make lint\nmake test"))


def test_an_example_in_a_background_section_is_not_run() -> None:
    """Commands under headings that are no work are nobody's."""
    plan = plan_text("# App\n\n## Usage\n\n```sh\nrm -rf /\n```\n\n## Work\n\n- Fix the bug\n", None)
    assert [step.title for step in plan] == ["Fix the bug"]


def test_sources_are_places_in_the_whole_text() -> None:
    """A step's source is its words in the document, front matter, tables and all."""
    plan = plan_of("prd.md")
    assert next(plan.goal.text[slice(*step.source)] for step in plan if step.source) == (
        "Add a greeting for the night to `greeting.py`"
    )


def test_requirements_are_steps_by_their_headings() -> None:
    """Below "Requirements" a heading without a list is a step, told what stands below it."""
    plan = plan_text(
        "# P\n\n## Requirements\n\n### Log in by mail\n\nUsers get a link.\n\n### Log out\n\nAt once.\n", None
    )
    assert titles(plan) == {"Log in by mail": ["Log in by mail"], "Log out": ["Log out"]}
    first = next(iter(plan)).action
    assert isinstance(first, InstructAction)
    assert first.prompt == "Log in by mail\n\nUsers get a link."


def test_filipino_sections() -> None:
    """Filipino headings say what sections are for, too."""
    plan = plan_of("filipino.md")
    assert titles(plan) == {"Mga gawain": ["Ayusin ang lint errors", "Patakbuhin ang tests"]}
    assert plan.stages[0].accept == ("Pasado ang lahat ng tests",)
    assert plan.goal.constraints == ("Out of scope: Ang disenyo ng logo",)


def test_all_done_is_said() -> None:
    """A list whose boxes are all ticked holds nothing to do, and says so."""
    with pytest.raises(UsageError, match="nothing is left to do"):
        plan_text("# Work\n\n- [x] Fix the bug\n- [X] Run the tests\n", None)


def test_a_text_without_headings_is_read_as_any_goal() -> None:
    """Without headings the rule lane reads the whole."""
    plan = plan_text("Run the linter, then fix the bug", None)
    assert [step.title for step in plan] == ["Run the linter", "Fix the bug"]


LINES = st.sampled_from(
    ["# A", "## B", "### Acceptance criteria", "## Out of scope", "Title\n===", "- fix it", "- [ ] add x",
     "- [x] run y", "  - nested", "1. one", "```sh", "```", "make", "---", "| a |", "|---|", "<b>", "text: do it.",
     "", "\t", "> q"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=25).map("\n".join))
def test_any_markdown_is_a_plan_or_refused(text: str) -> None:
    """Whatever the lines, there is a valid plan whose sources lie in the text, or a refusal in our words."""
    try:
        plan = plan_text(text, None)
    except UsageError:
        return
    for step in plan:
        if step.source:
            assert 0 <= step.source[0] < step.source[1] <= len(text)


@pytest.mark.parametrize(
    "text",
    ["# a\n" + "[" * 90_000, "# a\n" + "|a|\n|-|\n\n" * 8000, "# a\n" + "<b>\n\n" * 15_000, "# a\n" + "#\n" * 40_000,
     "# a\n" + "".join("  " * n + "- fix\n" for n in range(300)), "# a\n- " + "**" * 40_000, "---\n" * 20_000],
    ids=["brackets", "tables", "html", "headings", "nesting", "stars", "rules"],
)  # fmt: skip
def test_hostile_markdown_is_read_in_time(text: str) -> None:
    """Nothing makes cutting a text at its headings slow."""
    from time import process_time

    from tuloy.understanding.documents.markdown.sections import sections_of

    before = process_time()
    sections_of(text)
    assert process_time() - before < 3
