"""Goals and repositories that are not as they should be: refused in one sentence with nothing made, or handled."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tuloy.workspaces.fingerprint import fingerprint

NoHome = Callable[..., Ran]
Git = Callable[..., str]


@pytest.fixture
def without_home(elsewhere: Callable[..., Ran], tmp_path: Path) -> NoHome:
    """Call the command with a TULOY_HOME that does not exist yet; it must not exist afterwards either."""

    def call(*words: str | bytes) -> Ran:
        ran = elsewhere(*words)
        assert not (tmp_path / "home").exists(), "something was made"
        return ran

    return call


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the goal is empty"),
        (" \n\t ", "the goal is empty"),
        ("run the tests\x1b[2J", "'\\x1b' at character 14"),
        ("run \x07 the tests", "'\\x07'"),
        ("run \u202eeht tests", "'\\u202e'"),
        (b"run the \xff tests", "no valid UTF-8 at character 9"),
    ],
    ids=["empty", "blank", "escape", "bell", "turned", "not-utf8"],
)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_words_that_are_no_goal_make_nothing(
    command: str, text: str | bytes, said: str, without_home: NoHome, small: Path
):
    """A goal without words, with control characters or outside Unicode exits 2; no home, no server, no row is made."""
    ran = without_home(command, text, "--repo", str(small))

    assert ran.code == 2, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_one_bad_goal_of_several_stops_them_all(without_home: NoHome, small: Path):
    """Of several goals none is begun when one cannot be meant."""
    assert without_home("run", "Run `true`", "", "--repo", str(small)).code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"run the tests and " * 11_112, "200016 bytes; a goal's text may have 100000"),
        (b"run the \xff\xfe tests", "give a UTF-8 text file"),
        (b"run \x00 the tests", "'\\x00'"),
        (b"", "the goal is empty"),
        (b"\xef\xbb\xbf  ", "the goal is empty"),
    ],
    ids=["200kB", "not-utf8", "nul", "empty", "mark-only"],
)
def test_a_file_that_is_no_goal_makes_nothing(
    content: bytes, said: str, without_home: NoHome, small: Path, tmp_path: Path
):
    """A goal's file over 100 kB, or not of plain UTF-8 text, exits 2 and makes nothing."""
    file = tmp_path / "goal.txt"
    file.write_bytes(content)
    ran = without_home("run", "--file", str(file), "--repo", str(small), "--json")

    assert ran.code == 2, ran.err
    assert said in ran.err
    assert json.loads(ran.out)["exit_code"] == 2


def _bare(root: Path, git: Git) -> Path:
    git(root, "clone", "-q", "--bare", str(root), str(root) + ".git")
    return Path(str(root) + ".git")


def _no_commits(root: Path, git: Git) -> Path:
    git(root, "init", "-q", str(root.parent / "new"))
    return root.parent / "new"


def _file(root: Path, git: Git) -> Path:
    return root / "notes.txt"


def _damaged(root: Path, git: Git) -> Path:
    (root / ".git" / "HEAD").unlink()
    return root


def _missing(root: Path, git: Git) -> Path:
    return root / "nowhere"


def _conflict(root: Path, git: Git) -> None:
    git(root, "checkout", "-qb", "other")
    (root / "notes.txt").write_text("other\n")
    git(root, "commit", "-qam", "other")
    git(root, "checkout", "-q", "main")
    (root / "notes.txt").write_text("mine\n")
    git(root, "commit", "-qam", "mine")


def _mid(*words: str) -> Callable[[Path, Git], Path]:
    def make(root: Path, git: Git) -> Path:
        _conflict(root, git)
        with pytest.raises(subprocess.CalledProcessError):
            git(root, *words)
        return root

    return make


def _bisect(root: Path, git: Git) -> Path:
    git(root, "bisect", "start")
    return root


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_missing, "does not exist; name the directory"),
        (_file, "is a file; name the directory"),
        (_bare, "is a bare repository; clone it"),
        (_no_commits, "has no commits yet; make a first one"),
        (_damaged, "is a damaged repository; mend it"),
        (_mid("rebase", "other"), "in the middle of a rebase; end it first with 'git rebase --continue'"),
        (_mid("merge", "other"), "in the middle of a merge; end it"),
        (_mid("cherry-pick", "other"), "in the middle of a cherry-pick; end it"),
        (_bisect, "in the middle of a bisect; end it first with 'git bisect reset'"),
    ],
    ids=["missing", "file", "bare", "no-commits", "damaged", "rebase", "merge", "cherry-pick", "bisect"],
)
def test_no_place_to_work_in_is_refused(
    make: Callable[[Path, Git], Path], said: str, without_home: NoHome, small: Path, git: Git
):
    """A place where a goal cannot work is refused (2) in one sentence that says what to do; nothing is made there."""
    place = make(small, git)
    ran = without_home("run", "Run `true`", "--repo", str(place))

    assert ran.code == 2, ran.err
    assert said in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.server
