"""What becomes a commit, a patch, a clean workspace; and what must not."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.errors import LandingRefused
from tuloy.workspaces.git import git, tree_of
from tuloy.workspaces.pool import Workspaces, commit_all, save_patch, verify
from tuloy.workspaces.records import Repository

Git = Callable[..., str]


def test_commit_has_everything_that_is_not_ignored(repo: Repository, base: str, pool: Workspaces) -> None:
    """Changed, new, deleted and executable files are committed; ignored files and caches are not."""
    workspace = pool.lease(base)
    (workspace.path / "README.md").rename(workspace.path / "ñ name\nwith lines")
    (workspace.path / "src" / "app.py").chmod(0o755)
    (workspace.path / "x.log").write_text("ignored")
    for cache in ("__pycache__", "node_modules", ".venv", "x.egg-info"):
        (workspace.path / cache).mkdir()
        (workspace.path / cache / "f.txt").write_text("junk")
    commit = commit_all(workspace, "Gawin\n\nbody")
    assert commit is not None
    assert commit.parent == base
    assert set(commit.changed) == {"README.md", "ñ name\nwith lines", "src/app.py"}
    assert git(repo, "ls-tree", "-r", "-z", "--name-only", commit.id).split("\0")[:-1] == [
        ".gitignore", "src/app.py", "ñ name\nwith lines",
    ]  # fmt: skip
    assert git(repo, "log", "-1", "--format=%B", commit.id).strip() == "Gawin\n\nbody"
    assert tree_of(repo, commit.id) == commit.tree


def test_nothing_changed_is_no_commit(base: str, pool: Workspaces) -> None:
    """Touched and ignored files make no commit."""
    workspace = pool.lease(base)
    (workspace.path / "README.md").touch()
    (workspace.path / "x.log").write_text("ignored")
    assert commit_all(workspace, "nothing") is None


def test_excluded_globs_stay_uncommitted(base: str, pool: Workspaces) -> None:
    """Paths that match an excluded glob are not committed."""
    workspace = pool.lease(base)
    (workspace.path / "dist").mkdir()
    (workspace.path / "dist" / "x.whl").write_text("wheel")
    (workspace.path / "README.md").write_text("changed")
    commit = commit_all(workspace, "x", exclude=["dist/**", "*.tmp"])
    assert commit is not None
    assert commit.changed == ("README.md",)


def test_commits_made_inside_become_one(repo: Repository, base: str, pool: Workspaces, plain_git: Git) -> None:
    """When an agent commits by itself, even on a branch of its own, the result is one commit of Tuloy's."""
    workspace = pool.lease(base)
    plain_git(workspace.path, "checkout", "-q", "-b", "agents-own")
    for n in range(2):
        (workspace.path / f"{n}").write_text("x")
        plain_git(workspace.path, "add", "-A")
        plain_git(workspace.path, "commit", "-q", "-m", f"agent {n}")
    (workspace.path / "more").write_text("x")
    commit = commit_all(workspace, "step")
    assert commit is not None
    assert (commit.parent, commit.changed) == (base, ("0", "1", "more"))
    assert (workspace.git_dir / "HEAD").read_text() == f"{commit.id}\n"


def test_cleaning_moves_no_branch(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """A workspace whose HEAD was pointed at the user's branch is cleaned without moving that branch."""
    workspace = pool.lease(base)
    (workspace.path / "x").write_text("x")
    commit = commit_all(workspace, "x")
    assert commit is not None
    plain_git(workspace.path, "symbolic-ref", "HEAD", "refs/heads/main")
    pool.give_back(workspace)
    pool.lease(commit.id, fresh=True)
    assert plain_git(checkout, "rev-parse", "main") == base


def test_patch_of_partial_work(base: str, pool: Workspaces, checkout: Path, tmp_path: Path, plain_git: Git) -> None:
    """The patch of an abandoned workspace brings changed, new, binary and deleted files back with `git apply`."""
    workspace = pool.lease(base)
    assert save_patch(workspace, tmp_path / "none.patch") is None
    (workspace.path / "README.md").write_text("half done")
    (workspace.path / "new é").write_bytes(b"\0\1\2")
    (workspace.path / "src" / "app.py").unlink()
    (workspace.git_dir / "index.lock").write_text("")
    patch = save_patch(workspace, tmp_path / "deep" / "work.patch")
    assert patch is not None
    plain_git(checkout, "apply", str(patch))
    assert (checkout / "README.md").read_text() == "half done"
    assert (checkout / "new é").read_bytes() == b"\0\1\2"
    assert not (checkout / "src" / "app.py").exists()


@pytest.mark.parametrize("inner", ["with commits", "empty", "bare"])
def test_repositories_inside_are_refused(
    inner: str, base: str, pool: Workspaces, checkout: Path, plain_git: Git
) -> None:
    """A repository inside the workspace, even a bare one, never becomes part of a commit."""
    workspace = pool.lease(base)
    if inner == "with commits":
        plain_git(workspace.path, "clone", "-q", str(checkout), "inner")
    else:
        plain_git(workspace.path, "init", "-q", *(["--bare"] if inner == "bare" else []), "inner")
        (workspace.path / "inner" / "file").write_text("x")
        (workspace.path / "inner" / "objects" / "x").write_text("x") if inner == "bare" else None
    with pytest.raises(LandingRefused, match=r"repository lies inside .*inner"):
        commit_all(workspace, "x")
    pool.give_back(workspace)
    assert verify(pool.lease(base), base)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "src/../../x", ".git/config", "hop/../../x"])
