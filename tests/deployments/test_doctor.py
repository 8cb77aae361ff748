"""What the doctor says about a machine and a home."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deployments.doctor import Check, examine

EXAMINE = """
import dataclasses, json, sys
from pathlib import Path
from deployments.doctor import examine
print(json.dumps([dataclasses.asdict(check) for check in examine(Path(sys.argv[1]), None)]))
"""


class _Ollama(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = {"/api/version": {"version": "0.6.3"}, "/api/tags": {"models": [{"name": "small"}]}}
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@pytest.fixture
def ollama() -> Iterator[str]:
    """The address of something that answers as Ollama does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Ollama) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def examined(
    tmp_path: Path, plain_environment: dict[str, str], python: Callable[..., list[str]]
) -> Callable[..., dict[str, Check]]:
    """A function that examines a home in an environment, in a process of its own."""

    def examine_in(home: Path, **variables: str) -> dict[str, Check]:
        environment = {**plain_environment, **variables}
        argv = python(EXAMINE, home)
        ran = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
        return {found["name"]: Check(**found) for found in json.loads(ran.stdout)}

    return examine_in


def test_healthy_machine(tmp_path: Path) -> None:
    """What works is ok, every other state has a remedy, and looking changes nothing."""
    checks = {check.name: check for check in examine(tmp_path / "home", tmp_path)}
    for name in ("git", "python", "store", "prefect", "server"):
        assert checks[name].state == "ok", checks[name]
    assert all(check.remedy for check in checks.values() if check.state != "ok")
    assert checks["repository"].state == "broken"
    assert list(tmp_path.iterdir()) == []


def test_bare_machine(tmp_path: Path, examined: Callable[..., dict[str, Check]]) -> None:
    """Without programs git is what breaks; coding CLIs, node, sandbox and Ollama only reduce."""
    checks = examined(tmp_path, PATH=str(tmp_path), OLLAMA_HOST="http://127.0.0.1:9")
    assert checks["git"].state == "broken"
    assert {checks[name].state for name in ("coding CLIs", "node", "sandbox", "ollama")} == {"reduced"}


def test_what_is_there_is_found(tmp_path: Path, ollama: str, examined: Callable[..., dict[str, Check]]) -> None:
    """A coding CLI on the PATH and an Ollama at OLLAMA_HOST are named."""
    for name, text in {"aider": "", "git": "echo git version 2.30.1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    checks = examined(tmp_path, PATH=f"{tmp_path}:/bin", OLLAMA_HOST=ollama)
    assert checks["coding CLIs"] == Check("coding CLIs", "ok", "aider")
    assert checks["ollama"].fact == f"Ollama 0.6.3 at {ollama}, 1 models"
    assert checks["git"].fact == "git 2.30.1 is too old"


def test_broken_home(tmp_path: Path, examined: Callable[..., dict[str, Check]]) -> None:
    """A home that cannot be written and a record that cannot be read are reported, not raised."""
    (tmp_path / "server.json").write_text("{")
    assert examined(tmp_path)["server"].state == "reduced"
    assert examined(Path("/proc/tuloy"))["store"].state == "broken"
