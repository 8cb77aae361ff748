"""A headless Chromium on the UI of the session's server, and a repository for what is started there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.server import Server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser. Without one the tests are skipped, but not where TULOY_CI says that it must be there."""
    from tests.ui.pages import BROWSERS

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and os.environ.get("TULOY_CI"):
        pytest.fail(f"none of {', '.join(BROWSERS)} is on the PATH")
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on the PATH; install chromium to see the UI")
    return found


@pytest.fixture(scope="session")
def ui(chromium: str, worker: str, prefect_server: Server) -> Iterator["Ui"]:  # noqa: F821
    """One tab, on a server with deployments and a worker."""
    from playwright.sync_api import sync_playwright

    from tests.ui.pages import FLAGS, Ui

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        size = {"width": 1280, "height": 900}
        yield Ui(browser.new_page(base_url=prefect_server.ui_url, viewport=size))
        browser.close()


@pytest.fixture(scope="session")
def calculator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Python project that its gates can judge, in a repository."""
    root = tmp_path_factory.mktemp("calculator") / "calculator"
    root.mkdir()
    (root / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    (root / "test_calc.py").write_text("from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n")
    (root / "pyproject.toml").write_text('[project]\nname = "calculator"\nversion = "1"\n')
    return _committed(root)


@pytest.fixture(scope="session")
def poems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a text in it."""
    root = tmp_path_factory.mktemp("poems") / "poems"
    root.mkdir()
    (root / "land.txt").write_text("The land.\n")
    return _committed(root)


def _committed(root: Path) -> Path:
    identity = ["-c", "user.name=U", "-c", "user.email=u@localhost"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    return root
