"""Commands and Python functions as steps: what their ends mean."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuloy.agents.protocol import Assignment
from tuloy.agents.shell import ShellAgent
from tuloy.agents.tools import Place
from tuloy.plan import AskAction, CommandAction, InstructAction, PythonAction

Assign = Callable[..., Assignment]


def command(text: str) -> CommandAction:
    """A command that runs a Python text."""
    return CommandAction(argv=(sys.executable, "-S", "-c", text))


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("print('fine')", "done", "exit code 0"),
        ("raise SystemExit(3)", "failed", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "error", "ended by signal SIGKILL"),
    ],
)
def test_the_exit_code_is_the_answer(assign: Assign, text: str, status: str, reason: str) -> None:
    """Zero is done, another code is the work's no, a signal means that it could not run."""
    report = ShellAgent().do(assign(command(text)))
    assert (status, reason) == (report.status, report.reason)


def test_it_works_in_the_workspace(assign: Assign, place: Place) -> None:
    """What a command writes by a relative path lands there, and its output in the file that was named."""
    work = assign(command("open('made', 'w').write('x'); print('said')"))
    assert ShellAgent().do(work).tail == "said\n"
    assert (place.workspace / "made").read_text() == "x"
    assert work.output_path.read_text() == "said\n"


def test_a_command_that_does_not_end_could_not_run(assign: Assign) -> None:
    """The step's time limit is no answer of the work."""
    report = ShellAgent().do(assign(command("import time; time.sleep(60)"), timeout_s=0.3))
    assert report.status == "error"
    assert "still running after 0.3 s" in report.reason


def test_a_stopped_command_is_lost(assign: Assign) -> None:
    """A request to stop says nothing about the work."""
    work = assign(command("import time; time.sleep(60)"))
    work.cancel.set()
    assert ShellAgent().do(work).status == "lost"


def test_a_missing_program_could_not_run(assign: Assign) -> None:
    """The report says what is missing and what to do."""
    report = ShellAgent().do(assign(CommandAction(argv=("no-such-tool", "x"))))
    assert report.status == "error"
    assert "'no-such-tool' is neither" in report.reason
    assert "tuloy resume" in report.reason


def test_a_documented_code_could_not_run(assign: Assign, place: Place) -> None:
    """pytest that found no tests has not said no."""
    report = ShellAgent().do(assign(CommandAction(argv=("pytest", "-q", "-p", "no:cacheprovider"))))
    assert (report.status, report.exit_code) == ("error", 5)
    assert "no tests were collected" in report.reason


def test_words_are_not_a_shells(assign: Assign, place: Place) -> None:
    """Nothing expands, substitutes or chains."""
    words = ("$(touch made)", "; touch made", "`touch made`", "*", "$HOME", "a b", "")
    text = "import json, sys; print(json.dumps(sys.argv[1:]))"
    report = ShellAgent().do(assign(CommandAction(argv=(sys.executable, "-S", "-c", text, *words))))
    assert tuple(json.loads(report.tail)) == words
    assert not (place.workspace / "made").exists()


def test_a_command_with_words_over_the_limit_says_so(assign: Assign) -> None:
    """The system's E2BIG becomes a sentence."""
    report = ShellAgent().do(assign(CommandAction(argv=(sys.executable, "-c", "pass", "x" * 200_000))))
    assert report.status == "error"
    assert "too long" in report.reason


def python(place: Place, body: str, **arguments: Any) -> PythonAction:
    """A call of `f` in a module of the workspace."""
    (place.workspace / "thing.py").write_text(f"def f(**given):\n    {body}\n")
    return PythonAction(target="thing:f", arguments=arguments)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("return None", "done"),
        ("return 0", "done"),
        ("return 1", "failed"),
        ("return 256", "failed"),
        ("return True", "done"),
        ("return False", "failed"),
        ("return {'rows': 3}", "done"),
        ("return 'text'", "done"),
        ("return []", "done"),
        ("raise ValueError('no')", "failed"),
        ("import sys; sys.exit(4)", "failed"),
    ],
)
def test_what_a_function_returns_is_its_answer(assign: Assign, place: Place, body: str, status: str) -> None:
    """A whole number is an exit code, a truth value a yes or no, anything else is printed and means done."""
    assert ShellAgent().do(assign(python(place, body))).status == status


def test_a_function_gets_its_arguments_as_they_are(assign: Assign, place: Place) -> None:
    """Names, numbers, text of any kind and nothing else reach it."""
    given = {"n": 1, "text": '\'; import os; "$HOME" é\n', "deep": {"list": [None, True, 1.5]}}
    report = ShellAgent().do(assign(python(place, "import json; print(json.dumps(given))", **given)))
    assert json.loads(report.tail) == given


@pytest.mark.parametrize("target", ["no_such_module:f", "thing:absent", "no.such.module:f"])
def test_a_function_that_is_not_there_could_not_run(assign: Assign, place: Place, target: str) -> None:
    """That nothing could be called is not the function's no."""
    python(place, "return 0")
    report = ShellAgent().do(assign(PythonAction(target=target)))
    assert report.status == "error"
    assert "thing" in report.tail or "no" in report.tail


def test_the_projects_interpreter_runs_it(assign: Assign, place: Place) -> None:
    """The checkout's environment comes before ours."""
    interpreter = place.checkout / ".venv/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("#!/bin/sh\necho the projects own\n")
    interpreter.chmod(0o755)
    assert ShellAgent().do(assign(PythonAction(target="m:f"))).tail == "the projects own\n"


@pytest.mark.parametrize("action", [InstructAction(prompt="p"), AskAction(question="q")])
def test_words_are_not_its_work(assign: Assign, action: Any) -> None:
    """A step of another kind is a fault of the caller."""
    with pytest.raises(TypeError, match=action.kind):
        ShellAgent().do(assign(action))


def test_the_workspace_path_may_hold_anything(assign: Assign, tmp_path: Path) -> None:
    """Spaces, quotes and bytes of another encoding in paths do no harm."""
    odd = tmp_path / "a b' \"$x\udce9"
    odd.mkdir()
    work = assign(command("import os; open('made', 'w'); print('ok')"))
    moved = Assignment(
        goal=work.goal,
        step=work.step,
        place=Place(odd, odd),
        env=work.env,
        output_path=odd / "log",
        mark=work.mark,
    )
    assert ShellAgent().do(moved).status == "done"
    assert (odd / "made").exists()
