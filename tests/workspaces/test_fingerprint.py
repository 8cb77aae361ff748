"""The fingerprint must see whatever a user would mind, or the tests that rest on it prove nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tuloy.workspaces.fingerprint import fingerprint, fingerprint_parts

Git = Callable[..., str]


def _hook(root: Path, git: Git) -> None:
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    (root / ".git" / "hooks" / "pre-commit").write_text("x")


def _stash(root: Path, git: Git) -> None:
    (root / "README.md").write_text("x")
    git(root, "stash", "-q")


CHANGES = {
    "content": (lambda root, git: (root / "README.md").write_text("x"), {"files"}),
    "mode": (lambda root, git: (root / "README.md").chmod(0o755), {"files"}),
    "ignored file": (lambda root, git: (root / "x.log").write_text("x"), {"files"}),
    "link": (lambda root, git: (root / "link").symlink_to("README.md"), {"files"}),
    "empty directory": (lambda root, git: (root / "empty").mkdir(), {"files"}),
    "index": (lambda root, git: git(root, "rm", "-q", "--cached", "README.md"), {"index"}),
    "index flag": (lambda root, git: git(root, "update-index", "--skip-worktree", "README.md"), {"index"}),
    "branch": (lambda root, git: git(root, "branch", "other"), {"refs"}),
    "detached": (lambda root, git: git(root, "checkout", "-q", "--detach"), {"head"}),
    "setting": (lambda root, git: git(root, "config", "user.name", "x"), {"settings"}),
    "hook": (_hook, {"settings"}),
    "stash": (_stash, {"refs", "stash"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_sees_every_change(change: str, checkout: Path, plain_git: Git) -> None:
    """Each kind of change shows, in its own part."""
    before, parts = fingerprint(checkout), fingerprint_parts(checkout)
    apply, expected = CHANGES[change]
    apply(checkout, plain_git)
    after = fingerprint_parts(checkout)
    assert fingerprint(checkout) != before
    assert {part for part in parts if parts[part] != after[part]} == expected


def test_does_not_see_what_is_tuloys(checkout: Path, plain_git: Git) -> None:
    """Kept commits, goals' branches, and git's own caches do not count."""
    before = fingerprint(checkout)
    plain_git(checkout, "update-ref", "refs/tuloy/g/x", "HEAD")
    plain_git(checkout, "branch", "tuloy/x")
    (checkout / "README.md").touch()
    plain_git(checkout, "status")
    assert fingerprint(checkout) == before
