"""Commands where the output is not UTF-8."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, ROOT
from tests.warm import Warm

IMPORTED = ("cli.main", "cli.looking", "cli.machine", "cli.planning", "cli.running", "cli.todo")
GOAL = "Ayusin ang ñandú ✓ – “まず” テスト, then run `printf 'a\nb'`"


def environment(place: Path, **variables: str) -> dict[str, str]:
    """A shell that says nothing of encodings but these variables, and a home in the place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    ours = {"TULOY_HOME": str(place / "home"), "TULOY_CONFIG": str(place / "none"), "PYTHONPATH": str(ROOT)}
    return {**kept, **ours, **variables}


@pytest.fixture(scope="module", params=["ascii", "cp1252", "utf-8"])
def spoken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Warm]]:
    """An encoding, and a process whose streams have it."""
    place = tmp_path_factory.mktemp("spoken")
    warm = Warm(environment(place, PYTHONIOENCODING=request.param), "http://127.0.0.1:9/api", IMPORTED)
    yield request.param, warm
    warm.close()


@pytest.fixture
def say(spoken: tuple[str, Warm], tmp_path: Path, small: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the command with streams of the encoding and a home that does not exist yet; decode what it left."""
    encoding, warm = spoken

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return warm.run(words, env=environment(tmp_path, PYTHONIOENCODING=encoding), cwd=small, encoding=encoding)

    return run


@pytest.fixture
def call(tmp_path: Path, small: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Start the command from nothing, with these variables and a home that does not exist yet."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        argv, env = [*COMMAND, *words], environment(tmp_path, **variables)
        return subprocess.run(argv, cwd=small, env=env, capture_output=True, timeout=90)

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


def test_no_command_ends_for_want_of_a_letter(
    say: Callable[..., subprocess.CompletedProcess[str]], spoken: tuple[str, Warm]
):
    """Every command says what it says in the encoding that it is given, marks as ASCII."""
    for words in WORDS:
        ran = say(*words)
        said = ran.stdout + ran.stderr
        assert "Traceback" not in said, words
        assert "UnicodeEncodeError" not in said, words
        if words == ["list"]:
            assert ("○  g" if spoken[0] == "utf-8" else "o  g") in said


def test_json_is_whole_in_every_encoding(say: Callable[..., subprocess.CompletedProcess[str]]):
    """A document loses no letter: what the encoding lacks is escaped as JSON has it."""
    assert json.loads(say("plan", GOAL, "--json").stdout)["goal"]["text"] == GOAL
    assert "“ñ”" in json.loads(say("resume", "“ñ”", "--json").stdout)["error"]


def test_a_locale_that_is_not_utf_8(call: Callable[..., subprocess.CompletedProcess[bytes]], latin: dict[str, str]):
    """Under a real locale of Latin-1, and under C without Python's help, the commands work on a real repository."""
    for variables in (latin, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}):
        for words in (WORDS[0], WORDS[2], WORDS[6], WORDS[9]):
            ran = call(*words, **variables)
            said = (ran.stdout + ran.stderr).decode("latin-1")
            assert "Traceback" not in said, (words, said)
