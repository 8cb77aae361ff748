"""Priority, deadline, language and the amount of work."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

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
        ("Priority: Low\nFix the crash", "low"),
        ("**Priority:** P1\n\nFix the crash", "high"),
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
        ("Fix the header before the design review on 12 June", "2026-06-12T23:59:00+00:00", "Fix the header"),
        ("Tidy the repo before the board meeting on the 14th", "2026-03-14T23:59:00+00:00", "Tidy the repo"),
        ("Tidy the repo by the 2nd", "2026-04-02T23:59:00+00:00", "Tidy the repo"),
        ("Finish the report by Friday.", "2026-03-06T23:59:00+00:00", "Finish the report"),
        ("Finish the report before 5pm.", "2026-03-04T17:00:00+00:00", "Finish the report"),
        ("Fix the page by tomorrow at 9:30am", "2026-03-05T09:30:00+00:00", "Fix the page"),
        ("Fix the page before the demo on Thursday", "2026-03-05T23:59:00+00:00", "Fix the page"),
        ("Fix the page, due 2026-04-01", "2026-04-01T23:59:00+00:00", "Fix the page"),
        ("Fix the page by March 1", "2027-03-01T23:59:00+00:00", "Fix the page"),
        ("Ayusin ang page bago mag-Biyernes", "2026-03-06T23:59:00+00:00", "Ayusin ang page"),
        ("Fix the page by 2026-02-31", None, "Fix the page"),
        ("Finish the report by Friday 5pm", "2026-03-06T17:00:00+00:00", "Finish the report"),
        ("Fix the page by the end of the month", "2026-03-31T23:59:00+00:00", "Fix the page"),
        ("Fix the page in two hours", "2026-03-04T12:00:00+00:00", "Fix the page"),
        ("Fix the page within 3 days", "2026-03-07T23:59:00+00:00", "Fix the page"),
        ("Send the report on Monday", "2026-03-09T23:59:00+00:00", "Send the report"),
        ("Tapusin ang report bukas", "2026-03-05T23:59:00+00:00", "Tapusin ang report"),
        ("I-deploy bukas ng alas-dos ng hapon", "2026-03-05T14:00:00+00:00", "I-deploy"),
        ("I-update ang docs sa Lunes", "2026-03-09T23:59:00+00:00", "I-update ang docs"),
        ("Linisin ang branch sa loob ng dalawang oras", "2026-03-04T12:00:00+00:00", "Linisin ang branch"),
    ],
)
def test_deadline(goal: str, deadline: str | None, title: str) -> None:
    """A date behind "by" or "before" is a deadline and no step; a day that does not exist is none."""
    plan = understand(goal, now=NOW)
    assert deadline == plan.goal.deadline
    assert [title] == [step.title for step in plan]


@pytest.mark.parametrize(
    "goal",
    [
        "Update the notes of the standup on Monday",
        "Add a link that expires in two days",
        "Show what has changed in the last two days",
        "Add a cache. The old pages expire in 2 hours.",
        "Buksan ang ticket",
        "Check whether the certificate expires within 30 days",
        "Export the orders placed before Monday",
        "Mute the alert for tonight",
    ],
)
def test_days_that_are_no_deadline(goal: str) -> None:
    """A day that belongs to a thing, or to what a thing does, is no deadline."""
    assert understand(goal, now=NOW).goal.deadline is None


@pytest.mark.parametrize(
    ("now", "goal", "deadline"),
    [
        ("2026-03-28T10:00", "Fix the page by tomorrow at 9am", "2026-03-29T09:00:00+02:00"),
        ("2026-03-29T01:30", "Fix the page in two hours", "2026-03-29T04:30:00+02:00"),
        ("2026-03-28T10:00", "Fix the page by tomorrow at 2:30am", "2026-03-29T03:30:00+02:00"),
        ("2026-10-24T10:00", "Fix the page by tomorrow at 5pm", "2026-10-25T17:00:00+01:00"),
    ],
)
def test_summer_time_moves_no_deadline(now: str, goal: str, deadline: str) -> None:
    """Days count on the wall clock, hours in real time; an hour that does not exist is the one it became."""
    clock = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert deadline == understand(goal, now=clock).goal.deadline


@pytest.mark.parametrize(
    ("goal", "cron", "words"),
    [
        ("Run the tests every night at 2", "0 2 * * *", "every night at 2"),
        ("Every Monday, update the dependencies", "0 9 * * 1", "Every Monday"),
        ("Run the linter every 15 minutes", "*/15 * * * *", "every 15 minutes"),
        ("Run the backup every Monday and Thursday at 9:30", "30 9 * * 1,4", "every Monday and Thursday at 9:30"),
        ("Every weekday at 6pm run the tests", "0 18 * * 1-5", "Every weekday at 6pm"),
        ("Patakbuhin ang mga test tuwing gabi", "0 2 * * *", "tuwing gabi"),
        ("Patakbuhin ang mga test araw-araw ng 2am", "0 2 * * *", "araw-araw ng 2am"),
        ("i-run ang tests tuwing Lunes ng alas-otso ng umaga", "0 8 * * 1", "tuwing Lunes ng alas-otso ng umaga"),
    ],
)
def test_schedule(goal: str, cron: str, words: str) -> None:
    """How often a goal is wanted is a cron line and no step."""
    plan = understand(goal, now=NOW)
    assert plan.goal.schedule is not None
    assert (cron, words) == (plan.goal.schedule.cron, plan.goal.schedule.words)
    assert len(plan) == 1
    assert words.lower() not in next(iter(plan)).title.lower()


@pytest.mark.parametrize(
    "goal",
    [
        "Add a cron job that cleans the cache every night",
        "Write a service that syncs every hour",
        "It reads forty files every night. Split it.",
        "For each file run the tests",
    ],
)
def test_what_repeats_by_itself_is_no_schedule(goal: str) -> None:
    """A thing that is built to repeat does not make the goal repeat."""
    assert understand(goal, now=NOW).goal.schedule is None


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
