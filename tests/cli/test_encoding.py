"""Commands where the output is not UTF-8."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, ROOT

GOAL = "Ayusin ang ñandú ✓ – “まず” テスト, then run `printf 'a\nb'`"


@pytest.fixture
def call(tmp_path: Path, small: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Call the command in a process of its own, with these variables and a home that does not exist yet."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
        ours = {"TULOY_HOME": str(tmp_path / "home"), "TULOY_CONFIG": str(tmp_path / "none"), "PYTHONPATH": str(ROOT)}
        argv = [*COMMAND, *words]
        return subprocess.run(argv, cwd=small, env={**kept, **ours, **variables}, capture_output=True, timeout=90)

    return run


@pytest.fixture
def latin(tmp_path: Path) -> dict[str, str]:
    """Variables of a real locale whose letters are those of ISO 8859-1."""
    made = tmp_path / "locales"
    made.mkdir()
    argv = ["localedef", "-i", "es_ES", "-f", "ISO-8859-1", str(made / "es_ES.ISO-8859-1")]
    try:
        done = subprocess.run(argv, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("no locale can be made here")
    return {"LOCPATH": str(made), "LC_ALL": "es_ES.ISO-8859-1"}


WORDS = [
    ["plan", GOAL], ["add", GOAL], ["list"], ["status"], ["show"], ["run", GOAL, "--dry-run"], ["run", "ñ→ ✓", "-x"],
    ["plan", "--help"], ["resume", "“ñ”"], ["doctor"],
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_command_ends_for_want_of_a_letter(encoding: str, call: Callable[..., subprocess.CompletedProcess[bytes]]):
    """Every command says what it says in the encoding that it is given, marks as ASCII."""
    for words in WORDS:
        ran = call(*words, PYTHONIOENCODING=encoding)
        said = (ran.stdout + ran.stderr).decode(encoding)
        assert "Traceback" not in said, words
        assert "UnicodeEncodeError" not in said, words
        if words == ["list"]:
            assert "o  g" in said


def test_json_is_whole_in_every_encoding(call: Callable[..., subprocess.CompletedProcess[bytes]]):
    """A document loses no letter: what the encoding lacks is escaped as JSON has it."""
    for encoding in ("ascii", "latin-1", "utf-8"):
        ran = call("plan", GOAL, "--json", PYTHONIOENCODING=encoding)
        assert json.loads(ran.stdout.decode(encoding))["goal"]["text"] == GOAL
        refused = call("resume", "“ñ”", "--json", PYTHONIOENCODING=encoding)
        assert "“ñ”" in json.loads(refused.stdout.decode(encoding))["error"]


def test_a_locale_that_is_not_utf_8(call: Callable[..., subprocess.CompletedProcess[bytes]], latin: dict[str, str]):
    """Under a real locale of Latin-1, and under C without Python's help, the commands work on a real repository."""
    for variables in (latin, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}):
        for words in (WORDS[0], WORDS[2], WORDS[6], WORDS[9]):
            ran = call(*words, **variables)
            said = (ran.stdout + ran.stderr).decode("latin-1")
            assert "Traceback" not in said, (words, said)
