"""What benchmarks share: a figure with its bar, the ground they run on, repetition, and how they are called.

Every benchmark has a `measure() -> Figures` and runs as a process of its own (`python -m benchmarks.<name>`), because
imports, caches and memory of one would change what the next one measures.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal

__all__ = ["ROOT", "Figure", "Figures", "Ground", "ground", "main", "percentile", "repository", "seconds"]

ROOT = Path(__file__).resolve().parents[1]
HOME_VARIABLE = "TULOY_BENCH_HOME"


@dataclass(frozen=True)
class Figure:
    """One measured value and the bar it is held to. A figure without a bar is there for information."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.sense == "at most" else self.value >= self.bar


Figures = tuple[Figure, ...]


@dataclass(frozen=True)
class Ground:
    """A home of Tuloy with its server running, and a directory to make repositories in."""

    home: Path
    work: Path


@contextmanager
def ground() -> Iterator[Ground]:
    """Give the home that `all.py` made (its server runs already), or one for this benchmark alone."""
    from deployments.server import ensure_server, stop_server

    given = os.environ.get(HOME_VARIABLE)
    home = Path(given) if given else Path(tempfile.mkdtemp(prefix="tuloy-bench-"))
    work = Path(tempfile.mkdtemp(prefix="tuloy-bench-work-"))
    os.environ["TULOY_HOME"] = str(home)
    os.environ["TULOY_CONFIG"] = str(home / "no-such-file.toml")
    try:
        ensure_server(home, tell=lambda line: None)
        yield Ground(home, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if not given:
            stop_server(home)
            shutil.rmtree(home, ignore_errors=True)


def enter_prefect(home: Path) -> None:
    """Let this process talk to the home's server, as the command line does it."""
    from deployments.environment import apply, prefect_environment
    from deployments.server import ensure_server

    apply(prefect_environment(home, ensure_server(home, tell=lambda line: None).api_url))


def repository(place: Path, files: int = 40) -> Path:
    """Make a real git repository with a small Python package in it."""
    package = place / "src" / "sample"
    package.mkdir(parents=True)
    (place / "pyproject.toml").write_text('[project]\nname = "sample"\nversion = "1"\n')
    (package / "__init__.py").touch()
    for number in range(files):
        (package / f"part_{number}.py").write_text(f"def value() -> int:\n    return {number}\n")
    identity = ("-c", "user.name=B", "-c", "user.email=b@localhost")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "start")):
        subprocess.run(["git", "-C", str(place), *identity, *words], check=True, capture_output=True)
    return place


def seconds(call: Callable[[], object]) -> float:
    """Return how long the call took by the wall clock."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main(measure: Callable[[], Figures]) -> None:
    """Run one benchmark as a program: a line per figure, or with `--json FILE` the figures in a file."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args()
    target = given.json.absolute() if given.json else None
    figures = measure()
    for figure in figures:
        print(line(figure), flush=True)
    if target:
        target.write_text(json.dumps([asdict(figure) for figure in figures]))


def line(figure: Figure) -> str:
    """Say a figure in one line."""
    bar = "" if figure.bar is None else f"   bar: {figure.sense} {figure.bar:g} {figure.unit}"
    verdict = "" if figure.bar is None else ("   met" if figure.met else "   MISSED")
    return f"{figure.what}: {figure.value:.4g} {figure.unit}{bar}{verdict}{'   ' + figure.note if figure.note else ''}"


def spread(values: Sequence[float]) -> str:
    """Say the middle and the ends of some measurements."""
    return f"{len(values)} runs, {min(values):.3g} to {max(values):.3g}, median {median(values):.3g}"
