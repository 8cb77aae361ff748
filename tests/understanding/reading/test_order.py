"""What comes after what, what stands side by side, and what is one step only."""

import pytest

from tests.understanding.reading.conftest import assert_reading

DEMO = "Fix the lint errors and format the code, then run the tests and, if they pass, build the package"

ORDER = [
    (DEMO, ["Fix the lint errors", "Format the code", "Run the tests", "Build the package"], "1>3 2>3 3>4"),
    ("First install the dependencies, then run the tests, and finally build the docs.", 3, "1>2 2>3"),
    ("lint -> test → build", ["Lint", "Test", "Build"], "1>2 2>3"),
    ("Tag the release. After that, publish it.", ["Tag the release", "Publish the release"], "1>2"),
    ("Update the changelog, bump the version, and tag the release in that order.", 3, "1>2 2>3"),
    ("Before deploying, run the smoke tests.", ["Run the smoke tests", "Deploy"], "1>2"),
    ("Update the docs before you tag the release.", ["Update the docs", "Tag the release"], "1>2"),
    ("After running the migrations, restart the server.", ["Run the migrations", "Restart the server"], "1>2"),
    ("Once the docs are built, upload the site.", ["Build the docs", "Upload the site"], "1>2"),
    ("Once the build is finished, upload the artifacts.", ["Run the build", "Upload the artifacts"], "1>2"),
    ("Deploy to staging, but first run the smoke tests.", ["Run the smoke tests", "Deploy to staging"], "1>2"),
    ("Start by profiling the importer. Next, fix it.", ["Profile the importer", "Fix the importer"], "1>2"),
    ("Compile the assets. Run the unit tests. After that, deploy everything.", 3, "1>3 2>3"),
    ("Run the linter first, then the tests.", ["Run the linter", "Run the tests"], "1>2"),
    ("After the outage last night, add an alert.", ["Add an alert"], ""),
    ("Send the newsletter to users after 30 days.", 1, ""),
    (
        "Start the crawler, meanwhile warm the cache. When all of that is up, run the smoke tests.",
        ["Start the crawler", "Warm the cache", "Run the smoke tests"],
        "1>3 2>3",
    ),
    ("Upgrade the runner to Node 22 or later, then rebuild the images.", 2, "1>2"),
    ("Archive the old logs. That done, rotate the keys.", ["Archive the old logs", "Rotate the keys"], "1>2"),
    ("Lint the app and scan the image. With both of those out of the way, cut a release.", 3, "1>3 2>3"),
    (
        "Having exported the table to CSV, drop the table.",
        ["Export the table to CSV", "Drop the table"],
        "1>2",
    ),
    ("Sign the build. The moment the store accepts it, announce the launch.", 2, "1>2"),
    ("Sync the mirror. Not before that has finished should the old mirror be deleted.", 2, "1>2"),
    ("Patch the parser and cross-check the grammar. After both are through, tag a build.", 3, "1>3 2>3"),
    ("Hunt down the leak. Once you have found it, plug it.", 2, "1>2"),
    (
        "Cut a branch. Then add the parser, add the printer, keep failed rows apart. When they're all in, tag it.",
        5,
        "1>2 1>3 1>4 2>5 3>5 4>5",
    ),
]
MADE = [
    ("Build the image and push it.", ["Build the image", "Push the image"], "1>2"),
    ("Build and push the image.", ["Build the image", "Push the image"], "1>2"),
    ("Write a script to fetch the data and plot it, then run the script.", 2, "1>2"),
    ("Generate a report and email it to the team.", ["Generate a report", "Email the report to the team"], "1>2"),
    ("Create a new branch, commit the changes and push.", 3, "1>2 2>3"),
    ("Run the type checker and fix all errors it finds.", 2, "1>2"),
    ("Fix the bug and add a test for it.", ["Fix the bug", "Add a test for the bug"], ""),
    ("The build is broken. Please fix it.", ["Fix the build"], ""),
    ("Raise a ticket with the vendor and attach the logs to it.", 2, "1>2"),
    ("Time the importer on the big file and note the figures in docs/speed.md.", 2, "1>2"),
    (
        "host-12 in the Oslo rack is low on disk. Drain it, clear its journal, reboot it.",
        ["Drain host-12", "Clear its journal", "Reboot host-12"],
        "",
    ),
    ("Urgent: the cert of the gateway expires soon. Renew it.", ["Renew the cert of the gateway"], ""),
    (
        "List the stale branches and delete the ones without an owner.",
        ["List the stale branches", "Delete the branches without an owner"],
        "1>2",
    ),
    ("Write the load tests and run them. If the tests pass, merge the branch.", 3, "1>2 2>3"),
    ("Build the site from that branch and open it.", 2, "1>2"),
    ("Create a bucket. Copy the logs into it, then point the agent at it.", 3, "1>2 2>3"),
    ("Time the query on both indexes. Put the two figures into the ticket.", 2, "1>2"),
    ("From the old notes make a glossary.", ["Make a glossary from the old notes"], ""),
    ("There's a flaky test in the suite. Mute it.", ["Mute the flaky test"], ""),
]
SIDE_BY_SIDE = [
    ("Lint and test the code.", ["Lint the code", "Test the code"], ""),
    ("Lint, test, and build the project in parallel, then deploy.", 4, "1>4 2>4 3>4"),
    ("Install deps, lint, test and build.", ["Install deps", "Lint", "Test", "Build"], ""),
    ("Fix typos in the README and update the copyright year to 2026.", 2, ""),
    ("While the tests are running, write the changelog.", ["Run the tests", "Write the changelog"], ""),
    ("Run the linter and also the tests.", ["Run the linter", "Run the tests"], ""),
    ("Start the server and, in parallel, run the load test. After both, collect the logs.", 3, "1>3 2>3"),
    ("Run lint, and afterwards run tests; in the meantime update the docs.", 3, "1>2"),
    ("Build the sdist and wheel.", ["Build the sdist and wheel"], ""),
    ("Run the linter, the type checker and the tests.", 1, ""),
    ("Test the login, signup and checkout flows.", 1, ""),
    ("Update the build and test scripts.", ["Update the build and test scripts"], ""),
    ("For each of api and web, run the linter.", ["Run the linter for api", "Run the linter for web"], ""),
    ("Translate the README for each of French, German and Tagalog.", 3, ""),
    ("Run the linter for each package.", ["Run the linter for each package"], ""),
    ("@backend-team rotate the API keys. Also, prune the old images.", 2, ""),
    (
        "For each of Spanish and Dutch, download the glossary and check the strings against it.",
        [
            "Download the glossary for Spanish",
            "Download the glossary for Dutch",
            "Check the strings against the glossary for Spanish",
            "Check the strings against the glossary for Dutch",
        ],
        "1>3 2>4",
    ),
    ("Train the tiny model and fine-tune the big model.", 2, ""),
    (
        "For each of a.json and b.json: sort the keys, then drop the comments.",
        4,
        "1>3 2>4",
    ),
    ("Run it once against the sandbox.", 1, ""),
]
ONE_STEP = [
    ('Search and replace "foo" with "bar" in the docs.', 1, ""),
    ("Write a service that polls the queue and stores every message.", 1, ""),
    ("Draft an email that explains the outage and asks for feedback.", 1, ""),
    ("Keep fixing the tests until they pass.", 1, ""),
    ("Rename `fetch and store` to `load`.", 1, ""),
    ("Implement drag and drop (e.g. move a file and drop it).", ["Implement drag and drop"], ""),
    ("Provide the details, including the title, release year and author.", 1, ""),
    ("Keep shrinking the image until it is below 200 MB.", ["Keep shrinking the image until it is below 200 MB"], ""),
    ('Rename the file, find and replace "foo" with "bar".', 2, ""),
]
ALL = [*ORDER, *MADE, *SIDE_BY_SIDE, *ONE_STEP]


@pytest.mark.parametrize(("goal", "steps", "edges"), ALL, ids=[goal[:50] for goal, _, _ in ALL])
def test_reading(goal: str, steps: list[str] | int, edges: str) -> None:
    """A goal becomes the steps and the edges that a careful person would write down."""
    assert_reading(goal, steps, edges)
