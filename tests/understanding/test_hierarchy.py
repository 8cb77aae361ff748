"""Heavy goals are taken apart by templates; the steps of the text stay as they were read."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.understanding.score import of_plan
from tuloy.plan import CommandAction, Complexity, Goal, InstructAction, Need, Plan, Stage, Step, When
from tuloy.understanding import look_at, understand
from tuloy.understanding.hierarchy import in_stages, kind_of
from tuloy.understanding.project import Project
from tuloy.understanding.words.grammar import grammar

API = "Refactor the config loader, then build a REST API for invoices and, if it fails, email the team"


@pytest.fixture
def greeter() -> Project:
    """The bundled sample project, which has tests."""
    return look_at(Path(__file__).resolve().parents[2] / "examples" / "greeter")


def parts(plan: Plan) -> dict[str, list[str]]:
    """The titles of the parts of every group, by the group's title."""
    return {plan.steps[group].title: [part.title for part in found] for group, found in plan.parts.items()}


def test_something_new_is_built_in_parts(greeter: Project) -> None:
    """A goal that builds something new gets its template's parts; the project's own command checks them."""
    found = parts(understand("Build a REST API for invoices", greeter))
    assert list(found) == ["Build a REST API for invoices"]
    assert "Write tests that say what a REST API for invoices must do" in found["Build a REST API for invoices"]
    assert "Run the tests" in found["Build a REST API for invoices"]


def test_titles_are_in_the_texts_language() -> None:
    """A Filipino goal has Filipino parts, without the marker that stood before the thing."""
    (titles,) = parts(understand("Gumawa ng bagong app para sa mga resibo")).values()
    assert titles[0].startswith("Ilatag ang bagong app para sa mga resibo:")


def test_the_texts_own_steps_stay_as_read(greeter: Project) -> None:
    """Counted as the benchmarks count, the taken apart plan has the steps and edges of the text."""
    plan = understand(API, greeter)
    assert len(plan.parts) == 2
    record = of_plan(plan.model_dump(mode="json"))
    assert [step.title for step in record.steps] == [step.title for step in plan if step.parent is None]
    ids = {step.title: step.id for step in plan}
    build = ids["Build a REST API for invoices"]
    assert {(a, b, w) for a, b, w in record.edges} == {
        (ids["Refactor the config loader"], build, "succeeded"),
        (build, ids["Email the team"], "failed"),
    }


def test_a_group_waits_for_its_last_parts_and_they_for_what_it_waits_for(greeter: Project) -> None:
    """The first parts start where the step would have; the step ends after the last."""
    plan = understand(API, greeter)
    group = next(step for step in plan if step.title.startswith("Build"))
    own = [need for need in group.needs if plan.steps[need.step].parent != group.id]
    assert [need.step for need in own] == ["s1.1"]
    first = plan.parts[group.id][0]
    assert first.needs == tuple(own)
    assert {need.when for need in group.needs if need not in own} == {"finished"}


def test_a_command_that_the_project_lacks_is_left_out() -> None:
    """Without a test tool nothing runs tests, and what follows only their failure is left out too."""
    plan = understand("Build a chat app from scratch, then upgrade the react library")
    titles = [title for found in parts(plan).values() for title in found]
    assert "Run the tests" not in titles
    assert not [title for title in titles if title.startswith("Adapt")]
    assert [title for title in titles if title.startswith("Raise")]


@pytest.mark.parametrize("goal", ["Run the tests", "Fix the crash on login", "Refactor the billing module"])
def test_simple_and_medium_goals_run_their_steps_directly(goal: str, greeter: Project) -> None:
    """Only the complex band is taken apart."""
    assert not understand(goal, greeter).parts


