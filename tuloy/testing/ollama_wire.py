"""What an Ollama server puts on the wire: the lines, bodies and words of its answers, as pure functions.

Owns shapes, read off Ollama 0.33's own sources. Does not own which answer a request gets
(`tuloy.testing.scripted_ollama`). Times are nanoseconds, as there; fields that are zero are left out, as there.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "BUSY",
    "HTML",
    "OUT_OF_MEMORY",
    "STOPPED",
    "VERSION",
    "asked_text",
    "chunks",
    "embeddings",
    "final",
    "line",
    "missing",
    "model_record",
    "now",
    "part",
    "pull_lines",
    "shown",
    "tagged",
]

VERSION = "0.33.0"
BUSY = "server busy, please try again.  maximum pending requests exceeded"
OUT_OF_MEMORY = "llama-server process has terminated: cudaMalloc failed: out of memory"
STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
    "check ollama server logs for details"
)
HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
SIZE_BYTES = 4_683_087_332
MILLISECOND = 1_000_000


def now() -> str:
    """Return the time as Go prints it: UTC, RFC 3339, nanoseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def line(record: Mapping[str, Any]) -> bytes:
    """Return one line of NDJSON."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def tagged(name: str) -> str:
    """Return the name with its tag: `small` is `small:latest`."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def missing(name: str) -> dict[str, str]:
    """Return the body of the 404 for a model that is not there."""
    return {"error": f"model '{name}' not found"}


def asked_text(body: Mapping[str, Any]) -> str:
    """Return all that the model would see of a request, in order."""
    said = [str(message.get("content") or "") for message in body.get("messages") or ()]
    inputs = body.get("input")
    said += [str(one) for one in (inputs if isinstance(inputs, list) else [inputs]) if one]
    return "\n".join([*said, *(str(body[key]) for key in ("system", "prompt") if body.get(key))])


def chunks(text: str) -> list[str]:
    """Cut an answer as tokens would: a word with the space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


def part(path: str, model: str, **said: Any) -> dict[str, Any]:
    """Return one unfinished record: `content`, `thinking` or `tool_calls`, shaped for chat or for generate."""
    record: dict[str, Any] = {"model": model, "created_at": now()}
    if path == "/api/chat":
        record["message"] = {"role": "assistant", "content": "", **said}
    else:
        record["response"] = said.pop("content", "")
        record |= said
    return {**record, "done": False}


def final(record: Mapping[str, Any], *, reason: str, prompt: int, made: int) -> dict[str, Any]:
    """Return the record that ends an answer, with what was counted."""
    counted = {
        "total_duration": (40 + made) * MILLISECOND,
        "load_duration": 5 * MILLISECOND,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": 20 * MILLISECOND if prompt else 0,
        "eval_count": made,
        "eval_duration": made * MILLISECOND,
    }
    return {**record, "done": True, "done_reason": reason, **{name: n for name, n in counted.items() if n}}


def model_record(name: str) -> dict[str, Any]:
    """Return what `/api/tags` and `/api/ps` say of a model alike."""
    return {
        "name": tagged(name),
        "model": tagged(name),
        "size": SIZE_BYTES,
        "digest": hashlib.sha256(tagged(name).encode()).hexdigest(),
        "details": _details(),
    }


def shown(capabilities: Sequence[str]) -> dict[str, Any]:
    """Return what `/api/show` says."""
    return {
        "modelfile": "FROM scripted\n",
        "template": "{{ .Prompt }}",
        "details": _details(),
        "model_info": {"general.architecture": "scripted", "scripted.context_length": 32768},
        "capabilities": list(capabilities),
        "modified_at": now(),
    }


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "scripted",
        "families": ["scripted"],
        "parameter_size": "7.6B",
        "quantization_level": "Q4_K_M",
    }


def pull_lines(name: str, *, known: bool) -> Iterator[dict[str, Any]]:
    """Yield the progress of a pull; an unknown name is an error behind the first line, under status 200."""
    yield {"status": "pulling manifest"}
    if not known:
        yield {"error": "pull model manifest: file does not exist"}
        return
    digest = "sha256:" + hashlib.sha256(tagged(name).encode()).hexdigest()
    for completed in (0, SIZE_BYTES // 2, SIZE_BYTES):
        done = {"completed": completed} if completed else {}
        yield {"status": f"pulling {digest[7:19]}", "digest": digest, "total": SIZE_BYTES, **done}
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}


def embeddings(model: str, inputs: Sequence[str], width: int = 8) -> dict[str, Any]:
    """Return unit vectors that are the same for the same text."""
    vectors = []
    for text in inputs:
        raw = [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:width]]
        length = sum(value * value for value in raw) ** 0.5
        vectors.append([value / length for value in raw])
    counted = {"total_duration": 14 * MILLISECOND, "load_duration": MILLISECOND}
    return {"model": model, "embeddings": vectors, **counted, "prompt_eval_count": sum(map(_tokens, inputs))}


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)
