"""What a plan may say, and the order its edges imply."""

import json
import re
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tuloy.errors import PlanInvalid
from tuloy.plan import CommandAction, Goal, Need, Plan, PythonAction, Stage, Step, topological_order

GOAL = Goal(text="do it")


def step(name: str, *needs: str, **fields: Any) -> Step:
    """A step that runs `true` after its needs."""
    before = tuple(Need(step=need) for need in needs)
    return Step(id=name, title=name, action=CommandAction(argv=("true",)), needs=before, **fields)


def plan(*stages: list[Step]) -> Plan:
    """A plan of stages s0, s1, …"""
    made = tuple(Stage(id=f"s{n}", title="stage", steps=tuple(steps)) for n, steps in enumerate(stages))
    return Plan.of(goal=GOAL, stages=made)


@st.composite
def dags(draw: st.DrawFn) -> list[list[Step]]:
    """Stages of steps in any order whose needs are acyclic and never of a later stage."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    before: list[str] = []
    stages: list[list[Step]] = []
    for n, size in enumerate(sizes):
        stages.append([])
        for k in range(size):
            needs = draw(st.lists(st.sampled_from(before), unique=True, max_size=4)) if before else []
            before.append(f"x{n}.{k}")
            stages[-1].append(step(before[-1], *needs))
    return [draw(st.permutations(steps)) for steps in stages]


@given(dags())
def test_a_dag_is_a_plan_and_its_order_puts_every_step_after_its_needs(stages: list[list[Step]]) -> None:
    """Every acyclic set of steps constructs, and each step is ordered once, after all that it needs."""
    made = plan(*stages)
    order = made.order()
    place = {name: n for n, name in enumerate(order)}
    assert sorted(order) == sorted(one.id for one in made)
    assert len(made) == len(order) == len(made.steps)
    assert all(place[need.step] < place[one.id] for one in made for need in one.needs)


@given(dags())
def test_a_plan_survives_its_json(stages: list[list[Step]]) -> None:
    """Reading what a plan writes gives an equal plan with equal fingerprints."""
    made = plan(*stages)
    again = Plan.read(made.model_dump_json())
    assert again == made
    assert [one.fingerprint for one in again] == [one.fingerprint for one in made]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=10, max_size=10), st.randoms())
def test_a_cycle_is_named_and_is_one(edges: list[list[int]], random: Any) -> None:
    """Whatever the graph, it is either ordered or refused with a walk that really leads back to its start."""
    needs = {str(n): [str(other) for other in edges[n]] for n in random.sample(range(10), 10)}
    try:
        order = topological_order(needs)
    except PlanInvalid as refused:
        walk = re.findall(r"'(\d)'", str(refused))
        assert walk[0] == walk[-1]
        assert len(set(walk)) == len(walk) - 1 >= 1
        assert all(first in needs[then] for first, then in pairwise(walk))
    else:
        place = {key: n for n, key in enumerate(order)}
        assert all(place[other] < place[key] for key in needs for other in needs[key])


def test_ties_keep_the_plans_order() -> None:
    """Steps that do not wait for each other stay in the order of the text."""
    assert topological_order({"b": [], "a": [], "d": ["b"], "c": ["a"]}) == ["b", "a", "d", "c"]


def test_a_step_that_needs_itself_is_a_cycle() -> None:
    """The shortest cycle has one step."""
    with pytest.raises(PlanInvalid, match="'a' -> 'a'"):
        plan([step("a", "a")])


def test_ordering_keys_with_an_unknown_need_is_refused_by_name() -> None:
    """The bare ordering function gives the same kind of error as a plan does."""
    with pytest.raises(PlanInvalid, match="'a' needs unknown 'z'"):
        topological_order({"a": ["z"]})


def test_a_long_cycle_is_found_in_linear_time() -> None:
    """A cycle through 20,000 steps is named within two seconds."""
    began = time.monotonic()
    with pytest.raises(PlanInvalid, match="'0'"):
        topological_order({str(n): [str((n + 1) % 20_000)] for n in range(20_000)})
    assert time.monotonic() - began < 2


def test_parents_may_not_go_round() -> None:
    """A step cannot be its own grandparent."""
    with pytest.raises(PlanInvalid, match=r"'a' -> 'b' -> 'a'|'b' -> 'a' -> 'b'"):
        plan([step("a", parent="b"), step("b", parent="a")])


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ([[step("a"), step("c"), step("b", "z")]], r"step 'b' needs unknown step 'z'; known: 'a', 'c', 'b'"),
        ([[step("a"), step("a")]], "two steps are called 'a'"),
        ([[step("a")], [step("a")]], "two steps are called 'a'"),
        ([[step("a", "b")], [step("b")]], "step 'a' needs 'b' of a later stage"),
        ([[step("a", parent="z")]], "step 'a' is part of unknown step 'z'"),
        ([], "the plan is empty"),
    ],
)
def test_what_is_no_plan_is_refused_in_one_sentence(stages: list[list[Step]], sentence: str) -> None:
    """Unknown needs, duplicate ids, needs of later stages and emptiness are said by name, without pydantic's words."""
    with pytest.raises(PlanInvalid, match=sentence) as refused:
        plan(*stages)
    assert "Value error" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_two_stages_of_one_name_are_refused() -> None:
    """Stages are told apart by id, as steps are."""
    stages = tuple(Stage(id="s", title="t", steps=(step(name),)) for name in "ab")
    with pytest.raises(PlanInvalid, match="two stages are called 's'"):
        Plan.of(goal=GOAL, stages=stages)


