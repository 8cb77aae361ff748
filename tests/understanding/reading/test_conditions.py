"""What is done only if, unless, either way, and behind a branch."""

import pytest
from reading_score import edges_of, own_steps

from tests.understanding.reading.conftest import assert_reading
from tuloy.understanding import understand

CONDITIONS = [
    ("Run the tests. If they pass, deploy; if they fail, open an issue. Regardless, send a summary.", 4, "1>2 1!3 1~4"),
    ("Run the tests; on failure, notify the team; on success, deploy.", 3, "1!2 1>3"),
    ("Run the tests and build the package unless they fail.", 2, "1>2"),
    ("Run the tests, update the docs, and if it passes, tag the release.", 3, "1>3"),
    ("Run the linter and the tests in parallel. If both pass, deploy.", 2, "1>2"),
    ("Lint the code and run the tests. If all of them pass, deploy.", 3, "1>3 2>3"),
    ("Build the app and run the tests. If the build fails, stop the release.", 3, "1!3"),
    ("Update the README if the tests pass.", ["Check whether the tests pass", "Update the README"], "1>2"),
    ("If there is a CHANGELOG, add an entry. Otherwise create one.", 3, "1>2 1!3"),
    ("If the coverage is below 80%, add more tests.", 2, "1>2"),
    ("Deploy unless it is Friday.", ["Check whether it is Friday", "Deploy"], "1!2"),
    ("Check whether the config is valid. If it is, deploy; if not, alert the team.", 3, "1>2 1!3"),
    ("Check if there are outdated dependencies and, if so, upgrade them.", 2, "1>2"),
    ("Run the tests, and if they fail, fix the code and run the tests again.", 3, "1!2 2>3"),
    ("Run the migration. Whether it succeeds or not, send a summary.", 2, "1~2"),
    ("Run the tests. If they pass, deploy, otherwise roll back. Finally, post the log.", 4, "1>2 1!3 2~4 3~4"),
    ("Push the branch if the tests pass, update the wiki if the docs changed.", 4, "1>2 3>4"),
    ("If the tests pass then merge the branch, else revert the commit.", 3, "1>2 1!3"),
    ("Confirm that the backup is in the vault. If it isn't there, take a new one.", 2, "1!2"),
    ("Kick off the load test. Should it come back clean, raise the limit; if not, page the on-call.", 3, "1>2 1!3"),
    ("Apply the migration. If the migration goes through, restart it. If it errors out, revert it.", 3, "1>2 1!3"),
    ("Run the canary. Keep the dashboard open, no matter how the canary goes.", 2, "1~2"),
    ("Run `scripts/selfcheck.sh`. If the self-check fails, file a bug.", 2, "1!2"),
    ("See whether the disk is over 80% full. If it is below 80%, close the ticket.", 2, "1!2"),
    ("Run `make e2e`. Only if that passes, see whether the tag exists: if it does, stop the job.", 3, "1>2 2>3"),
    (
        "Audit the licences. Call the vendor. If that works, close the case; otherwise escalate the case.",
        4,
        "2>3 2!4",
    ),
    (
        "Train the model. If training succeeds, score the model on the test set, and if its recall beats 0.8, tag it.",
        4,
        "1>2 2>3 3>4",
    ),
    ("Is the certificate expired? Then renew it. If it isn't, close the ticket.", 3, "1>2 1!3"),
    ("Does the image build on arm64? If so, publish the image, otherwise pin the base.", 3, "1>2 1!3"),
    ("Run the tests. All green? Tag the commit. Something red? Ping the author.", 3, "1>2 1!3"),
    ("Try the restore. Restore successful, open the gate; restore unsuccessful, call the vendor.", 3, "1>2 1!3"),
    ("Look up whether the queue is stuck, in which case restart the worker.", 2, "1>2"),
    ("Renew the lease through the API; failing which, send a mail to the registry.", 2, "1!2"),
    ("Run the link checker. Provided it finds nothing, ship it. Should it report errors, list them.", 3, "1>2 1!3"),
    ("Barring a failure of the smoke suite, ship the build.", ["Run the smoke suite", "Ship the build"], "1>2"),
    ("Run `make probe`. Pass or fail, upload the log.", 2, "1~2"),
    ("Run the audit. However the audit went, file the report.", 2, "1~2"),
    ("Bench a, scan b and fuzz c. If the scan fails, page me. Only when all three pass, merge.", 5, "2!4 1>5 2>5 3>5"),
    ("1. Check whether the disk is full\n   - if so, prune it\n   - if not, stop", 3, "1>2 1!3"),
    ("If the tests pass, bump the version; then tag it.", 3, "1>2 2>3"),
    ("1. Build it\n2. Run the smoke test. If it fails, page Dana.\n3. Ship it\n4. Close it", 5, "1>2 2!3 2>4 4>5"),
    ("Run the smoke test. If it fails, fix the config. Then ship it.", 3, "1!2 1>3 2>3"),
    ("Scan the repo for secrets. If there are any hits, rotate the keys.", 3, "1>2 2>3"),
    ("if the kernel on the runner is older than 6.1 upgrade the kernel", 2, "1>2"),
    ("try the upgrade on the spare if that works do it on the main box", 2, "1>2"),
    ("Launch the demo. If the launch works, open a PR; if the demo crashes again, attach the trace.", 3, "1>2 1!3"),
    ("Kick off the bake. No luck? Clear the cache.", 2, "1!2"),
    ("Restart the box. Provided that goes through, remount the disk.", 2, "1>2"),
    ("Build the app. If the build doesn't pass, stop; if it does, tag it.", 3, "1!2 1>3"),
    ("Take a look whether the proxy is older than 2.1; if it is, update the proxy.", 2, "1>2"),
    ("Find out whether the dump is complete; if it isn't, make a new one.", 2, "1!2"),
    ("Submit the form. If the submission gets rejected, fix the form.", 2, "1!2"),
    ("Deploy it unless the smoke test fails, in which case ring Ana.", 3, "1>2 1!3"),
    ("Compare the two counts. Do they match? Then drop the copy.", 3, "1>2 2>3"),
    ("If nothing odd is found, deploy; if there is, open an issue.", 3, "1>2 1!3"),
    ("Run the sync. If on the other hand the sync fails, page me. If even that attempt fails, stop.", 3, "1!2 2!3"),
]
EITHER = [
    ("Lint and test the code. If either fails, open an issue.", "1!3 2!3", True),
    ("Lint and test the code. If they fail, open an issue.", "1!3 2!3", True),
    ("Lint and test the code. If both fail, open an issue.", "1!3 2!3", False),
    ("Lint and test the code. Unless both pass, open an issue.", "1!3 2!3", True),
    ("Lint and test the code. Unless either fails, ship it.", "1>3 2>3", False),
    ("Lint and test the code. If any of them passes, ship it.", "1>3 2>3", True),
    ("Lint and test the code. If neither fails, ship it.", "1>3 2>3", False),
    ("I-lint at i-test ang code. Kapag pareho silang pumasa, i-deploy.", "1>3 2>3", False),
    ("I-lint at i-test ang code. Kapag isa sa kanila ang pumalya, gumawa ng issue.", "1!3 2!3", True),
]


