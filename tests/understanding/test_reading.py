"""How texts are read: goal, titles, edges ("1>2" succeeded, "1!2" failed, "1~2" finished)."""

import pytest
from reading_score import edges_of, own_steps

from tuloy.plan import InstructAction
from tuloy.understanding import understand

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
LISTS = [
    (
        "1. Install the dependencies\n2. Run the tests\n3. If they pass, build\n4. Otherwise, open an issue",
        4,
        "1>2 2>3 2!4",
    ),
    ("- Fix the typos\n- Update the logo\n- [x] Add a favicon\n\nThen deploy the site.", 3, "1>3 2>3"),
    ("1. Prepare\n   - Back up the data\n   - Stop the service\n2. Migrate the data", 3, "1>3 2>3"),
    ("1. Prepare\n   a. Back up the data\n   b. Stop the service\n2. Migrate the data", 3, "1>2 2>3"),
    ("Do these in parallel:\n1. Lint\n2. Test\nAfter that, build.", 3, "1>3 2>3"),
    ("Do: 1) lint the code 2) run tests 3) build", 3, "1>2 2>3"),
    (
        "Run the tests. If they pass:\n- publish the wheel\n- tag the commit\nOtherwise:\n- open an issue",
        4,
        "1>2 1>3 1!4",
    ),
    ("# Phase 1: Setup\n- Create the database\n# Phase 2: API\n- Add the endpoints", 2, "1>2"),
    (
        "**Why**\nIt is slow.\n\n**Tasks**\n- Cache it\n- Log the *slow* queries\n\n**Acceptance criteria**\n- Fast",
        ["Cache it", "Log the slow queries"],
        "",
    ),
    ("Please do the open points one after the other\n\n- [x] a\n- [ ] tag the build\n- [ ] ship the build", 2, "1>2"),
    ("- Texts\n  - [x] freeze the texts\n- Accounts\n  - [ ] renew the key", ["Renew the key"], ""),
    (
        "**Steps to reproduce**\n1. Open the file\n2. Save it\n\n**Request:** make saving work",
        ["Make saving work"],
        "",
    ),
]
FILIPINO = [
    ("Una, i-install ang dependencies, pagkatapos i-run ang tests, at panghuli i-deploy.", 3, "1>2 2>3"),
    ("Ayusin ang bug sa login saka i-deploy.", 2, "1>2"),
    ("I-run ang tests. Kung pumasa, i-build ang package; kung hindi, ayusin ang mga error.", 3, "1>2 1!3"),
    ("I-run ang tests, tapos i-notify ang team pumasa man o hindi.", 2, "1~2"),
    ("Habang nagra-run ang tests, i-update ang docs.", ["I-run ang tests", "I-update ang docs"], ""),
    ("Bago i-deploy ang app, i-run muna ang tests.", 2, "1>2"),
    ("I-build ang image at i-push ito sa registry.", ["I-build ang image", "I-push ang image sa registry"], "1>2"),
    ("Gumawa ng script na nagbabasa ng CSV at i-run ito.", 2, "1>2"),
    ("Para sa bawat api at web, i-run ang tests.", 2, ""),
    ("I-lint at i-test ang code.", ["I-lint ang code", "I-test ang code"], ""),
    ("I-dry-run at i-code-review ang script.", ["I-dry-run ang script", "I-code-review ang script"], ""),
    ("I-scan ang lahat ng branch. I-audit ang lahat ng branch.", 2, ""),
    ("Bigyan ng read at write access si Ana sa bucket.", ["Bigyan ng read at write access si Ana sa bucket"], ""),
    ("I-lint ang repo, i-copy and paste ang `a.css` sa docs.", 2, ""),
    ("I-release ang app, maliban kung bumagsak ang mga load test sa staging.", 2, "1>2"),
    ("i-deploy sa staging pag ok yung deploy i-tag yung release pag hindi i-revert yung commit", 3, "1>2 1!3"),
    ("I-run ang `make lint`. I-build ang app. Kung pumalya ang `make lint`, sabihan si Ana.", 3, "1!3"),
    ("Idagdag ang `make fmt` sa hook. I-publish din ang `pkg/icons`.", 2, ""),
    ("I-run ang smoke test. Alinman ang mangyari sa smoke test, i-post ang log.", 2, "1~2"),
    ("I-deploy ang api tapos i-run ang e2e. Bumagsak man ang deploy o hindi, i-email ang QA.", 3, "1>2 1~3"),
    ("I-merge ang PR. Na-merge man o hindi, isara ang tiket.", 2, "1~2"),
    ("I-run ang tests. I-email ang report sa team, may error man o wala.", 2, "1~2"),
    ("I-run ang build. I-post ang logs anuman ang kalabasan ng build.", 2, "1~2"),
    (
        "Tingnan kung may LICENSE. Kung wala, gumawa ng bago at i-commit ito.",
        ["Tingnan kung may LICENSE", "Gumawa ng bagong LICENSE", "I-commit ang bagong LICENSE"],
        "1!2 2>3",
    ),
    ("Para sa bawat isa sa a, b at c, gumawa ng job. Matapos ang tatlong job, i-run ang report.", 4, "1>4 2>4 3>4"),
    ("Mag-build ng image at mag-deploy ng api. Kapag nagawa na ang dalawa, i-tag ang repo.", 3, "1>3 2>3"),
    ("Ayusin ang typo. Habang nandyan ka na rin, i-enable ang cache.", ["Ayusin ang typo", "I-enable ang cache"], ""),
    ("pa-check naman nung logs tapos pa restart ng server", ["I-check yung logs", "Mag-restart ng server"], "1>2"),
    ("Patingin naman ng config, tapos pasara nung tiket.", ["Tingnan ang config", "Isara yung tiket"], "1>2"),
    ("paki alis yung lumang logo paki deploy na rin sa prod", ["Alisin yung lumang logo", "I-deploy sa prod"], "1>2"),
    ("mag deploy ka sa dev tapos mag run ng e2e kung nag fail yung e2e i-revert mo", 3, "1>2 2!3"),
    ("I-restart yung redis, puno na kasi yung memory.", ["I-restart yung redis"], ""),
    ("Pa-upgrade naman nung pip may bug daw kasi yung luma", ["I-upgrade yung pip"], ""),
    ("Ipadala ang build kay Ana para ma-test niya.", ["Ipadala ang build kay Ana"], ""),
    ("I-run ang smoke tests. Pag may bumagsak na test, i-rollback ang release.", 2, "1!2"),
    ("I-run ang unit tests. Kung walang pumalyang test, i-merge ang PR.", 2, "1>2"),
    ("I-run ang tests. Kung may error sa logs, tawagan si Ana.", 3, "2>3"),
    ("I-run ang job. Kung umandar ito nang walang aberya, isara ang tiket.", 2, "1>2"),
    ("Ayusin ang bug na lumalabas sa login kapag walang internet.", 1, ""),
    ("I-restart ang service na nagha-hang pag maraming user.", 1, ""),
    ("I-publish ang docs tapos i-check kung gumagana ang search; kung hindi, ayusin ang index.", 3, "1>2 2!3"),
    ("Gumawa ng ulat para sa bawat repo at ipadala ang mga ulat kay Ana.", 2, "1>2"),
    ("Mag-find and replace ka ng `a` sa docs.", ["Mag-find and replace ng `a` sa docs"], ""),
    ("Lilipat tayo sa Postgres. Gumawa muna ng backup, saka i-restore ito.", 2, "1>2"),
    ("Ayusin ang bug. Target: bago mag-Biyernes.", ["Ayusin ang bug"], ""),
    ("I-lint ang app. Isabay mo na rin ang pag-update ng docs.", ["I-lint ang app", "I-update ang docs"], ""),
    ("Ayusin ang footer, at isunod ang pagsusuri ng mga log.", ["Ayusin ang footer", "Suriin ang mga log"], "1>2"),
    ("I-deploy ang api. Kung nagtagumpay ang deploy, i-run ang e2e; kung nabigo, sabihan si Ana.", 3, "1>2 1!3"),
    ("Tingnan kung may tag. Meron man o wala, i-build ang app, saka i-push sa registry.", 3, "1~2 2>3"),
    ("guys patulong naman sa site paki alis yung banner saka i-deploy", ["Alisin yung banner", "I-deploy"], "1>2"),
    ("I-build ang a, i-scan ang b at i-zip ang c, sa ganitong pagkakasunod-sunod.", 3, "1>2 2>3"),
    (
        "Bago mo i-drop yung `logs` table, kumuha ka muna ng snapshot nito at i-upload yung snapshot sa S3.",
        ["Kumuha ng snapshot ng `logs` table", "I-upload yung snapshot sa S3", "I-drop yung `logs` table"],
        "1>2 2>3",
    ),
    ("I-build yung image bago yung client demo sa Miyerkules.", ["I-build yung image"], ""),
    ("Kailangan ito bago matapos ang Agosto. I-release ang app.", ["I-release ang app"], ""),
    ("Gumawa ng job na nagpapadala ng SMS 2 oras bago ang appointment.", 1, ""),
    ("Pag-upgrade ng Redis\n\n1. I-backup ang data\n2. I-restart ang Redis", 2, "1>2"),
    ("**Paano ma-reproduce**\n1. Buksan ang cart\n\n**Gawin:** Ayusin ang cart.", ["Ayusin ang cart"], ""),
    (
        "Kunin ang latest. Kung may conflict, ayusin; kung wala, diretso na sa pag-build ng app.",
        ["Kunin ang latest", "Suriin kung may conflict", "Ayusin ang conflict", "I-build ang app"],
        "2>3 2!4",
    ),
    (
        "Tingnan kung may bagong bersyon ang Vue. Kung meron, i-upgrade ito.",
        ["Tingnan kung may bagong bersyon ang Vue", "I-upgrade ang Vue"],
        "1>2",
    ),
    (
        "I-run ang lint at test. Kapag pareho silang pumasa, i-build ang app; kung may bumagsak sa isa, itigil.",
        3,
        "1>2 1!3",
    ),
    ("Oras na matapos ang build, i-zip ang artifact.", ["Patakbuhin ang build", "I-zip ang artifact"], "1>2"),
    ("Mag-migrate ng db. Pagka-migrate, i-verify ang bilang. Pag hindi tugma, ibalik ang backup.", 4, "1>2 2>3 3>4"),
    ("I-migrate ang db. Sakaling magka-problema, ibalik ang backup.", 2, "1!2"),
    ("Unahin ang pag-aayos ng login, saka isunod ang search.", ["Ayusin ang login", "Ayusin ang search"], "1>2"),
    (
        "Yung login, gawing responsive. Yung signup naman, lagyan ng captcha.",
        ["Gawing responsive yung login", "Lagyan ng captcha yung signup"],
        "",
    ),
    ("Gumawa ng branch. Tapos sabay-sabay: gumawa ng login form, at i-test yung login page.", 3, "1>2 1>3"),
    ("boss paki-restart ng server, mabagal kasi", ["Mag-restart ng server"], ""),
    ("I-test sa Chrome at Safari. Kung may fail sa kahit isa, gumawa ng tiket.", 2, "1!2"),
    ("Need natin mag-add ng cache sa API. Wag muna i-deploy.", ["Mag-add ng cache sa API"], ""),
    ("Hanapin ang sirang commit. Kapag nahanap na, i-revert ang commit.", 2, "1>2"),
    (
        "Magsagawa ng load test. Kapag lumampas sa 2 s ang p95, dagdagan ang replicas; kung hindi, hayaan na lang.",
        3,
        "1>2 2>3",
    ),
    ("1. Patakbuhin ang smoke test\n   - kung pumasa, i-deploy sa prod\n   - kung hindi, sabihan si Ana", 3, "1>2 1!3"),
    ("Ayusin ang form.\n\nDeadline: Biyernes, 5pm.", ["Ayusin ang form"], ""),
    ("I-deploy ang api tapos mag-smoke test ka. Pag may sumablay, i-rollback; pag wala, i-promote.", 4, "1>2 2!3 2>4"),
    ("Mag-load test. Pag di mo ma-reproduce, humingi ng logs; pag na-reproduce mo, gumawa ng tiket.", 4, "2>3 2!4"),
    ("ilipat ang mga icon tapos update yung mga link pag may sirang link ilista sa isang file", 4, "1>2 2>3 3>4"),
    ("Pakisilip yung logs, mukhang may null pointer.", ["Silipin yung logs"], ""),
    ("I-install ang Docker kung wala pa.", ["Suriin kung wala pa ang Docker", "I-install ang Docker"], "1>2"),
    (
        "Kung hindi pa naka-install ang Docker, i-install ito.",
        ["Suriin kung hindi pa naka-install ang Docker", "I-install ang Docker"],
        "1>2",
    ),
    (
        "Kung may kulang na salin, idagdag; kung wala, isara ang tiket.",
        ["Suriin kung may kulang na salin", "Idagdag ang kulang na salin", "Isara ang tiket"],
        "1>2 1!3",
    ),
    ("I-backup ang db. Habang ginagawa ito, i-update ang docs. Pagkatapos ng dalawa, i-restart ang app.", 3, "1>3 2>3"),
    ("**Hiling:** Pakiayos ang footer, saka magdagdag ng test.", ["Ayusin ang footer", "Magdagdag ng test"], "1>2"),
    ("bago mo i push yung branch i rebase mo muna sa main tapos i notify mo si ana", 3, "1>2 2>3"),
    ("I-deploy ang app. Kapag pumalya ang deploy, tawagan si Engr. Cruz at si Dr. Lim.", 2, "1!2"),
    ("Pagkatapos i-seed ang database, patakbuhin ang e2e.", 2, "1>2"),
    ("Hanapin ang mga mabagal na query at gumawa ng tiket para sa bawat isa.", 2, "1>2"),
    ("I-lint, i-typecheck at i-test ang code. Kapag pumasa silang lahat, i-merge ang PR.", 4, "1>4 2>4 3>4"),
    ("I-drain ang node, i-patch ang kernel, at i-reboot ito, sa ganoong pagkakasunod-sunod.", 3, "1>2 2>3"),
    ("Ayusin ang lint hanggang pumasa lahat, at alisin ang mga lumang hook.", 2, ""),
    ("Mag-e-expire na ang lisensya. I-renew ito.", ["I-renew ito"], ""),
    ("Makikisuyo po sana na i-rename ang repo sa `old-api`.", ["I-rename ang repo sa `old-api`"], ""),
    ("Magdagdag ng alert kapag lampas 2s ang query.", ["Magdagdag ng alert kapag lampas 2s ang query"], ""),
    ("I-import ang CSV at i-validate ang mga na-import na row.", 2, "1>2"),
    ("I-scan ang a.py at i-lint ang b.py. Kapag tapos na ang dalawang iyan, i-tag ang repo.", 3, "1>3 2>3"),
    ("I-push ang branch. Kapag na-approve na ni Lito ang branch, i-merge ito.", 2, "1>2"),
    ("Ipadala ang draft. Kapag pumayag na siya, ilathala ang draft.", 2, "1>2"),
    ("I-refactor ang parser. Siguraduhing i-update ang wiki. Pagkatapos, i-release.", 3, "1>3 2>3"),
    ("I-migrate ang DB, tapos siguraduhing gumagana ang login, tapos buksan ang app.", 3, "1>2 2>3"),
    (
        "May LICENSE na ba? Kung wala pa, gumawa.",
        ["Suriin kung may LICENSE na", "Gumawa ng LICENSE"],
        "1!2",
    ),
    ("Puno na ba ang disk, kung oo, burahin ang mga lumang log, kung hindi, i-restart ang app.", 3, "1>2 1!3"),
    ("I-run ang e2e. Pumasa ba ang e2e? Kung oo, i-tag ang repo. Kung hindi, i-revert ang commit.", 3, "1>2 1!3"),
    ("Tapos na ba ang migrasyon? Kung oo, i-drop ang lumang table.", 2, "1>2"),
    ("I-run ang tests. Kung hindi pumasa, ayusin ang mga error.", 2, "1!2"),
    ("Simulan ang worker. Kung hindi tumakbo, dagdagan ang RAM.", 2, "1!2"),
    ("Abisuhan ang support. Samantala, i-drain ang node, tapos i-patch ang kernel.", 3, "2>3"),
    (
        "Isa-isahin ang mga test: una ang unit, tapos ang e2e.",
        ["Patakbuhin ang unit", "Patakbuhin ang e2e"],
        "1>2",
    ),
    ("I-deploy ang mga service nang sunod-sunod: auth muna, tapos billing, tapos web.", 3, "1>2 2>3"),
    ("Gumawa ng endpoints para sa login, logout at register.", 1, ""),
    ("Suriin ang memory leak tapos ayusin.", ["Suriin ang memory leak", "Ayusin ang memory leak"], "1>2"),
    ("I-deploy ang app, pero i-test muna ang login.", ["I-test ang login", "I-deploy ang app"], "1>2"),
    ("Imbes na i-restart ang server, i-reload lang ang config.", ["I-reload ang config"], ""),
    ("Kung wala pang index ang email column, magdagdag ng isa.", 2, "1>2"),
    ("Oras na dumating ang mga susi mula sa vendor, i-configure ang SSO.", ["I-configure ang SSO"], ""),
    ("pacheck kung tama yung index, kung mali i-reindex mo", 2, "1!2"),
    ("Pag-aralan ang lumang code at isulat ang natuklasan sa wiki.", 2, "1>2"),
    ("help po, ayaw mag-compile ng app. Paayos nung build, kailangan daw bago mag-Biyernes", ["Ayusin yung build"], ""),
    ("Subukan ang patch. Kung walang problema, ilabas sa prod. Kung meron, ibalik sa dati.", 3, "1>2 1!3"),
    ("I-build ang app. Kung hindi mag-build ang app, gamitin ang lumang base image.", 2, "1!2"),
    ("I-push ang branch at i-merge ang PR #12 pagkatapos ma-approve ni Lito.", 2, "1>2"),
    ("gawa ka ng branch, tapos lagay mo sa PR", 2, "1>2"),
    ("Mga kailangan:\n- Makaipon ng puntos ang suki\n- Magpakita ng balanse", 2, ""),
    ("I-submit ang form. Kung hindi tinanggap, ayusin ang form.", 2, "1!2"),
    ("Sanayin ang modelo. Kapag nakumpleto ang pagsasanay, i-upload ito.", 2, "1>2"),
    ("I-ping ang server at tawagan ang API. Kung parehong hindi sumagot, gisingin si Ana.", 3, "1!3 2!3"),
    ("I-restore ang dump. Kung nabigo ang restore, tumawag sa vendor.. kung natuloy, buksan ang app.", 3, "1!2 1>3"),
]
ALL = [*ORDER, *MADE, *SIDE_BY_SIDE, *CONDITIONS, *ONE_STEP, *LISTS, *FILIPINO]


