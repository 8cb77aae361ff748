"""What a scripted Ollama says: turns, the requests that they are for, and their faults.

Owns scripts and the records of an answer. Does not own connections (`tuloy.testing.scripted_ollama`, where the format
of a script is told).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tuloy.testing import ollama_wire as wire

__all__ = ["FAULTS", "HALVED", "Turn", "context_of", "joined", "read_script", "records_of"]

FAULTS = {
    "busy": "503: the queue is full",
    "missing": "404: the model is not there",
    "unable": "400: the model cannot chat",
    "out-of-memory": "500: the model does not fit",
    "stopped": "500: the model's process died",
    "html": "502 with a page of HTML, as a proxy has it",
    "list": "500 with a JSON body that is no object",
    "in-stream": "status 200, half the answer, then a line with an error",
    "cut": "half the answer, then a proper end of the stream without `done`",
    "reset": "half the answer, then the connection is closed",
    "stall": "not one byte",
    "stall-midway": "half the answer, then not one byte more",
    "garbage": "half the answer, then a line that is no JSON",
    "truncated": "the whole answer, to a prompt that was cut to `num_ctx` without a word",
    "length": "half the answer, ended by the limit of tokens",
    "tool-as-text": "the tool call as JSON in the text",
}
HALVED = frozenset({"in-stream", "cut", "reset", "stall-midway", "garbage"})
DEFAULT_CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer and the requests that it is for; `when` may be a predicate of the request's body."""

    say: Any = ""
    when: str | Callable[[Mapping[str, Any]], bool] = ""
    path: str = ""
    thinking: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    fault: str = ""
    sleep_s: float = 0
    pause_s: float = 0
    prompt_tokens: int | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if self.fault and self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; known: {', '.join(FAULTS)}")

    @property
    def text(self) -> str:
        """The answer as text."""
        if self.fault == "tool-as-text":
            return json.dumps(dict(self.tool_calls[0]) if self.tool_calls else {"name": "f", "arguments": {}})
        return self.say if isinstance(self.say, str) else json.dumps(self.say, ensure_ascii=False)

    def fits(self, path: str, body: Mapping[str, Any]) -> bool:
        """Whether this turn is for such a request."""
        if self.path not in ("", path):
            return False
        return bool(self.when(body)) if callable(self.when) else bool(re.search(self.when, wire.asked_text(body)))


def read_script(path: Path) -> list[Turn]:
    """Read the turns of a script.

    Raises:
        ValueError: when it is no list of turns.
    """
    turns = json.loads(path.read_text("utf-8"))
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ValueError("a script is a list of objects")
    known = {field.name for field in fields(Turn)}
    if unknown := sorted({name for turn in turns for name in turn} - known):
        raise ValueError(f"unknown field {unknown[0]!r}; known: {', '.join(sorted(known))}")
    return [Turn(**turn) for turn in turns]


def records_of(turn: Turn, path: str, name: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answer as a server without faults of its own would stream it."""
    pieces = wire.chunks(turn.text)
    if turn.fault == "length":
        pieces = pieces[: len(pieces) // 2]
    for piece in wire.chunks(turn.thinking):
        yield wire.part(path, name, thinking=piece)
    for piece in pieces:
        yield wire.part(path, name, content=piece)
    for n, call in enumerate(turn.tool_calls if turn.fault != "tool-as-text" else ()):
        function = {"index": n, "name": call["name"], "arguments": dict(call.get("arguments", {}))}
        yield wire.part(path, name, tool_calls=[{"id": f"call_{n:08x}", "function": function}])
    context = context_of(body)
    prompt = min(max(1, len(wire.asked_text(body)) // 4), context) if turn.prompt_tokens is None else turn.prompt_tokens
    reason = "length" if turn.fault == "length" else "stop"
    prompt = context if turn.fault == "truncated" else prompt
    yield wire.final(wire.part(path, name), reason=reason, prompt=prompt, made=len(pieces))


def joined(path: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the records of a stream as the one record of an answer that is not streamed."""
    whole = dict(records[-1])
    said = [record["message"] if path == "/api/chat" else record for record in records[:-1]]
    key = "content" if path == "/api/chat" else "response"
    text = {name: "".join(one.get(name, "") for one in said) for name in (key, "thinking")}
    answer: dict[str, Any] = {name: words for name, words in text.items() if words or name == key}
    if calls := [call for one in said for call in one.get("tool_calls", ())]:
        answer["tool_calls"] = calls
    return {**whole, "message": {"role": "assistant", **answer}} if path == "/api/chat" else {**whole, **answer}


def context_of(body: Mapping[str, Any]) -> int:
    """Return how many tokens the request lets the model see."""
    return int((body.get("options") or {}).get("num_ctx") or DEFAULT_CONTEXT)
