"""A coding CLI without a model: it does what a script says for the prompt it is given.

Owns the script's format. Knows nothing of Tuloy, as a real CLI would not; describe it like any other:

    [agents.scripted]
    argv = ["python", "-m", "tuloy.testing.scripted_cli", "--script", "/path/script.json", "{prompt}"]

(with the full path of a Python that has Tuloy installed). The script is a JSON list of turns; the first whose `when`
is found in the prompt is played, in the current directory:

    [{"when": "regular expression",             searched for in the whole prompt, "" fits every prompt
      "write":  {"path": "text"},               replace a file; its folders are made
      "append": {"path": "text"},
      "delete": ["path"],                       a path that is not there is left alone
      "say": "text on standard output",
      "sleep_s": 0.5,                           before anything is changed
      "exit": 0}]

All fields may be left out. A prompt that fits no turn is answered with exit code 9, a script that cannot be read with
2. Every prompt is appended as one JSON string per line to the file named by `--log` or `$SCRIPTED_CLI_LOG`.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["NO_TURN", "logged_prompts", "main"]

NO_TURN = 9
FIELDS = frozenset({"when", "write", "append", "delete", "say", "sleep_s", "exit"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the turn that fits the prompt; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripted_cli", description="Play a scripted coding CLI.")
    parser.add_argument("--script", required=True, type=Path, help="JSON list of turns")
    parser.add_argument("--log", type=Path, default=os.environ.get("SCRIPTED_CLI_LOG"), help="gets every prompt")
    parser.add_argument("prompt")
    given = parser.parse_args(arguments)
    if given.log:
        _append(Path(given.log), json.dumps(given.prompt) + "\n")
    try:
        turns = _read(given.script)
    except (OSError, ValueError) as error:
        parser.error(f"{given.script} is no script: {error}")
    turn = next((turn for turn in turns if re.search(turn.get("when", ""), given.prompt)), None)
    if turn is None:
        sys.stdout.write(f"no turn of {given.script} fits this prompt:\n{given.prompt}\n")
        return NO_TURN
    return _play(turn)


def logged_prompts(log: Path) -> list[str]:
    """Return the prompts that were logged, oldest first; none when nothing was."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _read(script: Path) -> list[Mapping[str, Any]]:
    turns = json.loads(script.read_text("utf-8"))
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ValueError("a script is a list of objects")
    if unknown := sorted({name for turn in turns for name in turn} - FIELDS):
        raise ValueError(f"unknown field {unknown[0]!r}; known: {', '.join(sorted(FIELDS))}")
    return turns


def _play(turn: Mapping[str, Any]) -> int:
    time.sleep(turn.get("sleep_s", 0))
    for path, text in turn.get("write", {}).items():
        _made(path).write_text(text, "utf-8")
    for path, text in turn.get("append", {}).items():
        _append(_made(path), text)
    _delete(turn.get("delete", ()))
    if "say" in turn:
        sys.stdout.write(turn["say"] + "\n")
    return int(turn.get("exit", 0))


def _delete(paths: Iterable[str]) -> None:
    for path in paths:
        Path(path).unlink(missing_ok=True)


def _made(path: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
