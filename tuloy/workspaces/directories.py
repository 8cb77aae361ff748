"""Directories that are no git repository: the same guarantees through a private repository outside of them.

It lies in `<home>/private/<hash>.git`, with the directory as its work tree, and its branch `main` is the directory as
it was when the last goal began (`snapshot`). Nothing is written into the directory before acceptance, which is that of
any other repository (`landing.py`).
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tuloy.errors import GitFailed, UsageError
from tuloy.workspaces.git import commit_tree, git, in_repository, open_repository, read_ref, repository_id, update_ref
from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Repository

__all__ = ["LARGEST_FILE_BYTES", "MOST_BYTES", "MOST_FILES", "open_directory", "open_place", "reopen", "snapshot"]

LARGEST_FILE_BYTES = 50_000_000
MOST_BYTES = 2_000_000_000
MOST_FILES = 200_000
_SECRETS = frozenset({".env", ".env.local"})
_MAIN = "refs/heads/main"
_BYTES_AS_THEY_ARE = "* -text -filter -ident -working-tree-encoding\n"


def open_place(path: Path, home: Path) -> Repository:
    """Open the git repository that `path` lies in; where there is none, the directory through a private one.

    Creates nothing.

    Raises:
        UsageError: when it is no place to work in, in one sentence that says what to do.
    """
    if path.is_dir() and not in_repository(path):
        return open_directory(path, home)
    return open_repository(path)


def reopen(path: Path, home: Path, repo_id: str | None) -> Repository:
    """Open the place that a goal was given for, as the repository it was then."""
    private = _private(path.resolve(), home)
    if repository_id(private) != repo_id:
        return open_repository(path)
    if not (private / "HEAD").is_file():
        raise UsageError(f"{str(private)!r}, the private repository of {str(path)!r}, is gone; run the goal anew")
    return open_directory(path, home)


def open_directory(path: Path, home: Path) -> Repository:
    """Open a directory as the work tree of its private repository, which the first `snapshot` makes.

    Raises:
        UsageError: when it is not there, or holds far more than a project: the root, a home directory.
    """
    root, home = Path(path).resolve(), Path(home).resolve()
    if not root.is_dir():
        raise UsageError(f"{str(path)!r} is not there, or no directory; put it back, or name another")
    if home.is_relative_to(root) or Path.home().resolve().is_relative_to(root):
        raise UsageError(
            f"{str(root)!r} is no git repository and holds a home directory; name the project's own directory"
        )
    private = _private(root, home)
    return Repository(root, private, private, root.name or "root", repository_id(private), private=True)


def snapshot(repo: Repository) -> str:
    """Bring the private branch `main` to what the directory holds now, and return that commit.

    Ignored files (.gitignore, caches), `.env`, repositories inside and files over 50 MB are left out, and stay where
    they are: `dirty_files` lists them afterwards.

    Raises:
        UsageError: when all of it would be over 2 GB or 200,000 files.
        GitFailed: when a file cannot be read.
    """
    from filelock import FileLock

    repo.git_dir.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(repo.git_dir.with_suffix(".lock")):
        _make(repo)
        before = read_ref(repo, _MAIN)
        _stage(repo, _left_out(repo))
        tree = git(repo, "write-tree").strip()
        if before is not None and git(repo, "rev-parse", f"{before}^{{tree}}", bare=True).strip() == tree:
            return before
        commit = commit_tree(repo, tree, [before] if before else [], f"{repo.name} as it was\n")
        update_ref(repo, _MAIN, commit, before)
        return commit


def _private(root: Path, home: Path) -> Path:
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return Path(home).resolve() / "private" / f"{name}.git"


def _make(repo: Repository) -> None:
    """Make the private repository, or finish what a dead process began."""
    if (repo.git_dir / "info" / "attributes").is_file():
        return
    repo.git_dir.mkdir(mode=0o700, exist_ok=True)
    git(repo, "init", "-q", "--bare", "--template=", "--initial-branch=main", bare=True)
    (repo.git_dir / "info").mkdir(exist_ok=True)
    (repo.git_dir / "info" / "attributes").write_text(_BYTES_AS_THEY_ARE)


def _left_out(repo: Repository) -> list[bytes]:
    """Return what is not to be taken in, of what is new or changed.

    Raises:
        UsageError: when the rest is too much.
    """
    args = ["ls-files", "-z", "--others", "--modified", "--exclude-standard"]
    paths = sorted(set(run_git(repo.checkout, args).out.split(b"\0")) - {b""})
    sizes = {path: _size(repo.root, path) for path in paths}
    wanted = {path: size for path, size in sizes.items() if size is not None}
    total = sum(wanted.values())
    if len(wanted) > MOST_FILES or total > MOST_BYTES:
        raise UsageError(
            f"{str(repo.root)!r} is no git repository and holds {len(wanted)} files, {total // 10**6} MB, "
            f"most of it in {_heaviest(wanted)}; list in .gitignore what is no source, or name a smaller directory"
        )
    return [path.rstrip(b"/") for path, size in sizes.items() if size is None]


def _size(root: Path, path: bytes) -> int | None:
    """Return a path's size in bytes; None when it is to be left out: a repository, a secret, too large."""
    name = os.fsdecode(path)
    if name.endswith("/") or Path(name).name in _SECRETS:
        return None
    try:
        size = (root / name).lstat().st_size
    except OSError:  # modified by being deleted
        return 0
    return size if size <= LARGEST_FILE_BYTES else None


def _heaviest(sizes: dict[bytes, int]) -> str:
    tops: dict[str, int] = {}
    for path, size in sizes.items():
        top = os.fsdecode(path.split(b"/")[0])
        tops[top] = tops.get(top, 0) + size + 1
    return ", ".join(repr(top) for top in sorted(tops, key=tops.__getitem__, reverse=True)[:3])


def _stage(repo: Repository, left_out: Sequence[bytes]) -> None:
    """Stage everything but these; what a former snapshot took in of them goes out of the index, not off the disk."""
    if left_out:
        gone = b"".join(path + b"\0" for path in left_out)
        run_git(repo.checkout, ["update-index", "-z", "--force-remove", "--stdin"], stdin=gone)
    pathspecs = b"".join(_pathspecs(left_out))
    args = ["add", "-A", "--pathspec-from-file=-", "--pathspec-file-nul"]
    answer = run_git(repo.checkout, args, stdin=pathspecs, accept=(0, 128))
    if answer.code:
        raise GitFailed(f"{str(repo.root)!r} cannot be taken in: {answer.err}; make every file readable, or ignore it")


def _pathspecs(left_out: Iterable[bytes]) -> Iterable[bytes]:
    yield b":(top)\0"
    for path in left_out:
        yield b":(top,exclude,literal)" + path + b"\0"
