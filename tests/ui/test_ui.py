"""What a user does and sees in the Prefect UI, in a real browser: deployments, form, runs, and the buttons on them.

The runs that have to be under way are all begun first, so that they start while the pages are looked at.
"""

import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from playwright.sync_api import expect
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus

from tests.ui.pages import Ui
from tuloy.store import GoalRow, Store, open_store

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.timeout(400)]

TULOY = [sys.executable, "-P", "-c", "from cli.main import main; main()"]
PREFECT = [sys.executable, "-P", "-m", "prefect", "--no-prompt"]
BRANCHES = (
    "Run `test -e notes.txt`. If it passes, run `sh -c 'echo yes > yes.txt'`, otherwise run `sh -c 'echo no > no.txt'`"
)


@dataclass(frozen=True)
class Begun:
    """A run that was asked for early, and the file in which each of its commands leaves a line when it is done."""

    log: Path
    run_id: UUID | None = None
    terminal: subprocess.Popen[str] | None = None

    @property
    def lines(self) -> Counter[str]:
        """What was done, and how often."""
        return Counter(self.log.read_text().split() if self.log.exists() else ())

    def go_on(self) -> None:
        """Let the step that waits come to its end."""
        Path(f"{self.log}.go").touch()


def slow_goal(log: Path) -> str:
    """Three steps; the second one takes until `.go` is beside the log."""
    return (
        f"run `sh -c 'echo first >> {log}'` then "
        f"run `sh -c 'echo began >> {log}; until test -e {log}.go; do sleep 0.1; done; echo slept >> {log}'` then "
        f"run `sh -c 'echo last >> {log}'`"
    )


