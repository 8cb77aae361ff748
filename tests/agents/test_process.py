"""One program, run to its end, with nothing left behind."""

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tuloy.agents.process import MARK, OUTPUT_LIMIT_BYTES, TAIL_BYTES, Ended, end_marked, run_process
from tuloy.errors import ToolMissing

Run = Callable[..., Ended]

SPAWN = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", {text!r}], {options})
open("child.pid", "w").write(str(child.pid))
time.sleep({wait})
"""
SLEEP = "import time; time.sleep(300)"


def spawn(text: str = SLEEP, options: str = "", wait: float = 0) -> str:
    """A Python text that starts another one, notes its pid and goes on for `wait` seconds."""
    return SPAWN.format(text=text, options=options, wait=wait)


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def lives(folder: Path, within_s: float = 2.0) -> bool:
    """Whether the noted child still runs; one that was killed may need a moment on a busy machine."""
    deadline = time.monotonic() + within_s
    try:
        child = psutil.Process(int((folder / "child.pid").read_text()))
        while child.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return True
            time.sleep(0.02)
    except psutil.NoSuchProcess:
        pass
    return False


@pytest.mark.parametrize("code", [0, 1, 2, 77, 127, 255])
def test_the_exit_code_is_the_programs(run: Run, code: int) -> None:
    """Nothing is added to what the program said."""
    ended = run(f"raise SystemExit({code})")
    assert (code, None, False, False) == (ended.exit_code, ended.signal_name, ended.timed_out, ended.cancelled)
    assert ended.ok is (code == 0)
    assert f"exit code {code}" == ended.describe(5)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGTERM"])
def test_a_signal_is_named(run: Run, name: str) -> None:
    """A program that was killed has no exit code, whoever killed it."""
    ended = run(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert (None, name) == (ended.exit_code, ended.signal_name)
    assert f"ended by signal {name}" == ended.describe(5)
    assert not ended.ok


def test_output_is_kept_in_order_with_errors_between(run: Run) -> None:
    """Both streams are one record, as a terminal would show it."""
    ended = run("import os; os.write(1, b'one\\n'); os.write(2, b'two\\n'); os.write(1, b'three\\n')")
    assert ended.tail == "one\ntwo\nthree\n"
    assert ended.output_path.read_bytes() == b"one\ntwo\nthree\n"
    assert ended.output_bytes == 14


def test_the_time_limit_ends_it(run: Run) -> None:
    """What it said until then is kept."""
    ended = run(f"import os; os.write(1, b'hello'); {SLEEP}", timeout_s=0.5)
    assert (ended.timed_out, ended.exit_code, ended.signal_name) == (True, None, None)
    assert ended.tail == "hello"
    assert 0.5 <= ended.duration_s < 2.4
    assert "still running after 0.5 s" in ended.describe(0.5)


def test_a_request_ends_it(run: Run) -> None:
    """Cancelling takes no longer than a moment, and is no time limit."""
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    ended = run(SLEEP, cancel=cancel)
    assert (ended.cancelled, ended.timed_out, ended.exit_code) == (True, False, None)
    assert ended.duration_s < 2
    assert ended.describe(5) == "stopped on request"


def test_what_ignores_the_polite_signal_is_killed(run: Run, tmp_path: Path) -> None:
    """A program and its child that both ignore SIGTERM are gone after the grace."""
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    ended = run(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{spawn(deaf, wait=300)}", timeout_s=0.8)
    assert ended.timed_out
    assert ended.survivors == 2
    assert 2 <= ended.duration_s < 5
    assert not lives(tmp_path)


def test_a_goodbye_longer_than_a_pipe_is_heard(run: Run) -> None:
    """A program may write a megabyte when it is asked to end, and ends by itself."""
    text = (
        "import os, signal, sys, time\n"
        "def bye(*_):\n    sys.stdout.write('x' * 1_000_000 + 'bye'); sys.stdout.flush(); os._exit(0)\n"
        "signal.signal(signal.SIGTERM, bye)\ntime.sleep(300)"
    )
    ended = run(text, timeout_s=0.5)
    assert ended.tail.endswith("bye")
    assert ended.survivors == 0
    assert ended.duration_s < 2


@pytest.mark.parametrize(
    "options",
    [
        "",
        "start_new_session=True",
        "start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL",
        "process_group=0",
        "env={}",
    ],
)
def test_no_child_outlives_the_program(run: Run, tmp_path: Path, options: str) -> None:
    """Background children, daemons in a session of their own, and children without the mark in the group all end."""
    ended = run(spawn(options=options))
    assert ended.exit_code == 0
    assert ended.duration_s < 2
    deadline = time.monotonic() + 1  # a child without the mark is killed with its group, not waited for
    while lives(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not lives(tmp_path)


def test_one_that_cannot_be_found_does_not_hold_it_up(run: Run, tmp_path: Path) -> None:
    """A daemon without mark, group and session keeps the pipe open; the record is closed all the same."""
    threads, files = threading.active_count(), open_files()
    chatter = "import os\nwhile True:\n    os.write(1, b'still here' * 1000)"
    ended = run(spawn(chatter, "start_new_session=True, env={}", wait=0.2))
    try:
        assert ended.exit_code == 0
        assert ended.duration_s < 3
        assert threading.active_count() == threads
        assert open_files() == files
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((tmp_path / "child.pid").read_text()), signal.SIGKILL)


def test_a_runner_that_hops_from_process_to_process_is_caught(run: Run, mark: str) -> None:
    """A daemon that forks again and again, each parent ending, is ended too."""
    hop = "import os, time\nos.setsid()\nwhile True:\n    if os.fork():\n        os._exit(0)\n    time.sleep(0.01)"
    run(spawn(hop, "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL", wait=0.2))
    time.sleep(0.1)
    assert end_marked(mark) == 0


def test_two_hundred_megabytes_are_bounded_and_counted(run: Run) -> None:
    """Disk holds the first 64 MB, memory next to nothing, and the count is the true one."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = run(
        "import os\nblock = b'y' * 1_000_000\nfor _ in range(200):\n    os.write(1, block)\nos.write(1, b'end')"
    )
    assert ended.exit_code == 0
    assert ended.output_bytes == 200_000_003
    assert ended.output_path.stat().st_size == OUTPUT_LIMIT_BYTES
    assert ended.tail.endswith("yend")
    assert len(ended.tail) <= TAIL_BYTES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


