"""An Ollama server without a model: it speaks the protocol, and says what a script says.

Owns scripts, faults and what was asked. Knows nothing of Tuloy, as a real server would not; the shapes of its answers
are in `tuloy.testing.ollama_wire`. In a test it is a context manager, by itself a program:

    python -m tuloy.testing.scripted_ollama --script script.json --models small --port 11434

The script is a JSON list of turns. A request for an answer (chat, generate, embed) takes the first turn that fits it
and is not used up:

    [{"when": "regular expression",        searched for in all that the model would see, "" fits every request
      "path": "/api/chat",                 only this kind of request
      "say": "text", or any JSON value,    the answer; a value is written as JSON
      "thinking": "text",
      "tool_calls": [{"name": "f", "arguments": {}}],
      "fault": "busy",                     one of FAULTS
      "sleep_s": 0.5, "pause_s": 0.01,     before the first byte, and before every further chunk
      "prompt_tokens": 12,                 what is said to have been read; else counted
      "times": 1}]                         how often it may be taken; 0 is always

All fields may be left out. A request that fits no turn is answered with status 500 that says so.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tuloy.testing import ollama_wire as wire
from tuloy.testing.ollama_script import FAULTS, HALVED, Turn, context_of, joined, read_script, records_of

__all__ = ["FAULTS", "Asked", "ScriptedOllama", "Turn", "closed_address", "main"]

_STATUS = {
    "busy": (503, wire.BUSY),
    "out-of-memory": (500, wire.OUT_OF_MEMORY),
    "stopped": (500, wire.STOPPED),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


class ScriptedOllama:
    """The server, in a thread of its own while the context is open. `requests` is all that was asked, oldest first."""

    def __init__(
        self,
        turns: Sequence[Turn] = (),
        *,
        models: Sequence[str] = ("small",),
        capabilities: Sequence[str] = ("completion", "tools"),
        port: int = 0,
    ) -> None:
        self.requests: list[Asked] = []
        self.models = {wire.tagged(name) for name in models}
        self.capabilities = tuple(capabilities)
        self.loaded: dict[str, int] = {}
        self.closing = threading.Event()
        self._turns = tuple(turns)
        self._used = [0] * len(self._turns)
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", port), self)

    @property
    def url(self) -> str:
        """The address, fit for `OLLAMA_HOST`."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def asked(self, path: str) -> list[dict[str, Any]]:
        """Return the bodies of all requests to a path."""
        return [request.body for request in self.requests if request.path == path]

    def record(self, request: Asked) -> None:
        """Keep a request."""
        with self._lock:
            self.requests.append(request)

    def take(self, path: str, body: Mapping[str, Any]) -> Turn | None:
        """Return the first turn that fits and is left, and count it as used."""
        with self._lock:
            for place, turn in enumerate(self._turns):
                if (not turn.times or self._used[place] < turn.times) and turn.fits(path, body):
                    self._used[place] += 1
                    return turn
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], script: ScriptedOllama) -> None:
        self.script = script
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that leave early are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *said: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        script = self.server.script
        script.record(Asked(self.command, path, {}, dict(self.headers)))
        match path:
            case "/":
                self._send(200, b"Ollama is running", "text/plain; charset=utf-8")
            case "/api/version":
                self._json(200, {"version": wire.VERSION})
            case "/api/tags":
                models = [{**wire.model_record(name), "modified_at": wire.now()} for name in sorted(script.models)]
                self._json(200, {"models": models})
            case "/api/ps":
                self._json(200, {"models": [self._loaded(name) for name in sorted(script.loaded)]})
            case _:
                self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw)
        except ValueError as error:
            self._json(400, {"error": str(error) if raw else "missing request body"})
            return
        self.server.script.record(Asked("POST", path, body, dict(self.headers)))
        answers = {
            "/api/chat": self._answer,
            "/api/generate": self._answer,
            "/api/embed": self._embed,
            "/api/show": self._show,
            "/api/pull": self._pull,
        }
        if path not in answers:
            self._send(404, b"404 page not found", "text/plain")
        elif not (name := str(body.get("model") or body.get("name") or "")):
            self._json(400, {"error": "model is required"})
        elif path != "/api/pull" and wire.tagged(name) not in self.server.script.models:
            self._json(404, wire.missing(name))
        else:
            answers[path](path, name, body)

    def _loaded(self, name: str) -> dict[str, Any]:
        context = self.server.script.loaded[name]
        return {**wire.model_record(name), "expires_at": wire.now(), "size_vram": 0, "context_length": context}

    def _show(self, _path: str, _name: str, _body: Mapping[str, Any]) -> None:
        self._json(200, wire.shown(self.server.script.capabilities))

    def _pull(self, _path: str, name: str, body: Mapping[str, Any]) -> None:
        known = not name.startswith("no-such")
        if known:
            self.server.script.models.add(wire.tagged(name))
        lines = list(wire.pull_lines(name, known=known))
        if body.get("stream", True):
            self._stream(iter(lines))
        else:
            self._json(200 if known else 500, lines[-1])

    def _embed(self, path: str, name: str, body: Mapping[str, Any]) -> None:
        given = body.get("input") or []
        turn = self.server.script.take(path, body)
        if turn and turn.fault and self._refused(turn, name):
            return
        self._json(200, wire.embeddings(name, given if isinstance(given, list) else [given]))

    def _answer(self, path: str, name: str, body: Mapping[str, Any]) -> None:
        if problem := self._unable(name, body):
            self._json(400, {"error": problem})
            return
        if not (body.get("messages") if path == "/api/chat" else body.get("prompt")):
            self._load(path, name, body)
            return
        turn = self.server.script.take(path, body)
        if turn is None:
            self._json(500, {"error": f"no turn of the script fits this request to {path}"})
            return
        if self.server.script.closing.wait(turn.sleep_s) or self._refused(turn, name):
            return
        self.server.script.loaded[wire.tagged(name)] = context_of(body)
        records = list(records_of(turn, path, name, body))
        if body.get("stream", True):
            self._stream(self._faulty(turn, records), ended=turn.fault != "reset")
        else:
            self._whole(turn, path, records)

    def _unable(self, name: str, body: Mapping[str, Any]) -> str:
        able = self.server.script.capabilities
        if body.get("tools") and "tools" not in able:
            return f"registry.ollama.ai/library/{wire.tagged(name)} does not support tools"
        if body.get("think") and "thinking" not in able:
            return f'"{name}" does not support thinking'
        return ""

    def _load(self, path: str, name: str, body: Mapping[str, Any]) -> None:
        """Answer a request without words: it loads the model, or with `keep_alive` 0 unloads it."""
        leave = body.get("keep_alive") in (0, "0", "0s")
        if leave:
            self.server.script.loaded.pop(wire.tagged(name), None)
        else:
            self.server.script.loaded[wire.tagged(name)] = context_of(body)
        record = wire.part(path, name)
        self._json(200, {**record, "done": True, "done_reason": "unload" if leave else "load"})

    def _refused(self, turn: Turn, name: str) -> bool:
        """Answer a turn whose fault comes before any part of an answer; False where there is none."""
        if turn.fault in _STATUS:
            status, error = _STATUS[turn.fault]
            self._json(status, {"error": error})
        elif turn.fault == "missing":
            self._json(404, {"error": f'model "{name}" not found, try pulling it first'})
        elif turn.fault == "unable":
            self._json(400, {"error": f'"{name}" does not support chat'})
        elif turn.fault == "html":
            self._send(502, wire.HTML, "text/html")
        elif turn.fault == "list":
            self._send(500, b'["no"]', "application/json")
        elif turn.fault == "stall":
            self._stall()
        else:
            return False
        return True

    def _faulty(self, turn: Turn, records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any] | bytes]:
        """Yield the records as far as the turn's fault lets them through, a little apart if it says so."""
        cut = turn.fault in HALVED
        for record in records[: max(1, len(records) // 2)] if cut else records:
            yield record
            time.sleep(turn.pause_s)
        if turn.fault == "in-stream":
            yield {"error": wire.STOPPED}
        elif turn.fault == "garbage":
            yield b'{"model":"small","message":{"role":\n'
        elif turn.fault == "stall-midway":
            self._stall()

    def _whole(self, turn: Turn, path: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Answer in one body what a stream would say in many lines."""
        if turn.fault in ("in-stream", "stall-midway"):
            self._stall() if turn.fault == "stall-midway" else self._json(500, {"error": wire.STOPPED})
            return
        body = wire.line(joined(path, records))
        length = len(body)
        if turn.fault in ("cut", "reset", "garbage"):
            body = body[: length // 2]
        promised = len(body) if turn.fault == "garbage" else length
        self._send(200, body, "application/json; charset=utf-8", promised=promised)

    def _stall(self) -> None:
        self.server.script.closing.wait()
        self.close_connection = True

    def _json(self, status: int, record: Mapping[str, Any]) -> None:
        self._send(status, wire.line(record).rstrip(), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, *, promised: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if promised is not None and promised != len(body):
            self.close_connection = True

    def _stream(self, records: Iterator[Mapping[str, Any] | bytes], *, ended: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for record in records:
            data = record if isinstance(record, bytes) else wire.line(record)
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if ended:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True


def closed_address() -> str:
    """Return an address of this machine at which nothing listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a script until interrupted; prints the address first."""
    parser = argparse.ArgumentParser(prog="scripted_ollama", description="Play a scripted Ollama server.")
    parser.add_argument("--script", type=Path, help="JSON list of turns; without one nothing is answered")
    parser.add_argument("--models", nargs="*", default=["small"], help="names of the models that are there")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args(arguments)
    try:
        turns = read_script(given.script) if given.script else []
    except (OSError, ValueError) as error:
        parser.error(f"{given.script} is no script: {error}")
    with ScriptedOllama(turns, models=given.models, port=given.port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
