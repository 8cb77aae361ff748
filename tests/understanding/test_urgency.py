"""Priority, deadline, language and the amount of work."""

from datetime import UTC, datetime

import pytest

from tuloy.understanding import understand

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("goal", "priority"),
    [
        ("Production is down! Roll back the deploy.", "critical"),
        ("P0: fix login", "critical"),
        ("Fix the login ASAP", "high"),
        ("This is urgent: fix the crash", "high"),
        ("Ayusin agad ang login", "high"),
        ("Importante ito: ayusin ang login.", "high"),
        ("Clean up the branches, no rush.", "low"),
        ("When you have time, tidy up the README", "low"),
        ("Kapag may oras ka, linisin ang mga branch.", "low"),
        ("This is not urgent. Update the docs.", "low"),
        ("Update the docs by Friday", "normal"),
        ("Update the important docs page", "normal"),
        ("Rename `urgent` to `hot`", "normal"),
    ],
)
def test_priority(goal: str, priority: str) -> None:
    """The words of the text set the priority, properties of things do not, and nor does a deadline."""
    plan = understand(goal, now=NOW)
    assert priority == plan.goal.priority
    assert len(plan) == 1


def test_the_callers_priority_wins() -> None:
    """A priority that was handed in overrides the text's."""
    assert understand("Fix login ASAP", priority="low").goal.priority == "low"


@pytest.mark.parametrize(
    ("goal", "deadline", "title"),
    [
        ("Finish the report by Friday.", "2026-03-06T23:59:00+00:00", "Finish the report"),
        ("Finish the report before 5pm.", "2026-03-04T17:00:00+00:00", "Finish the report"),
        ("Fix the page by tomorrow at 9:30am", "2026-03-05T09:30:00+00:00", "Fix the page"),
        ("Fix the page before the demo on Thursday", "2026-03-05T23:59:00+00:00", "Fix the page"),
        ("Fix the page, due 2026-04-01", "2026-04-01T23:59:00+00:00", "Fix the page"),
        ("Fix the page by March 1", "2027-03-01T23:59:00+00:00", "Fix the page"),
        ("Ayusin ang page bago mag-Biyernes", "2026-03-06T23:59:00+00:00", "Ayusin ang page"),
        ("Fix the page by 2026-02-31", None, "Fix the page"),
    ],
)
def test_deadline(goal: str, deadline: str | None, title: str) -> None:
    """A date behind "by" or "before" is a deadline and no step; a day that does not exist is none."""
    plan = understand(goal, now=NOW)
    assert deadline == plan.goal.deadline
    assert [title] == [step.title for step in plan]


@pytest.mark.parametrize(
    ("goal", "language"),
    [
        ("Run the tests and push", "en"),
        ("Linisin ang mga lumang sanga", "fil"),
        ("I-run ang tests tapos i-deploy", "taglish"),
        ("It may fail, then set para to 3 at the end", "en"),
    ],
)
def test_language(goal: str, language: str) -> None:
    """English, Filipino and the mix are told apart by their small words."""
    assert language == understand(goal).goal.language


@pytest.mark.parametrize(
    ("goal", "band"),
    [
        ("Run the tests", "simple"),
        ("Fix the typo and update the logo", "simple"),
        ("Refactor the billing module", "medium"),
        ("Install deps, lint, test and build.", "medium"),
        ("Build a REST API for invoices with authentication", "complex"),
        ("\n".join(f"- Fix issue {n}" for n in range(9)), "complex"),
    ],
)
def test_band(goal: str, band: str) -> None:
    """The band follows the number of steps and how large they are, and says why."""
    complexity = understand(goal).complexity
    assert band == complexity.band
    assert complexity.reasons
