"""The scripted Ollama speaks to the real client as the real server does."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest
from ollama import Client, ResponseError

from tuloy.testing.scripted_ollama import FAULTS, ScriptedOllama, Turn, closed_address

ROOT = Path(__file__).resolve().parents[2]
HELLO = [{"role": "user", "content": "say hello"}]


def _client(server: ScriptedOllama, timeout_s: float = 5) -> Client:
    return Client(server.url, timeout=timeout_s, trust_env=False)


def test_an_answer_streams_and_ends_with_counts() -> None:
    """Chunks of text, then one record with `done`, its reason and the tokens."""
    with ScriptedOllama([Turn("hello you there")]) as server:
        parts = list(_client(server).chat("small", HELLO, stream=True, options={"num_ctx": 512}))
    assert [part.message.content for part in parts] == ["hello", " you", " there", ""]
    assert [part.done for part in parts] == [False, False, False, True]
    assert (parts[-1].done_reason, parts[-1].eval_count) == ("stop", 3)
    assert parts[-1].prompt_eval_count


def test_an_answer_comes_whole_too() -> None:
    """Without streaming it is one record, for chat and for generate, with thinking apart."""
    with ScriptedOllama([Turn("4", thinking="2 + 2", times=0)], capabilities=["thinking"]) as server:
        chat = _client(server).chat("small", HELLO, think=True)
        generated = _client(server).generate("small", "2 + 2?")
    assert (chat.message.content, chat.message.thinking) == ("4", "2 + 2")
    assert (generated.response, generated.thinking, generated.done) == ("4", "2 + 2", True)


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_has_its_arguments_as_an_object(stream: bool) -> None:
    """Tools are called as the client expects it, streamed or not."""
    turn = Turn(tool_calls=[{"name": "read", "arguments": {"path": "a.py"}}])
    with ScriptedOllama([turn]) as server:
        answer = _client(server).chat("small", HELLO, stream=stream)  # type: ignore[call-overload]
        parts = list(answer) if stream else [answer]
    (call,) = [call for part in parts for call in part.message.tool_calls or ()]
    assert (call.function.name, call.function.arguments) == ("read", {"path": "a.py"})


def test_turns_are_taken_in_order_and_where_they_fit() -> None:
    """A turn is for the requests that its words, its path or its predicate fit, as often as it says."""
    turns = [
        Turn("cats", when="(?i)cat"),
        Turn("long", when=lambda body: bool(body.get("format"))),
        Turn("generated", path="/api/generate"),
        Turn("one"),
        Turn("rest", times=0),
    ]
    with ScriptedOllama(turns) as server:
        client = _client(server)
        said = [client.chat("small", HELLO, format=form).message.content for form in ("", "json", "", "")]
        cats = client.chat("small", [{"role": "user", "content": "Cats?"}]).message.content
        generated = client.generate("small", "x").response
    assert said == ["one", "long", "rest", "rest"]
    assert (cats, generated) == ("cats", "generated")
    assert [body["model"] for body in server.asked("/api/chat")] == ["small"] * 5


def test_what_no_turn_fits_is_an_error() -> None:
    """A test that asks more than its script says fails loudly."""
    with ScriptedOllama([]) as server, pytest.raises(ResponseError, match="no turn of the script"):
        _client(server).chat("small", HELLO)


def test_the_server_tells_of_itself() -> None:
    """Version, models, details, loaded models, and the page that a browser sees."""
    with ScriptedOllama([Turn("x")], models=["small", "other:7b"], capabilities=["completion"]) as server:
        client = _client(server)
        assert [model.model for model in client.list().models] == ["other:7b", "small:latest"]
        assert client.show("small").capabilities == ["completion"]
        assert client.ps().models == []
        client.chat("small", HELLO, options={"num_ctx": 1024})
        (loaded,) = client.ps().models
        assert (loaded.model, loaded.context_length) == ("small:latest", 1024)
        assert client.chat("small", []).done_reason == "load"
        assert client.chat("small", [], keep_alive=0).done_reason == "unload"
        assert client.ps().models == []
        with urllib.request.urlopen(server.url) as page:
            assert page.read() == b"Ollama is running"
        with urllib.request.urlopen(server.url + "/api/version") as page:
            assert json.load(page)["version"]


def test_a_pull_tells_its_progress_and_adds_the_model() -> None:
    """What was missing is there after a pull; a name that nobody has is an error in the stream."""
    with ScriptedOllama([Turn("hi")], models=[]) as server:
        client = _client(server)
        with pytest.raises(ResponseError, match="model 'small' not found") as missing:
            client.chat("small", HELLO)
        steps = list(client.pull("small", stream=True))
        assert (steps[0].status, steps[-1].status) == ("pulling manifest", "success")
        assert any(step.completed and step.completed < step.total for step in steps)
        assert client.chat("small", HELLO).message.content == "hi"
        with pytest.raises(ResponseError, match="file does not exist"):
            list(client.pull("no-such-model", stream=True))
    assert missing.value.status_code == 404


def test_embeddings_are_the_same_for_the_same_text() -> None:
    """One vector per text, of length one."""
    with ScriptedOllama() as server:
        first, second, third = _client(server).embed("small", ["a", "b", "a"]).embeddings
    assert first == third != second
    assert sum(value * value for value in first) == pytest.approx(1)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("busy", 503, "server busy, please try again.  maximum pending requests exceeded"),
        ("missing", 404, "try pulling it first"),
        ("unable", 400, '"small" does not support chat'),
        ("out-of-memory", 500, "out of memory"),
        ("stopped", 500, "model runner has unexpectedly stopped"),
        ("html", 502, "<h1>502 Bad Gateway</h1>"),
        ("in-stream", -1, "model runner has unexpectedly stopped"),
    ],
)
def test_a_fault_with_words_reaches_the_client(fault: str, status: int, words: str) -> None:
    """Status and words are the real server's."""
    with ScriptedOllama([Turn("one two three four", fault=fault)]) as server, pytest.raises(ResponseError) as error:
        list(_client(server).chat("small", HELLO, stream=True))
    assert (error.value.status_code, words in error.value.error) == (status, True)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("list", AttributeError),
        ("garbage", ValueError),
        ("reset", httpx.RemoteProtocolError),
        ("stall", httpx.ReadTimeout),
        ("stall-midway", httpx.ReadTimeout),
    ],
)
def test_a_fault_without_words_is_what_the_client_makes_of_it(fault: str, raised: type[Exception]) -> None:
    """What the client does not turn into an error of its own comes through raw."""
    with ScriptedOllama([Turn("one two three four", fault=fault)]) as server, pytest.raises(raised):
        list(_client(server, 0.3).chat("small", HELLO, stream=True))


