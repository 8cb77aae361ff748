"""Where a step's program is found, and the environment it gets.

A name is looked for in the project's own environment, then on PATH, then among the few tools that Tuloy brings, which
run as processes of their own. Nothing here reads a repository's configuration.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tuloy.errors import ToolMissing

__all__ = ["OURS", "Place", "exit_means", "find_tool", "project_bins", "resolve_argv", "step_environment"]

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
    "npm": {127: "the script's command was not found; are the dependencies installed?"},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step works: the user's `checkout` (whose environments are used) and the `workspace` it works in."""

    checkout: Path
    workspace: Path

    @property
    def environment(self) -> Path | None:
        """The project's own Python environment, if it has one."""
        homes = (self.checkout / name for name in ENVIRONMENTS)
        return next((home for home in homes if (home / "bin" / "python").exists()), None)


def project_bins(place: Place) -> list[Path]:
    """Directories of the project's own programs, nearest first."""
    bins = [place.environment / "bin"] if place.environment else []
    bins += [root / "node_modules" / ".bin" for root in (place.workspace, place.checkout)]
    return [folder for folder in bins if folder.is_dir()]


def find_tool(name: str, place: Place) -> Path | None:
    """Return the program that `name` means here, or None."""
    if "/" in name:
        path = (place.workspace / name).absolute()
        return path if os.access(path, os.X_OK) and path.is_file() else None
    path_dirs = os.pathsep.join([*map(str, project_bins(place)), os.environ.get("PATH", os.defpath)])
    if found := shutil.which(name, path=path_dirs):
        return Path(found)
    ours = Path(sys.prefix) / "bin" / name
    return ours if name in OURS and ours.exists() else None


def resolve_argv(argv: Iterable[str], place: Place) -> list[str]:
    """Return `argv` with its program's full path.

    Raises:
        ToolMissing: when it is found nowhere.
    """
    name, *rest = argv
    found = find_tool(name, place)
    if found is None and name == "python":
        found = find_tool("python3", place)
    if found is None:
        raise ToolMissing(
            f"{name!r} is neither in the project's environment nor on PATH; install it there and run `tuloy resume`"
        )
    return [str(found), *rest]


def step_environment(
    place: Place, *, python_path: Iterable[str] = (), passed: Iterable[str] = ()
) -> dict[str, str]:
    """Return the environment of a step: an allow-list, the project's programs first on PATH, no colours, no questions.

    `python_path` makes the workspace's code win over an editable install of the checkout. `passed` are further names
    that the user allows.
    """
    kept = {name: os.environ[name] for name in (*PASSED, *passed) if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    bins = os.pathsep.join([*map(str, project_bins(place)), os.environ.get("PATH", os.defpath)])
    kept |= {"PATH": bins, "TERM": "dumb", "NO_COLOR": "1", "CI": "1", "PYTHONUNBUFFERED": "1"}
    kept["PYTHONPATH"] = os.pathsep.join(python_path)
    if place.environment:
        kept["VIRTUAL_ENV"] = str(place.environment)
    return kept


def exit_means(program: str, code: int) -> str | None:
    """Return why this exit code means "could not run", or None when it is the work's own answer."""
    return COULD_NOT.get(Path(program).name, {}).get(code) or None