@pytest.fixture(scope="module")
def begun(
    ui: Ui, shell: dict[str, str], calculator: Path, poems: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Begun]]:
    """The runs that the tests find under way: of the deployment, and of `tuloy run` in a terminal."""
    ui.open_deployment("nightly")
    ui.switch(before="false")
    place = tmp_path_factory.mktemp("begun")
    goals = {name: slow_goal(place / name) for name in ("cancelled", "suspended")}
    goals["failed"] = f"run `sh -c 'echo first >> {place}/failed'` then run `{place}/tool`"
    runs = {name: Begun(place / name, _ask(goal, calculator)) for name, goal in goals.items()}
    runs["unclear"] = Begun(place / "unclear", _ask("Improve the code", poems))
    for name in ("cancelled in terminal", "suspended in terminal"):
        log = place / name.replace(" ", "-")
        argv = [*TULOY, "run", "--repo", str(calculator), slow_goal(log)]
        process = subprocess.Popen(argv, env=shell, cwd="/", stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        runs[name] = Begun(log, terminal=process)
    argv = [*TULOY, "run", "--repo", str(poems), "Write a poem about the sea into poem.txt"]
    process = subprocess.Popen(argv, env=shell, cwd="/", stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    runs["waiting in terminal"] = Begun(place / "poem", terminal=process)
    yield runs
    for one in runs.values():
        one.go_on()
        if one.terminal is not None:
            one.terminal.terminate()
            one.terminal.communicate(timeout=60)


def _ask(goal: str, repo: Path) -> UUID:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("run-goal/default")
        return client.create_flow_run_from_deployment(deployment.id, parameters={"goal": goal, "repo": str(repo)}).id


@pytest.fixture(scope="module")
def store(worker: str, prefect_home: Path) -> Iterator[Store]:
    """The store that all the runs write."""
    with open_store(prefect_home / "tuloy.db") as opened:
        yield opened


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def goal_of(store: Store, one: Begun) -> GoalRow:
    """The goal of a run, once it was begun."""
    if one.run_id is not None:
        return until(lambda: store.goal_of_flow_run(str(one.run_id)))
    return next(goal for goal in store.goals(limit=100) if str(one.log) in goal.text)


def sleepers(one: Begun) -> list[psutil.Process]:
    """The processes of the step that waits."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and words[0].endswith("sh") and f"{one.log}.go" in words[-1]:
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def test_the_deployment_says_what_it_is(ui: Ui, begun: dict[str, Begun]) -> None:
    """`run-goal/default` shows its flow, pool, description and tag, and the trigger that starts it."""
    ui.open_deployment("default", tab="Description")

    ui.shows("Plan a goal and carry it out on a repository of the worker's machine.")
    for text in ("run-goal", "tuloy-goal-requested"):
        ui.shows(text)
    expect(ui.page.locator("body")).to_contain_text(re.compile(r"Work Pool\s*tuloy"))
    expect(ui.page.locator(".p-tag").get_by_text("tuloy", exact=True).first).to_be_visible()


@pytest.fixture(scope="module")
def submitted(ui: Ui, begun: dict[str, Begun], calculator: Path) -> UUID:
    """A run that was asked for by the form, after the server had refused what breaks its rules."""
    ui.open_deployment("default")
    ui.open_form()
    for name, description in _parameters().items():
        expect(ui.field(name)).to_contain_text(description)
    assert ui.field("accept").get_by_role("switch").get_attribute("aria-checked") == "false"
    assert ui.field("max_workers").locator("input").input_value() == "4"

    ui.press("Submit")
    ui.shows("'goal' is a required property")
    ui.fill("goal", " ")
    ui.fill("repo", str(calculator))
    ui.press("Submit")
    ui.shows(re.compile("does not match"))
    ui.fill("goal", BRANCHES)
    ui.fill("max_workers", "65")
    ui.press("Submit")
    ui.shows(re.compile("65 is greater than the maximum of 64"))
    ui.fill("max_workers", "2")
    assert ui.choose("priority", "high") == ["as written", "critical", "high", "normal", "low"]
    ui.send_form()
    return until(lambda: next((run.id for run in _runs() if run.parameters.get("goal") == BRANCHES), None))


def _parameters() -> dict[str, str]:
    """Each parameter of the deployment with its description."""
    with get_client(sync_client=True) as client:
        schema = client.read_deployment_by_name("run-goal/default").parameter_openapi_schema
    return {name: field["description"] for name, field in schema["properties"].items()}


def _runs() -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(limit=100)


def test_the_form_starts_a_run_that_is_the_plan(ui: Ui, submitted: UUID, state_within: Callable[..., Any]) -> None:
    """The form's run is named for the goal, and shows steps, gates, and the branch that was not taken."""
    state_within(submitted, "Completed")
    ui.open_run(submitted, tab="Task Runs")

    ui.run_is("Completed")
    ui.shows(re.compile("Run `test -e notes.txt`. If it passes"))
    assert ui.task_runs() == {
        "Run `test -e notes.txt`": "Failed",
        "Run `sh -c 'echo yes > yes.txt'`": "Skipped",
        "Run `sh -c 'echo no > no.txt'`": "Completed",
        "gate lint": "Passed",
        "gate tests": "Passed",
        "land s1": "Completed",
    }
    assert ui.page.locator("canvas").count() == 1


def test_a_step_has_its_log(ui: Ui, submitted: UUID, state_within: Callable[..., Any]) -> None:
    """The page of a task run has what its step did and said, and nothing of the others."""
    state_within(submitted, "Completed")
    ui.open_run(submitted, tab="Task Runs")
    ui.page.get_by_role("link", name="gate tests").click()

    ui.shows(re.compile("gate tests: pass 1 tests? collected, 1 passed"))
    assert "gate lint" not in ui.text()


def test_the_artifacts_tell_plan_gates_and_report(ui: Ui, submitted: UUID, state_within: Callable[..., Any]) -> None:
    """A run has its plan with a diagram, the table of its gates, and a report that names the branch."""
    state_within(submitted, "Completed")
    read = {}
    for kind in ("plan", "gates", "report"):
        ui.open_run(submitted, tab="Artifacts")
        ui.open_artifact(kind)
        read[kind] = ui.text()

    assert "flowchart TD" in read["plan"]
    assert re.search(r"s1\.2 .*s1\.1 succeeded", read["plan"], re.DOTALL)
    assert re.search(r"tests\s+pass\s+0\s+1 tests? collected, 1 passed", read["gates"])
    assert re.search(r"Branch tuloy/\S+ at [0-9a-f]{12}", read["report"])
    assert "git diff" in read["report"]


def test_an_event_starts_a_run(
    ui: Ui, begun: dict[str, Begun], shell: dict[str, str], calculator: Path, worker: str,
    state_within: Callable[..., Any],
) -> None:  # fmt: skip
    """The automation is listed and on; the event that it waits for makes a run, which is seen and done."""
    address = next(line for line in worker.splitlines() if line.startswith("export ")).partition("=")[2]
    payload = f'{{"goal": "run `true`", "repo": "{calculator}"}}'
    argv = [*PREFECT, "event", "emit", "tuloy.goal.requested", "--resource-id", "tuloy.example", "--payload", payload]
    subprocess.run(argv, env={**shell, "PREFECT_API_URL": address}, cwd=calculator, check=True, capture_output=True)
    ui.open("/automations")
    ui.shows("Run the goal that an event asks for.")
    assert ui.page.get_by_role("switch").get_attribute("aria-checked") == "true"

    run_id = until(lambda: next((run.id for run in _runs() if run.parameters.get("goal") == "run `true`"), None))
    state_within(run_id, "Completed")
    ui.open("/runs")
    ui.shows("run `true`")


def _open_under_way(ui: Ui, store: Store, one: Begun) -> tuple[UUID, GoalRow]:
    """Open the page of a run whose second step waits."""
    until(lambda: one.lines["began"])
    goal = goal_of(store, one)
    run_id = UUID(goal.flow_run_id)
    ui.open_run(run_id)
    ui.run_is("Running")
    return run_id, goal


@pytest.mark.parametrize("name", ["cancelled", "cancelled in terminal"])
def test_cancel_ends_it(
    name: str, ui: Ui, begun: dict[str, Begun], store: Store, state_within: Callable[..., Any]
) -> None:
    """Cancel ends the step's processes, begins no other step, and the goal says so; for `tuloy run` as well."""
    one = begun[name]
    run_id, goal = _open_under_way(ui, store, one)
    assert sleepers(one)
    ui.press("Cancel", confirm="Confirm")
    state_within(run_id, "Cancelled")
    until(lambda: not sleepers(one), 10)
    if one.terminal is not None:
        assert one.terminal.wait(20) == 130
    ui.open_run(run_id)
    ui.run_is("Cancelled")

    assert one.lines == {"first": 1, "began": 1}
    assert store.find_goal(goal.id).status == "cancelled"


@pytest.mark.parametrize("name", ["suspended", "suspended in terminal"])
def test_suspend_and_resume(
    name: str, ui: Ui, begun: dict[str, Begun], store: Store, state_within: Callable[..., Any]
) -> None:
    """Suspended, a run ends the step under way and leaves; resumed, the worker does the rest and repeats nothing."""
    one = begun[name]
    run_id, goal = _open_under_way(ui, store, one)
    ui.press("Suspend", confirm="Submit")
    state_within(run_id, "Suspended")
    one.go_on()
    if one.terminal is not None:
        assert one.terminal.wait(30) == 3
    until(lambda: store.lease_of(goal.id) is None)
    assert one.lines == {"first": 1, "began": 1, "slept": 1}
    assert store.find_goal(goal.id).status == "waiting"
    assert "Resume there" in store.find_goal(goal.id).reason
    ui.open_run(run_id)
    ui.run_is("Suspended")
    ui.press("Resume", confirm="Submit")
    state_within(run_id, "Completed")
    ui.open_run(run_id)
    ui.run_is("Completed")

    assert one.lines == {"first": 1, "began": 1, "slept": 1, "last": 1}
    assert store.find_goal(goal.id).status == "done"


def test_a_run_that_waits_is_resumed(
    ui: Ui, begun: dict[str, Begun], poems: Path, store: Store, state_within: Callable[..., Any]
) -> None:
    """A run that waits for a coding CLI can be resumed in the UI: the worker goes on with it once there is one."""
    terminal = begun["waiting in terminal"].terminal
    assert terminal is not None
    assert terminal.wait(60) == 3
    goal = next(goal for goal in store.goals(limit=100) if "poem" in goal.text)
    cli = poems.with_name("cli")
    cli.write_text("#!/bin/sh\necho 'The sea.' > poem.txt\n")
    cli.chmod(0o755)
    (poems / "tuloy.toml").write_text(f'[agents.poet]\nargv = ["{cli}", "{{prompt}}"]\n')
    ui.open_run(UUID(goal.flow_run_id))
    ui.run_is("Waiting")
    ui.press("Resume", confirm="Submit")
    state_within(UUID(goal.flow_run_id), "Completed")
    ui.open_run(UUID(goal.flow_run_id))
    ui.run_is("Completed")

    assert store.find_goal(goal.id).status == "done"


def test_an_unclear_goal_is_answered_in_its_form(
    ui: Ui, begun: dict[str, Begun], store: Store, state_within: Callable[..., Any]
) -> None:
    """A run whose words can be meant in several ways is suspended, and begins nothing.

    An empty answer is refused; Resume shows the readings, and the chosen one is planned.
    """
    run_id = begun["unclear"].run_id
    assert run_id is not None
    state_within(run_id, "Suspended")
    assert store.goal_of_flow_run(str(run_id)) is None
    with get_client(sync_client=True) as client:
        assert client.resume_flow_run(run_id, run_input={}).status == SetStateStatus.REJECT
    ui.open_run(run_id)
    ui.run_is("Suspended")
    ui.ask("Resume")
    ui.shows("This can be read in several ways")
    offered = ui.choose("Which one is meant?", 1)
    ui.answer("Submit")
    state_within(run_id, "Completed", "Waiting")
    plan = store.plan_of(goal_of(store, begun["unclear"]).id)
    assert plan is not None
    assert offered[1].startswith(f"2. {next(iter(plan)).title}")


def test_retry_goes_on_where_it_failed(
    ui: Ui, begun: dict[str, Begun], store: Store, state_within: Callable[..., Any]
) -> None:
    """A run that failed for want of a tool is retried when the tool is there; what was finished shows as Cached."""
    one = begun["failed"]
    assert one.run_id is not None
    state_within(one.run_id, "Failed")
    tool = one.log.with_name("tool")
    tool.write_text(f"#!/bin/sh\necho tool >> {shlex.quote(str(one.log))}\n")
    tool.chmod(0o755)
    ui.open_run(one.run_id)
    ui.run_is("Failed")
    ui.press("Retry", confirm="Retry")
    state_within(one.run_id, "Completed")
    ui.open_run(one.run_id, tab="Task Runs")
    ui.run_is("Completed")

    assert one.lines == {"first": 1, "tool": 1}
    ui.shows("Cached")
    assert store.find_goal(goal_of(store, one).id).status == "done"


def test_a_schedule_is_switched_on_and_off(ui: Ui, begun: dict[str, Begun]) -> None:
    """`nightly`, whose schedule was switched on in its page, has upcoming runs; switched off there, it has none."""
    until(_scheduled, 70)  # Prefect's scheduler looks once a minute
    ui.open_deployment("nightly", tab="Upcoming")
    ui.run_is("Scheduled")
    ui.switch(before="true")

    until(lambda: not _scheduled(), 10)


def _scheduled() -> list[FlowRun]:
    return [run for run in _runs() if run.auto_scheduled and run.state_name == "Scheduled"]
