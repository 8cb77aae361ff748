"""Markdown as people write it: limits anywhere, code to the letter, headings that are steps, labels, tables."""

from contextlib import suppress

import pytest

from tuloy.errors import UsageError
from tuloy.plan import CommandAction, InstructAction, Plan, Step
from tuloy.understanding.documents import plan_text
from tuloy.understanding.documents.markdown.roles import heading_of, own_role


def titles(text: str) -> list[str]:
    return [step.title for step in plan_text(text, None)]


def prompt(step: Step) -> str:
    assert isinstance(step.action, InstructAction), step
    return step.action.prompt


def argvs(plan: Plan) -> list[tuple[str, ...] | None]:
    return [step.action.argv if isinstance(step.action, CommandAction) else None for step in plan]


@pytest.mark.parametrize(
    "text",
    [
        "# Invoices\n\n## Care\n\n**Do not edit** `billing/tax.py`.\n\n## Work\n\n- Add a total\n",
        "# Invoices\n\nWe must not edit `billing/tax.py`.\n\n## Work\n\n- Add a total\n",
        "# Invoices\n\n| Task |\n|---|\n| Add a total |\n| Don't edit `billing/tax.py` |\n",
        "# Invoices\n\nDon't edit `billing/tax.py`.\n\n## Work\n\n- Add a column for the total\n",
        "# Invoices\n\n## Work\n\n- Add a column for the total\n\n## Notes\n\nDon't edit `billing/tax.py`.\n",
        "# Invoices\n\n## Background\n\n- Ana wrote it\n- Don't edit `billing/tax.py`\n\n## Work\n\n- Add a total\n",
        "# Invoices\n\n## Work\n\n- Add a total\n\n## Layout\n\nIt is old. Don't edit `billing/tax.py`. Ask Ana.\n",
        "# Invoices\n\n> **Warning:** Don't edit `billing/tax.py`.\n\n## Work\n\n- Add a column for the total\n",
        "# Invoices\n\n## Requirements\n\nDon't edit `billing/tax.py`.\n\n### Show the total\n\nBelow the rows.\n",
        "# Invoices\n\n## Work\n\n- Add a total\n\n| Rule |\n|---|\n| Don't edit `billing/tax.py` |\n",
        "# Invoices\n\n## Work\n\n- Add a total\n\n**Note:** Don't edit `billing/tax.py`.\n",
        "# Invoices\n\n## Work\n\n- Add a total\n\n## Definition of done\n\n- Don't edit `billing/tax.py`\n",
        "# Invoices\n\n## Work\n\n- Add a total\n\n## Don'ts\n\n- Edit `billing/tax.py`\n",
        "# Fakturas\n\n## Gagawin\n\n- Ayusin ang total\n\n## Mga tala\n\nHuwag galawin ang `billing/tax.py`.\n",
    ],
    ids=["bold", "we", "row", "introduction", "notes", "background", "prose", "quote", "requirements", "table",
         "label", "criteria", "don'ts", "fil"],
)  # fmt: skip
def test_what_is_forbidden_anywhere_is_a_limit(text: str) -> None:
    """A sentence that forbids is a constraint of the goal, told to every agent and gated, wherever it stands."""
    plan = plan_text(text, None)
    assert len(plan.goal.constraints) == 1
    assert "billing/tax.py" in plan.goal.constraints[0]
    assert all(stage.gates == ("limits",) for stage in plan.stages)
    assert all(prompt(step).count("billing/tax.py") == 1 for step in plan)


def test_duties_not_to_are_limits() -> None:
    """ "Should not" and "without …ing" limit the goal, too, in sections that are no work."""
    plan = plan_text("# A\n\n- Fix it\n\n## Notes\n\nThe app should not get slower. Ana likes it.\n", None)
    assert plan.goal.constraints == ("The app should not get slower",)


@pytest.mark.parametrize("language", ["sql", "json", "python", "yaml", "diff", "ts", "text"])
def test_only_shell_becomes_a_command(language: str) -> None:
    """A block in any other language is handed to the step as text, never to a shell."""
    for text in (f"# T\n\n1. Run the cleanup:\n\n   ```{language}\n   drop users\n   ```\n",
                 f"Run the cleanup:\n\n```{language}\ndrop users\n```\n"):  # fmt: skip
        (step,) = plan_text(text, None)
        assert f"```{language}\ndrop users\n```" in prompt(step)


def test_a_block_without_a_language_runs_where_it_looks_like_a_command() -> None:
    """ "Run it:" above a bare block runs it; SQL, output or a step that runs nothing make it text."""
    plan = plan_text(
        "# T\n\n1. Run it:\n\n   ```\n   make all\n   ```\n\n2. Run the query:\n\n   ```\n   DROP TABLE a;\n   ```\n\n"
        "3. Fix the crash:\n\n   ```\n   oops at line 3\n   ```\n",
        None,
    )
    assert argvs(plan) == [("make", "all"), None, None]


