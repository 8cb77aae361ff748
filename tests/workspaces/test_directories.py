"""Private repositories of directories that are no git repository, and what is told of a place."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.errors import UsageError
from tuloy.workspaces import directories
from tuloy.workspaces.directories import open_directory, open_place, reopen, snapshot
from tuloy.workspaces.git import dirty_files, head, tree_of
from tuloy.workspaces.lacking import lacking
from tuloy.workspaces.leaks import changes_since, see
from tuloy.workspaces.pool import Workspaces, commit_all, verify
from tuloy.workspaces.records import Repository

Git = Callable[..., str]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A directory with a file."""
    root = tmp_path / "plain"
    root.mkdir()
    (root / "a.txt").write_text("a\n")
    return root


def test_a_repository_is_opened_as_one_and_a_directory_as_a_directory(checkout: Path, plain: Path, tmp_path: Path):
    """Only what lies in no repository gets a private one; opening creates nothing."""
    home = tmp_path / "home"
    assert not open_place(checkout / "src", home).private
    private = open_place(plain, home)
    assert private.private
    assert private.git_dir.is_relative_to(home / "private")
    assert not home.exists()


def test_the_same_directory_has_the_same_private_repository(plain: Path, tmp_path: Path):
    """By whatever path it is named: a link, or from below `..`."""
    (tmp_path / "link").symlink_to(plain)
    names = [plain, tmp_path / "link", plain / ".." / "plain"]
    assert len({open_directory(name, tmp_path / "home").id for name in names}) == 1


def test_a_goal_finds_its_repository_again(plain: Path, tmp_path: Path, plain_git: Git):
    """Also when the directory became a repository meanwhile; and a lost private one is named."""
    home = tmp_path / "home"
    repo = open_directory(plain, home)
    with pytest.raises(UsageError, match="is gone; run the goal anew"):
        reopen(plain, home, repo.id)
    commit = snapshot(repo)
    plain_git(plain, "init", "-q")
    assert head(reopen(plain, home, repo.id)).commit == commit


def test_snapshots_are_made_only_of_changes(plain: Path, tmp_path: Path):
    """The same content gives the same commit; a deleted, changed or new file gives another."""
    repo = open_directory(plain, tmp_path / "home")
    commits = [snapshot(repo), snapshot(repo)]
    for change in (lambda: (plain / "b").write_text("b"), lambda: (plain / "a.txt").unlink()):
        change()
        commits.append(snapshot(repo))
    assert commits[0] == commits[1]
    assert len(set(commits)) == 3
    assert dirty_files(repo) == []


def test_a_file_that_grew_too_large_leaves_the_snapshot_and_stays_on_disk(plain: Path, tmp_path: Path):
    """What was taken in while it was small is left out once it is over the limit."""
    repo = open_directory(plain, tmp_path / "home")
    small = snapshot(repo)
    os.truncate(plain / "a.txt", directories.LARGEST_FILE_BYTES + 1)
    assert tree_of(repo, snapshot(repo)) != tree_of(repo, small)
    assert (plain / "a.txt").stat().st_size > directories.LARGEST_FILE_BYTES
    assert dirty_files(repo) == ["a.txt"]


def test_far_too_much_is_refused_by_name(plain: Path, tmp_path: Path):
    """Over 2 GB in files that are each small enough: refused, naming the folder that holds most of it."""
    (plain / "footage").mkdir()
    for n in range(41):
        (plain / "footage" / f"{n}").touch()
        os.truncate(plain / "footage" / f"{n}", directories.LARGEST_FILE_BYTES)
    with pytest.raises(UsageError, match=r"42 files, 2050 MB, most of it in 'footage'.*\.gitignore"):
        snapshot(open_directory(plain, tmp_path / "home"))


def test_a_dead_beginning_is_finished(plain: Path, tmp_path: Path):
    """A private repository that was only half made is made whole by the next goal."""
    repo = open_directory(plain, tmp_path / "home")
    repo.git_dir.mkdir(parents=True)
    assert snapshot(repo) == head(repo).commit


def test_workspaces_of_a_directory_hold_its_bytes(plain: Path, tmp_path: Path):
    """A workspace holds the snapshot byte for byte, and a commit made there is one more."""
    (plain / ".gitattributes").write_text("* text eol=crlf filter=x\n")
    repo = open_directory(plain, tmp_path / "home")
    base = snapshot(repo)
    pool = Workspaces(repo, tmp_path / "workspaces")
    workspace = pool.lease(base)
    assert verify(workspace, base)
    assert (workspace.path / "a.txt").read_bytes() == b"a\n"
    (workspace.path / "b.txt").write_text("b\n")
    commit = commit_all(workspace, "b")
    pool.close()
    assert commit is not None
    assert commit.changed == ("b.txt",)
    assert sorted(path.name for path in plain.iterdir()) == [".gitattributes", "a.txt"]


def test_what_reached_the_checkout_is_told(repo: Repository, checkout: Path, plain_git: Git):
    """New, changed and changed-back files and a moved HEAD are told; nothing is when nothing changed."""
    (checkout / "mine").write_text("uncommitted")
    before = see(repo)
    assert changes_since(repo, before) == ()
    (checkout / "mine").write_text("overwritten")
    (checkout / "README.md").write_text("changed")
    (told,) = changes_since(repo, before)
    assert "'README.md', 'mine'" in told
    plain_git(checkout, "commit", "-qam", "evil")
    assert "HEAD of your checkout moved from main at" in changes_since(repo, before)[0]


def test_an_ordinary_repository_lacks_nothing(repo: Repository, base: str):
    """Without submodules, filters and links out there is nothing to tell."""
    assert lacking(repo, base) == ()


def test_links_are_told_only_when_they_lead_out(repo: Repository, checkout: Path, plain_git: Git):
    """A link inside the tree or to /dev/null may be; one that leaves it is named; one to a pipe is refused."""
    (checkout / "inside").symlink_to("src/app.py")
    (checkout / "up").symlink_to("../elsewhere")
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-qm", "links")
    (told,) = lacking(repo, head(repo).commit)
    assert told.endswith(": 'up'")
    os.mkfifo(checkout.parent / "elsewhere")
    with pytest.raises(UsageError, match="'up' is a link to the device or pipe"):
        lacking(repo, head(repo).commit)
