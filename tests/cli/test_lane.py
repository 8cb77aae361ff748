"""Who reads a goal, as the command is told: by rules, by a model, or by whoever is sure."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tuloy.testing.scripted_ollama import ScriptedOllama, Turn, closed_address

WISH = "Build a REST API for todo items"
ANSWER = {
    "steps": [
        {"title": "Design the endpoints", "after": "", "when": "succeeded", "command": ""},
        {"title": "Write the handlers", "after": "1", "when": "succeeded", "command": ""},
    ]
}


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    """A server that plans the wish, once."""
    with ScriptedOllama([Turn("1. Design, 2. Write"), Turn(ANSWER)], models=["small"]) as server:
        yield server


@pytest.fixture
def plan(elsewhere: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Call `tuloy plan` in an empty directory with these variables."""
    return lambda *words, **variables: elsewhere("plan", *words, cwd=tmp_path, env=variables)


def test_a_model_plans_a_heavy_goal(plan: Callable[..., Ran], ollama: ScriptedOllama) -> None:
    """`plan` says on stderr whom it asks, shows the model's steps, and says who read the goal."""
    ran = plan(WISH, OLLAMA_HOST=ollama.url, TULOY_MODEL="small")
    assert ran.code == 0
    assert ran.err == f"asking small at {ollama.url} for a plan\n"
    assert "confidence 0.75, read by a model" in ran.out
    assert "Write the handlers  by a coding agent  ← 1" in ran.out


def test_a_plain_goal_asks_nobody(plan: Callable[..., Ran], ollama: ScriptedOllama) -> None:
    """Where the rules are sure, or have been named, no server is spoken to."""
    assert '"lane": "rules"' in plan("Run the tests", "--json", OLLAMA_HOST=ollama.url).out
    assert '"lane": "rules"' in plan(WISH, "--json", "--lane", "rules", OLLAMA_HOST=ollama.url).out
    assert ollama.requests == []


def test_without_a_server(plan: Callable[..., Ran]) -> None:
    """`auto` plans by rules and notes it; `model` ends with 4 and says what to start; another word is 2."""
    address = closed_address()
    auto = plan(WISH, "--json", OLLAMA_HOST=address)
    assert (auto.code, auto.document["lane"]) == (0, "rules")
    assert "does not answer" in auto.document["notes"][0]
    assert "note: read by rules alone" in plan(WISH, OLLAMA_HOST=address).out
    forced = plan("Run the tests", "--lane", "model", OLLAMA_HOST=address)
    assert (forced.code, forced.out) == (4, "")
    assert f"Ollama does not answer at {address}" in forced.err
    assert "start `ollama serve`" in forced.err
    assert plan("Run the tests", "--lane", "both").code == 2


def test_a_missing_model_is_told_with_the_pull(plan: Callable[..., Ran], ollama: ScriptedOllama) -> None:
    """The message is the command to type."""
    ran = plan(WISH, "--lane", "model", OLLAMA_HOST=ollama.url, TULOY_MODEL="big:7b")
    assert ran.code == 4
    assert "run `ollama pull big:7b`" in ran.err


STEPS = {
    "steps": [
        {"title": "Read the notes", "after": "", "when": "succeeded", "command": ""},
        {"title": "Rewrite the notes", "after": "1", "when": "succeeded", "command": ""},
    ]
}


def test_unclear_words_are_asked_about_whoever_planned_them(elsewhere: Callable[..., Ran], small: Path) -> None:
    """A model's plan of an unclear goal is reading 1 of several: it is not run unasked, the others stay the same."""
    with ScriptedOllama([turn for _ in range(4) for turn in (Turn("1. Read"), Turn(STEPS))], models=["small"]) as there:
        env = {"OLLAMA_HOST": there.url, "TULOY_MODEL": "small"}
        ran = elsewhere("run", "Improve the notes", "--repo", str(small), "--json", env=env)
        assert ran.code == 3, ran.err
        assert "1. Read the notes, Rewrite the notes (as the model plans it)" in ran.document["error"]
        assert "3. Make the notes faster" in ran.document["error"]
        shown = elsewhere("plan", "Improve the notes", "--repo", str(small), "--json", env=env).document
        assert (shown["lane"], shown["confidence"]) == ("model", 0.4)
        for number, other in enumerate(shown["alternatives"], 2):
            words = ["plan", "Improve the notes", "--reading", str(number), "--repo", str(small), "--json"]
            taken = elsewhere(*words, env=env).document
            assert [step["title"] for step in taken["stages"][0]["steps"]] == [other["reading"]]
        first = elsewhere(
            "plan", "Improve the notes", "--reading", "1", "--repo", str(small), "--json", env=env
        ).document
        assert (first["lane"], first["alternatives"]) == ("model", [])


@pytest.mark.server
def test_a_resumed_goal_never_asks_again(tuloy: Callable[..., Ran], small: Path, ollama: ScriptedOllama) -> None:
    """The model's plan is stored before anything runs; resume takes it, whatever has become of the server."""
    variables = {"OLLAMA_HOST": ollama.url, "TULOY_MODEL": "small"}
    ran = tuloy("run", WISH, "--repo", str(small), "--json", env=variables)
    assert (ran.code, list(ran.statuses)) == (3, ["Design the endpoints", "Write the handlers"])
    asked = len(ollama.requests)
    again = tuloy("resume", ran.goal["id"], "--json", env=variables)
    assert list(again.statuses) == list(ran.statuses)
    assert (len(ollama.requests), asked) == (3, 3)


@pytest.mark.server
def test_a_required_model_that_is_not_there_begins_nothing(tuloy: Callable[..., Ran], small: Path) -> None:
    """`run --lane model` without a server ends with 4, and no goal is stored."""
    before = len(tuloy("status", "--json", "--limit", "1000").document["goals"])
    ran = tuloy("run", WISH, "--lane", "model", "--repo", str(small), env={"OLLAMA_HOST": closed_address()})
    assert ran.code == 4
    assert len(tuloy("status", "--json", "--limit", "1000").document["goals"]) == before


def test_what_is_explained_is_what_is_shown(plan: Callable[..., Ran], ollama: ScriptedOllama) -> None:
    """`--explain` explains the model's plan where a model plans, not the rules'."""
    ran = plan(WISH, "--explain", "--json", "--lane", "model", OLLAMA_HOST=ollama.url, TULOY_MODEL="small")
    assert [(one["subject"], one["rule"]) for one in ran.document] == [
        ("s1.1", "by the model"), ("s1.2", "by the model"), ("s1.1 -> s1.2", "by the model"),
    ]  # fmt: skip
