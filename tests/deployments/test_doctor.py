"""What the doctor says about a machine and a home."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.doctor import Check, examine
from tuloy.testing.ollama_wire import VERSION
from tuloy.testing.scripted_ollama import ScriptedOllama, closed_address

EXAMINE = """
import dataclasses, json, sys
from pathlib import Path
from deployments.doctor import examine
from tuloy.settings import load_settings
print(json.dumps([dataclasses.asdict(check) for check in examine(Path(sys.argv[1]), None, load_settings().model)]))
"""


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


def test_what_is_there_is_found(tmp_path: Path, examined: Callable[..., dict[str, Check]]) -> None:
    """A coding CLI on the PATH is named, and a git that is too old."""
    for name, text in {"aider": "", "git": "echo git version 2.30.1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    checks = examined(tmp_path, PATH=f"{tmp_path}:/bin")
    assert checks["coding CLIs"] == Check("coding CLIs", "ok", "aider")
    assert checks["git"].fact == "git 2.30.1 is too old"


def test_the_model_that_a_plan_would_use_is_named(tmp_path: Path, examined: Callable[..., dict[str, Check]]) -> None:
    """Server, version and model; what to pull where it is missing; who plans where no server answers."""
    with ScriptedOllama(models=["small"]) as server:
        there = examined(tmp_path, OLLAMA_HOST=server.url, TULOY_MODEL="small")["ollama"]
        missing = examined(tmp_path, OLLAMA_HOST=server.url, TULOY_MODEL="big")["ollama"]
    with ScriptedOllama(models=[]) as server:
        empty = examined(tmp_path, OLLAMA_HOST=server.url, TULOY_MODEL="big")["ollama"]
    absent = examined(tmp_path, OLLAMA_HOST=closed_address())["ollama"]
    assert there.state == "ok"
    assert there.fact.startswith(f"Ollama {VERSION} at http://127.0.0.1:")
    assert there.fact.endswith(", 1 model; small reads goals that the rules are not sure of, 8,192 tokens at once")
    assert missing.fact.endswith("has small:latest, and not 'big'")
    assert missing.remedy == "run `ollama pull big`, or set TULOY_MODEL to one that is there"
    assert (empty.state, empty.remedy) == ("reduced", "run `ollama pull big`")
    assert (absent.state, "every plan is made by rules alone" in absent.remedy) == ("reduced", True)
    assert absent.fact.startswith("Ollama does not answer at http://127.0.0.1:")


def test_broken_home(tmp_path: Path, examined: Callable[..., dict[str, Check]]) -> None:
    """A home that cannot be written and a record that cannot be read are reported, not raised."""
    (tmp_path / "server.json").write_text("{")
    assert examined(tmp_path)["server"].state == "reduced"
    assert examined(Path("/proc/tuloy"))["store"].state == "broken"