def test_a_stage_without_steps_is_refused() -> None:
    """There is nothing to judge at the end of an empty stage."""
    with pytest.raises(PlanInvalid, match=r"stages\.0\.steps"):
        Plan.of(goal=GOAL, stages=({"id": "s", "title": "t", "steps": ()},))


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "-rf", "a b", "a\n", "á", "a" * 81, "a\0"])
def test_ids_are_safe_as_names_of_files_and_refs(name: str) -> None:
    """An id with a separator, a leading dash or dot, a space or a line end is refused."""
    with pytest.raises(ValidationError):
        step(name)


def test_nothing_of_a_plan_can_be_assigned() -> None:
    """Goal, plan, stage, step, need and action are frozen."""
    made = plan([step("a"), step("b", "a")])
    second = made.steps["b"]
    for record, field in [
        (made, "stages"),
        (made.goal, "text"),
        (made.stages[0], "steps"),
        (second, "title"),
        (second.needs[0], "when"),
        (second.action, "argv"),
    ]:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(record, field, "other")


def test_a_changed_copy_has_its_own_fingerprint() -> None:
    """What was computed for a step is not carried into a copy with another action, or into a copied plan."""
    first = step("a")
    made = plan([first])
    assert first.fingerprint
    assert made.steps["a"] == first
    other = first.model_copy(update={"action": CommandAction(argv=("false",))})
    stage = made.stages[0].model_copy(update={"steps": (other,)})
    assert other.fingerprint != first.fingerprint
    assert made.model_copy(update={"stages": (stage,)}).steps["a"] == other


def test_the_fingerprint_depends_on_the_action_alone() -> None:
    """Title, needs and limits do not undo finished work; another argument does."""
    assert step("a").fingerprint == step("b", timeout_s=5, retries=2).fingerprint
    one = PythonAction(target="m:f", arguments={"n": 1})
    two = PythonAction(target="m:f", arguments={"n": 2})
    prints = {Step(id="a", title="t", action=action).fingerprint for action in (one, two)}
    assert len(prints) == 2


def test_the_order_of_named_arguments_does_not_matter() -> None:
    """Two equal actions have one fingerprint."""
    one = PythonAction(target="m:f", arguments={"a": 1, "b": 2})
    two = PythonAction(target="m:f", arguments={"b": 2, "a": 1})
    assert one == two
    assert Step(id="a", title="t", action=one).fingerprint == Step(id="a", title="t", action=two).fingerprint


@pytest.mark.parametrize("field", ["timeout_s", "estimate_s"])
def test_durations_are_numbers_that_json_can_hold(field: str) -> None:
    """An infinite duration would be written as null, and could not be read again."""
    with pytest.raises(ValidationError):
        step("a", **{field: float("inf")})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), {"deep": [b"bytes"]}])
def test_arguments_are_what_json_can_hold(value: object) -> None:
    """What would be stored as something else, or not at all, is refused when the plan is made."""
    with pytest.raises(ValidationError):
        PythonAction(target="m:f", arguments={"value": value})


@pytest.mark.parametrize("target", ["os", "os:", ":f", "os:system;x", "os:a.b", "os:f\n", "-m:f", "a b:f"])
def test_a_target_is_one_module_and_one_function(target: str) -> None:
    """Nothing but `module:function` passes."""
    with pytest.raises(ValidationError):
        PythonAction(target=target)


@pytest.mark.parametrize("argv", [(), ("",), ("a", "b\0c")])
def test_a_command_that_no_system_can_start_is_refused(argv: tuple[str, ...]) -> None:
    """No program, an empty name, or a NUL in an argument cannot be started anywhere."""
    with pytest.raises(ValidationError):
        CommandAction(argv=argv)


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"goal": {"text": ""}, "stages": []}', "\ud800"])
def test_a_document_that_is_no_plan_is_refused(text: str) -> None:
    """Whatever the document holds, the error is ours."""
    with pytest.raises(PlanInvalid):
        Plan.read(text)


def test_unknown_fields_are_refused() -> None:
    """A misspelt field of a plan file is said, not dropped."""
    document = json.loads(plan([step("a")]).model_dump_json())
    document["stages"][0]["steps"][0]["need"] = []
    with pytest.raises(PlanInvalid, match=r"stages\.0\.steps\.0\.need"):
        Plan.read(json.dumps(document))


def test_ten_thousand_steps_are_validated_and_ordered_in_a_second() -> None:
    """The bar of the design, with a chain as the deepest of all graphs."""
    steps = [step("n0"), *(step(f"n{n}", f"n{n - 1}") for n in range(1, 10_000))]
    document = plan(steps).model_dump_json()
    began = time.monotonic()
    order = Plan.read(document).order()
    spent = time.monotonic() - began
    assert [f"n{n}" for n in range(10_000)] == order
    assert spent < 3  # the bar is one second on an idle machine


def test_a_group_waits_for_its_parts() -> None:
    """A step that others name as parent comes after those of them that no other part comes after."""
    made = plan([step("g", "b"), step("a", parent="g"), step("b", "a", parent="g")])
    assert [part.id for part in made.parts["g"]] == ["a", "b"]
    with pytest.raises(PlanInvalid, match="step 'g' is made of 'b' but does not wait for it; give 'g' a need"):
        plan([step("g", "a"), step("a", parent="g"), step("b", "a", parent="g")])
