"""What every gate has in common: choice, combination, keys, summaries and reports."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuloy.errors import UsageError
from tuloy.gates.judge import cache_key, cacheable, gates_for, judge
from tuloy.gates.judging import Unproved
from tuloy.gates.junit import read_cases
from tuloy.gates.summaries import recognise
from tuloy.gates.verdict import GateResult


def test_unknown_gate_names_the_known_ones(project) -> None:
    """A gate that does not exist is the caller's mistake."""
    with pytest.raises(UsageError, match="'lint', 'tests'"):
        judge("magic", project.judging())


@pytest.mark.parametrize(
    ("files", "gates"),
    [
        ({"README.md": ""}, ()),
        ({"a.py": ""}, ("lint",)),
        ({"tests/test_a.py": ""}, ("lint", "tests")),
        ({"Makefile": "lint:\n\ttrue\ncheck test: lint\n\ttrue\n"}, ("lint", "tests")),
        ({"Makefile": "lint := x\nbuild:\n\ttrue\n"}, ()),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, ("tests",)),
        ({"package.json": "[]"}, ()),
        ({"node_modules/x/test_a.py": "", ".hidden/b.py": ""}, ()),
    ],
)
def test_gates_follow_from_what_is_there(project, files: dict[str, str], gates: tuple[str, ...]) -> None:
    """A gate makes sense where it finds something to judge."""
    assert gates == gates_for(project.write(files).workspace)


def test_two_languages_are_one_result(python) -> None:
    """A project of Python and Node gets one verdict, the worse one, with both findings and evidence."""
    made = python({"package.json": json.dumps({"scripts": {"test": "node --test"}})}, test_a="def test_a(): assert 0\n")
    made.write({"a.test.js": "require('node:test').test('t', () => {});\n"})
    result = made.judge("tests")
    assert result.verdict == "fail"
    assert result.evidence == "pytest: 1 test collected, 0 passed, 1 failed; node:test: 1 test collected, 1 passed"
    assert {"pytest", "node:test"} == set(result.measured)


def test_one_language_without_proof_makes_the_whole_an_error(python) -> None:
    """A pass of one tool does not cover for another that could not judge."""
    made = python({"package.json": json.dumps({"scripts": {"test": "true"}})}, test_a="def test_a(): pass\n")
    result = made.judge("tests")
    assert result.verdict == "error"
    assert result.reason.startswith("npm: ")


def test_key_changes_with_what_the_verdict_rests_on(python) -> None:
    """The key is the same for the same question anywhere, and another one for each part of it."""
    made = python({"a.py": ""})
    at = made.judging()
    key = cache_key("lint", at, "tree")
    moved = replace(made.write({"a.py": ""}, where="other").judging(), scratch=made.home / "elsewhere", mark="x")
    assert key == cache_key("lint", moved, "tree")
    others = {
        cache_key("tests", at, "tree"),
        cache_key("lint", at, "other tree"),
        cache_key("lint", at, "tree", "base"),
        cache_key("lint", replace(at, env={**at.env, "PYTHONPATH": "/other"}), "tree"),
    }
    assert len(others - {key}) == 4
    (made.checkout / ".venv" / "bin" / "ruff").unlink()
    made.program(".venv/bin/ruff", "#!/bin/sh\necho ruff 99.0\n")
    assert key != cache_key("lint", at, "tree")


def test_only_answers_are_cacheable() -> None:
    """An error or a skip may be different next time."""
    assert [
        cacheable(GateResult(gate="lint", verdict=verdict)) for verdict in ("pass", "fail", "error", "skipped")
    ] == [True, True, False, False]


@pytest.mark.parametrize(
    ("output", "passed", "failed", "skipped", "names"),
    [
        ("# tests 3\n# suites 0\n# pass 2\n# fail 1\n# skipped 0\nnot ok 2 - b\n", 2, 1, 0, ("b",)),
        ("ℹ tests 3\nℹ suites 0\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n", 1, 1, 1, ()),
        ("Tests:       1 failed, 1 skipped, 2 passed, 4 total\n", 2, 1, 1, ()),
        (" Test Files  1 passed (1)\n      Tests  2 passed | 1 skipped (3)\n", 2, 0, 1, ()),
        ("  5 passing (12ms)\n  1 pending\n  2 failing\n", 5, 2, 1, ()),
        ("  Total:     3\n  Passed:    2\n  Skipped:   1\n  Duration:  2.40ms\n\n", 2, 1, 1, ()),
        ("FAILED tests/a.py::b - x\n= 1 failed, 2 passed in 0.10s =\n", 2, 1, 0, ("tests/a.py::b",)),
        ("3 passed in 0.10s\n", 3, 0, 0, ()),
        ("FAIL: t (m.T)\nRan 4 tests in 0.001s\n\nFAILED (failures=1, skipped=1)\n", 2, 1, 1, ("t (m.T)",)),
        (
            "test result: ok. 1 passed; 0 failed; 0 ignored;\ntest result: ok. 2 passed; 0 failed; 1 ignored;",
            3,
            0,
            1,
            (),
        ),
        ("ok  \tx/a\t0.01s\nok  \tx/c\t(cached) [no tests to run]\nFAIL\tx/b\t0.02s\n", 1, 1, 0, ()),
        ("83% tests passed, 2 tests failed out of 12\n", 10, 2, 0, ()),
        ("Files=2, Tests=9,  0 wallclock secs\nResult: PASS\n", 9, 0, 0, ()),
        ("1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no\n", 1, 1, 1, ("b",)),
        ("1..3\nok 1 - a\n", 1, 2, 0, ()),
        ("1..2\nok 1\nnot ok 2\n", 1, 1, 0, ()),
    ],
)
def test_closing_lines_are_recognised(output: str, passed: int, failed: int, skipped: int, names: tuple[str]) -> None:
    """Each runner's closing lines give its counts, and names only when all failures are named."""
    (found,) = recognise(output)
    assert (passed, failed, skipped, names) == (found.passed, found.failed, found.skipped, found.names)


@pytest.mark.parametrize(
    "output",
    ["", "all tests passed!", "?   \tx/a\t[no test files]\n", "ok  \tx/c\t0.01s [no tests to run]\n",
     "no tests ran in 0.01s",     "OK", "tests: 5 ok", "10 passing grades",
     "  Total:     3\n  Passed:    3\n"],
)  # fmt: skip
def test_other_words_are_no_summary(output: str) -> None:
    """Output that no runner writes at its end is not taken for a summary."""
    assert recognise(output) == []


@given(st.text(max_size=300))
def test_any_output_can_be_heard(output: str) -> None:
    """Counts are never negative, whatever a tool prints."""
    assert all(min(found.passed, found.failed, found.skipped) >= 0 for found in recognise(output))


BOMB = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "xxxx">]><testsuites><testcase name="&a;"/></testsuites>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><testsuites/>',
        b"<testsuites><testcase name='a'>",
        b"\x00\x01",
    ],
)
def test_report_with_declarations_or_damage_is_refused(data: bytes) -> None:
    """A report that could expand or fetch something, or is cut off, is not read."""
    with pytest.raises(Unproved):
        read_cases(data, tool="pytest")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever lies where the report should be, reading it ends well."""
    try:
        found = len(read_cases(data, tool="pytest"))
    except Unproved:
        found = 0
    assert found <= data.count(b"testcase")
