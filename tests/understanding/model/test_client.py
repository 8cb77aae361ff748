"""Every way in which a model can fail to answer, through the real client."""

import pytest

from tuloy.errors import ModelFailed
from tuloy.settings import ModelSettings
from tuloy.testing.scripted_ollama import ScriptedOllama, Turn, closed_address
from tuloy.understanding.model.client import Limits, ask
from tuloy.understanding.model.probe import address_of, require_model

QUICK = Limits(connect_s=5, first_s=2, between_s=1, whole_s=3)
HELLO = [{"role": "user", "content": "say hello, and then say something long about the weather of last week"}]
WORDS = "one two three four five six"


def _at(server: ScriptedOllama, **fields: object) -> ModelSettings:
    return ModelSettings(name="small", host=server.url, **fields)  # type: ignore[arg-type]


def test_an_answer_comes_whole() -> None:
    """Text and counts; the request is cold, streamed and of a fixed window."""
    with ScriptedOllama([Turn("hello there")]) as server:
        answer = ask(_at(server), HELLO, schema={"type": "object"}, think=False)
        (asked,) = server.asked("/api/chat")
    assert (answer.text, answer.made_tokens) == ("hello there", 2)
    assert asked["options"]["temperature"] == 0
    assert asked["options"]["num_ctx"] == 8192
    assert asked["options"]["num_predict"] == 2048
    assert (asked["stream"], asked["think"], asked["format"]) == (True, False, {"type": "object"})


@pytest.mark.parametrize(
    ("fault", "named", "words"),
    [
        ("busy", "busy", "server busy"),
        ("missing", "model missing", "run `ollama pull small`"),
        ("unable", "refused", "does not support chat"),
        ("out-of-memory", "failed", "out of memory"),
        ("stopped", "failed", "model runner has unexpectedly stopped"),
        ("html", "no ollama", r"a web page \(502\)"),
        ("list", "no ollama", "see whether OLLAMA_HOST names"),
        ("in-stream", "failed", "model runner has unexpectedly stopped"),
        ("cut", "cut", "broke off after 13 characters without an end"),
        ("reset", "cut", "broke off"),
        ("stall", "stalled", "said nothing for 2 s"),
        ("stall-midway", "stalled", "said nothing for 1 s"),
        ("garbage", "cut", "no part of an answer after 13 characters"),
        ("truncated", "truncated", "the server cut it; raise num_ctx"),
        ("length", "cut", "used up the 2048 tokens"),
    ],
)
def test_each_fault_has_its_name_and_says_what_to_do(fault: str, named: str, words: str) -> None:
    """What went wrong, the model and the address are in the message, and no fault lasts."""
    with ScriptedOllama([Turn(WORDS, fault=fault)]) as server:
        with pytest.raises(ModelFailed, match=words) as error:
            ask(_at(server), HELLO, limits=QUICK)
        assert error.value.fault == named
        assert server.url in str(error.value)
        assert error.value.exit_code == 4


def test_no_server_is_told() -> None:
    """A closed port is told at once, streaming or not."""
    with pytest.raises(ModelFailed, match="start `ollama serve`") as error:
        ask(ModelSettings(host=closed_address()), HELLO)
    assert error.value.fault == "not running"


def test_a_slow_answer_is_no_stall_but_has_an_end() -> None:
    """Bytes that keep coming are waited for, up to the whole time; the first may take longer than the next."""
    turns = [Turn("hello there", sleep_s=1.2, pause_s=0.1), Turn("word " * 40, pause_s=0.1)]
    with ScriptedOllama(turns) as server:
        assert ask(_at(server), HELLO, limits=QUICK).text == "hello there"
        with pytest.raises(ModelFailed, match="was not done after 3 s"):
            ask(_at(server), HELLO, limits=QUICK)


def test_a_question_that_does_not_fit_is_not_asked() -> None:
    """The server would cut it without a word; nothing is sent."""
    long = [{"role": "user", "content": "a word " * 4000}]
    with ScriptedOllama([Turn("yes")]) as server:
        with pytest.raises(ModelFailed, match="raise num_ctx") as error:
            ask(_at(server), long)
        assert error.value.fault == "too long"
        assert server.requests == []
        assert ask(_at(server, num_ctx=32768), long).text == "yes"


def test_a_question_that_was_mostly_not_read_is_no_question() -> None:
    """A server with a window smaller than asked for drops the oldest words; its count shows it."""
    with ScriptedOllama([Turn("yes", prompt_tokens=40)]) as server, pytest.raises(ModelFailed) as error:
        ask(_at(server), [{"role": "user", "content": "word " * 400}])
    assert error.value.fault == "truncated"


def test_a_key_is_sent_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the settings wins over the variable's."""
    monkeypatch.setenv("OLLAMA_API_KEY", "of-the-variable")
    with ScriptedOllama([Turn("yes", times=0)]) as server:
        ask(_at(server), HELLO)
        ask(_at(server, api_key="own"), HELLO)
        require_model(_at(server, api_key="own"))
        sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == ["Bearer of-the-variable", "Bearer own", "Bearer own"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":8000", "http://127.0.0.1:8000"),
        ("box", "http://box:11434"),
        ("http://box", "http://box:80"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("[::1]:5", "http://[::1]:5"),
    ],
)
def test_addresses_are_read_as_ollama_reads_them(given: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, and the setting that wins over it."""
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert address_of(ModelSettings()) == address
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere")
    assert address_of(ModelSettings(host=given or "127.0.0.1")) == address


@pytest.mark.parametrize("given", ["http://box:port", "ftp://box", "http://[box"])
def test_what_is_no_address_is_told(given: str) -> None:
    """A misspelt OLLAMA_HOST is named."""
    with pytest.raises(ModelFailed, match="OLLAMA_HOST=http"):
        address_of(ModelSettings(host=given))


def test_a_missing_model_is_told_with_what_is_there() -> None:
    """The pull is offered, and what could be used instead is named; `small` is `small:latest`."""
    with ScriptedOllama(models=["small", "other:7b"]) as server:
        require_model(_at(server))
        require_model(ModelSettings(name="SMALL:latest", host=server.url))
        with pytest.raises(ModelFailed, match=r"`ollama pull big`.*TULOY_MODEL") as error:
            require_model(ModelSettings(name="big", host=server.url))
    assert error.value.fault == "model missing"
    assert "'other:7b', 'small:latest'" in str(error.value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("garbage", "is no part of an answer after .* characters; look into"), ("list", "whether OLLAMA_HOST names")],
)
def test_what_is_no_answer_is_told_in_our_words(fault: str, said: str) -> None:
    """Garbage behind good words is the server's fault and not the address's; no message speaks of Python's objects."""
    turns = [Turn("hello there, you", fault=fault)]
    with ScriptedOllama(turns) as server, pytest.raises(ModelFailed, match=said) as error:
        ask(_at(server), HELLO, limits=QUICK)
    assert "object" not in str(error.value)
    assert ("correct OLLAMA_HOST" in str(error.value)) is False
