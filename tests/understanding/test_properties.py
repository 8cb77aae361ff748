"""What holds for every text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuloy.errors import UsageError
from tuloy.plan import Plan
from tuloy.understanding import understand

WORDS = (
    "run", "the", "tests", "if", "they", "pass", "fail", "then", "and", ",", ".", ";", ":", "build", "it",
    "push", "before", "after", "once", "while", "unless", "otherwise", "regardless", "for", "each", "of",
    "a", "b", "`make", "x`", "\"say", "hi\"", "(", ")", "->", "\n", "\n-", "\n1.", "\n#", "[x]", "kung",
    "pumasa", "tapos", "i-run", "ang", "bago", "habang", "don't", "without", "also", "first", "finally",
    "check", "whether", "there", "is", "no", "CHANGELOG", "when", "done", "by", "Friday", "urgent", "please",
    "e.g.", "```", "in", "parallel", "last", "\t", "", "Phase", "1", "because", "every", "should", "be",
    "rebuilt",
)  # fmt: skip
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(texts)
def test_any_text_is_a_plan_or_a_usage_error(text: str) -> None:
    """Whatever the text, it is a valid plan whose spans lie inside it, or it is refused: blank, or with a NUL."""
    try:
        plan = understand(text)
    except UsageError:
        assert not text.strip() or "\0" in text
        return
    assert plan == Plan.read(plan.model_dump_json())
    assert len(plan.order()) == len(plan)
    position = {step.id: n for n, step in enumerate(plan)}
    for step in plan:
        if step.source:
            assert 0 <= step.source[0] < step.source[1] <= len(text)
        assert all(position[need.step] < position[step.id] for need in step.needs)


@settings(max_examples=100, deadline=None)
@given(texts.filter(lambda text: text.strip() and "\0" not in text))
def test_reading_is_deterministic(text: str) -> None:
    """The same text gives the same plan."""
    assert understand(text) == understand(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join).filter(str.strip))
def test_no_edge_follows_from_others(text: str) -> None:
    """No edge for success is implied by a path of such edges."""
    plan = understand(text)
    reach: dict[str, set[str]] = {}
    for step in plan:
        direct = [need.step for need in step.needs if need.when == "succeeded"]
        behind = {far for near in direct for far in reach[near]}
        assert not behind & set(direct)
        reach[step.id] = behind | set(direct)


@pytest.mark.parametrize("text", ["", "   \n", "x" * 100_001])
def test_unreadable_texts_say_what_to_do(text: str) -> None:
    """An empty or endless goal is refused with a sentence."""
    with pytest.raises(UsageError, match="goal"):
        understand(text)


@pytest.mark.parametrize(
    "unit",
    [
        "then test ",
        "1. fix x\n",
        "- fix x\n",
        "and ",
        "((",
        "`a` ",
        "if it passes ",
        "fix a: ",
        "lint, ",
        "run x unless it fails, ",
    ],
)
def test_time_grows_with_the_text(unit: str) -> None:
    """Four times the text takes well under sixteen times the time."""

    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        begin = time.process_time()
        understand(text)
        return time.process_time() - begin

    seconds(1000)
    small, large = min(seconds(2_500) for _ in range(3)), min(seconds(10_000) for _ in range(2))
    assert large < 11 * small + 0.05


@given(
    st.lists(st.from_regex(r"[a-z]{2,8}( [a-z0-9./-]{1,9}){0,2}", fullmatch=True), min_size=1, max_size=7, unique=True),
    st.sampled_from([("Run", "and"), ("Please run", "and"), ("Execute", "and"), ("Patakbuhin ang", "at")]),
    st.booleans(),
)
def test_no_command_of_a_list_is_lost(commands: list[str], words: tuple[str, str], comma: bool) -> None:
    """However many literals stand behind a verb that runs, each is a step of its own, verbatim."""
    verb, joint = words
    *front, last = [f"`{command}`" for command in commands]
    text = f"{verb} {', '.join(front)}{',' * (comma and len(front) > 1)} {joint} {last}" if front else f"{verb} {last}"
    assert [" ".join(step.action.argv) for step in understand(text) if step.action.kind == "command"] == commands
