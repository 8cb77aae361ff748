"""The ready machine: unit sentences, and a simulation against the meaning of needs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuloy.errors import PlanInvalid
from tuloy.outcome import OutcomeStatus, holds
from tuloy.plan import CommandAction, Need, Step
from tuloy.scheduling.ready import Ready, downstream_s


def step(name: str, *needs: tuple[str, str], **fields: object) -> Step:
    """A step with needs as ("other", "failed"), or ("other", "any failed")."""
    made = [Need(step=other, when=when.split()[-1], any=when.startswith("any ")) for other, when in needs]
    return Step(id=name, title=name, action=CommandAction(argv=("true",)), needs=tuple(made), **fields)


def ids(steps: list[Step]) -> list[str]:
    return [one.id for one in steps]


def test_steps_without_needs_start_at_once_up_to_the_width():
    """No more than `width` steps run at once."""
    ready = Ready([step(name) for name in "abc"], width=2)

    assert ids(ready.take()) == ["a", "b"]
    assert ids(ready.take()) == []
    ready.finish("a", "done")
    assert ids(ready.take()) == ["c"]


def test_priority_goes_before_length_and_length_before_order():
    """The most urgent starts first, then the head of the longest chain, then the plan's order."""
    steps = [
        step("short", estimate_s=1),
        step("long", estimate_s=50),
        step("urgent", estimate_s=1, priority="high"),
        step("short-too", estimate_s=1),
    ]

    assert ids(Ready(steps, width=4).take()) == ["urgent", "long", "short", "short-too"]


def test_the_branch_not_taken_is_skipped_with_all_that_hangs_on_it():
    """A step whose need ended the other way is skipped, and so is what needed its success."""
    steps = [
        step("tests"),
        step("build", ("tests", "succeeded")),
        step("upload", ("build", "succeeded")),
        step("report", ("tests", "failed")),
        step("clean", ("upload", "finished")),
    ]
    ready = Ready(steps)
    ready.take()

    assert ids(ready.finish("tests", "failed")) == ["build", "upload"]
    assert sorted(ids(ready.take())) == ["clean", "report"]


@pytest.mark.parametrize(
    ("ends", "starts"), [("done done", False), ("done failed", True), ("failed done", True), ("failed failed", True)]
)
def test_of_needs_that_are_enough_alone_one_has_to_hold(ends: str, starts: bool):
    """With "any", the step waits for all of them, then starts if one holds; if none does it is skipped."""
    ready = Ready([step("a"), step("b"), step("tell", ("a", "any failed"), ("b", "any failed"))])
    ready.take()
    first, second = ends.split()

    assert (ready.finish("a", first), ids(ready.take())) == ([], [])
    skipped = ids(ready.finish("b", second))
    assert (skipped, ids(ready.take())) == (([], ["tell"]) if starts else (["tell"], []))


def test_a_plain_need_holds_beside_those_that_are_enough_alone():
    """One need that does not hold skips the step when all of them ended, whatever those with "any" did."""
    tell = step("tell", ("a", "succeeded"), ("b", "any failed"), ("c", "any failed"))
    ready = Ready([step("a"), step("b"), step("c"), tell])
    ready.take()

    assert [ids(ready.finish(*end)) for end in (("a", "failed"), ("b", "failed"), ("c", "done"))] == [[], [], ["tell"]]


@pytest.mark.parametrize("status", ["error", "waiting", "lost"])
def test_what_is_not_final_blocks_and_skips_nothing(status: OutcomeStatus):
    """A step that could not run, waits or was lost leaves both of its branches open for resume."""
    ready = Ready([step("a"), step("yes", ("a", "succeeded")), step("no", ("a", "failed"))])
    ready.take()

    assert ready.finish("a", status) == []
    assert ready.idle
    assert ids(ready.blocked) == ["yes", "no"]


