"""The terminal picture shows what stayed on the screen, and nothing of the machine that drew it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def draw() -> ModuleType:
    """docs/pictures/draw.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("draw", ROOT / "docs" / "pictures" / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_erased_lines_are_gone(draw: ModuleType):
    """Lines that a program erased and wrote anew appear once, as they were last; colours stay."""
    spinner = "⠋ Run the tests\r\n⠋ gate lint\r\x1b[2K\x1b[1A\x1b[2K\x1b[32m✓\x1b[0m Run the tests\r\ndone\r\n\x1b[?25h"

    assert [line.removesuffix("\x1b[?25h") for line in draw.screen_lines("plan\n" + spinner)] == [
        "plan",
        "\x1b[32m✓\x1b[0m Run the tests",
        "done",
    ]


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("kept     /var/x1/.demo/home/goals/gaaaaaa/kept/a", "kept     ~/tuloy/.demo/home/goals/gk7m2qp/kept/a"),
        ("next     git diff 0123456789ab tuloy/x   ·   tuloy accept g234567",
         "next     git diff 5b1d9f0a72c4 tuloy/x   ·   tuloy accept gk7m2qp"),
        ("tuloy/x is at 0123456789ab", "tuloy/x is at c3a8e6f41d27"),
        ("run http://127.0.0.1:4812/runs/flow-run/858c6a40-dcf5-4447-9583-56adb9df58e7",
         "run http://127.0.0.1:4200/runs/flow-run/0f6d7c1e-5a4b-4c3d-8e2f-1a2b3c4d5e6f"),
        ("Run the tests  0.6 s", "Run the tests  1.0 s"),
        ("Format the code  0.0 s", "Format the code  0.1 s"),
        ("the greeter is at home", "the greeter is at home"),
    ],
)  # fmt: skip
def test_what_differs_between_machines_is_replaced(draw: ModuleType, line: str, drawn: str):
    """Paths, ids, commits and ports become stable words, seconds are rounded up; other words stay."""
    assert draw.stable(line, Path("/var/x1")) == drawn


def test_the_picture_needs_no_network(draw: ModuleType):
    """The SVG loads nothing from elsewhere, whoever shows it."""
    drawn = draw.svg(["\x1b[32m✓\x1b[0m gate tests"])

    assert "@font-face" not in drawn
    assert "url(http" not in drawn
    assert "gate&#160;tests" in drawn
    assert "draw" not in sys.modules
