"""Run a goal of a given plan and die by SIGKILL at a given point: the crash that the fault tests resume from.

    python die_at.py HOME REPO PLAN.json|WORDS|resume:GOAL POINT

POINT is `module:name:before|after:n` (the n-th call of that function, or of that method `Class.name`), `time:SECONDS`
after the run began, or `never`. Nothing is faked: the real run is killed at an exact place.
"""

import functools
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


def die() -> None:
    """Die as a power cut would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Make the process die at the point."""
    if point == "never":
        return
    if point.startswith("time:"):
        threading.Timer(float(point.removeprefix("time:")), die).start()
        return
    module_name, name, side, number = point.split(":")
    module = importlib.import_module(module_name)
    owner, _, attribute = name.rpartition(".")
    place: Any = functools.reduce(getattr, owner.split("."), module) if owner else module
    real = getattr(place, attribute)
    mortal = dying(real, side, int(number))
    setattr(place, attribute, mortal)
    for other in list(sys.modules.values()):  # those that imported it by name
        if getattr(other, "__name__", "").split(".")[0] in ("tuloy", "tasks", "flows", "cli"):
            for key, value in list(vars(other).items()):
                if value is real:
                    setattr(other, key, mortal)


def dying(real: Callable[..., Any], side: str, number: int) -> Callable[..., Any]:
    """Wrap a function so that the process dies before or after its n-th call."""
    calls = 0

    @functools.wraps(real)
    def mortal(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls
        if side == "before" and mine == number:
            die()
        result = real(*args, **named)
        if side == "after" and mine == number:
            die()
        return result

    return mortal


def main(home: str, repo: str, words: str, point: str) -> int:
    """Plan, arm, run; or arm and resume."""
    os.environ["TULOY_HOME"] = home
    import tuloy.gates.judge
    import tuloy.work.acceptance
    import tuloy.work.stage_end
    import tuloy.work.steps  # noqa: F401
    from cli.execution import Execution, Manner, enter_prefect
    from cli.opening import open_the_store
    from cli.places import settings_of
    from cli.running import resume_goal
    from tuloy.plan import Plan
    from tuloy.work.begin import begin_goal
    from tuloy.workspaces.git import open_repository

    if words.startswith("resume:"):
        import flows.execute

        arm(point)
        return resume_goal(words.removeprefix("resume:"), Manner(as_json=True))
    plan = Plan.read(Path(words).read_text()) if words.endswith(".json") else None
    repository = open_repository(Path(repo))
    settings = settings_of(repository, None)
    with open_the_store(settings) as store:
        if not point.startswith(("tuloy.store", "time")):
            enter_prefect(settings)
            import flows.execute  # noqa: F401
        arm(point)
        begun = begin_goal(store, settings, repository, plan.goal.text if plan else words, plan=plan)
        return Execution(store, settings, Manner(as_json=True)).run([begun])


def command() -> None:
    """Do what the words of the command line say."""
    sys.exit(main(*sys.argv[1:]))


if __name__ == "__main__":
    command()