def test_known_ends_are_not_done_again():
    """What a former run finished is not taken again, and counts for its followers."""
    ready = Ready([step("a"), step("b", ("a", "succeeded")), step("c", ("a", "failed"))], ended={"a": "done"})

    assert ids(ready.skipped_at_start) == ["c"]
    assert ids(ready.take()) == ["b"]


def test_limits_hold_back_only_the_limited():
    """A limit on a capability leaves room for steps of others."""
    steps = [step("m1", capabilities=("code",)), step("m2", capabilities=("code",)), step("sh")]
    ready = Ready(steps, width=3, limits={"code": 1})

    assert ids(ready.take()) == ["m1", "sh"]
    ready.finish("m1", "done")
    assert ids(ready.take()) == ["m2"]


def test_an_added_step_joins_the_run():
    """A repair may be added while others run; a duplicate or an unknown need is refused."""
    ready = Ready([step("a")])
    ready.take()
    ready.add(step("repair", ("a", "failed")))
    ready.finish("a", "failed")

    assert ids(ready.take()) == ["repair"]
    with pytest.raises(PlanInvalid, match="is there already"):
        ready.add(step("a"))
    with pytest.raises(PlanInvalid, match="unknown step 'z'"):
        ready.add(step("b", ("z", "succeeded")))


def test_downstream_is_the_longest_chain():
    """The critical path counts the step itself and the longest chain behind it."""
    steps = [
        step("a", estimate_s=1),
        step("b", ("a", "succeeded"), estimate_s=10),
        step("c", ("a", "succeeded"), estimate_s=3),
    ]

    assert downstream_s(steps) == {"a": 11, "b": 10, "c": 3}


WHENS = ["succeeded", "failed", "finished", "any succeeded", "any failed", "any finished"]


def verdict(one: Step, ended: dict[str, OutcomeStatus]) -> bool | None:
    """What the needs of a step mean, written down a second time: true, false, or open."""
    found = {need: holds(need.when, ended[need.step]) if need.step in ended else None for need in one.needs}
    every = [value for need, value in found.items() if not need.any]
    either = [value for need, value in found.items() if need.any]
    if False in every or (either and all(value is False for value in either)):
        return False
    return None if None in found.values() else True


@st.composite
def dags(draw: st.DrawFn) -> list[Step]:
    size = draw(st.integers(1, 25))
    steps = []
    for n in range(size):
        needs = draw(
            st.lists(
                st.tuples(st.integers(0, max(0, n - 1)), st.sampled_from(WHENS)),
                max_size=min(n, 4),
                unique_by=lambda need: need[0],
            )
        )
        priority = draw(st.sampled_from(["critical", "high", "normal", "low"]))
        steps.append(step(f"s{n}", *((f"s{other}", when) for other, when in needs), priority=priority))
    return steps


@given(dags(), st.integers(1, 5), st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_simulation_agrees_with_the_meaning_of_needs(
    steps: list[Step], width: int, chance: random.Random, with_open_ends: bool
):
    """In any order of ends: each step starts once, only when all its needs hold; is skipped only when all ended."""
    possible: list[OutcomeStatus] = ["done", "failed"]
    if with_open_ends:
        possible += ["error", "waiting"]
    ready = Ready(steps, width=width)
    ended: dict[str, OutcomeStatus] = {one.id: "skipped" for one in ready.skipped_at_start}
    by_id = {one.id: one for one in steps}
    started: set[str] = set()
    while not ready.idle:
        for one in ready.take():
            assert one.id not in started
            assert verdict(one, ended) is True
            started.add(one.id)
        assert 0 < len(ready.running) <= width
        chosen = chance.choice(sorted(ready.running))
        ended[chosen] = chance.choice(possible)
        for one in ready.finish(chosen, ended[chosen]):
            assert verdict(by_id[one.id], ended) is False
            assert all(need.step in ended for need in one.needs)
            ended[one.id] = "skipped"
    blocked = {one.id for one in ready.blocked}
    assert started.isdisjoint(blocked)
    assert {one.id for one in steps} == ended.keys() | blocked
    if not with_open_ends:
        assert not blocked