def test_many_small_steps_are_not_taken_apart(greeter: Project) -> None:
    """Nine small fixes are complex by their number, and small enough as they are."""
    assert not understand("\n".join(f"- Fix the crash on page {n}" for n in range(9)), greeter).parts


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Build a REST API for invoices", "build"),
        ("Build the package", None),
        ("I-refactor ang parser", "refactor"),
        ("Fix the memory leak", "fix"),
        ("Upgrade the django package", "upgrade"),
        ("Release version 2.1", "release"),
        ("Write a tutorial for new users", "docs"),
        ("Investigate why the login is slow", "investigate"),
        ("Buy milk", None),
    ],
)
def test_kinds_of_work(title: str, kind: str | None) -> None:
    """A step's verb and what it is about say which template fits, or that none does."""
    assert kind == kind_of(title, grammar(("fil", "en")))


def test_a_medium_goal_is_split_where_it_has_its_work_checked(greeter: Project) -> None:
    """A check that everything leads to, and that further work waits for, ends a stage; edges stay as read."""
    plan = understand("Refactor the parser, then run the tests, then write the guide and add a logo", greeter)
    assert [[step.title for step in stage.steps] for stage in plan.stages] == [
        ["Refactor the parser", "Run the tests"],
        ["Write the guide", "Add a logo"],
    ]
    assert [step.id for step in plan] == ["s1.1", "s1.2", "s2.1", "s2.2"]
    assert [need.step for need in plan.steps["s2.2"].needs] == ["s1.2"]
    assert all(stage.gates == ("lint", "tests") for stage in plan.stages)


@pytest.mark.parametrize(
    "goal",
    [
        "Fix the lint errors and format the code, then run the tests and, if they pass, build the package",
        "Refactor the parser, then run the tests; if they fail, fix them, otherwise write the guide",
        "Refactor the parser, run the tests, and either way write the guide",
        "Run the tests, then write the guide, then add a logo",
        "Refactor the parser, then run the tests. Also write the guide and add a logo.",
    ],
)
def test_conditions_and_parallel_work_stay_in_one_stage(goal: str, greeter: Project) -> None:
    """A stage does not end inside a condition, beside parallel work, or where no agent has worked."""
    assert len(understand(goal, greeter).stages) == 1


@st.composite
def _stages_steps(draw: st.DrawFn) -> list[Step]:
    """Commands that change nothing, and work for agents, with needs on earlier steps."""
    steps: list[Step] = []
    for n in range(draw(st.integers(2, 7))):
        agent = draw(st.booleans())
        chosen = draw(st.sets(st.integers(0, n - 1), max_size=2)) if n else set()
        needs = tuple(Need(step=f"a{m}", when=draw(st.sampled_from(get_args(When)))) for m in sorted(chosen))
        action = InstructAction(prompt="p") if agent else CommandAction(argv=("true",))
        effects = "workspace" if agent else "none"
        steps.append(Step(id=f"a{n}", title="t", action=action, needs=needs, effects=effects))
    return steps


@given(_stages_steps())
def test_a_stage_ends_where_a_check_parts_all_before_from_all_after(steps: list[Step]) -> None:
    """A cut is where the check is the only open end, its success the only need across, with work on both sides."""
    stage = Stage(id="s1", title="t", steps=tuple(steps))
    complexity = Complexity(score=5, band="medium")
    plan = in_stages(Plan.of(goal=Goal(text="t"), complexity=complexity, stages=(stage,)))

    def cut(place: int) -> bool:
        before, check, after = steps[:place], steps[place - 1], steps[place:]
        earlier = {step.id for step in before}
        crossing = {(need.step, need.when) for step in after for need in step.needs if need.step in earlier}
        ends = earlier - {need.step for step in before for need in step.needs}
        closed = ends == {check.id} and crossing == {(check.id, "succeeded")} and all(step.needs for step in after)
        both = all(any(one.effects == "workspace" for one in side) for side in (before, after))
        return check.effects == "none" and closed and both

    wanted = [place for place in range(1, len(steps)) if cut(place)]
    lengths = [len(stage.steps) for stage in plan.stages]
    assert [sum(lengths[: n + 1]) for n in range(len(lengths) - 1)] == wanted
