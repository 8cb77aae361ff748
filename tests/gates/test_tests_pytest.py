"""The tests gate on real pytest projects, false passes first (research: exit codes are not verdicts)."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tuloy.gates.judge import judge

GOOD = "def test_good():\n    assert True\n"
BAD = "def test_bad():\n    assert 1 == 2\n"


def test_passes_with_counts_as_evidence(python) -> None:
    """A pass says how many tests were collected and passed, and by what."""
    result = python(test_a=GOOD + "def test_more(): pass\n").judge("tests")
    assert (result.verdict, result.evidence) == ("pass", "2 tests collected, 2 passed")
    assert result.tool.startswith("pytest ")
    assert result.exit_code == 0


def test_failure_names_test_file_line_and_message(python) -> None:
    """A failed test is a finding with its id, its file, the line that failed and a clean message."""
    result = python(test_a="class TestC:\n    def test_x(self):\n        assert 0, 'bad \\x1b[31mred'\n").judge("tests")
    (finding,) = result.findings
    assert result.verdict == "fail"
    assert (
        finding.rule,
        finding.path,
        finding.line,
    ) == ("tests/test_a.py::TestC::test_x", "tests/test_a.py", 3)
    assert finding.message.startswith("AssertionError: bad red")


def test_exit_inside_a_test_is_no_pass(python) -> None:
    """A process that ends itself with status 0 in the middle of a test proves nothing."""
    result = python(test_a=GOOD, test_b="import os\ndef test_quit(): os._exit(0)\n").judge("tests")
    assert result.verdict == "error"
    assert "wrote no report" in result.reason


def test_polite_exit_inside_a_test_is_no_pass(python) -> None:
    """A run that stops early with status 0 has fewer tests in its report than it announced."""
    quits = "import pytest\ndef test_quit(): pytest.exit('bye', returncode=0)\n"
    result = python(test_a=GOOD, test_b=quits, test_c=BAD).judge("tests")
    assert result.verdict == "error"
    assert "3 tests were selected, but only 1" in result.reason


def test_tests_that_the_project_leaves_out_are_told(python) -> None:
    """A conftest may drop tests after collecting them; the evidence of the whole run says how many."""
    conftest = "def pytest_collection_modifyitems(items):\n    del items[1:]\n"
    result = python({"conftest.py": conftest}, test_a=GOOD + BAD).judge("tests")
    assert result.verdict == "pass"
    assert result.evidence == "1 test collected, 1 passed, 1 left out by the project's own code"


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only", "--collect-only"])
def test_rehearsal_is_no_pass(python, option: str) -> None:
    """Options under which tests are listed or set up, but not run, prove nothing."""
    config = {"pyproject.toml": f"[tool.pytest.ini_options]\naddopts = ['{option}']\n"}
    assert python(config, test_a=BAD).judge("tests").verdict == "error"


def test_changed_exit_code_is_no_pass(python) -> None:
    """A conftest that turns the exit code into 0 contradicts the report."""
    conftest = "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    result = python({"conftest.py": conftest}, test_a=GOOD + BAD).judge("tests")
    assert result.verdict == "error"
    assert "exit code 0, but the report has 1 failed" in result.reason


def test_failing_exit_code_without_a_failed_test_is_an_error(python) -> None:
    """An exit code 1 that the report does not explain is not called a failed test."""
    conftest = "def pytest_sessionfinish(session):\n    session.exitstatus = 1\n"
    result = python({"conftest.py": conftest}, test_a=GOOD).judge("tests")
    assert (result.verdict, result.findings) == ("error", ())


def test_nothing_collected_is_an_error(python) -> None:
    """Test files without tests are not a pass."""
    result = python(test_a="x = 1\n").judge("tests")
    assert result.verdict == "error"
    assert "no tests were collected" in result.reason


def test_missing_test_path_is_an_error(python) -> None:
    """An option that names a path which is not there is not a failed test."""
    config = "[pytest]\naddopts = nowhere/test_gone.py\n"
    result = python({"pytest.ini": config}, test_a=GOOD).judge("tests")
    assert (result.verdict, result.findings) == ("error", ())


def test_only_skipped_tests_are_an_error(python) -> None:
    """When every test was skipped, nothing was tested."""
    skips = "import pytest\npytestmark = pytest.mark.skip\ndef test_x(): assert 0\n"
    result = python(test_a=skips).judge("tests")
    assert result.verdict == "error"
    assert "all 1 tests were skipped" in result.reason


def test_stale_report_of_the_repository_is_not_read(python) -> None:
    """A report that lies in the workspace, or that its own options write elsewhere, is no evidence."""
    stale = '<testsuites><testsuite tests="1"><testcase classname="a" name="b"/></testsuite></testsuites>'
    config = "[pytest]\naddopts = --junitxml=report.xml\n"
    made = python({"report.xml": stale, "pytest.ini": config}, test_a="import os\ndef test_q(): os._exit(0)\n")
    (made.home / "scratch").mkdir()
    (made.home / "scratch" / "pytest.xml").write_text(stale)
    assert made.judge("tests").verdict == "error"
    assert stale == (made.workspace / "report.xml").read_text()


def test_repository_cannot_redirect_the_report(python) -> None:
    """A report path among the repository's options does not keep the gate from its own."""
    made = python({"pytest.ini": "[pytest]\naddopts = --junitxml=mine.xml -q -q\n"}, test_a=GOOD + BAD)
    assert (made.judge("tests").verdict, len(made.judge("tests").findings)) == ("fail", 1)
    assert not (made.workspace / "mine.xml").exists()


