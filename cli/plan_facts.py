"""What is to be known of a plan besides its steps: who does it, by when, how often, how else it could be read."""

import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cli.plan_screen import duration
from tuloy.agents.matching import agents_of, choose
from tuloy.agents.prompt_cli import KNOWN
from tuloy.agents.tools import on_path
from tuloy.plan import Plan
from tuloy.settings import Settings
from tuloy.understanding.estimate import longest_chain_s
from tuloy.work.reading import readings_of

__all__ = ["facts_of", "next_of_file", "zone_name"]

_LONG = 60


def facts_of(
    plan: Plan, settings: Settings, repo: str, *, corrected: bool = False, file: str | None = None
) -> list[tuple[str, str]]:
    """Return names and values, a name several times where it has several lines; `file` is where the text came from."""
    found = [("agents", line) for line in _agents(plan, settings)]
    if plan.goal.priority != "normal":
        found.append(("priority", plan.goal.priority))
    if plan.goal.deadline:
        found.append(("deadline", _deadline(plan)))
    found += [("schedule", line) for line in _schedule(plan)]
    found += [("or", line) for line in readings_of(plan)[1:]]
    if corrected:
        found.append(("corrected", "this is the plan that you edited for this text; `--fresh` reads it anew"))
    return [*found, ("next", next_of_file(file, repo) if file else _next(plan, repo))]


def next_of_file(file: str, repo: str) -> str:
    """Return the command that runs what a document says."""
    return f"tuloy run --file {shlex.quote(file)}{_place(repo)}"


def zone_name() -> str | None:
    """Return the IANA name of this machine's time zone, None where it has none that can be told."""
    if name := os.environ.get("TZ", "").lstrip(":"):
        return name
    _, _, name = os.path.realpath("/etc/localtime").partition("zoneinfo/")
    return name or None


def _agents(plan: Plan, settings: Settings) -> Iterator[str]:
    """Who does the steps that need more than the shell, and what is missing."""
    agents = agents_of(settings.agents)
    steps = [step for step in plan if step.id not in plan.parts and step.action.kind == "instruct"]
    for name in dict.fromkeys(agent.name for step in steps if (agent := choose(step, agents))):
        count = sum((agent := choose(step, agents)) is not None and agent.name == name for step in steps)
        yield f"{name} does {_steps(count)}"
    if missing := [step for step in steps if choose(step, agents) is None]:
        wanted = ", ".join(sorted({name for step in missing for name in step.capabilities}))
        there = [name for name in KNOWN if on_path(name)]
        help_ = f"--agent {there[0]} would do" if there else f"install one of {', '.join(KNOWN)}, or describe yours"
        yield f"nobody yet for {_steps(len(missing))} ({wanted}): {help_}"


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count != 1)}"


def _deadline(plan: Plan) -> str:
    at = datetime.fromisoformat(plan.goal.deadline or "")
    left_s = (at - datetime.now(UTC)).total_seconds()
    said = f"{at:%a %d %b %Y %H:%M} ({at:%Z})"
    if left_s < 0:
        return f"{said}, which is over"
    days, hours = divmod(int(left_s // 3600), 24)
    left = f"{days} days" if days > 1 else f"{days * 24 + hours} h" if days or hours else f"{left_s // 60:.0f} min"
    late = longest_chain_s(plan)
    return f"{said}, in {left}" + (f"; the work alone takes {duration(late)}" if late > left_s else "")


def _schedule(plan: Plan) -> Iterator[str]:
    schedule, zone = plan.goal.schedule, zone_name()
    if schedule is None:
        return
    yield f"{schedule.words}, as cron: {schedule.cron}" + (f" ({zone})" if zone else "")
    timezone = f" --timezone {shlex.quote(zone)}" if zone else ""
    yield f"prefect deployment schedule create run-goal/nightly --cron '{schedule.cron}'{timezone}"
    yield "(runs what that deployment's parameters `goal` and `repo` say: set them in the Prefect UI)"


def _next(plan: Plan, repo: str) -> str:
    text = " ".join(plan.goal.text.split())
    words = shlex.quote(text) if len(text) <= _LONG else "… with the same words"
    place = _place(repo)
    return f"tuloy run {words}{place}" if not words.startswith("…") else f"tuloy run{place} {words}"


def _place(repo: str) -> str:
    return "" if repo == "." or Path(repo).resolve() == Path.cwd() else f" --repo {shlex.quote(repo)}"