@pytest.mark.parametrize(("goal", "steps", "edges"), ALL, ids=[goal[:50] for goal, _, _ in ALL])
def test_reading(goal: str, steps: list[str] | int, edges: str) -> None:
    """A goal becomes the steps and the edges that a careful person would write down."""
    plan = understand(goal)
    if isinstance(steps, int):
        assert steps == len(own_steps(plan)), [step.title for step in plan]
    else:
        assert steps == [step.title for step in own_steps(plan)]
    assert set(edges.split()) == edges_of(plan)


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


NOT_STEPS = [
    ("Hi! Please update the README. Thanks!", ["Update the README"], 0),
    ("Fix the bug in the login form because users complain about it.", ["Fix the bug in the login form"], 0),
    ("We have a demo soon. The API is slow. Profile the API.", ["Profile the API"], 0),
    ("Refactor the parser, but don't touch the tests.", ["Refactor the parser"], 1),
    ("Refactor the auth module without changing the public API.", ["Refactor the auth module"], 1),
    ("Add a login page, but leave the signup flow as is.", ["Add a login page"], 1),
    ("Add a cache. Out of scope: the search page.", ["Add a cache"], 1),
    ("# Background\nThe site is old.\n# Tasks\n- Update the logo", ["Update the logo"], 0),
    ("Ayusin ang parser. Huwag galawin ang tests.", ["Ayusin ang parser"], 1),
    ("Cache the index. The wire format must stay as it is. No new services please.", ["Cache the index"], 2),
    ("Reject uploads without a checksum.", ["Reject uploads without a checksum"], 0),
    ("Kindly complete the below tasks. Reindex the catalogue.", ["Reindex the catalogue"], 0),
    ("Plan for the launch. Update the docs.", ["Update the docs"], 0),
    ("Update the docs.\n\nKind regards,\nAnna Release", ["Update the docs"], 0),
    ("**Ask:** sort the list by name", ["Sort the list by name"], 0),
    ("Should we not have a beer? Update the docs.", ["Update the docs"], 0),
    ("Fix whichever links are broken.", ["Fix whichever links are broken"], 0),
    ("After the relaunch our bill went up. Prune the old volumes.", ["Prune the old volumes"], 0),
    ("**Type:** Task\n**Component:** checkout\n\nFix the total.", ["Fix the total"], 0),
    ("Move the jobs. Please be so kind as not to restart the database.", ["Move the jobs"], 1),
    ("Fix the typo on the page, it says something odd.", ["Fix the typo on the page"], 0),
    ("Ask Prof. Cruz. I'm at home today.", ["Ask Prof. Cruz"], 0),
]