def test_links_that_lead_out_are_refused(target: str, base: str, pool: Workspaces) -> None:
    """A new symlink that is absolute, leaves the tree or enters .git is refused by name."""
    workspace = pool.lease(base)
    (workspace.path / "hop").symlink_to("src")
    (workspace.path / "bad").symlink_to(target)
    with pytest.raises(LandingRefused, match="symlink leads out of the tree: 'bad'"):
        commit_all(workspace, "x")


def test_absolute_links_are_refused_wherever_they_lead(base: str, pool: Workspaces) -> None:
    """A link to a file of the workspace by its absolute path would lead elsewhere in every other checkout."""
    workspace = pool.lease(base)
    (workspace.path / "bad").symlink_to(workspace.path / "README.md")
    with pytest.raises(LandingRefused, match="'bad'"):
        commit_all(workspace, "x")


def test_links_inside_the_tree_are_fine(base: str, pool: Workspaces) -> None:
    """A relative symlink that stays in the tree is committed, even when nothing is there."""
    workspace = pool.lease(base)
    (workspace.path / "src" / "link").symlink_to("../README.md")
    (workspace.path / "dangling").symlink_to("later")
    commit = commit_all(workspace, "x")
    assert commit is not None
    assert commit.changed == ("dangling", "src/link")


def test_filtered_files_are_refused(base: str, pool: Workspaces) -> None:
    """A file that git attributes send through a filter (LFS, git-crypt) is not committed unfiltered."""
    workspace = pool.lease(base)
    (workspace.path / ".gitattributes").write_text("*.bin filter=lfs -text\n")
    assert commit_all(workspace, "attributes") is not None
    (workspace.path / "big.bin").write_text("raw")
    with pytest.raises(LandingRefused, match=r"needs a filter.*'big\.bin'"):
        commit_all(workspace, "x")


def test_verify_sees_every_difference(base: str, pool: Workspaces) -> None:
    """A changed byte, a mode, an extra ignored file and a missing file are each enough to fail."""
    workspace = pool.lease(base)
    readme = workspace.path / "README.md"
    text = readme.read_text()
    assert verify(workspace, base)
    readme.write_text(text.replace("first", "First"))
    assert not verify(workspace, base)
    readme.write_text(text)
    readme.chmod(0o755)
    assert not verify(workspace, base)
    readme.chmod(0o644)
    (workspace.path / "x.log").write_text("")
    assert not verify(workspace, base)
    (workspace.path / "x.log").unlink()
    assert verify(workspace, base)
    readme.unlink()
    assert not verify(workspace, base)


def test_stale_lock_of_a_killed_git_is_no_obstacle(base: str, pool: Workspaces) -> None:
    """A lock that a killed git left in a workspace stops neither the commit nor the next lease."""
    workspace = pool.lease(base)
    (workspace.git_dir / "index.lock").write_text("")
    (workspace.path / "x").write_text("x")
    assert commit_all(workspace, "x") is not None
    (workspace.git_dir / "index.lock").write_text("")
    pool.give_back(workspace)
    assert verify(pool.lease(base, fresh=True), base)


def test_workspace_is_an_ordinary_worktree(base: str, pool: Workspaces) -> None:
    """Plain git inside a workspace works, for agents that ask it."""
    workspace = pool.lease(base)
    done = subprocess.run(["git", "status", "--porcelain"], cwd=workspace.path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