def test_a_detached_head_works_and_is_merged_by_hand(tuloy: Callable[..., Ran], small: Path, git: Git):
    """On a detached HEAD the goal is done on its branch; accept says that there is no branch to move."""
    git(small, "checkout", "-q", "--detach")
    goal = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--json").goal
    refused = tuloy("accept", goal["id"])

    assert goal["status"] == "done"
    assert refused.code == 2
    assert f"git merge {goal['branch']}" in refused.err


@pytest.mark.server
def test_a_linked_worktree_is_worked_on_and_accepted_where_it_is(tuloy: Callable[..., Ran], small: Path, git: Git):
    """In a linked worktree the branch checked out there is the base, and the one that acceptance moves."""
    side = small.parent / "side"
    git(small, "worktree", "add", "-q", "-b", "side", str(side))
    before = fingerprint(small)
    ran = tuloy("run", "Run `touch made.txt`", "--repo", str(side), "--accept", "--json")

    assert ran.code == 0, ran.err
    assert (side / "made.txt").exists()
    assert git(small, "rev-parse", "main") != git(small, "rev-parse", "side")
    assert not (small / "made.txt").exists()
    assert before != fingerprint(small)  # the branch `side` moved


@pytest.mark.server
def test_uncommitted_work_of_every_kind_is_neither_lost_nor_included(tuloy: Callable[..., Ran], small: Path, git: Git):
    """Staged, unstaged, untracked, deleted, stashed: all is as it was after run and accept, none is landed."""
    (small / "gone.txt").write_text("x")
    (small / "stash.txt").write_text("x")
    git(small, "add", "-A")
    git(small, "commit", "-qm", "more")
    (small / "stash.txt").write_text("stashed")
    git(small, "stash", "-q")
    (small / "notes.txt").write_text("unstaged\n")
    (small / "staged.txt").write_text("staged\n")
    git(small, "add", "staged.txt")
    (small / "untracked.txt").write_text("untracked\n")
    (small / "gone.txt").unlink()
    before, status = fingerprint(small), git(small, "status", "--porcelain")
    ran = tuloy("run", "Run `cp notes.txt copy.txt`", "--repo", str(small), "--json")

    assert ran.code == 0, ran.err
    assert fingerprint(small) == before
    assert git(small, "show", f"{ran.goal['branch']}:copy.txt") == "one\n"
    assert "not included: 4 uncommitted files" in ran.err
    assert tuloy("accept", ran.goal["id"]).code == 0
    assert git(small, "status", "--porcelain") == status
    assert git(small, "stash", "list").count("\n") == 1


@pytest.mark.server
def test_submodules_and_filtered_files_are_told(tuloy: Callable[..., Ran], small: Path, tmp_path: Path, git: Git):
    """Workspaces have empty submodules and unsmudged LFS files: said at the start and in the report; others go on."""
    inner = Path(shutil.copytree(small, tmp_path / "inner"))
    git(small, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib/inner")
    (small / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (small / "data.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    git(small, "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "add", "-A")
    git(small, "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "commit", "-qm", "both")
    ran = tuloy("run", "Run `touch made.txt`", "--repo", str(small), "--json")

    assert ran.code == 0, ran.err
    told = " ".join(ran.goal["reduced"])
    assert "submodules are empty directories in workspaces: 'lib/inner'" in told
    assert "filters do not run" in told
    assert "'data.bin'" in told
    assert "reduced: submodules are empty" in ran.err
    assert git(small, "diff", "--name-only", "main", ran.goal["branch"]).split() == ["made.txt"]


@pytest.mark.server
@pytest.mark.parametrize("files", [5_000, pytest.param(50_000, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_many_files_are_handled(
    files: int, tuloy: Callable[..., Ran], tmp_path: Path, commit_all: Callable[[Path], Path], git: Git
):
    """A repository of thousands of files is worked on like any other."""
    root = tmp_path / "huge"
    for n in range(files):
        place = root / f"d{n // 500}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{n}.txt").write_text(f"{n}\n")
    commit_all(root)
    ran = tuloy("run", "Run `touch made.txt`", "--repo", str(root), "--json")

    assert ran.code == 0, ran.err
    assert git(root, "diff", "--name-only", "main", ran.goal["branch"]).split() == ["made.txt"]