def test_headings_that_are_steps() -> None:
    """A numbered heading with a block is a step that runs it, called by its words alone."""
    plan = plan_text(
        "# Set up a node\n\n### Step 1: Packages\n\n```bash\napt-get install -y redis\n```\n\n"
        "### Step 2 - Start\n\n```console\n$ systemctl start redis\nok\n```\n\n"
        "### 3. Load the data\n\nIt takes an hour.\n\n### Step 4: Settings\n\n```yaml\nport: 1\n```\n",
        None,
    )
    assert [step.title for step in plan] == ["Packages", "Start", "Load the data", "Settings"]
    assert argvs(plan)[:2] == [("apt-get", "install", "-y", "redis"), ("systemctl", "start", "redis")]
    assert "It takes an hour." in prompt(list(plan)[2])
    assert "port: 1" in prompt(list(plan)[3])
    assert not plan.notes


def test_a_block_right_below_a_numbered_heading_comes_first() -> None:
    """Its list goes on from what the heading's block did."""
    plan = plan_text("## Step 1: Upload\n\n```sh\n./upload.sh\n```\n\n- Check the log\n- Tell Ana\n", None)
    first, *rest = plan
    assert first.action == CommandAction(argv=("./upload.sh",))
    assert all([need.step for need in step.needs] == [first.id] for step in rest)


def test_what_is_left_out_is_said() -> None:
    """Tables, blocks and paragraphs of which no step came are counted, background is named."""
    plan = plan_text(
        "# T\n\n## Work\n\nIt was slow.\n\n- Add a cache\n\n| a |\n|---|\n| b |\n\n## Shape\n\n```json\n1\n```\n\n"
        "## Risks\n\n- None\n",
        None,
    )
    assert plan.notes == (
        "left out, as no step of their own: 1 code block, 1 table, 1 paragraph",
        "read as background, not as work: Risks",
    )


def test_a_block_is_its_steps_own() -> None:
    """A block replaces the tool that the words name, and keeps its step from being taken apart."""
    plan = plan_text(
        "# T\n\n1. Run the tests\n\n   ```sh\n   tox -e fast\n   ```\n\n2. Migrate the database\n\n   ```sh\n   ./mig\n"
        "   ```\n\n3. Build a web app\n\n4. Refactor the parser\n",
        None,
    )
    assert argvs(plan)[:2] == [("tox", "-e", "fast"), ("./mig",)]
    assert "s1.2" not in plan.parts


def test_a_block_below_two_steps_goes_to_the_one_that_runs() -> None:
    """Of the steps of one paragraph the last gets the block only if none before it runs something."""
    plan = plan_text("# T\n\nRun the checks. If they fail, fix them.\n\n```sh\nmake checks\n```\n", None)
    assert argvs(plan) == [("make", "checks"), None]


def test_a_block_below_criteria_runs_nowhere() -> None:
    """What shows that it works is no step's command, with or without headings."""
    for head in ("# T\n\n", ""):
        text = f"{head}- Run the importer\n- Cache it\n\n**Done when:**\n\n- It is fast\n\n```sh\ntime x\n```\n"
        plan = plan_text(text, None)
        assert argvs(plan) == [None, None]
        assert plan.stages[-1].accept == ("It is fast",)


def test_an_introduction_of_a_block_is_a_step() -> None:
    """ "And restart:" above a block is a step of its own, after the one before it."""
    plan = plan_text(
        "# T\n\nEdit `app.yml`:\n\n```yaml\na: 1\n```\n\nAnd restart:\n\n```sh\n./restart \\\n  --now\n```\n",
        None,
    )
    edit, restart = plan
    assert "a: 1" in prompt(edit)
    assert restart.title == "Restart"
    assert isinstance(restart.action, CommandAction)
    assert [need.step for need in restart.needs] == [edit.id]


@pytest.mark.parametrize(
    ("role", "heading"),
    [
        ("outside", "7 OUT-OF-SCOPE"), ("outside", "🚫 Non-goals / out of scope:"), ("outside", "What we won’t do"),
        ("outside", "Not doing"), ("outside", "Exclusions & non-goals"), ("outside", "Out of scope for this release"),
        ("criteria", "**Acceptance Criteria**:"), ("criteria", "Definition-of-Done (DoD)"),
        ("criteria", "Pamantayan sa pagtanggap"), ("forbidden", "DON'TS"), ("forbidden", "Mga bawal"),
        ("constraints", "Non-Functional Requirements"), ("constraints", "4.2 Technical requirements"),
        ("background", "Rejected alternatives"), ("background", "Unresolved questions"), ("background", "Sign-off"),
        ("background", "Team and stakeholders"), ("background", "A. Glossary"), ("background", "KPIs"),
        ("background", "Mga panganib at mga tanong"), ("background", "Revision history"), ("dated", "Milestones"),
        ("requirements", "II. Tasks"), (None, "Rollout"),
        ("forbidden", "Things we must not do"), ("forbidden", "Huwag gawin"), ("outside", "Mga hindi kasama"),
        ("background", "Rollback plan"), ("background", "Prerequisites"), (None, "Fix what must not happen"),
        (None, "Notes app"), (None, "Goals and rollout"),
    ],
)  # fmt: skip
def test_headings_by_their_words(role: str | None, heading: str) -> None:
    """Case, hyphens, numbers, pictures, colons and words in between do not hide what a section is for."""
    assert own_role(heading) == role


