"""What an agent or a repository may plant, and what must not come of it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import changed_paths, dirty_files, git
from tuloy.workspaces.pool import Workspaces, commit_all, save_patch, verify
from tuloy.workspaces.prepare import prepare
from tuloy.workspaces.records import Repository, Workspace

Git = Callable[..., str]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a file `ran` beside itself when anything executes it."""
    program = tmp_path / "trap" / "run"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {program.parent / 'ran'}\ncat\n")
    program.chmod(0o755)
    return program


def _sprung(trap: Path) -> bool:
    return (trap.parent / "ran").exists()


def _everything(repo: Repository, pool: Workspaces, base: str, tmp_path: Path, spring: Callable[[Workspace], None]):  # type: ignore[no-untyped-def]
    """Use a workspace in every way there is, with something planted in it first."""
    workspace = pool.lease(base)
    spring(workspace)
    (workspace.path / "README.md").write_text("work")
    save_patch(workspace, tmp_path / "work.patch")
    commit = commit_all(workspace, "x")
    assert commit is not None
    verify(workspace, commit.id)
    dirty_files(repo)
    git(repo, "diff", base, commit.id)
    git(repo, "diff", "HEAD")
    changed_paths(repo, base, commit.id)
    pool.give_back(workspace)
    again = pool.lease(base, fresh=True)
    assert verify(again, base)
    assert (again.path / ".git").read_text() == f"gitdir: {again.git_dir}\n"
    return commit


def test_trap_can_spring(checkout: Path, trap: Path, plain_git: Git) -> None:
    """Plain git does execute what the next tests plant: they can fail."""
    plain_git(checkout, "config", "filter.x.clean", str(trap))
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "attributes").write_text("* filter=x\n")
    (checkout / "new").write_text("x")
    plain_git(checkout, "add", "-A")
    assert _sprung(trap)