@pytest.mark.parametrize(("goal", "titles", "constraints"), NOT_STEPS)
def test_what_is_no_step(goal: str, titles: list[str], constraints: int) -> None:
    """Politeness, reasons, background and headings are dropped; constraints are kept on the goal."""
    plan = understand(goal)
    assert titles == [step.title for step in own_steps(plan)]
    assert constraints == len(plan.goal.constraints)


def test_acceptance_criteria_are_kept_on_the_stage() -> None:
    """Acceptance criteria are no steps and stay as the stage's own words."""
    plan = understand("Add dark mode.\n\nAcceptance criteria:\n- The theme is remembered\n- It works offline")
    assert [step.title for step in plan] == ["Add dark mode"]
    assert plan.stages[0].accept == ("The theme is remembered", "It works offline")


def test_constraints_reach_the_prompt() -> None:
    """An agent is told the goal's constraints with its step."""
    [step] = understand("Refactor the parser, but don't touch the tests.")
    assert step.action.kind == "instruct"
    assert "don't touch the tests" in step.action.prompt


def test_numbered_phases_become_stages() -> None:
    """Numbered phases are stages, and what crosses them is still an edge."""
    plan = understand("# Phase 1: Setup\n- Create the tables\n# Phase 2: API\n- Add the endpoints\n- Add the docs")
    assert [stage.id for stage in plan.stages] == ["s1", "s2"]
    assert [need.step for need in plan.steps["s2.1"].needs] == ["s1.1"]


