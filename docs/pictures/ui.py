"""Take the pictures of the Prefect UI in the docs, from real runs on a copy of examples/greeter.

Starts a server and a worker on a home of its own, fills the deployment's form in a headless Chromium as a user does,
and takes what the pages show then. Needs the test extras and a Chromium. The numbers and times in the pictures are
those of the run.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui.pages import BROWSERS, FLAGS, Ui

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TULOY = [sys.executable, "-P", "-c", "from cli.main import main; main()"]
GOAL = "Fix the lint errors and format the code, then run the tests and, if they pass, build the package"
UNCLEAR = "Improve the greeting"
CHECK = "Run the tests. If they fail, run `git log -3`, otherwise build the package"
SIZE = {"width": 1180, "height": 860}  # the list of runs draws only what is in sight


def main() -> None:
    """Run goals from the form and from a terminal, and photograph form, runs, run, artifacts, and a question."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is on the PATH; install chromium")
    with _home() as (environment, address, repo), sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser, args=FLAGS)
        page = window.new_page(base_url=address, viewport=SIZE)
        _form(Ui(page), repo)
        subprocess.run([*TULOY, "run", "--repo", str(repo), CHECK], env=environment, cwd=repo, check=False)
        _pages(Ui(page))
        _question(Ui(page), repo)
        window.close()


@contextmanager
def _home() -> Iterator[tuple[dict[str, str], str, Path]]:
    """Start a server with deployments and a worker on a new home; stop and remove all of it afterwards."""
    scratch = Path(tempfile.mkdtemp(prefix="tuloy-picture-"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TULOY_"))}
    environment = {**kept, "TULOY_HOME": str(scratch / "home"), "PYTHONPATH": str(ROOT)}
    repo = scratch / "greeter"
    try:
        shutil.copytree(ROOT / "examples" / "greeter", repo)
        identity = ["-c", "user.name=You", "-c", "user.email=you@localhost"]
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
            subprocess.run(["git", "-C", str(repo), *words], check=True)
        said = subprocess.run([*TULOY, "up", "--worker"], env=environment, cwd="/", check=True, stdout=subprocess.PIPE)
        found = re.search(rb"http://127\.0\.0\.1:\d+", said.stdout)
        assert found is not None
        yield environment, found[0].decode(), repo
    finally:
        subprocess.run([*TULOY, "down"], env=environment, cwd="/", check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


def _form(ui: Ui, repo: Path) -> None:
    """Fill the form and send it; wait until the run has ended."""
    ui.page.wait_for_timeout(8000)  # until the worker has asked for work, its queue is shown as not ready
    ui.open_deployment("default")
    ui.open_form()
    ui.fill("goal", GOAL)
    ui.fill("repo", "/home/ana/greeter")  # what a reader would write; the scratch directory is nobody's
    _take(ui, "ui-form")
    ui.fill("repo", str(repo))
    _send(ui, "Completed")


def _send(ui: Ui, state: str) -> None:
    """Send the form; wait until a run is in that state."""
    ui.send_form()
    for _ in range(60):
        ui.open("/runs")
        ui.page.wait_for_timeout(3000)
        if ui.page.locator(".state-badge").filter(has_text=state).count():
            return
    raise SystemExit(f"the run of the form did not become {state}")


def _pages(ui: Ui) -> None:
    """Photograph the list of runs, the run of the form, its report, and the deployments."""
    ui.open("/runs")
    ui.page.get_by_role("link", name=GOAL[:30]).first.wait_for()
    _take(ui, "ui-runs")
    ui.page.get_by_role("link", name=GOAL[:30]).first.click()
    ui.open_tab("Task Runs")
    ui.page.locator(".task-run-list-item").first.wait_for()
    _take(ui, "ui-run")
    run = ui.page.url
    for kind in ("report", "gates"):
        ui.open(run)
        ui.open_tab("Artifacts")
        ui.page.locator("a[href*='/artifacts/artifact/']").filter(has_text=re.compile(f"{kind}-g")).first.click()
        ui.page.wait_for_url("**/artifacts/artifact/**")
        _take(ui, f"ui-{kind}")
    ui.open("/deployments")
    ui.page.get_by_role("link", name="nightly").wait_for()
    _take(ui, "ui-deployments")


def _question(ui: Ui, repo: Path) -> None:
    """Start an unclear goal, and photograph what its run asks."""
    ui.open_deployment("default")
    ui.open_form()
    ui.fill("goal", UNCLEAR)
    ui.fill("repo", str(repo))
    _send(ui, "Suspended")
    ui.page.get_by_role("link", name=UNCLEAR).first.click()
    ui.run_is("Suspended")
    ui.press("Resume")
    ui.shows("This can be read in several ways")
    _take(ui, "ui-unclear")


def _take(ui: Ui, name: str) -> None:
    """Write the picture once the page has settled; the graph moves into its place for a second."""
    ui.page.mouse.move(0, 0)
    ui.page.wait_for_timeout(2500)
    ui.page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