def test_stopping_at_the_first_failure_hides_no_new_one(python) -> None:
    """`-x` in the repository's options does not let an old failure hide a new one."""
    config = {"pytest.ini": "[pytest]\naddopts = -x --ff\n"}
    made = python(config, test_a=BAD, test_b=BAD.replace("1 == 2", "3 == 4"))
    made.write({**config, "tests/test_a.py": BAD, "tests/test_b.py": GOOD.replace("good", "bad")}, where="base")
    result = made.judge("tests")
    assert result.verdict == "fail"
    assert [finding.rule for finding in result.new] == ["tests/test_b.py::test_bad"]


def test_broken_option_is_an_error_that_says_so(python) -> None:
    """Options that pytest refuses make an error with pytest's own words."""
    result = python({"pytest.ini": "[pytest]\naddopts = --no-such-option\n"}, test_a=GOOD).judge("tests")
    assert result.verdict == "error"
    assert "--no-such-option" in result.reason


def test_crash_is_an_error(python) -> None:
    """A killed pytest is an error that names the signal."""
    kills = "import os, signal\ndef test_k(): os.kill(os.getpid(), signal.SIGKILL)\n"
    result = python(test_a=kills).judge("tests")
    assert result.verdict == "error"
    assert "SIGKILL" in result.reason


def test_time_limit_is_an_error(python) -> None:
    """Tests that hang are an error that names the limit."""
    result = python(test_a="import time\ndef test_t(): time.sleep(60)\n").judge("tests", timeout_s=1.5)
    assert result.verdict == "error"
    assert "1.5 s" in result.reason


def test_cancel_stops_at_once(python) -> None:
    """A request to stop ends the tests and makes an error, not a failure."""
    at = python(test_a="import time\ndef test_t(): time.sleep(60)\n").judging()
    threading.Timer(0.8, at.cancel.set).start()
    began = time.monotonic()
    result = judge("tests", at)
    assert result.verdict == "error"
    assert "stopped on request" in result.reason
    assert time.monotonic() - began < 10


def test_old_failure_does_not_fail_the_gate(python) -> None:
    """A test that failed at the base commit too is old, even when its message changed, and is told of."""
    made = python(test_a=GOOD + BAD).write({"tests/test_a.py": BAD.replace("2", "3")}, where="base")
    result = made.judge("tests")
    assert result.verdict == "pass"
    assert result.evidence == "2 tests collected, 1 passed, 1 failed before this work too"
    assert [finding.old for finding in result.findings] == [True]


def test_base_is_judged_with_its_own_code(python) -> None:
    """The environment's paths into the workspace lead into the base while the base is judged."""
    files = {
        "src/shop/__init__.py": "PRICE = 1\n",
        "tests/test_a.py": "import shop\ndef test_p(): assert shop.PRICE > 1\n",
    }
    made = python(files).write(files, where="base")
    assert made.judge("tests").verdict == "pass"
    made.write({"src/shop/__init__.py": "PRICE = 2\n"}, where="base")
    assert made.judge("tests").verdict == "fail"


def test_new_failure_beside_an_old_one_fails(python) -> None:
    """Only the failure that the base did not have counts."""
    made = python(test_a=GOOD.replace("True", "False") + BAD).write({"tests/test_a.py": GOOD + BAD}, where="base")
    result = made.judge("tests")
    assert result.verdict == "fail"
    assert [finding.rule for finding in result.new] == ["tests/test_a.py::test_good"]
    assert result.evidence == "2 tests collected, 0 passed, 2 failed (1 of them before this work too)"


def test_failure_of_a_test_that_the_base_had_not_is_new(python) -> None:
    """A test that did not exist before cannot have failed before."""
    made = python(test_a=GOOD, test_b=BAD).write({"tests/test_a.py": GOOD}, where="base")
    assert made.judge("tests").verdict == "fail"


def test_base_that_cannot_be_judged_forgives_nothing(python) -> None:
    """Without a verdict on the base every finding is new, and the result says why."""
    made = python(test_a=BAD).write({"tests/test_a.py": BAD, "conftest.py": "import nope\n"}, where="base")
    result = made.judge("tests")
    assert result.verdict == "fail"
    assert "base commit could not be judged" in result.reason


def test_base_is_asked_for_only_with_findings(python) -> None:
    """A clean workspace never makes the caller build the base."""
    made = python(test_a=GOOD)
    made.judge("tests")
    assert made.asked == []
    made.write({"tests/test_a.py": BAD}).judge("tests")
    assert [made.home / "base"] == made.asked


