"""Where a step's program is found, and the environment it gets.

A name is looked for in the project's own environment, then on PATH, then among the few tools that Tuloy brings, which
run as processes of their own. Nothing here reads a repository's configuration.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tuloy.errors import ToolMissing

__all__ = [
    "OURS",
    "Place",
    "exit_means",
    "find_tool",
    "on_path",
    "project_bins",
    "resolve_argv",
    "step_environment",
]

OURS = frozenset({"ruff", "pytest", "pyproject-build", "python", "python3"})
ENVIRONMENTS = (".venv", "venv", "env")
PASSED = (
    "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT",
)  # fmt: skip

# What an exit code other than 0 and 1 says, where a tool documents that it could not do its work at all.
COULD_NOT: Mapping[str, Mapping[int, str]] = {
    "pytest": {3: "internal error of pytest", 4: "pytest was called wrongly", 5: "no tests were collected"},
    "ruff": {2: "ruff could not run"},
    "mypy": {2: "mypy could not run"},
    "eslint": {2: "eslint could not run"},
    "sh": {126: "the command is not executable", 127: "the command was not found"},
    "bash": {126: "the command is not executable", 127: "the command was not found"},
    "python": {127: "what it should call was not found"},
    "npm": {127: "the script's command was not found; are the dependencies installed?"},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step works: the user's `checkout` (whose environments are used) and the `workspace` it works in."""

    checkout: Path
    workspace: Path

    @property
    def environment(self) -> Path | None:
        """The project's own Python environment: one that a step made in the workspace, else the checkout's."""
        homes = (root / name for root in (self.workspace, self.checkout) for name in ENVIRONMENTS)
        return next((home for home in homes if (home / "bin" / "python").exists()), None)


def project_bins(place: Place) -> list[Path]:
    """Directories of the project's own programs, nearest first."""
    bins = [place.environment / "bin"] if place.environment else []
    bins += [root / "node_modules" / ".bin" for root in (place.workspace, place.checkout)]
    return [folder for folder in bins if folder.is_dir()]


def find_tool(name: str, place: Place) -> Path | None:
    """Return the program that `name` means here, or None."""
    if "/" not in name:
        return _which(name, project_bins(place)) or on_path(name)
    path = (place.workspace / name).absolute()
    return path if "\0" not in name and os.access(path, os.X_OK) and path.is_file() else None


def on_path(name: str) -> Path | None:
    """Return the program that `name` means to the user, in PATH or among the tools that Tuloy brings, or None."""
    ours = Path(sys.prefix) / "bin" / name if name in OURS else None
    return _which(name, _user_dirs()) or (ours if ours and ours.exists() else None)


def _which(name: str, folders: Iterable[Path | str]) -> Path | None:
    found = shutil.which(name, path=os.pathsep.join(map(str, folders)))
    return Path(found) if found else None


def _user_dirs() -> list[str]:
    """The user's PATH without relative and empty entries: in a workspace they mean the repository's own files."""
    given = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [folder for folder in given if folder.startswith("/")] or os.defpath.split(os.pathsep)


def resolve_argv(argv: Iterable[str], place: Place, *, project: bool = True) -> list[str]:
    """Return `argv` with its program's full path. Without `project`, a name means the user's program only.

    Raises:
        ToolMissing: when it is found nowhere, or there are no words at all.
    """
    name, *rest = [*argv] or [""]
    if not name:
        raise ToolMissing("an empty command cannot be started; name a program")
    names = ("python", "python3") if name == "python" else (name,)
    find = partial(find_tool, place=place) if project or "/" in name else on_path
    found = next(filter(None, map(find, names)), None)
    if found is None:
        raise ToolMissing(
            f"{name!r} is neither in the project's environment nor on PATH; install it there and run `tuloy resume`"
        )
    return [str(found), *rest]


def step_environment(place: Place, *, python_path: Iterable[str] = (), passed: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment of a step: an allow-list, the project's programs first on PATH, no colours, no questions.

    `python_path` makes the workspace's code win over an editable install of the checkout. `passed` are further names
    that the user allows.
    """
    kept = {name: os.environ[name] for name in (*PASSED, *passed) if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    bins = os.pathsep.join([*map(str, project_bins(place)), *_user_dirs()])
    kept |= {"PATH": bins, "TERM": "dumb", "NO_COLOR": "1", "CI": "1", "PYTHONUNBUFFERED": "1"}
    kept.pop("PYTHONPATH", None)
    if entries := os.pathsep.join(python_path):
        kept["PYTHONPATH"] = entries
    if place.environment:
        kept["VIRTUAL_ENV"] = str(place.environment)
    return kept


def exit_means(program: str, code: int) -> str | None:
    """Return why this exit code means "could not run", or None when it is the work's own answer."""
    return COULD_NOT.get(Path(program).name, {}).get(code) or None
