"""How near a reading is to the gold, on cases small enough to count by hand."""

import pytest

from benchmarks.understanding.gold import Record, RecordStep, load
from benchmarks.understanding.score import assign, compare, of_plan, reduced, split_sentences, stem


def record(titles: str, *edges: tuple[str, str, str], priority: str = "normal") -> Record:
    steps = tuple(RecordStep(str(n), title) for n, title in enumerate(titles.split("; ")))
    return Record("x", titles, "en", steps, frozenset(edges), priority)


def test_the_assignment_has_the_greatest_sum_not_the_greedy_one():
    """Taking the best pair first would leave the second row with nothing."""
    assert assign([[0.9, 0.8], [0.8, 0.0]]) == {0: 1, 1: 0}


def test_a_reading_equal_to_the_gold_scores_one_everywhere():
    """The gold compared with itself is perfect."""
    gold = load("en") + load("fil")
    assert {1.0} == set(compare((one, one) for one in gold).figures().values())


def test_a_wrong_when_costs_the_edge_and_the_condition():
    """An edge counts with its `when`."""
    gold, wrong = (
        record("run tests; open issue", ("0", "1", "failed")),
        record("run tests; open issue", ("0", "1", "succeeded")),
    )
    score = compare([(wrong, gold)])
    assert (score.steps, score.edges, score.conditions, score.exact) == ((2, 2, 2), (0, 1, 1), (0, 0, 1), 0)


def test_an_edge_that_follows_from_others_is_no_edge():
    """Reduction drops the short cut, but keeps one that a skipped step would break."""
    chain = {("a", "b", "succeeded"), ("b", "c", "succeeded")}
    assert chain == reduced(chain | {("a", "c", "succeeded")})
    kept = {("a", "b", "succeeded"), ("b", "c", "finished"), ("a", "c", "succeeded")}
    assert kept == reduced(kept)


@pytest.mark.parametrize(
    ("one", "other"),
    [("tests", "test"), ("i-push", "push"), ("inayos", "ayusin"), ("aayusin", "ayusin"), ("mag-deploy", "deploy")],
)
def test_forms_of_one_word_share_a_stem(one: str, other: str):
    """English endings and Filipino affixes do not keep two titles apart."""
    assert stem(other) == stem(one)


def test_template_steps_count_as_the_step_they_hang_under():
    """The text's own steps stay as read."""
    step = {"title": "t", "action": {"kind": "instruct", "prompt": "t"}}
    steps = [
        step | {"id": "a"},
        step | {"id": "a1", "parent": "a", "needs": [{"step": "a"}]},
        step | {"id": "b", "needs": [{"step": "a1"}]},
    ]
    read = of_plan({"goal": {"text": "x"}, "stages": [{"steps": steps}]})
    assert {("a", "b", "succeeded")} == read.edges
    assert [one.id for one in read.steps] == ["a", "b"]


def test_the_baseline_is_far_from_the_gold():
    """A sentence splitter finds no condition."""
    assert compare((split_sentences(one), one) for one in load("en")).conditions[0] == 0
