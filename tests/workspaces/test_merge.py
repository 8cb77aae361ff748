"""Merging commits without a worktree."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tuloy.errors import GitFailed
from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import commit_tree, git, log_between, tree_of
from tuloy.workspaces.merge import Merged, merge, merge_all
from tuloy.workspaces.pool import Workspaces, commit_all
from tuloy.workspaces.records import Repository


def _commit(pool: Workspaces, base: str, **files: str) -> str:
    workspace = pool.lease(base)
    for name, text in files.items():
        (workspace.path / name.replace("__", ".")).write_text(text)
    commit = commit_all(workspace, f"change {sorted(files)}")
    pool.give_back(workspace)
    assert commit is not None
    return commit.id


def test_clean_merge_has_both_and_is_the_same_again(
    repo: Repository, base: str, pool: Workspaces, checkout: Path
) -> None:
    """Two changes to different files merge into one commit, always the same one, and nothing else moves."""
    before = fingerprint(checkout)
    ours, theirs = _commit(pool, base, a__txt="a"), _commit(pool, base, b__txt="b")
    first, again = merge(repo, ours, theirs, "both"), merge(repo, ours, theirs, "both")
    assert first == again
    assert first.conflicts == ()
    assert git(repo, "ls-tree", "--name-only", str(first.commit)).split() == [
        ".gitignore", "README.md", "a.txt", "b.txt", "src",
    ]  # fmt: skip
    assert git(repo, "rev-list", "--parents", "-1", str(first.commit)).split()[1:] == [ours, theirs]
    assert fingerprint(checkout) == before


def test_merge_is_as_old_as_its_newer_parent(repo: Repository, base: str, pool: Workspaces) -> None:
    """A merge's date is the newer of its parents', so that it is the same commit whenever it is made."""
    trees = [tree_of(repo, _commit(pool, base, **{f"{name}__txt": name})) for name in "ab"]
    dates = [datetime(year, 1, 1, tzinfo=UTC) for year in (2031, 2030)]
    ours, theirs = (commit_tree(repo, tree, [base], "x", at) for tree, at in zip(trees, dates, strict=True))
    merged = merge(repo, ours, theirs, "both")
    assert git(repo, "log", "-1", "--format=%ct %at", str(merged.commit)).split() == [f"{dates[0].timestamp():.0f}"] * 2


def test_conflict_is_an_answer(repo: Repository, base: str, pool: Workspaces) -> None:
    """Changes to the same lines give no commit but the paths, unicode and newlines included."""
    name = "ñ\nx__txt"
    start = _commit(pool, base, **{name: "0\n"})
    ours, theirs = _commit(pool, start, **{name: "1\n"}), _commit(pool, start, **{name: "2\n"})
    merged = merge(repo, ours, theirs, "both")
    assert (merged.commit, merged.conflicts, merged.theirs) == (None, ("ñ\nx.txt",), theirs)
    assert "<<<<<<<" in git(repo, "show", f"{merged.tree}:ñ\nx.txt")


def test_contained_commit_needs_no_merge(repo: Repository, base: str, pool: Workspaces) -> None:
    """Where one commit contains the other it is the result, either way round, loose or packed."""
    newer = _commit(pool, base, a__txt="a")
    for _ in range(2):
        assert merge(repo, base, newer, "x") == merge(repo, newer, base, "x") == Merged(newer)
        git(repo, "update-ref", "refs/tuloy/g/x", newer)
        git(repo, "repack", "-a", "-d", "-q")


def test_unknown_commit_is_an_error_not_a_conflict(repo: Repository, base: str) -> None:
    """A commit that does not exist cannot pass for a conflict, though git's exit code is the same."""
    with pytest.raises(GitFailed):
        merge(repo, base, "1" * 40, "x")


def test_unrelated_histories_are_an_error(repo: Repository, base: str) -> None:
    """Histories that share nothing cannot be merged, and the message says so."""
    tree = git(repo, "rev-parse", f"{base}^{{tree}}").strip()
    stranger = git(repo, "commit-tree", tree, "-m", "stranger").strip()
    with pytest.raises(GitFailed, match="unrelated"):
        merge(repo, base, stranger, "x")


def test_merge_all_folds_and_stops_at_a_conflict(repo: Repository, base: str, pool: Workspaces) -> None:
    """Several commits become one that contains all, or none with the first commit that does not fit."""
    a, b, c = (_commit(pool, base, **{f"{name}__txt": name}) for name in "abc")
    merged = merge_all(repo, [base, a, b, c, a], "all")
    assert {a, b, c} <= {entry.commit for entry in log_between(repo, base, str(merged.commit))}
    clash = _commit(pool, base, b__txt="other")
    refused = merge_all(repo, [a, b, clash, c], "all")
    assert (refused.commit, refused.conflicts, refused.theirs) == (None, ("b.txt",), clash)
    with pytest.raises(ValueError, match="at least one"):
        merge_all(repo, [], "none")


def test_merge_driver_of_the_repository_does_not_run(
    repo: Repository, base: str, pool: Workspaces, checkout: Path, tmp_path: Path
) -> None:
    """A merge driver in the repository's settings is not executed; the conflict stays one."""
    git(repo, "config", "merge.evil.driver", f"touch {tmp_path / 'ran'}")
    (checkout / ".git" / "info").mkdir(exist_ok=True)
    (checkout / ".git" / "info" / "attributes").write_text("* merge=evil\n")
    ours, theirs = _commit(pool, base, README__md="ours\n"), _commit(pool, base, README__md="theirs\n")
    assert merge(repo, ours, theirs, "x").conflicts == ("README.md",)
    assert not (tmp_path / "ran").exists()