@pytest.mark.parametrize(
    ("goal", "argvs"),
    [
        ("Run `npm run build` and then `npm test`.", [("npm", "run", "build"), ("npm", "test")]),
        ("Run `make lint | tee log`", [("sh", "-c", "make lint | tee log")]),
        ("Rename `foo.py` to `bar.py`.", [None]),
        ("Fix the bug in `parse args`", [None]),
        ("Run the `lint` function", [None]),
        ("Run these commands:\n```\nmake a\nmake b\n```", [("sh", "-ec", "make a\nmake b")]),
        ("Run the query:\n```sql\nDROP TABLE users;\n```", [None]),
        ('Run this:\n```json\n{"a": 1}\n```', [None]),
        ("Run it:\n```console\n$ make a\nbuilding a\n```", [("make", "a")]),
        ("Run the check:\n```\nTraceback (most recent call last):\n```", [None]),
    ],
)
def test_literal_commands(goal: str, argvs: list[tuple[str, ...] | None]) -> None:
    """A command in backticks that a step runs is its argv; names in backticks are not."""
    assert argvs == [getattr(step.action, "argv", None) for step in understand(goal)]


def test_a_condition_on_a_file_is_a_command() -> None:
    """Whether a file exists is proved by a command, and marked as a question."""
    check = next(iter(understand("If there is a CHANGELOG.md, add an entry.")))
    assert check.action.argv == ("test", "-e", "CHANGELOG.md")  # type: ignore[union-attr]
    assert check.check
    assert check.effects == "none"


