"""Both gates on Node projects: real node:test and npm, and local tools that write what they are told to."""

import json

import pytest

GOOD = "const {test} = require('node:test');\ntest('adds', () => {});\n"
BAD = """const {test} = require('node:test');
const assert = require('node:assert');
test('fails', () => { assert.equal(1, 2); });
"""


@pytest.fixture
def node(project):
    """Write a package whose `test` script is the first argument."""

    def write(script: str, files: dict[str, str], **scripts: str):
        package = {"name": "p", "version": "1.0.0", "scripts": {"test": script, **scripts}}
        return project.write({"package.json": json.dumps(package), **files})

    return write


def test_node_test_passes_with_counts(node) -> None:
    """`node --test` is asked for a report, and its tests are counted."""
    result = node("node --test", {"a.test.js": GOOD}).judge("tests")
    assert (result.verdict, result.evidence) == ("pass", "1 test collected, 1 passed")
    assert result.tool.startswith("node ")


def test_node_test_failure_is_named_and_placed(node) -> None:
    """A failed test of node:test is a finding with its name, file and line."""
    result = node("node --test", {"a.test.js": GOOD, "b.test.js": BAD}).judge("tests")
    (finding,) = result.findings
    assert result.verdict == "fail"
    assert (finding.rule, finding.path, finding.line, finding.message) == ("fails", "b.test.js", 3, "1 == 2")


def test_node_test_old_failure_is_old(node) -> None:
    """A test that failed at the base too does not fail the gate; the same name in another file does."""
    made = node("node --test", {"a.test.js": GOOD, "b.test.js": BAD})
    package = (made.workspace / "package.json").read_text()
    made.write({"package.json": package, "b.test.js": BAD}, where="base")
    assert made.judge("tests").verdict == "pass"
    made.write({"c.test.js": BAD})
    result = made.judge("tests")
    assert (result.verdict, [finding.path for finding in result.new]) == ("fail", ["c.test.js"])


def test_node_test_without_tests_is_an_error(node) -> None:
    """`node --test` ends with 0 when it finds nothing; that is no pass."""
    result = node("node --test", {"index.js": "\n"}).judge("tests")
    assert result.verdict == "error"
    assert "no tests were collected" in result.reason


def test_node_process_exit_is_no_pass(node) -> None:
    """A test file that ends its process with status 0 loses its tests, and passes nothing."""
    quits = GOOD + "test('quits', () => { process.exit(0); });\ntest('never', () => { throw new Error('x'); });\n"
    result = node("node --test", {"a.test.js": GOOD, "b.test.js": quits}).judge("tests")
    assert result.verdict == "error"
    assert "b.test.js" in result.reason


def test_node_file_that_does_not_load_is_a_finding(node) -> None:
    """A test file that throws fails the gate; where it threw before and nothing else ran, nothing is proved."""
    made = node("node --test", {"b.test.js": "require('./nowhere');\n"})
    result = made.judge("tests")
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("fail", ["b.test.js"])
    made.write({name: (made.workspace / name).read_text() for name in ("package.json", "b.test.js")}, where="base")
    assert made.judge("tests").verdict == "error"
    made.write({"a.test.js": GOOD})
    assert made.judge("tests").verdict == "pass"


def test_failure_that_no_file_can_be_named_for_is_new(node) -> None:
    """Of two tests with one name, the one that fails now need not be the one that failed before."""
    bad, good = GOOD.replace("{}", "{ throw 'words'; }"), GOOD
    made = node("node --test", {"a.test.js": good, "b.test.js": bad})
    package = (made.workspace / "package.json").read_text()
    made.write({"package.json": package, "a.test.js": bad, "b.test.js": good}, where="base")
    assert made.judge("tests").verdict == "fail"


def test_todo_is_not_a_failure(node) -> None:
    """A failing test that is marked as to do does not fail the gate, as it does not fail node."""
    todo = GOOD + "test('later', {todo: true}, () => { throw new Error('not yet'); });\n"
    result = node("node --test", {"a.test.js": todo}).judge("tests")
    assert (result.verdict, result.evidence) == ("pass", "2 tests collected, 1 passed, 1 skipped")


def test_npm_test_is_heard(node) -> None:
    """A script of several commands is run by npm and judged by node's closing lines."""
    result = node("node -e 0 && node --test", {"a.test.js": GOOD}).judge("tests")
    assert (result.verdict, result.evidence) == ("pass", "1 test collected, 1 passed")
    assert result.tool == "npm test"


def test_npm_test_names_what_failed(node) -> None:
    """Failures that the output names are findings of their own, and old ones are told apart."""
    made = node("node -e 0 && node --test", {"a.test.js": GOOD, "b.test.js": BAD})
    made.write({"package.json": (made.workspace / "package.json").read_text(), "b.test.js": BAD}, where="base")
    result = made.judge("tests")
    assert [finding.rule for finding in result.findings] == ["b.test.js > fails"]
    assert result.verdict == "pass"
    (made.workspace / "b.test.js").rename(made.workspace / "c.test.js")
    assert made.judge("tests").verdict == "fail"


def test_npm_test_without_a_summary_is_an_error(node) -> None:
    """Exit code 0 of a script that shows no test is no pass."""
    result = node("node -e 0 && true", {}).judge("tests")
    assert result.verdict == "error"
    assert "exit code 0 of `npm test`, but nothing shows that a test ran" in result.reason


def test_npm_test_that_hides_its_exit_code_is_an_error(node) -> None:
    """A script that ends with 0 although tests failed contradicts itself."""
    result = node("node --test || true", {"b.test.js": BAD}).judge("tests")
    assert result.verdict == "error"
    assert "1 failed" in result.reason