def test_a_full_disk_is_no_reason_to_fail(run: Run) -> None:
    """The program's end and the last words are known though nothing could be kept."""
    ended = run("print('last words')", output_path=Path("/dev/full"))
    assert (ended.exit_code, ended.tail) == (0, "last words\n")


def test_bytes_that_are_no_text_are_shown_as_such(run: Run) -> None:
    """Invalid UTF-8 and terminal sequences do no harm to the tail, and are on disk as they came."""
    ended = run("import os; os.write(1, b'caf\\xe9 \\x1b[31mred\\x1b]52;c;eA==\\x07')")
    assert ended.tail == "caf\ufffd red"
    assert ended.output_path.read_bytes() == b"caf\xe9 \x1b[31mred\x1b]52;c;eA==\x07"


def test_it_reads_nothing_from_a_terminal(run: Run) -> None:
    """A program that asks gets an end of file, and has no controlling terminal to ask on."""
    ended = run("import os, sys; print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())")
    assert ended.tail == "'' True\n"


def test_the_environment_is_what_was_given_and_the_mark(run: Run, mark: str, tmp_path: Path) -> None:
    """Not one variable more, whatever surrounds the run; bytes that are no UTF-8 pass unharmed."""
    given = {"ONE": "1", "RAW": os.fsdecode(b"caf\xe9"), "EMPTY": ""}
    ended = run(argv=["/usr/bin/env", "-0"], env=given)
    words = dict(part.split(b"=", 1) for part in ended.output_path.read_bytes().split(b"\0") if part)
    assert words == {b"ONE": b"1", b"RAW": b"caf\xe9", b"EMPTY": b"", MARK.encode(): mark.encode()}


def test_open_files_of_ours_stay_ours(run: Run, tmp_path: Path) -> None:
    """A program inherits nothing but its three streams."""
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        ended = run("import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])")
    assert ended.tail == "[0, 1, 2]\n"


def test_a_missing_program_is_said(run: Run) -> None:
    """What is not there cannot be started, and the message names it."""
    with pytest.raises(ToolMissing, match="'/no/such/tool' cannot be started"):
        run(argv=["/no/such/tool"])


