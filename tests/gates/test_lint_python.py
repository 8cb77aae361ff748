"""The lint gate on real Python projects with real ruff."""

import pytest

CLEAN = "X = 1\n"
UNUSED = "import os\n"


@pytest.fixture
def ruff(python):
    """Write Python files for a checkout whose environment has ruff, and which configures it."""

    def write(files, **named):
        configured = any(name.endswith(("ruff.toml", "pyproject.toml")) for name in files)
        return python({**({} if configured else {"ruff.toml": ""}), **files}, **named)

    return write


def test_a_project_without_configuration_is_judged_by_faults_only(python) -> None:
    """Who configured no linter asked for no style: an undefined name fails the gate, an unused import does not."""
    assert python({"a.py": UNUSED}).judge("lint").verdict == "pass"
    result = python({"a.py": "print(nowhere)\n"}).judge("lint")
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("fail", ["F821"])


def test_reformatting_makes_no_new_findings(ruff) -> None:
    """Where every line's text changed, a file with no more findings of a rule than before has no new one."""
    made = ruff({"a.py": "import os, sys\n"}).write({"ruff.toml": "", "a.py": "import os\nimport  sys\n"}, where="base")
    result = made.judge("lint")
    assert (result.verdict, result.new) == ("pass", ())


def test_clean_files_pass_with_their_number(ruff) -> None:
    """A pass says how many files ruff really checked."""
    result = ruff({"a.py": CLEAN, "b/c.py": CLEAN, "pyproject.toml": "[tool.ruff]\n"}).judge("lint")
    assert (result.verdict, result.evidence) == ("pass", "2 files checked, no findings")
    assert result.tool.startswith("ruff ")


def test_finding_has_rule_place_and_source_line(ruff) -> None:
    """A finding is what ruff said, at a path relative to the workspace."""
    result = ruff({"pkg/a.py": UNUSED}).judge("lint")
    (finding,) = result.findings
    assert (result.verdict, result.evidence) == ("fail", "1 file checked, 1 finding")
    assert (finding.rule, finding.path, finding.line, finding.text) == ("F401", "pkg/a.py", 1, "import os")


def test_old_finding_on_a_moved_line_does_not_fail(ruff) -> None:
    """A finding of the base is still old when lines were put above it."""
    made = ruff({"a.py": "X = 1\n\n\n" + UNUSED}).write({"ruff.toml": "", "a.py": UNUSED}, where="base")
    result = made.judge("lint")
    assert (result.verdict, result.evidence) == ("pass", "1 file checked, 1 finding before this work too")


def test_second_equal_finding_is_new(ruff) -> None:
    """One more of a finding that the base had once is a new finding."""
    made = ruff({"a.py": "def f():\n    x = 1\ndef g():\n    x = 1\n"})
    made.write({"ruff.toml": "", "a.py": "def f():\n    x = 1\n"}, where="base")
    result = made.judge("lint")
    assert (result.verdict, len(result.new), len(result.findings)) == ("fail", 1, 2)


def test_syntax_error_is_a_finding(ruff) -> None:
    """What does not parse fails the gate; it is no error of the gate."""
    result = ruff({"a.py": "def f(:\n"}).judge("lint")
    assert result.verdict == "fail"
    assert {"invalid-syntax"} == {finding.rule for finding in result.findings}


@pytest.mark.parametrize(
    ("name", "text"),
    [("ruff.toml", "lint = [\n"), ("pyproject.toml", "[tool.ruff\n"), (".ruff.toml", "no-such-key = 1\n")],
)
def test_unparsable_configuration_is_an_error(ruff, name: str, text: str) -> None:
    """A configuration that ruff cannot read is not a lint failure, and the reason is ruff's."""
    result = ruff({"a.py": CLEAN, name: text}).judge("lint")
    assert (result.verdict, result.findings) == ("error", ())
    assert name in result.reason


def test_zero_files_checked_is_an_error(ruff) -> None:
    """A configuration that excludes everything is not a pass."""
    result = ruff({"a.py": CLEAN, "ruff.toml": 'extend-exclude = ["*.py"]\n'}).judge("lint")
    assert result.verdict == "error"
    assert "no file at all" in result.reason