@pytest.mark.parametrize(
    ("goal", "effects"),
    [
        ("Deploy the site", "external"),
        ("Push the branch", "external"),
        ("Refactor the parser", "workspace"),
        ("Run `git push origin main`", "external"),
        ("I-deploy ang site", "external"),
        ("Check whether the config is valid", "none"),
    ],
)
def test_effects(goal: str, effects: str) -> None:
    """What reaches outside is marked, so that it is not repeated without asking."""
    assert [effects] == [step.effects for step in understand(goal)]


def test_a_block_that_is_no_shell_is_told() -> None:
    """A code block in another language is part of what its step is told, with its language."""
    (step,) = understand("Run the query:\n```sql\nDROP TABLE users;\n```")
    assert isinstance(step.action, InstructAction)
    assert "```sql\nDROP TABLE users;\n```" in step.action.prompt


def test_what_background_forbids_is_a_constraint() -> None:
    """Background is no work, but what it forbids holds."""
    plan = understand("Fix the parser.\n\n**Notes**\n\nBen wrote it. Don't touch the tests.\n")
    assert plan.goal.constraints == ("Don't touch the tests",)
    assert plan.stages[0].gates == ("limits",)


@pytest.mark.parametrize("text", ["We must not touch the tests.", "**Do not touch** the tests."])
def test_who_must_not_and_bold_words_are_limits(text: str) -> None:
    """ "We must not …" asks for nothing, and a limit reads the same in bold."""
    plan = understand(f"Fix the parser. {text}")
    assert [step.title for step in plan] == ["Fix the parser"]
    assert plan.stages[0].gates == ("limits",)
