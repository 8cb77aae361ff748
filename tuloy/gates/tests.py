"""The tests gate: which runner judges what.

Python goes to pytest (to unittest where the project's own environment has no pytest and its tests need
none), Node to the runner that the `test` script plainly calls or to `npm test`, everything else to `make
test`.
"""

from collections.abc import Iterator

from tuloy.agents.tools import Place
from tuloy.gates import tests_node, tests_pytest, tests_scripts, tests_unittest
from tuloy.gates.judging import Gate, Lane
from tuloy.gates.project import make_target, pytest_settings, script_of, test_files, uses_pytest

__all__ = ["GATE"]

TARGETS = ("test", "tests", "check")


def _lanes(place: Place) -> tuple[Lane, ...]:
    found = tuple(_of_languages(place))
    target = make_target(place.workspace, TARGETS)
    return (tests_scripts.make_lane(target),) if target and not found else found


def _of_languages(place: Place) -> Iterator[Lane]:
    root = place.workspace
    if pytest_settings(root) is not None or next(test_files(root), None):
        yield tests_unittest.LANE if _needs_no_pytest(place) else tests_pytest.LANE
    if script_of(root, "test"):
        yield tests_node.lane_for(place)


def _needs_no_pytest(place: Place) -> bool:
    home = place.environment
    return home is not None and not (home / "bin" / "pytest").exists() and not uses_pytest(place.workspace)


GATE = Gate(
    name="tests",
    version=1,
    lanes=_lanes,
    nothing="there are no Python tests, no `test` script and no `test` target to judge by",
)