@pytest.mark.parametrize("select", ['["E", "F"]', '["F"]'])
def test_file_that_cannot_be_read_is_an_error(ruff, select: str) -> None:
    """A file that ruff cannot open makes an error, whether or not the project selects E902."""
    made = ruff({"a.py": CLEAN, "ruff.toml": f"lint.select = {select}\n"})
    (made.workspace / "gone.py").symlink_to("nowhere.py")
    result = made.judge("lint")
    assert (result.verdict, result.findings) == ("error", ())
    assert "gone.py" in result.reason


def test_configured_fixes_do_not_touch_the_workspace(ruff) -> None:
    """A project with `fix = true` is judged, not rewritten."""
    made = ruff({"a.py": UNUSED, "ruff.toml": "fix = true\nfix-only = true\n"})
    assert made.judge("lint").verdict == "fail"
    assert (made.workspace / "a.py").read_text() == UNUSED


def test_configuration_above_the_workspace_does_not_count(ruff) -> None:
    """A ruff.toml in a directory above the workspace is not the project's."""
    made = ruff({"a.py": UNUSED})
    (made.home / "ruff.toml").write_text('lint.ignore = ["F401"]\n')
    assert made.judge("lint").verdict == "fail"


def test_crash_of_ruff_is_an_error(project) -> None:
    """A ruff that dies or prints nothing of use proves nothing."""
    project.write({"a.py": CLEAN}).program(".venv/bin/python", "#!/bin/sh\n")
    project.program(".venv/bin/ruff", '#!/bin/sh\n[ "$2" = --show-files ] && echo a.py && exit 0\nexit 0\n')
    result = project.judge("lint")
    assert result.verdict == "error"
    assert "no report" in result.reason


FLAKE8 = """#!/bin/sh
if [ "$1" = --version ]; then echo "7.3.0 (mccabe: 0.7.0) CPython"; exit 0; fi
for part in "$@"; do case "$part" in --output-file=*) out="${part#--output-file=}";; esac; done
printf '%b' "$REPORT" > "$out"
exit "$STATUS"
"""
COUNTED = "0.01     seconds elapsed\\n2          total files processed\\n"


@pytest.fixture
def flake8(project):
    """A project that configures flake8 only, with a flake8 that writes the report it is told to."""
    project.program(".venv/bin/python", "#!/bin/sh\n")
    project.program(".venv/bin/flake8", FLAKE8)
    return project.write({"a.py": UNUSED, "setup.cfg": "[flake8]\nmax-line-length = 100\n"})


def test_flake8_judges_where_only_flake8_is_configured(flake8) -> None:
    """A project that configures flake8 and has it is judged by it."""
    result = flake8.judge("lint", REPORT="./a.py\\t1\\tF401\\t'os' unused\\n" + COUNTED, STATUS="1")
    (finding,) = result.findings
    assert (result.verdict, result.evidence) == ("fail", "2 files checked, 1 finding")
    assert (finding.tool, finding.rule, finding.path, finding.text) == ("flake8", "F401", "a.py", "import os")


def test_flake8_passes_only_with_its_count_of_files(flake8) -> None:
    """Exit code 0 of flake8 passes with a count of files, and is an error without one or with none."""
    assert flake8.judge("lint", REPORT=COUNTED, STATUS="0").verdict == "pass"
    assert flake8.judge("lint", REPORT="", STATUS="0").verdict == "error"
    assert flake8.judge("lint", REPORT=COUNTED.replace("2 ", "0 "), STATUS="0").verdict == "error"


def test_flake8_crash_is_an_error(flake8) -> None:
    """Exit code 1 without findings is a crash of flake8, not a lint failure."""
    assert flake8.judge("lint", REPORT="", STATUS="1").verdict == "error"
    assert flake8.judge("lint", REPORT=COUNTED, STATUS="1").verdict == "error"


def test_ruff_is_preferred_where_both_are_configured(flake8) -> None:
    """A flake8 configuration that was left behind does not bring flake8 back."""
    flake8.write({"ruff.toml": "lint.ignore = ['F401']\n"})
    assert flake8.judge("lint", REPORT=COUNTED, STATUS="0").tool.startswith("ruff ")
