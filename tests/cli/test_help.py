"""The help text: every command under a heading, and nothing imported that it does not need."""

import subprocess
import sys

from typer.testing import CliRunner

from cli.help import GOALS, LIST, MACHINE, RESULTS
from cli.main import app


def test_every_command_has_a_heading_and_a_whole_sentence() -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    sections = text.split("\n\n")
    named = {section.split(":\n")[0]: section.split(":\n", 1)[1] for section in sections if ":\n" in section}
    assert set(named) == {"Options", GOALS, LIST, RESULTS, MACHINE}
    rows = [line for heading in (GOALS, LIST, RESULTS, MACHINE) for line in named[heading].splitlines()]
    names = {line.split()[0] for line in rows if not line.startswith("   ")}
    made = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert names == made | {"audit"}
    assert "..." not in text.replace("[ARGS]...", "")


def test_help_imports_no_drawing_and_no_engine() -> None:
    asked = (
        "import sys; sys.argv = ['tuloy', '--help']\nfrom cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in ('rich', 'pydantic', 'prefect', 'sqlmodel') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"
