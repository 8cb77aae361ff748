"""What is no step: politeness, background, constraints, criteria."""

import pytest
from reading_score import own_steps

from tuloy.understanding import understand

NOT_STEPS = [
    ("Hi! Please update the README. Thanks!", ["Update the README"], 0),
    ("Fix the bug in the login form because users complain about it.", ["Fix the bug in the login form"], 0),
    ("We have a demo soon. The API is slow. Profile the API.", ["Profile the API"], 0),
    ("Refactor the parser, but don't touch the tests.", ["Refactor the parser"], 1),
    ("Refactor the auth module without changing the public API.", ["Refactor the auth module"], 1),
    ("Add a login page, but leave the signup flow as is.", ["Add a login page"], 1),
    ("Add a cache. Out of scope: the search page.", ["Add a cache"], 1),
    ("# Background\nThe site is old.\n# Tasks\n- Update the logo", ["Update the logo"], 0),
    ("Ayusin ang parser. Huwag galawin ang tests.", ["Ayusin ang parser"], 1),
    ("Cache the index. The wire format must stay as it is. No new services please.", ["Cache the index"], 2),
    ("Reject uploads without a checksum.", ["Reject uploads without a checksum"], 0),
    ("Kindly complete the below tasks. Reindex the catalogue.", ["Reindex the catalogue"], 0),
    ("Plan for the launch. Update the docs.", ["Update the docs"], 0),
    ("Update the docs.\n\nKind regards,\nAnna Release", ["Update the docs"], 0),
    ("**Ask:** sort the list by name", ["Sort the list by name"], 0),
    ("Should we not have a beer? Update the docs.", ["Update the docs"], 0),
    ("Fix whichever links are broken.", ["Fix whichever links are broken"], 0),
    ("After the relaunch our bill went up. Prune the old volumes.", ["Prune the old volumes"], 0),
    ("**Type:** Task\n**Component:** checkout\n\nFix the total.", ["Fix the total"], 0),
    ("Move the jobs. Please be so kind as not to restart the database.", ["Move the jobs"], 1),
    ("Fix the typo on the page, it says something odd.", ["Fix the typo on the page"], 0),
    ("Ask Prof. Cruz. I'm at home today.", ["Ask Prof. Cruz"], 0),
]


@pytest.mark.parametrize(("goal", "titles", "constraints"), NOT_STEPS)
def test_what_is_no_step(goal: str, titles: list[str], constraints: int) -> None:
    """Politeness, reasons, background and headings are dropped; constraints are kept on the goal."""
    plan = understand(goal)
    assert titles == [step.title for step in own_steps(plan)]
    assert constraints == len(plan.goal.constraints)


def test_acceptance_criteria_are_kept_on_the_stage() -> None:
    """Acceptance criteria are no steps and stay as the stage's own words."""
    plan = understand("Add dark mode.\n\nAcceptance criteria:\n- The theme is remembered\n- It works offline")
    assert [step.title for step in plan] == ["Add dark mode"]
    assert plan.stages[0].accept == ("The theme is remembered", "It works offline")


def test_constraints_reach_the_prompt() -> None:
    """An agent is told the goal's constraints with its step."""
    [step] = understand("Refactor the parser, but don't touch the tests.")
    assert step.action.kind == "instruct"
    assert "don't touch the tests" in step.action.prompt


def test_what_background_forbids_is_a_constraint() -> None:
    """Background is no work, but what it forbids holds."""
    plan = understand("Fix the parser.\n\n**Notes**\n\nBen wrote it. Don't touch the tests.\n")
    assert plan.goal.constraints == ("Don't touch the tests",)
    assert plan.stages[0].gates == ("limits",)


@pytest.mark.parametrize("text", ["We must not touch the tests.", "**Do not touch** the tests."])
def test_who_must_not_and_bold_words_are_limits(text: str) -> None:
    """ "We must not …" asks for nothing, and a limit reads the same in bold."""
    plan = understand(f"Fix the parser. {text}")
    assert [step.title for step in plan] == ["Fix the parser"]
    assert plan.stages[0].gates == ("limits",)
