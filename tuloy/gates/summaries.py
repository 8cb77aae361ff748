"""The closing lines of test runners, for when a runner can only be heard and not asked.

A summary counts what its runner counts: tests, except for go without `-v`, which only tells of packages.
Anything that prints like a runner is believed, which is why runners that can write a report are run
directly instead.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Summary", "recognise"]

NODE_TAP = re.compile(
    r"^ *not ok \d+ - (.*?)( # (?:TODO|SKIP).*)?$"
    r"(?:\n *---\n *duration_ms: .*(?:\n *type: .*)?\n *location: '(.*?):\d+:\d+'$)?",
    re.MULTILINE,
)
NODE_SPEC = re.compile(r"^test at (.*?):\d+:\d+\n✖ (.*?) \([\d.]+ms\)( # TODO.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a runner said at the end; `names` are the failed tests, where it names all of them."""

    runner: str
    passed: int
    failed: int
    skipped: int = 0
    unit: str = "test"
    names: tuple[str, ...] = ()

    @property
    def ran(self) -> int:
        """How many ran, whatever came of it."""
        return self.passed + self.failed


def recognise(said: str) -> list[Summary]:
    """Return what the test runners in this output said; the empty list when nothing in it is a summary."""
    return [summary for reader in READERS for summary in reader(said)]


def _node(said: str) -> Iterator[Summary]:
    """Read node:test, its TAP and its spec output."""
    blocks = re.findall(r"^(?:#|ℹ) tests (\d+)$((?:\n(?:#|ℹ) \w+ [\d.]+$)+)", said, re.MULTILINE)
    for _, rest in blocks:
        had = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)$", rest, re.MULTILINE)}
        failed = had.get("fail", 0) + had.get("cancelled", 0)
        names = tuple(_node_names(said)) if len(blocks) == 1 else ()
        skipped = had.get("skipped", 0) + had.get("todo", 0)
        yield Summary("node:test", had.get("pass", 0), failed, skipped, names=_all_or_none(names, failed))


def _node_names(said: str) -> Iterator[str]:
    """Yield what failed with the file it is in: tests of two files may well have one name."""
    for name, aside, file in NODE_TAP.findall(said):
        if not aside:
            yield f"{file} > {name}" if file else name
    _, _, spec = said.partition("failing tests:\n")
    for file, name, aside in NODE_SPEC.findall(spec):
        if not aside:
            yield f"{file} > {name}"


def _jest(said: str) -> Iterator[Summary]:
    for line in re.findall(r"^Tests: +(.*\b\d+ total)$", said, re.MULTILINE):
        had = _words(line)
        yield Summary("jest", had.get("passed", 0), had.get("failed", 0), had.get("skipped", 0) + had.get("todo", 0))


def _vitest(said: str) -> Iterator[Summary]:
    for line in re.findall(r"^ +Tests +(\d+ \w+.*\(\d+\))$", said, re.MULTILINE):
        had = _words(line)
        yield Summary("vitest", had.get("passed", 0), had.get("failed", 0), had.get("skipped", 0) + had.get("todo", 0))


def _mocha(said: str) -> Iterator[Summary]:
    for passed, rest in re.findall(r"^ +(\d+) passing \([^)]*\)$((?:\n +\d+ (?:pending|failing)$)*)", said, re.M):
        had = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", rest)}
        yield Summary("mocha", int(passed), had.get("failing", 0), had.get("pending", 0))


def _uvu(said: str) -> Iterator[Summary]:
    """Read uvu, whose total leaves out what was skipped."""
    pattern = r"^  Total: +(\d+)\n  Passed: +(\d+)\n  Skipped: +(\d+)\n  Duration: +[\d.]+\w+$"
    for total, passed, skipped in re.findall(pattern, said, re.MULTILINE):
        yield Summary("uvu", int(passed), max(int(total) - int(passed), 0), int(skipped))


