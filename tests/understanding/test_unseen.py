"""What nobody sees has no part in how a goal is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuloy.plan import Plan
from tuloy.understanding import understand
from tuloy.understanding.documents import plan_text
from tuloy.understanding.explain import explain
from tuloy.understanding.unseen import seen

UNSEEN = ["\u200b", "\u2060", "\xad", "\ufeff", "\u200d", "\u200e", "\U000e0041"]


def told(plan: Plan) -> list[tuple[str, object]]:
    return [(step.title, step.action) for step in plan]


@pytest.mark.parametrize("mark", UNSEEN)
def test_unseen_characters_change_no_reading(mark: str) -> None:
    """Steps and commands are those of the words that are seen; text and places are those that were typed."""
    goal = f"R{mark}un{mark} the te{mark}sts, then fi{mark}x the parser"
    plan = understand(goal)
    assert told(plan) == told(understand("Run the tests, then fix the parser"))
    assert plan.goal.text == goal
    second = [step.source for step in plan][1] or (0, 0)
    assert seen(goal[slice(*second)])[0] == "fix the parser"
    assert "then" in {goal[slice(*one.span)] for one in explain(goal, plan)}
    document = plan_text(f"# Plan\n\n## Out{mark} of scope\n\n- Refunds\n\n## Work\n\n- Ru{mark}n the tests\n", None)
    assert [step.title for step in document] == ["Run the tests"]
    assert document.goal.constraints == ("Out of scope: Refunds",)


def test_a_separator_is_a_space() -> None:
    """A line separator inside words is read as the space that it looks like."""
    assert told(understand("Run\u2028the tests")) == told(understand("Run the tests"))


def test_joiners_of_other_scripts_stay() -> None:
    """Where a joiner changes letters it is seen."""
    assert seen("می\u200cخواهم")[0] == "می\u200cخواهم"


@given(st.text(st.sampled_from(["a", " ", "b", *UNSEEN, "\n", "\u2028"])))
def test_places_lead_back(text: str) -> None:
    """Every seen character is found at its place in the text as typed."""
    clean, typed = seen(text)
    for place, char in enumerate(clean):
        start, end = typed((place, place + 1))
        assert text[start] in (char, "\u2028")
        assert end <= len(text)
