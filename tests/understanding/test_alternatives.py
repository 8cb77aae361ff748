"""Other readings of a text, how likely they are, and the plans they would be."""

import pytest

from tuloy.errors import UsageError
from tuloy.understanding import understand
from tuloy.understanding.alternatives import is_sure, take


@pytest.mark.parametrize("goal", ["Improve the code", "Pagandahin ang site", "Update the docs and deploy the app"])
def test_unclear_texts_are_not_sure(goal: str) -> None:
    """A vague verb, or something outside that no word orders, leaves room for other readings."""
    plan = understand(goal)
    assert not is_sure(plan)
    assert plan.confidence <= 0.8
    assert all(other.why for other in plan.alternatives)


@pytest.mark.parametrize(
    "goal",
    ["Run the tests", "Improve the error message of `tuloy run`", "Fix the typo and update the logo",
     "Update the docs, then deploy the app", "- update the docs\n- deploy the app", "Also, fix it"],
)  # fmt: skip
def test_clear_texts_are_sure(goal: str) -> None:
    """Order words, lists and what is named leave no competing reading."""
    assert is_sure(understand(goal))


def test_a_reading_can_be_taken() -> None:
    """Each number is the plan that its words say; 1 is the plan itself, without doubts left."""
    plan = understand("Update the docs and deploy the app")
    assert take(plan, 1, None).stages == plan.stages
    ordered = take(plan, 2, None)
    assert [[need.step for need in step.needs] for step in ordered] == [[], ["s1.1"]]
    vague = understand("Improve the code")
    titles = [next(iter(take(vague, n, None))).title for n in range(2, 5)]
    assert titles == [other.reading for other in vague.alternatives]
    with pytest.raises(UsageError, match="no reading 9"):
        take(plan, 9, None)


def test_the_other_reading_of_a_heavy_goal_has_its_parts_too() -> None:
    """A plan that is taken apart is put together, read otherwise and taken apart again."""
    plan = understand("Build a chat app, refactor the parser")
    assert plan.parts
    ordered = take(plan, 2, None)
    assert len(ordered.parts) == len(plan.parts)
    second = next(step for step in ordered if step.title == "Refactor the parser")
    assert "s1.1" in {need.step for need in second.needs}


@pytest.mark.parametrize(
    ("goal", "first"),
    [
        ("make it better", "Refactor the code without changing what it does"),
        ("make the app nicer", "Refactor the app without changing what it does"),
        ("gawing mas maganda ang site", "I-refactor ang site nang hindi binabago ang ginagawa nito"),
        ("make the API faster", None),
        ("make a good summary of the three reports", None),
    ],
)
def test_what_is_only_called_better_is_unclear(goal: str, first: str | None) -> None:
    """ "Better" without in which way is asked about; a quality that says something is not."""
    plan = understand(goal)
    assert next((one.reading for one in plan.alternatives), None) == first
    assert is_sure(plan) == (first is None)
