"""Lists, their points and their headings."""

import pytest

from tests.understanding.reading.conftest import assert_reading
from tuloy.understanding import understand

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


@pytest.mark.parametrize(("goal", "steps", "edges"), LISTS, ids=[goal[:50] for goal, _, _ in LISTS])
def test_reading(goal: str, steps: list[str] | int, edges: str) -> None:
    """A goal becomes the steps and the edges that a careful person would write down."""
    assert_reading(goal, steps, edges)


def test_numbered_phases_become_stages() -> None:
    """Numbered phases are stages, and what crosses them is still an edge."""
    plan = understand("# Phase 1: Setup\n- Create the tables\n# Phase 2: API\n- Add the endpoints\n- Add the docs")
    assert [stage.id for stage in plan.stages] == ["s1", "s2"]
    assert [need.step for need in plan.steps["s2.1"].needs] == ["s1.1"]
