"""Client: one question to a model through Ollama, and either its whole answer or a `ModelFailed` that says why not.

Owns limits of time and size, and telling an answer from something that only looks like one: a stream without an end,
a prompt that the server cut without a word. Does not own what is asked (`tuloy.understanding.model.prompt`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from ollama import ChatResponse, Client, ResponseError

from tuloy.errors import Fault, ModelFailed
from tuloy.printable import one_line
from tuloy.settings import ModelSettings
from tuloy.understanding.model.probe import address_of, headers_of, is_here
from tuloy.understanding.model.silence import watched

__all__ = ["Answer", "Limits", "ask"]

Message = Mapping[str, str]
_SPARE_TOKENS = 8
_LEAST_TOKENS_PER_CHARACTER = 1 / 12


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for a connection, the first byte (the model may have to be loaded), the next, and in all.

    After `quiet_s` without a word whoever waits is told.
    """

    connect_s: float = 5
    first_s: float = 300
    between_s: float = 60
    whole_s: float = 900
    answer_tokens: int = 2048
    quiet_s: float = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and the tokens that it read and wrote."""

    text: str
    read_tokens: int
    made_tokens: int


def ask(
    model: ModelSettings,
    messages: Sequence[Message],
    *,
    schema: Mapping[str, Any] | None = None,
    think: bool | None = None,
    limits: Limits | None = None,
    silent: Callable[[], None] = lambda: None,
) -> Answer:
    """Ask at temperature 0 with a fixed window; `schema` constrains the answer, `think` None leaves it to the model.

    `silent` is called, in another thread, when nothing has come for a while.

    Raises:
        ModelFailed: when no whole answer came.
    """
    limits = limits or Limits()
    question = "\n".join(message["content"] for message in messages)
    _check_room(model, len(question), limits)
    length = len("".join(question.split()))
    try:
        with watched(silent, limits.quiet_s) as heard, _client(model, limits) as client:
            stream = client.chat(
                model=model.name,
                messages=list(messages),
                stream=True,
                format=dict(schema) if schema else None,
                think=think,
                options={"temperature": 0, "seed": 7, "num_ctx": model.num_ctx, "num_predict": limits.answer_tokens},
            )
            return _collected(model, _heard(stream, heard), length, limits)
    except ResponseError as error:
        raise _refusal(model, error) from error
    except httpx.TimeoutException as error:
        raise _late(model, error, limits) from error
    except (ConnectionError, httpx.TransportError) as error:
        raise _broken(model, error) from error
    except (ValueError, TypeError, AttributeError, KeyError, httpx.HTTPError) as error:
        said = "answered what is no answer of Ollama's; see whether OLLAMA_HOST names an Ollama server"
        raise _failed(model, "no ollama", said) from error


def _heard(stream: Iterable[ChatResponse], heard: Callable[[], None]) -> Iterator[ChatResponse]:
    for part in stream:
        heard()
        yield part


def _client(model: ModelSettings, limits: Limits) -> Client:
    """Return a client whose waits differ: the first byte may take long, a silence after it is a stall."""

    def from_now_on(response: httpx.Response) -> None:
        response.request.extensions["timeout"]["read"] = limits.between_s

    address = address_of(model)
    return Client(
        address,
        timeout=httpx.Timeout(limits.first_s, connect=limits.connect_s),
        headers=headers_of(model),
        trust_env=not is_here(address),
        event_hooks={"response": [from_now_on]},
    )


def _check_room(model: ModelSettings, length: int, limits: Limits) -> None:
    """Refuse what the server would cut: about three characters are a token."""
    needed = length // 3 + limits.answer_tokens
    if needed > model.num_ctx:
        raise ModelFailed(
            f"question and answer need about {needed:,} tokens, and {model.name!r} is given {model.num_ctx:,}; "
            "raise num_ctx under [model] in your tuloy.toml, or shorten the goal",
            fault="too long",
        )


def _collected(model: ModelSettings, stream: Any, length: int, limits: Limits) -> Answer:
    end = time.monotonic() + limits.whole_s
    pieces: list[str] = []
    part: ChatResponse | None = None
    try:
        for part in stream:
            pieces.append(part.message.content or "")
            if part.done:
                break
            if time.monotonic() > end:
                raise _failed(model, "stalled", f"was not done after {limits.whole_s:g} s; try a smaller model")
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        if not pieces:
            raise
        said = f"sent what is no part of an answer after {len(''.join(pieces))} characters"
        raise _failed(model, "cut", f"{said}; look into the server's log, and try again") from error
    text = "".join(pieces)
    if part is None or not part.done:
        said = f"broke off after {len(text)} characters without an end; look into the server's log, and try again"
        raise _failed(model, "cut", said)
    _check_whole(model, part, length, limits)
    return Answer(text, part.prompt_eval_count or 0, part.eval_count or 0)


def _check_whole(model: ModelSettings, last: ChatResponse, length: int, limits: Limits) -> None:
    """Refuse an answer that was cut by its limit, or whose question was cut to fit the window."""
    if last.done_reason == "length":
        raise _failed(model, "cut", f"used up the {limits.answer_tokens} tokens of an answer; try another model")
    read = last.prompt_eval_count or 0
    if read >= model.num_ctx - _SPARE_TOKENS or 0 < read < length * _LEAST_TOKENS_PER_CHARACTER - _SPARE_TOKENS:
        said = f"read {read:,} tokens of a question of {length:,} characters: the server cut it; raise num_ctx"
        raise _failed(model, "truncated", f"{said} under [model] in your tuloy.toml")


def _failed(model: ModelSettings, fault: Fault, said: str) -> ModelFailed:
    return ModelFailed(f"{model.name!r} at {address_of(model)} {said}", fault=fault)


def _late(model: ModelSettings, error: httpx.TimeoutException, limits: Limits) -> ModelFailed:
    if isinstance(error, httpx.ConnectTimeout):
        return _failed(model, "not running", f"was not reached in {limits.connect_s:g} s; correct OLLAMA_HOST")
    waits = error.request.extensions["timeout"]["read"]
    return _failed(model, "stalled", f"said nothing for {waits:g} s; look at `ollama ps`, or try a smaller model")


def _broken(model: ModelSettings, error: Exception) -> ModelFailed:
    if isinstance(error, (ConnectionError, httpx.ConnectError)):
        return ModelFailed(
            f"Ollama does not answer at {address_of(model)}; start `ollama serve`, or set OLLAMA_HOST",
            fault="not running",
        )
    said = f"broke off ({one_line(str(error), 120)}); look into the server's log, and try again"
    return _failed(model, "cut", said)


def _refusal(model: ModelSettings, error: ResponseError) -> ModelFailed:
    """Say what the server said, in its words, with what to do about it."""
    said = one_line(str(error.error), 200)
    match error.status_code:
        case 404:
            pull = f"run `ollama pull {model.name}`, or name another with TULOY_MODEL"
            return _failed(model, "model missing", f"is not there ({said}); {pull}")
        case 429 | 503:
            return _failed(model, "busy", f"is busy ({said}); try again, or raise OLLAMA_MAX_QUEUE there")
        case 401 | 403:
            return _failed(model, "refused", f"wants a key ({said}); set OLLAMA_API_KEY")
        case 400:
            return _failed(model, "refused", f"refused the question ({said}); name another model with TULOY_MODEL")
        case _ if "<html" in said.lower() or "<!doctype" in said.lower():
            return _failed(model, "no ollama", f"answered with a web page ({error.status_code}); correct OLLAMA_HOST")
        case _:
            return _failed(model, "failed", f"failed ({said}); try a smaller model, or look into the server's log")
