"""Where each part of a plan comes from."""

import json
import re

from hypothesis import example, given, settings
from test_properties import texts

from tuloy.errors import UsageError
from tuloy.plan import Plan
from tuloy.understanding import understand
from tuloy.understanding.alternatives import take
from tuloy.understanding.documents import plan_text
from tuloy.understanding.explain import explain
from tuloy.understanding.model.lane import plan_told

GOAL = (
    "URGENT: fix the parser, then run the tests. If they pass, build the image and push it by Friday; "
    "otherwise tell me. Don't touch the docs. The build is slow."
)
DOCUMENT = """\
# Shop

The shop is slow.

## Cleaning up

- [x] Choose a formatter
- [ ] Fix the lint errors
- Format the code, urgent

## Requirements

### Print an invoice

As PDF.

## Out of scope

- Refunds
"""


def check_account(text: str, plan: Plan) -> dict[str, tuple[str, str]]:
    """Every step and edge of the plan is told once, nothing else, spans inside; return rule and words by subject."""
    told = explain(text, plan)
    assert [step.id for step in plan] == [one.subject for one in told if one.what == "step"]
    said = {"succeeded": "", "failed": " if failed", "finished": " if finished"}
    edges = [f"{need.step} -> {step.id}{said[need.when]}" for step in plan for need in step.needs]
    assert edges == [one.subject for one in told if one.what == "edge"]
    assert all(0 <= one.span[0] <= one.span[1] <= len(text) for one in told)
    return {one.subject: (one.rule, text[slice(*one.span)]) for one in told}


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
@given(texts.filter(lambda text: any(letter.isalnum() for letter in text) and "\0" not in text))
@example("<A\xad0")  # a place behind what nobody sees
def test_the_account_is_the_plans(text: str) -> None:
    """Every step and every edge of the plan is told, and nothing else; spans lie inside the text."""
    check_account(text, understand(text))
    try:
        document = plan_text(text, None)
    except UsageError as refused:
        if not re.search(r"nothing (is left to do|can be read)", str(refused)):
            raise
        return  # boxes that are ticked, and no words beside them
    check_account(text, document)


def test_a_document_is_explained_by_its_lines() -> None:
    """Steps of a document say heading and line, a heading that is a step its own; limits their words."""
    plan = plan_text(DOCUMENT, None)
    told = check_account(DOCUMENT, plan)
    by_title = {step.title: told[step.id] for step in plan}
    assert by_title["Fix the lint errors"][0] == "below 'Cleaning up', line 8"
    assert by_title["Format the code"][0] == "below 'Cleaning up', line 9"
    assert by_title["Print an invoice"] == ("the heading on line 13", "Print an invoice")
    assert told["Out of scope: Refunds"] == ("out of scope", "Refunds")
    assert told[plan.goal.priority][1] == "urgent"


def test_parts_are_explained_as_parts() -> None:
    """A step that is taken apart keeps its own words, and its parts say whose they are."""
    goal = "Build a REST API for invoices and, if it fails, tell the team, otherwise write the changelog entry"
    plan = understand(goal)
    assert plan.parts
    told = check_account(goal, plan)
    groups = list(plan.parts)
    assert all(told[group][1] and "part of" not in told[group][0] for group in groups)
    for group in groups:
        assert all(told[part.id][0].startswith(f"a part of {group},") for part in plan.parts[group])


def test_a_models_plan_is_explained_as_one() -> None:
    """Steps of a model say so, with the goal's words where they are these; the goal's own limits keep their words."""
    rows = [("Run the tests", "", "pytest"), ("Write it down", "1", "")]
    answer = {"steps": [{"title": a, "after": b, "when": "succeeded", "command": c} for a, b, c in rows]}
    goal = "Run the tests. Don't touch the docs."
    plan = plan_told(json.dumps(answer), understand(goal), None)
    told = check_account(goal, plan)
    assert told["s1.1"] == ("by the model, in the goal's words", "Run the tests")
    assert told["s1.2"] == told["s1.1 -> s1.2"] == ("by the model", "")
    assert told["Don't touch the docs"][1] == "Don't touch the docs"


def test_another_reading_and_an_edited_plan_are_explained() -> None:
    """Edges that no words made are the reading's that was taken; of an edited plan nothing is said to be the rules'."""
    goal = "Update the docs and deploy the app"
    told = check_account(goal, take(understand(goal), 2, None))
    assert told["s1.1 -> s1.2"][0] == "the reading that was taken"
    assert {one.rule for one in explain(goal, understand(goal), edited=True)} == {"as you edited it"}
    urgent = explain(goal, understand(goal, priority="low"))
    assert [(one.subject, one.rule) for one in urgent if one.what == "priority"] == [("low", "given beside the words")]
