"""What this machine and this home offer, examined before anything runs: facts with remedies, never a guess.

Owns: the checks. Does not own: showing them (cli), and repairing anything.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from deployments.environment import external_api_url
from deployments.server import server_status
from tuloy.errors import ModelFailed, ServerUnavailable
from tuloy.printable import one_line
from tuloy.settings import ModelSettings
from tuloy.understanding.model.probe import address_of, has_model, models_at, version_at

__all__ = ["CODING_CLIS", "Check", "examine"]

CODING_CLIS = ("aider", "claude", "codex", "gemini")
GIT_NEEDED = (2, 38)
PROGRAM_TIMEOUT_S = 5.0
LITTLE_SPACE_BYTES = 2_000_000_000
NO_SPACE_BYTES = 100_000_000


@dataclass(frozen=True)
class Check:
    """One fact; `reduced` works with less, `broken` does not work, and `remedy` is what to do about it."""

    name: str
    state: Literal["ok", "reduced", "broken"]
    fact: str
    remedy: str = ""


def examine(home: Path, repo: Path | None, model: ModelSettings | None = None) -> list[Check]:
    """Return every check of this machine, this home, the model that is set and, where one is given, this repository."""
    checks: list[Callable[[], Check]] = [
        _git,
        _python,
        lambda: _store(home),
        _prefect,
        lambda: _server(home),
        _sandbox,
        lambda: _ollama(model or ModelSettings()),
        _coding_clis,
        _node,
    ]
    if repo is not None:
        checks.insert(1, lambda: _repository(repo))
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        return [found.result() for found in [pool.submit(check) for check in checks]]


def _said(*argv: str) -> str | None:
    """Return the first line that the program printed, None where it is missing, fails or hangs."""
    try:
        ran = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PROGRAM_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return one_line(ran.stdout.partition("\n")[0]) if ran.returncode == 0 else None


def _numbers(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: '2.39.5-rc1' is (2, 39, 5)."""
    numbers = []
    for part in text.split("."):
        digits = part[: next((at for at, sign in enumerate(part) if not sign.isdigit()), len(part))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


def _git() -> Check:
    needed = ".".join(map(str, GIT_NEEDED))
    said = _said("git", "--version")
    if said is None:
        return Check("git", "broken", "git is not on the PATH", f"install git {needed} or later")
    number = said.removeprefix("git version ")
    if _numbers(number) < GIT_NEEDED:
        return Check("git", "broken", f"git {number} is too old", f"install git {needed} or later")
    return Check("git", "ok", f"git {number}")


def _repository(repo: Path) -> Check:
    where = repo.absolute()
    if any((place / ".git").exists() for place in (where, *where.parents)):
        return Check("repository", "ok", str(where))
    return Check("repository", "broken", f"{str(where)!r} is in no git repository", "run `git init` and commit once")


def _python() -> Check:
    return Check("python", "ok", f"Python {platform.python_version()} at {sys.executable}")


def _store(home: Path) -> Check:
    remedy = "make it writable, or set TULOY_HOME to a directory of your own"
    existing = next(place for place in (home, *home.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"tuloy")
            file.flush()
    except OSError as error:
        return Check("store", "broken", f"{str(existing)!r} cannot be written: {error.strerror}", remedy)
    free = shutil.disk_usage(existing).free
    fact = f"{home}, {free / 1e9:.1f} GB free"
    if free < LITTLE_SPACE_BYTES:
        state: Literal["reduced", "broken"] = "broken" if free < NO_SPACE_BYTES else "reduced"
        return Check("store", state, fact, "free some space, or set TULOY_HOME to a disk with more")
    return Check("store", "ok", fact)


def _prefect() -> Check:
    remedy = 'run `python -m pip install "prefect>=3.8.8,<3.9" "fastapi>=0.139,<0.151"`'
    try:
        prefect, fastapi = version("prefect"), version("fastapi")
    except PackageNotFoundError as error:
        return Check("prefect", "broken", f"{error.name} is not installed", remedy)
    fact = f"Prefect {prefect}, FastAPI {fastapi}"
    if _numbers(fastapi) >= (0, 151):
        return Check("prefect", "broken", f"{fact}: its server does not start with this FastAPI", remedy)
    if _numbers(prefect)[:2] != (3, 8):
        return Check("prefect", "reduced", f"{fact}: made for Prefect 3.8", remedy)
    return Check("prefect", "ok", fact)


def _server(home: Path) -> Check:
    if (url := external_api_url()) is not None:
        from deployments.external import examined

        try:
            return Check("server", "ok", f"PREFECT_API_URL={url}, Prefect {examined(url)}")
        except ServerUnavailable as error:
            return Check("server", "broken", str(error), "correct PREFECT_API_URL or unset it")
    try:
        status = server_status(home)
    except ServerUnavailable as error:
        return Check("server", "broken", str(error), "set TULOY_HOME to a directory of your own")
    if status.state == "hung":
        return Check("server", "broken", status.fact, "run `tuloy down`, then `tuloy up`")
    if status.state == "broken":
        return Check("server", "reduced", status.fact, "run `tuloy up`; the broken file is kept beside it")
    return Check("server", "ok", status.fact + ("; it starts when needed" if status.state == "stopped" else ""))


def _sandbox() -> Check:
    if shutil.which("bwrap") is None:
        return Check("sandbox", "reduced", "bubblewrap (bwrap) is not on the PATH", "install bubblewrap")
    if _said("bwrap", "--version") is None or not _bwrap_works():
        remedy = "allow unprivileged user namespaces (sysctl user.max_user_namespaces, AppArmor)"
        return Check("sandbox", "reduced", "bubblewrap is installed and cannot make a sandbox here", remedy)
    return Check("sandbox", "ok", "bubblewrap works")


def _bwrap_works() -> bool:
    return _said("bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true") is not None


def _ollama(model: ModelSettings) -> Check:
    """Say which Ollama is there, and who would read a goal that the rules are not sure of."""
    try:
        fact = f"Ollama {version_at(model)} at {address_of(model)}"
        models = models_at(model)
    except ModelFailed as error:
        fact, _, remedy = str(error).rpartition("; ")
        return Check("ollama", "reduced", fact, f"{remedy}; until then every plan is made by rules alone")
    if not has_model(models, model.name):
        there = f"has {', '.join(models[:5])}" + (", …" if len(models) > 5 else "") if models else "has no model"
        remedy = f"run `ollama pull {model.name}`" + (", or set TULOY_MODEL to one that is there" if models else "")
        return Check("ollama", "reduced", f"{fact} {there}, and not {model.name!r}", remedy)
    used = f"{model.name} reads goals that the rules are not sure of, {model.num_ctx:,} tokens at once"
    return Check("ollama", "ok", f"{fact}, {len(models)} model{'s' * (len(models) != 1)}; {used}")


def _coding_clis() -> Check:
    found = [name for name in CODING_CLIS if shutil.which(name)]
    if found:
        return Check("coding CLIs", "ok", ", ".join(found))
    return Check(
        "coding CLIs",
        "reduced",
        f"none of {', '.join(CODING_CLIS)} is on the PATH",
        "install one of them, or describe yours in tuloy.toml under [agents]",
    )


def _node() -> Check:
    said = _said("node", "--version")
    if said is None:
        return Check("node", "reduced", "node is not on the PATH", "install Node.js for JavaScript repositories")
    return Check("node", "ok", f"Node.js {said}")
