"""Run every benchmark, print the table of bars, figures and verdicts, and write it down.

Writes `docs/benchmarks.md`, and the block between the `<!-- numbers -->` and `<!-- /numbers -->` markers of README.md
where they are. Exits 1 when a bar is missed.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != ROOT / "benchmarks")]

from benchmarks.figures import HOME_VARIABLE, Figure, line  # noqa: E402

BENCHMARKS = ("overhead", "throughput", "cli", "resume", "plans", "memory", "understanding")
ARGUMENTS = {"understanding": ("--half", "final")}
LANGUAGES = {
    "en": "English", "fil": "Filipino", "taglish": "Taglish",
    "en, blind": "English, never looked at", "fil, blind": "Filipino, never looked at",
    "taglish, blind": "Taglish, never looked at",
}  # fmt: skip
BEGIN, END = "<!-- numbers -->", "<!-- /numbers -->"
PAGE = """# Benchmarks

Measured on {date} by `make bench`. Machine: {machine}. {versions}.

| what | figure | bar | | how |
|---|---|---|---|---|
{rows}

## How to reproduce

`make bench` runs every benchmark of `benchmarks/` in a process of its own, against one local Prefect server on a fresh
home, and writes this page. One alone: `python -P -m benchmarks.overhead` from the top of the checkout. What each one
compares, and why that is fair, is the first thing its file says. Ratios come from runs that take turns in one process,
so that a busy machine slows both sides; single times are medians, and rise on a machine that does other work.
"""


def main() -> int:
    """Run them all; return the exit status."""
    from deployments.server import ensure_server, stop_server

    with tempfile.TemporaryDirectory(prefix="tuloy-bench-", ignore_cleanup_errors=True) as place:
        home = Path(place) / "home"
        os.environ[HOME_VARIABLE] = str(home)
        ensure_server(home, tell=lambda text: print(text, file=sys.stderr))
        try:
            figures = [figure for name in BENCHMARKS for figure in _run(name, Path(place))]
        finally:
            stop_server(home)
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "benchmarks.md").write_text(page(figures))
    _into_readme(figures)
    return 0 if all(figure.met for figure in figures) else 1


def _run(name: str, place: Path) -> list[Figure]:
    target = place / f"{name}.json"
    began = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-P", "-m", f"benchmarks.{name}", "--json", str(target), *ARGUMENTS.get(name, ())]
    subprocess.run(argv, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    figures = [Figure(**fields) for fields in json.loads(target.read_text())]
    print(f"{name} ({time.monotonic() - began:.0f} s)")
    for figure in figures:
        print("  " + line(figure), flush=True)
    return figures


def page(figures: list[Figure]) -> str:
    """Return the page that says what was measured, on what, and how."""
    return PAGE.format(
        date=datetime.now(UTC).date().isoformat(),
        machine=_machine(),
        versions=_versions(),
        rows="\n".join(f"{_row(figure)} {figure.note} |" for figure in figures),
    )


def _row(figure: Figure) -> str:
    bar = "" if figure.bar is None else f"{'≤' if figure.sense == 'at most' else '≥'} {figure.bar:g} {figure.unit}"
    verdict = "" if figure.bar is None else ("met" if figure.met else "**missed**")
    return f"| {figure.what} | {figure.value:.3g} {figure.unit} | {bar} | {verdict} |"


def _machine() -> str:
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()} {platform.release()}"


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("prefect", "pydantic", "sqlalchemy"))
    return f"Python {platform.python_version()}, {packages}"


def _into_readme(figures: list[Figure]) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text() if readme.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return
    rows = "\n".join(_row(figure) for figure in figures if figure.bar is not None and not _is_detail(figure))
    table = f"| what | figure | bar | |\n|---|---|---|---|\n{rows}"
    readme.write_text(f"{before}{BEGIN}\n{table}\n\n{_understood(figures)}\n{END}{after}")


def _is_detail(figure: Figure) -> bool:
    """Whether the README leaves it to the page of all figures, or to the table of languages."""
    details = ("store at", "rule lane per goal, p50")
    return figure.what.partition(": ")[0] in LANGUAGES or figure.what.startswith(details)


def _understood(figures: list[Figure]) -> str:
    """Return how well each language is read, a row each, with the bars below."""
    own = {name: [one for one in figures if one.what.startswith(f"{name}: ")] for name in LANGUAGES}
    names = [one.what.partition(": ")[2] for one in own["en"]]
    rows = [
        (LANGUAGES[name], [f"{one.value:.3g}{' ' * bool(one.unit)}{one.unit}" for one in some])
        for name, some in own.items()
    ]
    rows.append(("bar", [f"{'≤' if one.sense == 'at most' else '≥'} {one.bar:g}" for one in own["en"]]))
    head = [f"| goals read | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(values)} |" for name, values in rows)])


if __name__ == "__main__":
    sys.exit(main())
