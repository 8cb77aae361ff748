"""The lint gate: which linter judges what, and how its evidence reads.

Python goes to ruff (to flake8 where only that is configured and installed), JavaScript to a configured
eslint or to the package's `lint` script, everything else to a `lint` target of the Makefile, and only when
nothing better judges. `make check` is not asked: by convention it runs tests.
"""

from collections.abc import Iterator

from tuloy.agents.tools import Place, find_tool
from tuloy.gates import lint_eslint, lint_flake8, lint_ruff, lint_scripts
from tuloy.gates.judging import Gate, Lane
from tuloy.gates.project import flake8_configured, make_target, python_files, ruff_configured, script_of

__all__ = ["GATE"]

TARGETS = ("lint", "check-lint", "lint-check", "check-style", "style")


def _lanes(place: Place) -> tuple[Lane, ...]:
    found = tuple(_of_languages(place))
    target = make_target(place.workspace, TARGETS)
    return (lint_scripts.make_lane(target),) if target and not found else found


def _of_languages(place: Place) -> Iterator[Lane]:
    root = place.workspace
    if next(python_files(root), None):
        alone = flake8_configured(root) and not ruff_configured(root)
        yield lint_flake8.LANE if alone and find_tool("flake8", place) else lint_ruff.LANE
    if lint_eslint.configured(root):
        yield lint_eslint.LANE
    elif script_of(root, "lint"):
        yield lint_scripts.NPM


GATE = Gate(
    name="lint",
    version=1,
    lanes=_lanes,
    nothing="there are no Python files, no eslint configuration, no `lint` script and no `lint` target",
)
