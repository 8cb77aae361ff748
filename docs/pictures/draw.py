"""Draw the pictures of the README and the tutorial from real runs.

`plan.svg` is what `tuloy plan` printed on a terminal of 80 columns, `demo.svg` what `make demo` printed;
`run-graph.png` is the page of that run in the Prefect UI, taken where a Chromium is installed. What differs from
machine to machine (ids, commits, ports, paths) is replaced by stable words, and seconds are rounded up to 0.1, 0.2,
0.5, 1, 2, 5, so that two drawings of the same program look alike.
"""

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

__all__ = ["main", "screen_lines", "stable"]

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COLUMNS, ROWS = 126, 50
PLAN_COLUMNS = 80
PLANNED = (
    "Tuwing gabi: i-update ang dependencies, tapos i-run ang tests; kung pumasa, i-build ang package, kung hindi, "
    "ayusin ang mga mali. Huwag galawin ang docs. Dapat tapos bago mag-Biyernes ng 5pm."
)
CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


def main() -> None:
    """Run the demo once with the `tuloy` beside this Python (or in the directory given) and draw both pictures."""
    tools = Path(sys.argv[1] if len(sys.argv) > 1 else sys.prefix + "/bin").absolute()
    scratch = Path(tempfile.mkdtemp(prefix="tuloy-picture-"))
    (scratch / "examples").symlink_to(ROOT / "examples")
    (scratch / ".venv").mkdir()
    (scratch / ".venv" / "bin").symlink_to(tools)
    try:
        draw_plan(tools, scratch)
        raw = run_in_terminal(["sh", "examples/demo.sh", ".venv/bin"], scratch)
        lines = screen_lines(raw)
        (HERE / "demo.svg").write_text(svg([stable(line, scratch) for line in lines]), "utf-8")
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        address = re.search(r"http://127\.0\.0\.1:\d+/runs/\S+", "\n".join(lines))
        if browser and address:
            photograph(browser, address[0], HERE / "run-graph.png")
    finally:
        home = {**os.environ, "TULOY_HOME": str(scratch / ".demo" / "home")}
        subprocess.run([tools / "tuloy", "down"], env=home, cwd=scratch, check=False)
        shutil.rmtree(scratch, ignore_errors=True)


def draw_plan(tools: Path, scratch: Path) -> None:
    """Draw how a Taglish goal is read for the sample project; the days are those after the drawing."""
    argv = [str(tools / "tuloy"), "plan", PLANNED, "--repo", "examples/greeter"]
    lines = screen_lines(run_in_terminal(argv, scratch, PLAN_COLUMNS))
    shown = f'tuloy plan "{PLANNED}"'
    drawn = svg([stable(line, scratch) for line in lines], shown, title="tuloy plan", columns=PLAN_COLUMNS)
    (HERE / "plan.svg").write_text(drawn, "utf-8")


def run_in_terminal(argv: list[str], cwd: Path, columns: int = COLUMNS) -> str:
    """Run a program on a terminal of its own and return everything that it wrote there.

    Raises:
        SystemExit: when it did not end with 0.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    process = subprocess.Popen(argv, cwd=cwd, env=terminal_environment(os.environ), stdin=theirs, stdout=theirs,
                               stderr=theirs)  # fmt: skip
    os.close(theirs)
    written = b"".join(_read(ours))
    if code := process.wait():
        raise SystemExit(f"the demo ended with {code}, nothing is drawn; it said:\n{written.decode(errors='replace')}")
    return written.decode("utf-8")


def terminal_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a plain colour terminal, without what would change the picture."""
    dropped = ("PREFECT_", "TULOY_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV")
    kept = {name: value for name, value in given.items() if not name.startswith(dropped)}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


def screen_lines(raw: str) -> list[str]:
    """Return the lines that stay on the screen: what was erased again (spinners) is gone, colours are kept."""
    lines, row = [""], 0
    for part in re.split(r"(\n|\x1b\[[0-9;?]*[A-Za-z])", raw.replace("\r", "")):
        control = CONTROL.fullmatch(part)
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif control is None or control[2] == "m":
            lines[row] += part
        elif control[2] == "A":
            row = max(0, row - int(control[1] or 1))
        elif control[2] == "K":
            lines[row] = ""
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def stable(line: str, scratch: Path) -> str:
    """Replace what differs from machine to machine, and from run to run."""
    line = line.replace(str(scratch), "~/tuloy")
    line = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:4200", line)
    line = re.sub(r"on port \d+", "on port 4200", line)
    line = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "0f6d7c1e-5a4b-4c3d-8e2f-1a2b3c4d5e6f", line)
    line = re.sub(r"(?<=git diff )[0-9a-f]{12}\b", "5b1d9f0a72c4", line)
    line = re.sub(r"(?<=at )[0-9a-f]{12}\b", "c3a8e6f41d27", line)
    line = re.sub(r"\bg[abcdefghjkmnpqrstuvwxyz23456789]{6}(?= done|/kept|$|\x1b)", "gk7m2qp", line)
    return re.sub(r"\b\d+\.\d(?= s\b)", lambda found: str(_rounded_up(float(found[0]))), line)


def svg(lines: list[str], command: str = "make demo", *, title: str = "make demo", columns: int = COLUMNS) -> str:
    """Return the picture of a terminal that shows this command and these lines."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in [Text.assemble(("$ ", "bold green"), (command, "bold")), *map(Text.from_ansi, lines)]:
        console.print(_on_screen(line, columns), soft_wrap=False, highlight=False)
    drawn = console.export_svg(title=title, unique_id=title.split()[-1])
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # fonts from the network
    drawn = drawn.replace("font-family: Fira Code, monospace", f"font-family: {FONT}")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def photograph(browser: str, address: str, target: Path) -> None:
    """Take a picture of the upper part of a page with a headless browser that has no profile."""
    with tempfile.TemporaryDirectory(prefix="tuloy-browser-") as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        size = ["--window-size=1280,510", "--virtual-time-budget=25000", f"--user-data-dir={profile}"]
        argv = [browser, *flags, *size, f"--screenshot={target}", address]
        subprocess.run(argv, check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _on_screen(text: Text, columns: int) -> Text:
    """Break a line where a terminal does: at the last column, not between words."""
    pieces = text.divide(range(columns, len(text), columns)) if len(text) > columns else [text]
    return Text("\n").join(pieces)


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            found = os.read(descriptor, 65536)
        except OSError:  # Linux says so when the last writer has gone
            return
        if not found:
            return
        yield found


def _rounded_up(seconds: float) -> float:
    return next((step for step in STEPS_S if seconds <= step), seconds)


if __name__ == "__main__":
    main()