def test_faults_that_the_client_does_not_see() -> None:
    """A cut stream ends without `done`; a truncated prompt, a length limit, a call as text look like answers."""
    faults = ["cut", "truncated", "length", "tool-as-text"]
    with ScriptedOllama([Turn("one two three four", fault=fault) for fault in faults]) as server:
        cut, truncated, length, call = (
            list(_client(server).chat("small", HELLO, stream=True, options={"num_ctx": 512})) for _ in faults
        )
    assert not any(part.done for part in cut)
    assert truncated[-1].prompt_eval_count == 512
    assert length[-1].done_reason == "length"
    assert json.loads("".join(part.message.content or "" for part in call))["name"] == "f"


def test_a_model_without_tools_or_thinking_says_so() -> None:
    """Capabilities are checked as the server does, before anything is answered."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    with ScriptedOllama([Turn("x", times=0)], capabilities=["completion"]) as server:
        with pytest.raises(ResponseError, match="does not support tools"):
            _client(server).chat("small", HELLO, tools=[tool])
        with pytest.raises(ResponseError, match="does not support thinking"):
            _client(server).chat("small", HELLO, think=True)
        assert _client(server).chat("small", HELLO, think=False).message.content == "x"


def test_nothing_listens_at_a_closed_address() -> None:
    """The address of a server that is not running."""
    with pytest.raises(ConnectionError):
        Client(closed_address(), trust_env=False).list()


def test_a_fault_that_there_is_not_is_refused() -> None:
    """A misspelt fault would test nothing."""
    with pytest.raises(ValueError, match=f"known: {next(iter(FAULTS))}"):
        Turn(fault="stal")


def test_it_is_a_program_too(tmp_path: Path) -> None:
    """A script in a file is served until the program is ended; one that cannot be read is told."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"say": {"steps": []}, "when": "hello"}]))
    argv = [sys.executable, "-m", "tuloy.testing.scripted_ollama", "--script", str(script), "--models", "tiny"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        client = Client(program.stdout.readline().strip(), timeout=5, trust_env=False)
        assert client.chat("tiny", HELLO).message.content == '{"steps": []}'
        program.terminate()
    script.write_text('[{"sya": "x"}]')
    refused = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert (refused.returncode, "unknown field 'sya'" in refused.stderr) == (2, True)
