"""Which words are commands, and what a step may change."""

import pytest

from tuloy.plan import InstructAction
from tuloy.understanding import understand


@pytest.mark.parametrize(
    ("goal", "argvs"),
    [
        ("Run `npm run build` and then `npm test`.", [("npm", "run", "build"), ("npm", "test")]),
        ("Run `make lint | tee log`", [("sh", "-c", "make lint | tee log")]),
        ("Rename `foo.py` to `bar.py`.", [None]),
        ("Fix the bug in `parse args`", [None]),
        ("Run the `lint` function", [None]),
        ("Run these commands:\n```\nmake a\nmake b\n```", [("sh", "-ec", "make a\nmake b")]),
        ("Run the query:\n```sql\nDROP TABLE users;\n```", [None]),
        ('Run this:\n```json\n{"a": 1}\n```', [None]),
        ("Run it:\n```console\n$ make a\nbuilding a\n```", [("make", "a")]),
        ("Run the check:\n```\nTraceback (most recent call last):\n```", [None]),
    ],
)
def test_literal_commands(goal: str, argvs: list[tuple[str, ...] | None]) -> None:
    """A command in backticks that a step runs is its argv; names in backticks are not."""
    assert argvs == [getattr(step.action, "argv", None) for step in understand(goal)]


def test_a_condition_on_a_file_is_a_command() -> None:
    """Whether a file exists is proved by a command, and marked as a question."""
    check = next(iter(understand("If there is a CHANGELOG.md, add an entry.")))
    assert check.action.argv == ("test", "-e", "CHANGELOG.md")  # type: ignore[union-attr]
    assert check.check
    assert check.effects == "none"


@pytest.mark.parametrize(
    ("goal", "effects"),
    [
        ("Deploy the site", "external"),
        ("Push the branch", "external"),
        ("Refactor the parser", "workspace"),
        ("Run `git push origin main`", "external"),
        ("I-deploy ang site", "external"),
        ("Check whether the config is valid", "none"),
    ],
)
def test_effects(goal: str, effects: str) -> None:
    """What reaches outside is marked, so that it is not repeated without asking."""
    assert [effects] == [step.effects for step in understand(goal)]


def test_a_block_that_is_no_shell_is_told() -> None:
    """A code block in another language is part of what its step is told, with its language."""
    (step,) = understand("Run the query:\n```sql\nDROP TABLE users;\n```")
    assert isinstance(step.action, InstructAction)
    assert "```sql\nDROP TABLE users;\n```" in step.action.prompt