@pytest.mark.parametrize(
    "settings",
    [
        {"core.fsmonitor": "TRAP"},
        {"diff.external": "TRAP"},
        {"core.sshCommand": "TRAP", "core.pager": "TRAP", "core.editor": "TRAP", "core.askPass": "TRAP"},
        {"alias.status": "!TRAP", "alias.add": "!TRAP"},
        {"commit.gpgSign": "true", "gpg.program": "TRAP"},
        {"filter.x.clean": "TRAP", "filter.x.smudge": "TRAP", "filter.x.required": "true"},
        {"filter.x.process": "TRAP"},
        {"diff.x.textconv": "TRAP", "diff.x.command": "TRAP", "merge.x.driver": "TRAP"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_execute_nothing(
    settings: dict[str, str],
    repo: Repository,
    base: str,
    pool: Workspaces,
    checkout: Path,
    tmp_path: Path,
    trap: Path,
    plain_git: Git,
) -> None:
    """No command that the repository configures is executed by anything Tuloy does with it."""

    def plant(workspace: Workspace) -> None:
        for key, value in settings.items():
            plain_git(checkout, "config", key, value.replace("TRAP", str(trap)))
        (checkout / ".git" / "info").mkdir(exist_ok=True)
        attributes = "* diff=x merge=x\n" + ("src/** filter=x\n" if "filter" in str(settings) else "")
        (checkout / ".git" / "info" / "attributes").write_text(attributes)
        (workspace.path / "src" / "app.py").touch()

    _everything(repo, pool, base, tmp_path, plant)
    assert not _sprung(trap)


def test_included_settings_execute_nothing(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path, trap: Path, plain_git: Git
) -> None:
    """A filter defined in a file that the configuration includes is not executed either."""
    (tmp_path / "more").write_text(f'[filter "a=b"]\n\tclean = {trap}\n\tsmudge = {trap}\n')

    def plant(workspace: Workspace) -> None:
        plain_git(checkout, "config", "include.path", str(tmp_path / "more"))
        (checkout / ".git" / "info").mkdir(exist_ok=True)
        (checkout / ".git" / "info" / "attributes").write_text("src/** filter=a=b\n")
        (workspace.path / "src" / "app.py").touch()

    _everything(repo, pool, base, tmp_path, plant)
    assert not _sprung(trap)


def test_hooks_do_not_run(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path, trap: Path
) -> None:
    """None of the repository's hooks runs."""

    def plant(workspace: Workspace) -> None:
        for name in (
            "post-checkout",
            "post-index-change",
            "reference-transaction",
            "pre-commit",
            "post-commit",
        ):
            hook = checkout / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_bytes(trap.read_bytes())
            hook.chmod(0o755)

    _everything(repo, pool, base, tmp_path, plant)
    pool.lease(base)
    assert not _sprung(trap)


def test_rewritten_git_file_leads_nowhere(
    repo: Repository, base: str, pool: Workspaces, tmp_path: Path, trap: Path, plain_git: Git
) -> None:
    """A workspace whose `.git` file was pointed at a trap is used as if nothing were, and mended."""
    evil = tmp_path / "evil"
    plain_git(tmp_path, "init", "-q", str(evil))
    plain_git(evil, "config", "core.fsmonitor", str(trap))

    def plant(workspace: Workspace) -> None:
        (workspace.path / ".git").write_text(f"gitdir: {evil}/.git\n")

    commit = _everything(repo, pool, base, tmp_path, plant)
    assert commit.changed == ("README.md",)
    assert not _sprung(trap)
    assert git(repo, "worktree", "list").count("\n") == 2


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_hidden_edits_are_committed_and_cleaned(
    flag: str, repo: Repository, base: str, pool: Workspaces, plain_git: Git
) -> None:
    """An edit hidden from git by an index flag is part of the commit, and gone at the next lease."""
    workspace = pool.lease(base)
    plain_git(workspace.path, "update-index", flag, "README.md")
    (workspace.path / "README.md").write_text("hidden")
    assert plain_git(workspace.path, "status", "--porcelain") == ""
    commit = commit_all(workspace, "x")
    assert commit is not None
    assert commit.changed == ("README.md",)
    plain_git(workspace.path, "update-index", flag, "src/app.py")
    (workspace.path / "src" / "app.py").write_text("hidden")
    pool.give_back(workspace)
    assert verify(pool.lease(commit.id), commit.id)


def test_same_size_same_time_edit_is_seen(base: str, pool: Workspaces, checkout: Path, plain_git: Git) -> None:
    """An edit that keeps size and modification time is committed, even if the repository's settings ignore ctime."""
    plain_git(checkout, "config", "core.trustctime", "false")
    workspace = pool.lease(base)
    path = workspace.path / "README.md"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert commit_all(workspace, "only the time changed") is None
    path.write_text(path.read_text().replace("first", "FIRST"))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    commit = commit_all(workspace, "x")
    assert commit is not None
    assert commit.changed == ("README.md",)


def test_sparse_checkout_hides_nothing(base: str, pool: Workspaces, plain_git: Git, checkout: Path) -> None:
    """Sparse checkout turned on inside a workspace does not leave files out of the next lease."""
    workspace = pool.lease(base)
    plain_git(workspace.path, "sparse-checkout", "set", "--no-cone", "/README.md")
    assert not (workspace.path / "src").exists()
    pool.give_back(workspace)
    assert verify(pool.lease(base), base)


def test_spoilt_workspace_is_replaced_or_mended(repo: Repository, base: str, pool: Workspaces) -> None:
    """Whatever is broken in a workspace that is given back, the next lease is right."""

    def no_directory(workspace: Workspace) -> None:
        for path in sorted(workspace.path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (workspace.path / ".git").unlink(missing_ok=True)
        workspace.path.rmdir()

    def index_is_garbage(workspace: Workspace) -> None:
        (workspace.git_dir / "index").write_bytes(b"garbage")

    def head_is_garbage(workspace: Workspace) -> None:
        (workspace.git_dir / "HEAD").write_text("garbage")

    def git_file_is_directory(workspace: Workspace) -> None:
        (workspace.path / ".git").unlink()
        (workspace.path / ".git").mkdir()
        (workspace.path / ".git" / "x").write_text("x")

    def directory_is_link(workspace: Workspace) -> None:
        (workspace.path / "src" / "app.py").unlink()
        (workspace.path / "src").rmdir()
        (workspace.path / "src").symlink_to(repo.root / "src")

    def read_only(workspace: Workspace) -> None:
        (workspace.path / "locked").mkdir()
        (workspace.path / "locked" / "file").write_text("x")
        (workspace.path / "locked").chmod(stat.S_IRUSR)

    def no_git_dir(workspace: Workspace) -> None:
        workspace.git_dir.rename(workspace.git_dir.with_name("elsewhere"))

    before = fingerprint(repo.root)
    spoils = (
        no_directory,
        index_is_garbage,
        head_is_garbage,
        git_file_is_directory,
        directory_is_link,
        read_only,
    )
    for spoil in (*spoils, no_git_dir):
        workspace = pool.lease(base, fresh=True)
        spoil(workspace)
        pool.give_back(workspace)
        for fresh in (False, True):
            again = pool.lease(base, fresh=fresh)
            assert verify(again, base), spoil.__name__
            pool.give_back(again)
    assert fingerprint(repo.root) == before


def test_embedded_bare_repository_is_not_entered(
    base: str, pool: Workspaces, trap: Path, tmp_path: Path, plain_git: Git
) -> None:
    """A bare repository planted in a directory of a workspace is neither entered nor opened."""
    workspace = pool.lease(base)
    plain_git(workspace.path, "init", "-q", "--bare", "docs")
    plain_git(workspace.path / "docs", "config", "core.fsmonitor", str(trap))
    plain_git(workspace.path / "docs", "config", "core.bare", "false")
    plain_git(workspace.path / "docs", "config", "core.worktree", str(workspace.path))
    git(workspace, "status", "--porcelain")
    save_patch(workspace, tmp_path / "x.patch")
    pool.give_back(workspace)
    assert verify(pool.lease(base), base)
    assert not _sprung(trap)


def test_cleaning_follows_no_link(base: str, pool: Workspaces, tmp_path: Path, checkout: Path) -> None:
    """Cleaning or removing a workspace deletes links, not what they lead to."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (checkout / "node_modules" / "pkg").mkdir(parents=True)
    (checkout / "node_modules" / "pkg" / "index.js").write_text("x")
    workspace = pool.lease(base)
    prepare(workspace, checkout)
    (workspace.path / "away").symlink_to(tmp_path / "precious")
    pool.give_back(workspace)
    again = pool.lease(base, fresh=True)
    (again.path / "away").symlink_to(tmp_path / "precious")
    prepare(again, checkout)
    pool.close()
    assert (tmp_path / "precious" / "file").exists()
    assert (checkout / "node_modules" / "pkg" / "index.js").exists()
