"""Probe: whether an Ollama server answers, and what it has, found out quickly and without the client's imports."""

import http.client
import ipaddress
import json
import os
from typing import Any
from urllib.parse import urlsplit

from tuloy.errors import ModelFailed
from tuloy.printable import one_line
from tuloy.settings import ModelSettings

__all__ = ["address_of", "has_model", "headers_of", "is_here", "is_loaded", "models_at", "require_model", "version_at"]

CONNECT_S = 0.25
ANSWER_S = 2.0
_LARGEST_BYTES = 4_000_000
_PORTS = {"http": 80, "https": 443}


def address_of(model: ModelSettings) -> str:
    """Return the server's address as `scheme://host:port/path`, as Ollama's own clients read `OLLAMA_HOST`.

    Raises:
        ModelFailed: when it is no address.
    """
    given = (model.host or os.environ.get("OLLAMA_HOST") or "").strip() or "127.0.0.1:11434"
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        port = parts.port or (_PORTS[parts.scheme] if "://" in given else 11434)
    except (ValueError, KeyError) as error:
        raise ModelFailed(
            f"Ollama's address {given!r} is none; write OLLAMA_HOST=http://HOST:PORT", fault="not running"
        ) from error
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(parts.hostname or "", parts.hostname or "127.0.0.1")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


def is_here(address: str) -> bool:
    """Whether the address is on this machine, where no proxy has a part."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def headers_of(model: ModelSettings) -> dict[str, str]:
    """Return what authorizes a request, if there is a key."""
    key = model.api_key.get_secret_value() or os.environ.get("OLLAMA_API_KEY", "")
    return {"authorization": f"Bearer {key}"} if key else {}


def version_at(model: ModelSettings) -> str:
    """Return the version of the server.

    Raises:
        ModelFailed: when none takes the connection in a quarter of a second, or what answers is no Ollama.
    """
    return one_line(str(_fetched(model, "/api/version", "version")), 40)


def models_at(model: ModelSettings) -> tuple[str, ...]:
    """Return the names of the models that the server has; raises as `version_at` does."""
    listed = _fetched(model, "/api/tags", "models")
    names = [one.get("name") or one.get("model") for one in listed if isinstance(one, dict)]
    return tuple(one_line(str(name), 200) for name in names if name)


def is_loaded(model: ModelSettings) -> bool:
    """Whether the server has the model in memory; raises as `version_at` does."""
    listed = _fetched(model, "/api/ps", "models")
    return has_model(tuple(str(one.get("name")) for one in listed if isinstance(one, dict)), model.name)


def has_model(models: tuple[str, ...], name: str) -> bool:
    """Whether the name is among them; `small` is `small:latest`."""
    return {name.lower(), f"{name.lower()}:latest"} & {one.lower() for one in models} != set()


def require_model(model: ModelSettings) -> None:
    """Make sure that a server answers and has the model.

    Raises:
        ModelFailed: when it does not, saying how to get it.
    """
    models = models_at(model)
    if not has_model(models, model.name):
        there = f"it has {', '.join(map(repr, models[:5]))}" if models else "it has none"
        raise ModelFailed(
            f"Ollama at {address_of(model)} has no model {model.name!r} ({there}); run `ollama pull {model.name}`, "
            "or name another with TULOY_MODEL",
            fault="model missing",
        )


def _fetched(model: ModelSettings, path: str, key: str) -> Any:
    address = address_of(model)
    try:
        found = json.loads(_body(address, path, headers_of(model)))[key]
    except (OSError, http.client.HTTPException) as error:
        raise ModelFailed(
            f"Ollama does not answer at {address} ({one_line(str(error)) or type(error).__name__}); "
            "start `ollama serve`, or set OLLAMA_HOST",
            fault="not running",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        status = str(error) if str(error).startswith("status ") else f"its {path} has no {key!r}"
        raise ModelFailed(
            f"what answers at {address} is no Ollama ({status}); correct OLLAMA_HOST", fault="no ollama"
        ) from error
    if isinstance(found, list) or key == "version":
        return found
    raise ModelFailed(f"what answers at {address} is no Ollama; correct OLLAMA_HOST", fault="no ollama")


def _body(address: str, path: str, headers: dict[str, str]) -> bytes:
    """Return what is at the address; raises OSError, HTTPException or ValueError."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_S)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_S)
        connection.request("GET", parts.path + path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        return answer.read(_LARGEST_BYTES)
    finally:
        connection.close()
