"""The only place that starts git: nothing a repository configures, tracks or plants is executed.

Owns the environment and configuration of every git process. Does not know what the commands mean (`git.py`).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tuloy.errors import GitFailed, ToolMissing
from tuloy.printable import printable
from tuloy.workspaces.records import Checkout

__all__ = ["Answer", "paths_of", "run_git", "talking_git"]

TIMEOUT_S = 900
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.excludesFile": str(Path(__file__).with_name("junk.gitignore")),
    "core.sshCommand": "false",
    "core.askPass": "true",
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.trustctime": "true",
    "core.checkStat": "default",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.quotePath": "false",
    "core.filesRefLockTimeout": "2000",
    "core.packedRefsTimeout": "5000",
    "diff.external": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
    "credential.helper": "",
    "commit.gpgSign": "false",
    "gpg.program": "false",
    "log.showSignature": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "merge.renames": "true",
    "merge.directoryRenames": "conflict",
    "merge.conflictStyle": "merge",
    "merge.renormalize": "false",
    "color.ui": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_VARIABLES = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "false",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_AUTHOR_NAME": "Tuloy",
    "GIT_AUTHOR_EMAIL": "tuloy@localhost",
    "GIT_COMMITTER_NAME": "Tuloy",
    "GIT_COMMITTER_EMAIL": "tuloy@localhost",
    "LC_ALL": "C",
}
_MAY_DEFINE_DRIVERS = re.compile(rb"\[\s*(filter|merge|diff|include)", re.IGNORECASE)
_DRIVER_KEYS = r"^(filter|merge|diff)\..*\.(clean|smudge|process|required|driver|textconv|command)$"
_SHOW_DIFFS = {"diff", "diff-files", "diff-index", "diff-tree", "format-patch", "log", "show"}
_SWEPT_AWAY = "unable to create temporary file: No such file or directory"
"""What git says when a `git gc` of the user's removed the object directory it was about to write into."""
_HARMLESS = {"required": "false", "driver": "false", "command": "false", "textconv": "cat"}
"""What stands in for a driver's command: a merge driver that fails leaves a conflict."""


@dataclass(frozen=True)
class Answer:
    """What a git process said: exit code, standard output as bytes, standard error made printable."""

    code: int
    out: bytes
    err: str


def run_git(
    checkout: Checkout,
    args: Iterable[str],
    *,
    bare: bool = False,
    reading: bool = False,
    index: Path | None = None,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    accept: Iterable[int] = (0,),
) -> Answer:
    """Run git hardened and return its answer.

    Args:
        bare: work on objects and refs alone; no work tree, no index, no tracked attributes.
        reading: take no optional locks, so that nobody else's git is disturbed.
        index: use this index file instead of the checkout's.
        variables: environment on top of the hardened one.
        accept: exit codes that are answers.

    Raises:
        GitFailed: on any other exit code, or after 15 minutes.
        ToolMissing: when there is no git.
    """
    args = _without_diff_programs(list(args))
    environment = _environment(_SETTINGS | _disarmed_drivers(checkout)) | dict(variables or {})
    if reading:
        environment["GIT_OPTIONAL_LOCKS"] = "0"
    if index:
        environment["GIT_INDEX_FILE"] = str(index)
    cwd = checkout.git_dir if bare else checkout.root
    for _ in range(4):
        answer = _run([*_command(checkout, bare), *args], cwd, environment, stdin)
        if _SWEPT_AWAY not in answer.err:
            break
    if answer.code not in accept:
        raise GitFailed(_failure(args, answer))
    return answer


def paths_of(out: bytes) -> list[str]:
    """Split NUL-separated paths into text that any store takes; bytes outside UTF-8 are escaped."""
    return [path.decode("utf-8", "backslashreplace") for path in out.split(b"\0") if path]


@contextmanager
def talking_git(checkout: Checkout, args: Iterable[str]) -> Iterator["subprocess.Popen[str]"]:
    """Start a git process that answers commands; at the end close its input and wait for it."""
    process = subprocess.Popen(
        [*_command(checkout, bare=True), *args],
        cwd=checkout.git_dir,
        env=_environment(_SETTINGS),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
    )
    try:
        yield process
    finally:
        process.communicate()


def _command(checkout: Checkout, bare: bool) -> list[str]:
    return [_program(), f"--git-dir={checkout.git_dir}", "--bare" if bare else f"--work-tree={checkout.root}"]


def _without_diff_programs(args: list[str]) -> list[str]:
    return [args[0], "--no-ext-diff", "--no-textconv", *args[1:]] if args[0] in _SHOW_DIFFS else args


def _run(command: list[str], cwd: Path, environment: dict[str, str], stdin: bytes) -> Answer:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitFailed(f"git {command[3]} did not end within {TIMEOUT_S} s; is the disk reachable?") from error
    except OSError as error:
        raise GitFailed(f"git cannot run in {str(cwd)!r}: {error.strerror}; does it still exist?") from error
    return Answer(done.returncode, done.stdout, printable(done.stderr.decode("utf-8", "replace")).strip())


@cache
def _program() -> str:
    program = shutil.which("git")
    if program is None:
        raise ToolMissing("git is not on the PATH; install git 2.38 or later")
    return program


def _environment(config: Mapping[str, str]) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= _VARIABLES | {"GIT_CONFIG_COUNT": str(len(config))}
    for n, (key, value) in enumerate(config.items()):
        environment[f"GIT_CONFIG_KEY_{n}"] = key
        environment[f"GIT_CONFIG_VALUE_{n}"] = value
    return environment


def _disarmed_drivers(checkout: Checkout) -> dict[str, str]:
    """Settings that take away the commands of every filter, merge and diff driver here."""
    files = (checkout.common_dir / "config", checkout.git_dir / "config.worktree")
    texts = tuple(file.read_bytes() if file.is_file() else b"" for file in files)
    if not any(map(_MAY_DEFINE_DRIVERS.search, texts)):
        return {}
    keys = [key for key in _driver_keys(checkout) if key]
    return {key: _HARMLESS.get(key.rpartition(".")[2].lower(), "") for key in keys}


def _driver_keys(checkout: Checkout) -> list[str]:
    args = ["config", "--includes", "--null", "--name-only", "--get-regexp", _DRIVER_KEYS]
    answer = _run([*_command(checkout, bare=True), *args], checkout.git_dir, _environment(_SETTINGS), b"")
    if answer.code not in (0, 1):
        raise GitFailed(_failure(["config"], answer))
    return answer.out.decode("utf-8", "surrogateescape").split("\0")


def _failure(args: list[str], answer: Answer) -> str:
    said = answer.err[-2000:] or "it said nothing"
    words = " ".join(map(repr, args[:8]))
    return f"git {words} failed with exit code {answer.code}: {said}; {_next_action(said)}"


def _next_action(said: str) -> str:
    if ".lock'" in said:
        return "another git works there; try again, and if none is running remove the lock file"
    if "No space left" in said:
        return "free some disk space"
    if "bad object" in said or "corrupt" in said or "unable to read" in said:
        return "run 'git fsck' in the repository"
    return "run the command in the repository to see more"