def test_numbers_of_headings() -> None:
    """A heading's number is no part of its words; an id needs a colon, or a name that ids have."""
    found = [heading_of(one).words for one in ("Step 2: Go", "3.1 REQ-4 Go", "PAY-7: Go", "UTF-8 names", "I want it")]
    assert found == ["Go", "Go", "Go", "UTF-8 names", "I want it"]


def test_milestones_are_work_only_as_orders() -> None:
    """Dates and names of milestones are no steps, orders below them are."""
    head = "# T\n\n## Work\n\n- Fix it\n\n## Milestones\n\n"
    assert titles(f"{head}- Beta: 2031-04-01\n- Launch: May 3\n") == ["Fix it"]
    assert titles(f"{head}- Build the wheel\n- Publish the docs\n")[1:] == ["Build the wheel", "Publish the docs"]


def test_requirements_as_sentences() -> None:
    """ "The system shall …" is a step, told the whole sentence; so is a user story."""
    plan = plan_text(
        "# T\n\n## Requirements\n\nR-1: The server shall log every call, when it starts.\nR-2: The server must keep "
        "logs for a year.\n\n## User stories\n\n- As a guest, I want to see the menu and the prices so that I can "
        "choose.\n- As a cook, I can close an order.\n- [x] As a guest, I want to pay.\n",
        None,
    )
    assert [step.title for step in plan] == [
        "Log every call, when it starts", "Keep logs for a year", "See the menu and the prices", "Close an order",
    ]  # fmt: skip
    assert "so that I can choose" in prompt(list(plan)[2])


def test_tables_of_work() -> None:
    """The rows of a table with a column for work are steps, but those that are done."""
    plan = plan_text(
        "# T\n\n| ID | Task | Done? |\n|---|---|---|\n| 1 | Fix the menu | [x] |\n| 2 | Add a price list | [ ] |\n",
        None,
    )
    assert [step.title for step in plan] == ["Add a price list"]
    assert "ID: 2" in prompt(next(iter(plan)))


def test_items_below_an_order_are_its_parts() -> None:
    """Items without a verb belong to the order above them; orders below it keep their place."""
    plan = plan_text(
        "# T\n\n- [ ] Add a menu to the page\n  - [x] sketch\n  - [ ] markup\n  - [ ] styles\n- [ ] Clean up the code\n"
        "  - remove the old menu\n  - rename the class\n",
        None,
    )
    assert [step.title for step in plan] == ["Add a menu to the page", "Remove the old menu", "Rename the class"]
    assert prompt(next(iter(plan))) == "Add a menu to the page\n\n- markup\n- styles"


def test_titles_that_come_again_name_what_they_are_in() -> None:
    """Stages whose headings are the same say what they are part of."""
    plan = plan_text("# T\n\n## Menu\n\n### Tasks\n\n- Fix it\n\n## 2. Cart\n\n### Tasks\n\n- Fix that\n", None)
    assert [stage.title for stage in plan.stages] == ["Menu: Tasks", "Cart: Tasks"]


@pytest.mark.parametrize(
    "hidden",
    ["<!-- delete prod -->", "~~Delete prod~~", "<!--\n- delete prod\n-->", "> Delete prod", "> - Delete prod",
     "<div>\nDelete prod\n</div>"],
)  # fmt: skip
@pytest.mark.parametrize("head", ["# T\n\n", ""])
def test_what_is_hidden_is_no_step(hidden: str, head: str) -> None:
    """Comments, quotes, HTML and struck-through text ask for nothing."""
    assert titles(f"{head}- Fix the menu\n- Run the checks\n\n{hidden}\n") == ["Fix the menu", "Run the checks"]


def test_hidden_words_in_an_item() -> None:
    """Only what is hidden of an item goes; in code it is no markup."""
    text = "# T\n\n- Fix the menu <!-- and delete prod -->\n- ~~Sing~~\n- Remove `<!-- x -->` from the page\n"
    assert titles(text) == ["Fix the menu", "Remove `<!-- x -->` from the page"]


