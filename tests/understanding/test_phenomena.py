"""Texts made up for each phenomenon after the rules were written: titles where they matter, edges always."""

import pytest
from reading_score import edges_of

from tuloy.understanding import understand

CONDITIONS = [
    (
        "Install the deps, run the tests, and, assuming they pass, build the docs; otherwise file an issue.",
        4,
        "2>3 2!4",
    ),
    ("Should the tests fail, revert the commit.", ["Check whether the tests fail", "Revert the commit"], "1>2"),
    ("Run the tests. If they fail, fix and try again.", 3, "1!2 2>3"),
    ("Unless `make check` fails, push the branch.", ["Run `make check`", "Push the branch"], "1>2"),
    ("Try running the tests; if this doesn't work, install the dependencies and try again.", 3, "1!2 2>3"),
    ("If the config is missing, create it from the template. Either way, validate it.", 3, "1>2 1~3"),
    ("Try to reproduce the bug. If you can reproduce it, write a test. If you can't, close the ticket.", 3, "1>2 1!3"),
    ("Start the emulator and seed it. Whatever happens, stop the emulator at the end.", 3, "1>2 2~3"),
    ("Lint the code, run the tests, and if all of that passes, cut a release and announce it.", 4, "1>3 2>3 3>4"),
    ("If the file is missing, the importer crashes. Please fix that.", 1, ""),
    ("1. Run `npm ci`\n2. Run `npm test`\n   - if it fails, attach the log\n3. Deploy", 4, "1>2 2!3 2>4"),
    ("Run the linter. If there are errors, fix them and run it again.", 3, "1!2 2>3"),
]
ORDER = [
    ("Upgrade the SDK, but first read the migration guide and pin the current version.", 3, "1>3 2>3"),
    ("While the image builds, update the changelog; when both are finished, tag the release.", 3, "1>3 2>3"),
    ("Before anything else, take a snapshot. Then drop the index.", 2, "1>2"),
    ("Migrate the db, and once that's finished restart the workers.", 2, "1>2"),
    ("Reject tokens that were issued before the password change.", 1, ""),
    ("Bump the version, update the changelog and tag the release, then push everything.", 4, "1>4 2>4 3>4"),
    ("Create a branch, set up a staging environment and deploy the app there.", 3, "2>3"),
    ("Run the bench for max. 30 min. and store the results in perf.json.", 2, "1>2"),
    ("Download the schema from https://example.com/a?raw=1, put it in ./spec, and regenerate the client.", 3, "1>2"),
]
EACH = [
    (
        "Run the linter on each of api and web, then deploy.",
        ["Run the linter on api", "Run the linter on web", "Deploy"],
        "1>3 2>3",
    ),
    ("For each of the following packages (api, web), bump the version and publish it.", 4, "1>3 2>4"),
    ("For every service in services/, bump the SDK.", ["Bump the SDK for every service in services/"], ""),
]
NOT_STEPS = [
    (
        "I need help with the login page. First, fix the layout. Then add a test.",
        ["Fix the layout", "Add a test"],
        "1>2",
    ),
    ("Write unit tests for the parser, covering leap years, time zones and invalid input.", 1, ""),
    ("Rewrite the README so that newcomers can set up the project and run the tests.", ["Rewrite the README"], ""),
    ("Fix the typo. If any of this is a bad idea, tell me.", ["Fix the typo"], ""),
    ("Squash the commits. All of this has to be done by Monday noon.", ["Squash the commits"], ""),
    ("Retrieve the title, release year, director and plot of the film.", 1, ""),
    ("can you bump eslint? also the footer still says 2023, pls fix", ["Bump eslint", "Fix the footer"], ""),
]
LITERALS = [
    ("Run `make a`, `make b` and `make c`.", ["Run `make a`", "Run `make b`", "Run `make c`"], ""),
    ("Delete `a.txt`, `b.txt`, and `c.txt`, then push.", ["Delete `a.txt`, `b.txt`, and `c.txt`", "Push"], "1>2"),
    ("Translate `faq.md` and `help.md` to French.", ["Translate `faq.md` and `help.md` to French"], ""),
    ("Patakbuhin ang `make a`, `make b`, at `make c`, tapos i-push.", 4, "1>4 2>4 3>4"),
    ("I-migrate ang `a`, `b` at `c` sa v2.", ["I-migrate ang `a`, `b` at `c` sa v2"], ""),
]
ELSE = [
    ("Rename the flag. Everything else on that page is fine.", ["Rename the flag"], ""),
    ("Raise the version, don't touch anything else in setup.cfg.", ["Raise the version"], ""),
    ("Run the tests, or else stop.", 2, "1!2"),
    ("Check that the page is all right.", ["Check that the page is all right"], ""),
    ("Check that the login is okay.", ["Check that the login is okay"], ""),
]
PEOPLE = [
    ("Ask Bo to review the plan. If he agrees, merge it; if he objects, close the PR.", 3, "1>2 1!3"),
    ("Write a help page, have legal review it, and only after that publish it.", 3, "1>2 2>3"),
    ("Ship it only after approval from Ana.", ["Get approval from Ana", "Ship it"], "1>2"),
    ("I-ship ito pagkatapos ng approval ni Ana.", ["Kunin ang approval ni Ana", "I-ship ito"], "1>2"),
]
NOUNS = [
    ("Roll back the api. As soon as the rollback is through, run `./smoke.sh`.", 2, "1>2"),
    ("Clean up the branch. If the clean-up fails, stop.", 2, "1!2"),
    ("Set up the cluster. When the setup is complete, seed it.", ["Set up the cluster", "Seed the cluster"], "1>2"),
]
FOUND = [
    ("Run the audit. If nothing is found, close the ticket; if not, upgrade.", 3, "1>2 1!3"),
    ("Run the audit. If something is found, upgrade; otherwise close the ticket.", 3, "1!2 1>3"),
    ("Search the repo for TODOs. If none are found, stop.", 2, "1!2"),
    ("If no config exists, create one; if one exists, update it.", 3, "1>2 1!3"),
    ("If no tests fail, deploy; if any fails, stop.", 3, "1>2 1!3"),
    ("Build the app. Upload it if the size is below 3 MB.", 3, "1>2 2>3"),
    ("Sukatin ang bilis. Kung mas mabilis kaysa dati, i-merge; kung mas mabagal, i-revert.", 4, "1>2 2>3 2!4"),
]
TITLES = [
    ("Release 4.8\n\n1. Build the wheel\n2. Upload it", ["Build the wheel", "Upload the wheel"], "1>2"),
    ("APP-7: Move resizing out\n\nTasks\n- Add a queue\n- Add a worker\n\nOut of scope\n- Video", 2, ""),
    ("APP-8: Fix the rounding\n\nAdd a regression test.", ["Fix the rounding", "Add a regression test"], ""),
]
FILIPINO = [
    (
        "Buuin ang app at i-deploy ito, tapos patakbuhin ang smoke tests; kung pumalya, ibalik ang dati.",
        4,
        "1>2 2>3 3!4",
    ),
    ("I-check kung may bagong version. Kung meron, i-upgrade ito; kung wala, i-close ang ticket.", 3, "1>2 1!3"),
    ("Bago mag-deploy, i-backup muna ang database at i-run ang tests.", 3, "1>3 2>3"),
    ("Kapag natapos ang build, i-upload ang artifacts. Kapag pumalya naman, sabihan ang team.", 3, "1>2 1!3"),
    ("Subukan mong i-reproduce ang bug; kung hindi ma-reproduce, isara ang ticket.", 2, "1!2"),
    ("Kung walang CHANGELOG, gumawa ng bago; kung mayroon, dagdagan ito ng entry.", 3, "1>2 1!3"),
    ("Gumawa ng bagong branch, ilipat doon ang mga pagbabago, at i-push ito.", 3, "1>2 1>3"),
    (
        "Tumawag na naman ang kliyente. Aayusin natin ang filter, saka isasara ang ticket.",
        ["Ayusin ang filter", "Isara ang ticket"],
        "1>2",
    ),
    ("pakitest naman yung parser tapos pakibura na rin yung lumang log", 2, "1>2"),
    ("Kung ang saklaw ng test ay mas mababa sa 80%, magdagdag ng mga test.", 2, "1>2"),
    ("Siguraduhing pasado ang mga test at napapanahon ang changelog bago ilabas ang bersyon.", 2, "1>2"),
    ("patakbuhin ang mga test kung pumasa buuin ang imahe kung hindi sabihan ako", 3, "1>2 1!3"),
    (
        "Pagkatapos mabuo ang mga dokumento, ilagay ang mga ito sa site.",
        ["Buuin ang mga dokumento", "Ilagay ang mga dokumento sa site"],
        "1>2",
    ),
    ("Sa bawat isa sa maynila at cebu, patakbuhin ang migration. Kung pumasa lahat, burahin ang tulay.", 3, "1>3 2>3"),
]
FRAMES = [
    ("Restart the proxy for each of eu, us and asia, in that order, then drop the banner.", 4, "1>2 2>3 3>4"),
    ("Rotate the token for each of mail, search and billing.", 3, ""),
    (
        "Archive the table, but not until you have exported its rows to CSV.",
        ["Export its rows to CSV", "Archive the table"],
        "1>2",
    ),
    ("Lint the code and test the api, and provided neither fails, tag the release.", 3, "1>3 2>3"),
    ("Lint the code and test the api. If either fails, open an issue.", 3, "1!3 2!3"),
    ("Fetch the sensor data, clean it, and fit the model on the cleaned data.", 3, "1>2 2>3"),
    ("Create a list of broken links. Send the list to the docs team.", 2, "1>2"),
    ("Add a job that mails the owners if a disk fills up.", 1, ""),
    ("Add a banner that shows when the API is down.", 1, ""),
    ("Build the three images. Do it concurrently.", ["Build the three images"], ""),
    ("Ship the docs and the app, do it in parallel.", ["Ship the docs and the app"], ""),
    ("Reindex the shop, warm the cache, flip the alias. Do these in that order.", 3, "1>2 2>3"),
    ("Measure the cold start time. If it is above 400 ms, open an issue.", 3, "1>2 2>3"),
    ("Lint the code. If there is a CHANGELOG, update it.", 3, "2>3"),
    ("Before you merge, rebase the branch, then run the tests.", 3, "1>2 2>3"),
    ("Rotate the keys before the review on 4 May.", ["Rotate the keys"], ""),
    ("Archive the orders placed before Monday.", ["Archive the orders placed before Monday"], ""),
    (
        "Find the commit that broke login and revert it.",
        ["Find the commit that broke login", "Revert the commit"],
        "1>2",
    ),
    ("Search main until you find the slow query, then rewrite it.", 2, "1>2"),
    ("Run the linter as well as the tests.", ["Run the linter as well as the tests"], ""),
    ("Update the lockfile when thats done run the tests and if tehy pass push to main", 3, "1>2 2>3"),
    ("Could somebody bump redis? I think we should also fix the typo.", ["Bump redis", "Fix the typo"], ""),
    ("Upgrade plan for the search cluster\n\nTake a snapshot. Then upgrade the nodes.", 2, "1>2"),
    ("Title: Faster startup\n\n- lazy-load the plugins\n- drop the splash screen", 2, ""),
    ("Title: Fix the crash on startup", 1, ""),
    ("Write endpoints to create, list and delete tags.", 1, ""),
    ("Compare the two logs. Provide the findings in a table.", ["Compare the two logs"], ""),
    ("Search for the invoice. Once you find it, archive it.", 2, "1>2"),
    ("I need a user named deploy on the host.", ["A user named deploy on the host"], ""),
    ("The results should be cached. Remove the spinner.", 2, ""),
    ("Ang mga test ay patakbuhin muna, tapos ang ulat ay ipadala kay Ana.", 2, "1>2"),
    ("Kumuha ng listahan ng mga user. Ang listahang ito ay i-save sa S3.", 2, "1>2"),
    ("'Pag pumalya 'yung build, sabihan ako; 'pag hindi, i-deploy 'yon.", 3, "1>2 1!3"),
    ("pki-test muna ung api bgo mo i-deploy", ["I-test ung api", "I-deploy"], "1>2"),
    ("wag mo galawin yung config. pg pumasa ung tests, i-upload lng sa S3.", 2, "1>2"),
    ("I-lint at i-test ang app. Kung walang pumalya sa mga iyon, i-tag ang release.", 3, "1>3 2>3"),
    ("Suriin kung may lumang log. Kung wala, isara ang tiket; kung mayroon, burahin ang mga log.", 3, "1!2 1>3"),
    ("I-check kung may bagong bersyon; kung meron i-install, kung wala isara ang tiket.", 3, "1>2 1!3"),
    ("Gumawa ng script na nagpapadala ng email kapag puno ang disk.", 1, ""),
    ("Pagka-build ng image, i-push ito.", ["I-build ang image", "I-push ang image"], "1>2"),
    ("Pagkatapos buuin ang imahe ay i-push ito.", ["Buuin ang imahe", "I-push ang imahe"], "1>2"),
    (
        "Habang tine-test yung app, i-draft mo yung release notes.",
        ["I-test yung app", "I-draft yung release notes"],
        "",
    ),
    ("Ayusin ang parser at sa huli ay burahin ang mga pansamantalang file.", 2, "1>2"),
    ("Buuin ang app. Pumasa man o pumalya, i-upload ang logs.", 2, "1~2"),
    ("Linisin ang datos, saka sanayin ang modelo sa malinis na datos.", 2, "1>2"),
    ("I-run ang migration sa bawat isa sa dev, staging at prod, sunod-sunod, tapos i-announce.", 4, "1>2 2>3 3>4"),
]
MADE = [*LITERALS, *ELSE, *PEOPLE, *NOUNS, *FOUND, *TITLES]
ALL = [*CONDITIONS, *ORDER, *EACH, *NOT_STEPS, *FILIPINO, *FRAMES, *MADE]


@pytest.mark.parametrize(("goal", "steps", "edges"), ALL, ids=[goal[:50] for goal, _, _ in ALL])
def test_phenomenon(goal: str, steps: list[str] | int, edges: str) -> None:
    """A goal becomes the steps and the edges that a careful person would write down."""
    plan = understand(goal)
    titles = [step.title for step in plan]
    assert steps == (len(titles) if isinstance(steps, int) else titles), titles
    assert set(edges.split()) == edges_of(plan)


@pytest.mark.parametrize("text", ["fix \0 it", "fix \ud800 it"])
def test_signs_that_no_program_takes_are_refused(text: str) -> None:
    """A NUL or half a character is named with its place."""
    from tuloy.errors import UsageError

    with pytest.raises(UsageError, match="character 4"):
        understand(text)