def test_a_file_that_is_no_program_is_said(run: Run, tmp_path: Path) -> None:
    """Neither a file without permission nor one of an unknown format starts."""
    file = tmp_path / "tool"
    file.write_bytes(b"\x00\x01 nothing")
    with pytest.raises(ToolMissing, match="Permission denied"):
        run(argv=[str(file)])
    file.chmod(0o755)
    with pytest.raises(ToolMissing, match="Exec format error"):
        run(argv=[str(file)])


def test_an_empty_command_is_said(run: Run) -> None:
    """No words, or an empty first one, end in our error."""
    with pytest.raises(ToolMissing, match="empty"):
        run(argv=[])
    with pytest.raises(ToolMissing):
        run(argv=[""])


def test_a_missing_directory_is_said(run: Run, tmp_path: Path) -> None:
    """The message blames the directory, not the program."""
    with pytest.raises(ToolMissing, match=r"its directory '.*gone' is not there"):
        run("pass", cwd=tmp_path / "gone")


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_words_that_no_system_takes_are_said(run: Run, word: str) -> None:
    """A NUL or a lone surrogate in an argument or a variable is an error of ours."""
    with pytest.raises(ToolMissing, match="cannot be started"):
        run(argv=[sys.executable, word])
    with pytest.raises(ToolMissing, match="cannot be started"):
        run("pass", env={"X": word})


def test_words_that_are_too_long_are_said(run: Run) -> None:
    """An argument over the system's limit is told apart from a missing program, with its size."""
    with pytest.raises(ToolMissing, match=r"too long .* 200000 bytes"):
        run(argv=[sys.executable, "-c", "pass", "x" * 200_000])


def test_marks_are_told_apart(run: Run, mark: str, tmp_path: Path) -> None:
    """An exact mark ends exactly its own; a family ends all that begin so; a longer sibling is never meant."""
    processes = {}
    for name in (f"{mark}.1", f"{mark}.12", f"{mark}x.1"):
        processes[name] = psutil.Popen([sys.executable, "-S", "-c", SLEEP], env={MARK: name})
    time.sleep(0.1)
    assert end_marked(f"{mark}.1") == 1
    assert [process.poll() is None for process in processes.values()] == [False, True, True]
    assert end_marked(f"{mark}.", family=True) == 1
    assert [process.poll() is None for process in processes.values()] == [False, False, True]
    assert end_marked(f"{mark}.", family=True) == 0
    assert end_marked(f"{mark}x.", family=True) == 1
    for process in processes.values():
        process.wait()


def test_an_empty_mark_means_nobody() -> None:
    """Who forgets the mark does not end every run of this machine."""
    with pytest.raises(ValueError, match="mark"):
        end_marked("", family=True)


def test_an_interrupt_while_waiting_leaves_nothing_running(tmp_path: Path, mark: str) -> None:
    """Whatever breaks the wait, the program is ended before the error goes on."""

    class Broken(threading.Event):
        def is_set(self) -> bool:
            if (tmp_path / "child.pid").exists() and (tmp_path / "child.pid").read_text():
                raise KeyboardInterrupt
            return False

    with pytest.raises(KeyboardInterrupt):
        run_process(
            [sys.executable, "-S", "-c", spawn(wait=300)],
            cwd=tmp_path,
            env={},
            output_path=tmp_path / "log",
            timeout_s=20,
            mark=mark,
            cancel=Broken(),
        )
    assert not lives(tmp_path)
    assert end_marked(mark) == 0


def test_three_hundred_runs_leak_nothing(run: Run) -> None:
    """Files, threads and processes are as many after as before."""
    run(argv=["/bin/true"])

    def counts() -> tuple[int, int, int]:
        children = psutil.Process().children(recursive=True)
        return open_files(), threading.active_count(), len(children)

    before = counts()
    for _ in range(300):
        assert run(argv=["/bin/echo", "x"]).tail == "x\n"
    assert before == counts()


def test_runs_side_by_side_do_not_disturb_each_other(run: Run, mark: str, tmp_path: Path) -> None:
    """Each of sixteen threads gets its own program's output and code, and ends only its own children."""
    ends: dict[int, Ended] = {}

    def one(n: int) -> None:
        text = f"import time; time.sleep(0.2); print({n}); raise SystemExit({n})"
        ends[n] = run(text, mark=f"{mark}.{n}", output_path=tmp_path / str(n))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: (n, f"{n}\n") for n in range(16)} == {n: (end.exit_code, end.tail) for n, end in ends.items()}
