"""Which words made which part of a plan."""

from hypothesis import given, settings
from test_properties import texts

from tuloy.understanding import understand
from tuloy.understanding.explain import explain

GOAL = (
    "URGENT: fix the parser, then run the tests. If they pass, build the image and push it by Friday; "
    "otherwise tell me. Don't touch the docs. The build is slow."
)


def test_every_part_names_its_words() -> None:
    """Steps, edges, priority, deadline, constraints and background are told with rule and words."""
    told = {(one.what, GOAL[one.span[0] : one.span[1]]) for one in explain(GOAL)}
    assert {
        ("step", "fix"),
        ("edge", "then"),
        ("edge", "If"),
        ("edge", "push it"),
        ("edge", "otherwise"),
        ("priority", "URGENT"),
        ("deadline", "by Friday"),
        ("constraint", "Don't touch the docs"),
        ("background", "The build is slow"),
    } <= told


@settings(max_examples=150, deadline=None)
@given(texts.filter(lambda text: text.strip() and "\0" not in text))
def test_the_account_is_the_plans(text: str) -> None:
    """Every step and every edge of the plan is told, and nothing else; spans lie inside the text."""
    plan = understand(text)
    told = explain(text)
    assert [step.id for step in plan] == [one.subject for one in told if one.what == "step"]
    assert sum(len(step.needs) for step in plan) == sum(one.what == "edge" for one in told)
    assert all(0 <= one.span[0] <= one.span[1] <= len(text) for one in told)
