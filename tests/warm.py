"""Programs as processes of their own that need not import again: each is forked off one that has imported everything.

A process has its own number, environment, directory, descriptors and end, as if it had been started; what it lacks is
the start. Its imports, their order and what could come between are the subject of tests that start the command cold.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

IMPORTED = (
    "cli.main", "cli.deciding", "cli.looking", "cli.machine", "cli.planning", "cli.running", "cli.todo",
    "deployments.catalog", "flows.execute", "tuloy.gates.judge", "tuloy.work.acceptance", "tuloy.work.stage_end",
    "tuloy.work.steps",
)  # fmt: skip


class Warm:
    """The process that is forked off, and the files through which its children speak.

    The children's streams have the encoding that the environment here asks for: that is settled at a start.
    """

    def __init__(self, environment: Mapping[str, str], api_url: str, imported: Sequence[str] = IMPORTED) -> None:
        self._files = tempfile.TemporaryDirectory(prefix="tuloy-warm-")
        program = "from tests.warm import serve; serve()"
        argv = [sys.executable, "-P", "-c", program, environment["TULOY_HOME"], api_url, *imported]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(argv, env=dict(environment), cwd="/", text=True, **pipes)  # type: ignore[call-overload]

    def run(
        self,
        words: Sequence[str | bytes],
        *,
        env: Mapping[str, str],
        cwd: Path = Path("/"),
        program: str = "cli.main:main",
        timeout: int = 150,
        encoding: str = "utf-8",
    ) -> subprocess.CompletedProcess[str]:
        """Call a function without arguments as a program, and return what it left; a late one dies of SIGALRM."""
        out, err = (Path(self._files.name) / name for name in ("out", "err"))
        asked = {
            "program": program,
            "argv": ["-c", *map(os.fsdecode, words)],
            "env": dict(env),
            "cwd": str(cwd),
            "timeout": timeout,
            "files": [os.devnull, str(out), str(err)],
        }
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        said = [path.read_text(encoding=encoding) for path in (out, err)]
        return subprocess.CompletedProcess(list(words), code, *said)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=20)
        self._files.cleanup()


def serve() -> None:
    """Import everything, then fork a child off for each line that comes."""
    from deployments.environment import apply, prefect_environment

    home, api_url, *imported = sys.argv[1:]
    apply(prefect_environment(Path(home), api_url))
    for name in imported:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a process with threads must not be forked"
    ours = {name: os.environ[name] for name in os.environ if name.startswith(("PREFECT_", "TULOY_LOCAL"))}
    gc.freeze()
    if (asked := _child()) is not None:
        _become(asked, ours)
        module, name = asked["program"].split(":")
        _leave(getattr(importlib.import_module(module), name))


def _child() -> dict[str, Any] | None:
    """Return what is asked for in the child that shall do it, and None in the parent when no more is asked."""
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            return json.loads(line)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()
    return None


def _become(asked: dict[str, Any], ours: dict[str, str]) -> None:
    """Take on the environment, the directory and the descriptors of the process that this one stands for."""
    os.environ.clear()
    os.environ.update({**asked["env"], **ours})
    os.chdir(asked["cwd"])
    for number, path in enumerate(asked["files"]):
        with contextlib.ExitStack() as opened:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            opened.callback(os.close, file)
            os.dup2(file, number)
    sys.argv[:] = asked["argv"]
    signal.alarm(asked["timeout"])


def _leave(program: Callable[[], object]) -> NoReturn:
    """Run the program and end as Python does, but for the clearing of modules: it would copy every page of ours."""
    code = 1
    try:
        program()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001  what nobody caught is Python's own to print
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