@pytest.mark.parametrize(("goal", "steps", "edges"), CONDITIONS, ids=[goal[:50] for goal, _, _ in CONDITIONS])
def test_reading(goal: str, steps: list[str] | int, edges: str) -> None:
    """A goal becomes the steps and the edges that a careful person would write down."""
    assert_reading(goal, steps, edges)


@pytest.mark.parametrize(("goal", "edges", "enough"), EITHER, ids=[goal for goal, _, _ in EITHER])
def test_what_one_or_all_of_several_must_do(goal: str, edges: str, enough: bool) -> None:
    """One failure of several counts unless the words say "both"; for a success all have to, unless they say "any"."""
    plan = understand(goal)
    last = own_steps(plan)[-1]
    assert set(edges.split()) == edges_of(plan)
    assert {need.any for need in last.needs} == {enough}


@pytest.mark.parametrize(
    ("goal", "ends"),
    [
        ("Run the smoke test. If it fails, fix the config. Then ship the app.", {"succeeded", "any"}),
        ("If there is no changelog, create one. Then release the app.", {"succeeded", "failed", "any"}),
        ("Run the tests. If they pass, deploy, otherwise roll back. Finally, post the log.", {"finished"}),
        ("Run the tests. If they fail, page Dana. Then ship the app.", {"succeeded"}),
    ],
)
def test_what_goes_on_behind_a_branch(goal: str, ends: set[str]) -> None:
    """Behind what mends a failure the work goes on where nothing failed or that mended it, and not otherwise."""
    last = own_steps(understand(goal))[-1]
    assert {need.when for need in last.needs} | {"any" for need in last.needs if need.any} == ends


def test_otherwise_is_the_opposite_of_what_was_asked() -> None:
    """Behind "if both pass" one failure is enough for "otherwise"; behind "if either fails" all have to pass."""
    asked = own_steps(understand("Lint and test the code. If both pass, deploy; otherwise open an issue."))
    turned = own_steps(understand("Lint and test the code. If either fails, open an issue; otherwise deploy."))
    assert [{need.any for need in step.needs} for step in asked[2:]] == [{False}, {True}]
    assert [{need.any for need in step.needs} for step in turned[2:]] == [{True}, {False}]