def test_missing_runner_is_an_error(node) -> None:
    """A runner that is not installed is not a failed test."""
    result = node("no-such-runner --all", {}).judge("tests")
    assert (result.verdict, result.findings) == ("error", ())
    assert "not found" in result.reason


def test_placeholder_of_npm_init_is_nothing_to_judge(node) -> None:
    """The script that `npm init` writes is not a test."""
    assert node('echo "Error: no test specified" && exit 1', {}).judge("tests").verdict == "skipped"


JEST = """#!/usr/bin/env node
const fs = require('fs');
if (process.argv[2] === '--version') { console.log('30.2.0'); process.exit(0); }
const out = process.argv.map(a => /^(?:--outputFile=|output=)(.*)/.exec(a)).find(Boolean)[1];
if (process.env.REPORT) fs.writeFileSync(out, process.env.REPORT.replaceAll('{cwd}', process.cwd()));
process.exit(Number(process.env.STATUS));
"""


def suite(*tests: tuple[str, str], status: str = "passed", name: str = "{cwd}/a.test.js") -> dict[str, object]:
    found = [{"fullName": n, "status": s, "failureMessages": ["boom\\n at {cwd}/a.test.js:4:2"]} for n, s in tests]
    return {"name": name, "status": status, "message": "", "assertionResults": found}


@pytest.mark.parametrize("runner", ["jest", "vitest"])
def test_jest_and_vitest_reports_are_read(node, runner: str) -> None:
    """Tests of the report that jest and vitest share are counted and named."""
    made = node(runner, {})
    made.program(f"node_modules/.bin/{runner}", JEST)
    report = json.dumps({"testResults": [suite(("a b", "passed"), ("a c", "failed"), status="failed")]})
    result = made.judge("tests", REPORT=report, STATUS="1")
    assert (result.verdict, result.evidence) == ("fail", "2 tests collected, 1 passed, 1 failed")
    assert [(finding.rule, finding.path) for finding in result.findings] == [("a c", "a.test.js")]


def test_jest_suite_that_does_not_load_is_a_finding(node) -> None:
    """A test file that cannot be run counts as failed although it has no tests."""
    made = node("jest", {})
    made.program("node_modules/.bin/jest", JEST)
    report = json.dumps({"testResults": [suite(("a", "passed")), suite(status="failed", name="{cwd}/b.test.js")]})
    assert [f.rule for f in made.judge("tests", REPORT=report, STATUS="1").findings] == ["b.test.js"]


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ("", "0"),
        ("not json", "0"),
        (json.dumps({"testResults": []}), "0"),
        (json.dumps({"testResults": [suite(("a", "failed"), status="failed")]}), "0"),
        (json.dumps({"testResults": [suite(("a", "passed"))]}), "1"),
        (json.dumps({"testResults": [suite(("a", "pending"))]}), "0"),
    ],
)
def test_jest_without_proof_is_an_error(node, report: str, status: str) -> None:
    """A report that is missing, broken, empty, all skipped or at odds with the exit code proves nothing."""
    made = node("jest --coverage", {})
    made.program("node_modules/.bin/jest", JEST)
    assert made.judge("tests", REPORT=report, STATUS=status).verdict == "error"


def test_mocha_report_is_read(node) -> None:
    """Mocha's failures are named, and its passes counted."""
    made = node("mocha", {})
    made.program("node_modules/.bin/mocha", JEST)
    failure = {"fullTitle": "x y", "file": "{cwd}/test/x.js", "err": {"message": "no"}}
    report = json.dumps({"stats": {"passes": 2, "pending": 1}, "failures": [failure]})
    result = made.judge("tests", REPORT=report, STATUS="1")
    assert result.evidence == "4 tests collected, 2 passed, 1 skipped, 1 failed"
    assert [(f.rule, f.path, f.message) for f in result.findings] == [("x y", "test/x.js", "no")]


def eslinted(project):
    project.program(
        "node_modules/.bin/eslint",
        JEST.replace("--outputFile=|output=", "--nothing=").replace(
            "const out = process.argv.map",
            "const out = process.argv[process.argv.indexOf('--output-file') + 1];\n//",
        ),
    )
    return project.write({"eslint.config.mjs": "export default [];\n", "a.js": "var x\n"})


def test_eslint_errors_are_findings_and_warnings_are_not(project) -> None:
    """What eslint calls an error fails the gate; warnings are only counted."""
    said = [{"ruleId": "no-var", "severity": 2, "line": 1, "message": "no var"},
            {"ruleId": "semi", "severity": 1, "line": 1, "message": "semi"}]  # fmt: skip
    report = json.dumps([{"filePath": "{cwd}/a.js", "messages": said}])
    result = eslinted(project).judge("lint", REPORT=report, STATUS="1")
    assert [(f.rule, f.path, f.text) for f in result.findings] == [("no-var", "a.js", "var x")]
    assert (
        result.verdict,
        result.evidence,
        result.measured["warnings"],
    ) == ("fail", "1 file checked, 1 finding", 1)


@pytest.mark.parametrize(("report", "status"), [("", "2"), ("", "0"), ("[]", "0"), ('[{"messages": []}]', "1")])
def test_eslint_without_proof_is_an_error(project, report: str, status: str) -> None:
    """An eslint that could not run, checked nothing or wrote nothing is an error."""
    assert eslinted(project).judge("lint", REPORT=report, STATUS=status).verdict == "error"


def test_eslint_that_is_not_installed_is_an_error(project) -> None:
    """A configured linter that is missing is not passed over."""
    result = project.write({"eslint.config.mjs": "export default [];\n"}).judge("lint")
    assert result.verdict == "error"
    assert "node_modules" in result.reason