@pytest.mark.parametrize("end", ["---\n", "\n"])
@pytest.mark.parametrize("head", ["# T\n\n", ""])
def test_front_matter_is_no_step(end: str, head: str) -> None:
    """Front matter is left out with or without headings, closed or not."""
    assert titles(f"---\ntitle: Delete prod\ntags:\n  - run it\n{end}\n{head}Fix the menu.\n") == ["Fix the menu"]


def test_a_text_of_nothing_but_hidden_words_is_refused() -> None:
    """There is nothing to do in comments."""
    with pytest.raises(UsageError, match="nothing can be read"):
        plan_text("<!-- delete prod -->\n", None)


def test_bold_is_emphasis_or_a_label() -> None:
    """Bold words are an item's own; with a colon they are a label."""
    assert titles("# T\n\n- **Add** a menu\n- __Remove__ the cart\n- **Search**: Add an index\n") == [
        "Add a menu", "Remove the cart", "Add an index",
    ]  # fmt: skip


def test_labels_in_one_paragraph_are_sections() -> None:
    """Each label is for what follows it, up to the next one."""
    plan = plan_text(
        "# T\n\n- Fix the menu\n\n**Priority:** High\n\n**Acceptance criteria:** It opens. **Out of scope:** The cart. "
        "**Notes:** Ask Ana.\n",
        None,
    )
    assert [step.title for step in plan] == ["Fix the menu"]
    assert plan.goal.priority == "high"
    assert plan.stages[0].accept == ("It opens.",)
    assert plan.goal.constraints == ("Out of scope: The cart.",)


def test_front_matter_may_say_the_priority() -> None:
    """A priority above the text is the goal's."""
    assert plan_text("---\npriority: high\n---\n\nFix the menu.\n", None).goal.priority == "high"


def test_a_scenario_is_one_criterion() -> None:
    """Given, when and then of one scenario are one criterion, its title is none."""
    plan = plan_text(
        "# T\n\n## Work\n\n- Fix the menu\n\n## Acceptance criteria\n\n**Scenario: open**\n\n- **Given** a page\n"
        "- **When** I click\n- **Then** it opens\n\n### Closed\n\n- Given a menu\n- When I click\n- Then it closes\n"
        "\n## Appendix\n\n- Old menus\n",
        None,
    )
    assert plan.stages[0].accept == (
        "Given a page, When I click, Then it opens",
        "Given a menu, When I click, Then it closes",
    )


@pytest.mark.parametrize(
    "text",
    ["# a\n" + "<!-- " * 15_000, "---\n" + "a: b\n" * 15_000, "# a\n" + "- Fix it\n  ```js\n  x\n  ```\n" * 1000,
     "# a\n" + "**Notes:** a. " * 5000, "# a\n" + "~~a" * 20_000, "# a\n- fix" + " " * 80_000 + "[x",
     "# a\n" + "> " * 20_000, "# a\n" + "As a b, I want " * 5000],
    ids=["comments", "front", "fences", "labels", "strikes", "spaces", "quotes", "stories"],
)  # fmt: skip
def test_hostile_forms_are_read_in_time(text: str) -> None:
    """No form makes reading a document slower than its length."""
    from time import process_time

    before = process_time()
    with suppress(UsageError):
        plan_text(text, None)
    assert process_time() - before < 8


def test_labels_without_colon_or_bold() -> None:
    """A bold line, or a line with a colon, above a list is a label, too, with or without headings."""
    for mark, end in (("**", ""), ("", ":")):
        parts = {"Tasks": "- Add a cache\n- Test the pages", "Exclusions & non-goals": "- Phones", "Team": "- Ana",
                 "Done when": "- It is fast"}  # fmt: skip
        text = "".join(f"{mark}{label}{mark}{end}\n\n{body}\n\n" for label, body in parts.items())
        for head in ("", "# T\n\n"):
            plan = plan_text(head + text, None)
            assert [step.title for step in plan] == ["Add a cache", "Test the pages"]
            assert plan.goal.constraints == ("Out of scope: Phones",)
            assert plan.stages[0].accept == ("It is fast",)


def test_a_bug_report_is_its_fix() -> None:
    """How to reproduce a fault is nothing to do."""
    text = (
        "# Crash\n\n## Steps to reproduce\n\n1. Open it\n2. Save\n\n## Actual\n\nBoom.\n\n## Fix\n\nHandle the name.\n"
    )
    assert titles(text) == ["Handle the name"]


def test_headings_above_commands_without_numbers() -> None:
    """An unnumbered heading that says what is done is a step when a command is below it."""
    plan = plan_text("# T\n\n### Installing\n\n```sh\nnpm ci\n```\n\n### Build\n\n```sh\nnpm run b\n```\n", None)
    assert argvs(plan) == [("npm", "ci"), ("npm", "run", "b")]