def _pytest(said: str) -> Iterator[Summary]:
    pattern = r"^=* ?((?:\d+ \w+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))? ?=*$"
    names = tuple(re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE))
    lines = re.findall(pattern, said, re.MULTILINE)
    for line in lines:
        had = _words(line)
        failed = sum(had.get(word, 0) for word in ("failed", "error", "errors"))
        passed = sum(had.get(word, 0) for word in ("passed", "xfailed", "xpassed"))
        known = _all_or_none(names, failed) if len(lines) == 1 else ()
        yield Summary("pytest", passed, failed, had.get("skipped", 0), names=known)


def _unittest(said: str) -> Iterator[Summary]:
    pattern = r"^Ran (\d+) tests? in [\d.]+s\n\n?(OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$"
    ends = re.findall(pattern, said, re.MULTILINE)
    names = tuple(dict.fromkeys(re.findall(r"^(?:FAIL|ERROR): (.*)$", said, re.MULTILINE)))
    for count, _, rest in ends:
        had = {name: int(number) for name, number in re.findall(r"([a-z ]+)=(\d+)", rest)}
        failed = sum(had.get(word, 0) for word in ("failures", "errors", " errors", "unexpected successes"))
        skipped = had.get("skipped", 0) + had.get(" skipped", 0)
        passed = max(int(count) - failed - skipped, 0)
        yield Summary("unittest", passed, failed, skipped, names=_all_or_none(names, failed) if len(ends) == 1 else ())


def _cargo(said: str) -> Iterator[Summary]:
    pattern = r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;"
    ends = [tuple(map(int, found)) for found in re.findall(pattern, said, re.MULTILINE)]
    if ends:
        passed, failed, ignored = (sum(column) for column in zip(*ends, strict=True))
        names = tuple(re.findall(r"^test (\S+) \.\.\. FAILED$", said, re.MULTILINE))
        yield Summary("cargo", passed, failed, ignored, names=_all_or_none(names, failed))


def _go(said: str) -> Iterator[Summary]:
    passed = re.findall(r"^ok  \t(\S+)\t(?!.*\[no tests to run\])", said, re.MULTILINE)
    failed = re.findall(r"^FAIL\t(\S+)", said, re.MULTILINE)
    if passed or failed:
        yield Summary("go", len(passed), len(failed), unit="package")


def _ctest(said: str) -> Iterator[Summary]:
    for failed, total in re.findall(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)$", said, re.MULTILINE):
        yield Summary("ctest", int(total) - int(failed), int(failed))


def _prove(said: str) -> Iterator[Summary]:
    """Read the harness of TAP; which and how many failed is in lines above that vary."""
    for total, result in re.findall(r"^Files=\d+, Tests=(\d+),.*\nResult: (\w+)$", said, re.MULTILINE):
        failed = 0 if result == "PASS" else 1
        yield Summary("prove", max(int(total) - failed, 0), failed)


def _tap(said: str) -> Iterator[Summary]:
    """Read plain TAP: a plan at the top level, and as many results as it announced."""
    plan = re.search(r"^1\.\.(\d+)", said, re.MULTILINE)
    if plan is None or re.search(r"^(?:#|ℹ) tests \d+$", said, re.MULTILINE):
        return
    results = re.findall(r"^(not )?ok\b *\d* *-? *(.*?)( ?# (?:SKIP|TODO).*)?$", said, re.MULTILINE | re.IGNORECASE)
    failed = [name for bad, name, aside in results if bad and not aside]
    missing = max(int(plan[1]) - len(results), 0)
    skipped = sum(bool(aside) for *_, aside in results)
    names = _all_or_none(tuple(failed), len(failed) + missing)
    yield Summary("TAP", len(results) - len(failed) - skipped, len(failed) + missing, skipped, names=names)


def _words(line: str) -> dict[str, int]:
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", line)}


def _all_or_none(names: tuple[str, ...], failed: int) -> tuple[str, ...]:
    """Return the names only when they name everything that failed, each once."""
    return names if len(names) == failed == len(set(filter(None, names))) else ()


READERS: tuple[Callable[[str], Iterator[Summary]], ...] = (
    _node, _jest, _vitest, _mocha, _uvu, _pytest, _unittest, _cargo, _go, _ctest, _prove, _tap,
)  # fmt: skip
