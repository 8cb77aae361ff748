"""Gates that can only hear a Makefile or a script: what counts as proof."""

import json

import pytest


def makefile(project, **targets: str):
    rules = [f"{name}:\n" + "".join(f"\t{line}\n" for line in text.splitlines()) for name, text in targets.items()]
    return project.write({"Makefile": ".PHONY: lint test\n" + "\n".join(rules)})


def test_make_lint_passes_with_a_linters_own_words(project) -> None:
    """A line in which a known linter says what it covered is proof."""
    result = makefile(project, lint="@echo 'Success: no issues found in 3 source files'").judge("lint")
    assert result.verdict == "pass"
    assert result.evidence == "`make lint`: Success: no issues found in 3 source files"


@pytest.mark.parametrize(
    "recipe", ["@true", "@echo linting", "@echo 'warning: No Python files found'\n@echo 'All checks passed!'"]
)
def test_make_lint_without_proof_is_skipped(project, recipe: str) -> None:
    """Exit code 0 and output that shows nothing is neither a pass nor a failure."""
    result = makefile(project, lint=recipe).judge("lint")
    assert result.verdict == "skipped"
    assert "exit code 0 of `make lint`" in result.reason


def test_make_lint_failure_has_located_findings(project) -> None:
    """Lines that name a file of the workspace become findings; all of them count as new."""
    made = makefile(project, lint="@echo 'src/a.c:3:1: bad indent'; exit 1").write({"src/a.c": "int a;\n"})
    made.write({"Makefile": (made.workspace / "Makefile").read_text(), "src/a.c": "int a;\n"}, where="base")
    result = made.judge("lint")
    assert result.verdict == "fail"
    assert [(f.path, f.line, f.message, f.old) for f in result.findings] == [("src/a.c", 3, "bad indent", False)]


@pytest.mark.parametrize("recipe", ["@no-such-linter .", "@exit 127"])
def test_make_lint_that_could_not_run_is_an_error(project, recipe: str) -> None:
    """A linter that is not installed did not say no."""
    assert makefile(project, lint=recipe).judge("lint").verdict == "error"


def test_lint_script_of_a_package_is_weighed_like_a_target(project) -> None:
    """`npm run lint` passes with proof, is skipped without, and fails by its exit code."""

    def script(text: str):
        return project.write({"package.json": json.dumps({"scripts": {"lint": text}})}).judge("lint")

    assert script("echo 'Checked 4 files in 3ms'").verdict == "pass"
    assert script("true").verdict == "skipped"
    assert script("echo broken; exit 1").verdict == "fail"
    assert script("no-such-linter").verdict == "error"


@pytest.mark.parametrize(
    ("output", "evidence"),
    [
        (
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured",
            "4 tests collected, 3 passed, 1 skipped",
        ),
        ("100% tests passed, 0 tests failed out of 12", "12 tests collected, 12 passed"),
        ("===== 2 passed, 1 skipped in 0.12s =====", "3 tests collected, 2 passed, 1 skipped"),
        ("1..2\nok 1 - a\nok 2 - b", "2 tests collected, 2 passed"),
    ],
)
def test_make_test_passes_with_a_summary(project, output: str, evidence: str) -> None:
    """A runner's closing line is proof for `make test`."""
    made = makefile(project, test="@cat said.txt").write({"said.txt": output + "\n"})
    result = made.judge("tests")
    assert ("pass", evidence) == (result.verdict, result.evidence)


def test_make_test_without_a_summary_is_an_error(project) -> None:
    """`make test` that shows no test proves nothing."""
    result = makefile(project, test="@echo fine").judge("tests")
    assert result.verdict == "error"
    assert "nothing shows that a test ran" in result.reason


def test_make_test_that_counts_no_names_is_never_old(project) -> None:
    """Two runs of which each says "1 failed" may speak of different tests."""
    files = {"said.txt": "Tests:       1 failed, 2 passed, 3 total\n"}
    made = makefile(project, test="@cat said.txt; exit 1").write(files)
    made.write({"Makefile": (made.workspace / "Makefile").read_text(), **files}, where="base")
    result = made.judge("tests")
    assert (result.verdict, [finding.old for finding in result.findings]) == ("fail", [False])


def test_make_is_asked_only_when_nothing_better_judges(python) -> None:
    """A project with Python tests is judged by pytest, not by its Makefile."""
    made = makefile(python(test_a="def test_a(): pass\n"), test="@exit 1", lint="@exit 1")
    assert made.judge("tests").verdict == "pass"
    assert made.judge("lint").verdict == "pass"


def unittests(project, text: str):
    """A checkout whose environment has a Python and no pytest."""
    (project.checkout / ".venv" / "bin" / "pytest").unlink()
    return project.write({"tests/test_u.py": "import unittest\nclass T(unittest.TestCase):\n" + text})


def test_unittest_judges_where_there_is_no_pytest(python) -> None:
    """Tests that need no pytest run in the project's own interpreter, and are counted."""
    bodies = ("pass", "self.fail('no')", "self.skipTest('x')")
    text = "".join(f"    def test_{name}(self): {body}\n" for name, body in zip("abc", bodies, strict=True))
    result = unittests(python(), text).judge("tests")
    assert (result.verdict, result.evidence) == ("fail", "3 tests collected, 1 passed, 1 skipped, 1 failed")
    assert result.tool == "python -m unittest"
    assert "test_b" in result.findings[0].rule


@pytest.mark.parametrize("text", ["    pass\n", "    def test_q(self): __import__('os')._exit(0)\n"])
def test_unittest_without_proof_is_an_error(python, text: str) -> None:
    """No tests, or a process that ends itself, is no pass for unittest either."""
    assert unittests(python(), text).judge("tests").verdict == "error"


def test_unittest_of_code_from_elsewhere_is_an_error(python) -> None:
    """The interpreter that runs unittest is asked for its imports too."""
    made = unittests(python({"src/shop/__init__.py": ""}), "    def test_a(self): pass\n")
    made.write({"src/shop/__init__.py": ""}, where="checkout")
    result = made.judge("tests", PYTHONPATH=str(made.checkout / "src"))
    assert result.verdict == "error"
    assert "'shop'" in result.reason