def test_module_that_cannot_be_imported_is_a_finding(python) -> None:
    """A broken test module fails the gate while the other tests run."""
    result = python(test_a=GOOD, test_b="def broken(:\n").judge("tests")
    assert result.verdict == "fail"
    assert result.evidence == "1 test collected, 1 passed, 1 test file not importable"
    assert [finding.rule for finding in result.findings] == ["tests/test_b.py"]


def test_old_broken_modules_alone_are_no_pass(python) -> None:
    """When no test ran, neither now nor at the base, nothing is proved."""
    made = python(test_a="import nope_nope\n").write({"tests/test_a.py": "import nope_nope\n"}, where="base")
    result = made.judge("tests")
    assert result.verdict == "error"
    assert "nope_nope" in result.reason


def test_failing_and_failing_to_clean_up_is_one_finding(python) -> None:
    """A test counts once, so that a second complaint about an old failure is not a new one."""
    both = "import pytest\n@pytest.fixture\ndef f():\n    yield\n    assert 0\ndef test_f(f): assert 0\n"
    assert len(python(test_a=both).judge("tests").findings) == 1


def test_expected_failures_count_as_passed(python) -> None:
    """A test marked xfail that fails did what it should."""
    text = "import pytest\n@pytest.mark.xfail\ndef test_x(): assert 0\n"
    assert python(test_a=text).judge("tests").evidence == "1 test collected, 1 passed"


def test_nothing_to_judge_is_skipped(project) -> None:
    """A project without any tests is skipped with a reason."""
    result = project.write({"README.md": "hello\n"}).judge("tests")
    assert result.verdict == "skipped"
    assert result.reason


def test_configuration_above_the_workspace_does_not_count(python, tmp_path_factory) -> None:
    """A pytest.ini or conftest in a directory above the workspace is not the project's."""
    made = python(test_a=GOOD)
    at = replace(made.judging(), scratch=tmp_path_factory.mktemp("scratch"))
    (made.home / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (made.home / "conftest.py").write_text("raise RuntimeError('not yours')\n")
    assert judge("tests", at).verdict == "pass"


def test_workspace_stays_as_it_is(python) -> None:
    """Judging leaves no caches, bytecode or reports in the workspace."""
    made = python(test_a=GOOD)
    before = sorted(made.workspace.rglob("*"))
    made.judge("tests")
    assert before == sorted(made.workspace.rglob("*"))


def test_code_from_elsewhere_is_an_error(python) -> None:
    """Tests that would import the checkout's package instead of the workspace's prove nothing about it."""
    made = python(
        {"src/shop/__init__.py": "PRICE = 2\n"}, test_a="from shop import PRICE\ndef test_p(): assert PRICE\n"
    )
    made.write({"src/shop/__init__.py": "PRICE = 1\n"}, where="checkout")
    elsewhere = str(made.checkout / "src")
    result = made.judge("tests", PYTHONPATH=elsewhere)
    assert result.verdict == "error"
    assert f"'shop' from '{elsewhere}/shop/__init__.py'" in result.reason
    assert made.judge("tests").verdict == "pass"


def test_pythonpath_of_pytest_counts_as_origin(python) -> None:
    """A project whose pytest settings put the workspace first is judged in any environment."""
    made = python(
        {"src/shop/__init__.py": "", "pytest.ini": "[pytest]\npythonpath = src\n"},
        test_a="import shop\ndef test_p(): assert 'workspace' in shop.__file__\n",
    )
    made.write({"src/shop/__init__.py": ""}, where="checkout")
    assert made.judge("tests", PYTHONPATH=str(made.checkout / "src")).verdict == "pass"


def test_editable_install_in_the_environment_is_noticed(python) -> None:
    """The interpreter of the project's own pytest is the one that is asked."""
    made = python({"shop/__init__.py": ""}, test_a="import shop\ndef test_p(): pass\n")
    made.write({"shop/__init__.py": ""}, where="checkout")
    made.checkout.joinpath(".venv").rename(made.home / "unused")
    python_of = made.program(
        ".venv/bin/python", f'#!/bin/sh\nPYTHONPATH="{made.checkout}" exec {sys.executable} "$@"\n'
    )
    made.program(".venv/bin/pytest", f"#!{python_of}\nimport sys, pytest\nsys.exit(pytest.main())\n")
    result = made.judge("tests", PYTHONPATH="")
    assert result.verdict == "error"
    assert str(made.checkout / "shop") in result.reason


def test_entity_bomb_in_the_report_is_refused(python) -> None:
    """A report that declares entities is an error, however it came to be."""
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites>&b;</testsuites>'
    conftest = (
        "import atexit, sys\ndef pytest_configure(config):\n"
        f"    atexit.register(lambda: open(config.option.xmlpath, 'w').write({bomb!r}))\n"
    )
    result = python({"conftest.py": conftest}, test_a=GOOD).judge("tests")
    assert result.verdict == "error"
    assert "declares a document type" in result.reason


def test_scratch_in_the_workspace_is_refused(project) -> None:
    """Evidence is never kept where the judged code could have committed it."""
    at = project.judging()
    with pytest.raises(ValueError, match="scratch"):
        replace(at, scratch=Path(at.workspace / "out"))
