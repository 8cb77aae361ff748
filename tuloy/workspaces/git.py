"""Repositories, commits and refs through hardened git. Owns no worktree (`pool.py`) and moves no branch
(`landing.py`).

Refs of ours: `refs/tuloy/<goal>/<name>` keeps commits alive, `refs/heads/tuloy/<slug>` is a goal's branch.
"""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from tuloy.errors import GitFailed, LandingRefused, UsageError
from tuloy.workspaces.hardened import paths_of, run_git
from tuloy.workspaces.records import DiffStat, Head, Logged, Repository, Workspace

__all__ = [
    "change_ref",
    "changed_paths",
    "changes_between",
    "commit_tree",
    "diff_stat",
    "dirty_files",
    "forget",
    "git",
    "head",
    "in_repository",
    "is_ancestor",
    "keep",
    "kept",
    "log_between",
    "open_repository",
    "read_ref",
    "repository_id",
    "tree_of",
    "update_ref",
]

_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
_ENDING = {"bisect": "git bisect reset"}


def open_repository(path: Path) -> Repository:
    """Open the repository that `path`, a directory, lies in: its top or below, a clone or a linked worktree.

    Raises:
        UsageError: when there is none to work on, in one sentence that says what to do.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{str(path)!r} does not exist; name the directory of a git repository")
    if not path.is_dir():
        raise UsageError(f"{str(path)!r} is a file; name the directory of a git repository")
    root, own_dir = _find(path.resolve())
    common = _common_dir(own_dir)
    repo = Repository(root=root, git_dir=common, own_dir=own_dir, name=root.name or "root", id=repository_id(common))
    _refuse_unfinished(repo)
    if run_git(repo.checkout, ["rev-parse", "-q", "--verify", "HEAD^{commit}"], bare=True, accept=(0, 1, 128)).code:
        raise UsageError(f"{str(root)!r} has no commits yet; make a first one with 'git commit'")
    return repo


def in_repository(path: Path) -> bool:
    """Whether a directory lies in a repository of any kind, whole or damaged, bare ones too."""
    path = path.resolve()
    return any(_is_git_dir(place) or _looks_like_one(place / ".git") for place in (path, *path.parents))


def repository_id(git_dir: Path) -> str:
    """Return a short hash of a repository's common directory."""
    return hashlib.sha256(os.fsencode(git_dir)).hexdigest()[:12]


def git(
    where: Repository | Workspace,
    *args: str,
    bare: bool = False,
    reading: bool = False,
    index: Path | None = None,
    stdin: str | bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run hardened git there and return its standard output. See `hardened.run_git` for the keywords."""
    data = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
    answer = run_git(where.checkout, args, bare=bare, reading=reading, index=index, stdin=data, variables=variables)
    return answer.out.decode("utf-8", "surrogateescape")


def head(repo: Repository) -> Head:
    """Return where the user's checkout stands."""
    commit, name = git(repo, "rev-parse", "HEAD", "--symbolic-full-name", "HEAD", bare=True).splitlines()
    return Head(commit, name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None)


def dirty_files(repo: Repository) -> list[str]:
    """Return paths with uncommitted work in the user's checkout; an untracked directory ends in /."""
    args = [
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=normal",
        "--ignore-submodules=dirty",
    ]
    return [entry[3:] for entry in paths_of(run_git(repo.checkout, args, reading=True).out)]


def tree_of(repo: Repository, commit: str) -> str:
    """Return the id of the commit's tree."""
    return git(repo, "rev-parse", "--verify", f"{commit}^{{tree}}", bare=True).strip()


def commit_tree(repo: Repository, tree: str, parents: Sequence[str], message: str, at: datetime | None = None) -> str:
    """Make a commit object and return its id. With `at` the same input always gives the same id."""
    args = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent)), "-F", "-"]
    when = {} if at is None else dict.fromkeys(_DATES, f"@{int(at.timestamp())} +0000")
    return git(repo, *args, bare=True, stdin=message, variables=when).strip()


_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")


def read_ref(repo: Repository, ref: str) -> str | None:
    """Return the commit that a full ref name points to, or None when there is no such ref."""
    args = ["rev-parse", "-q", "--verify", f"{ref}^{{commit}}"]
    return run_git(repo.checkout, args, bare=True, accept=(0, 1)).out.decode().strip() or None


def update_ref(repo: Repository, ref: str, new: str, old: str | None) -> None:
    """Move a ref from `old` to `new`; `old` None means that the ref must not exist yet.

    Raises:
        LandingRefused: when the ref is not at `old`.
    """
    change_ref(repo, ref, new, old)


def change_ref(repo: Repository, ref: str, new: str | None, old: str | None, reason: str = "tuloy") -> None:
    """Move, make (`old` None) or delete (`new` None) a ref by compare-and-swap."""
    zero = "0" * len(new or old or "")
    args = ["update-ref", "--no-deref", "-m", reason, ref, new or zero, old or zero]
    answer = run_git(repo.checkout, args, bare=True, accept=(0, 1, 128))
    if answer.code == 0:
        return
    found = read_ref(repo, ref)
    if found != old:
        raise LandingRefused(
            f"{ref} is at {_short(found)}, not at {_short(old)}: somebody moved it; start again from there"
        )
    raise GitFailed(f"{ref} cannot be moved to {_short(new)}: {answer.err}; see whether a stale lock file is left")


def keep(repo: Repository, goal_id: str, name: str, commit: str) -> str:
    """Keep a commit alive as `refs/tuloy/<goal>/<name>`, whatever the ref was before; return the ref."""
    ref = _kept_ref(goal_id, name)
    git(repo, "update-ref", "--no-deref", ref, commit, bare=True)
    return ref


def kept(repo: Repository, goal_id: str, name: str) -> str | None:
    """Return the commit that `keep` kept under this name, or None."""
    return read_ref(repo, _kept_ref(goal_id, name))


def forget(repo: Repository, goal_id: str) -> None:
    """Let go of every commit kept for the goal."""
    prefix = f"refs/tuloy/{_ref_part(goal_id)}/"
    deletions = git(repo, "for-each-ref", "--format=delete %(refname)", prefix, bare=True)
    if deletions:
        git(repo, "update-ref", "--no-deref", "--stdin", bare=True, stdin=deletions)


def changed_paths(repo: Repository, a: str, b: str) -> list[str]:
    """Return the paths in which commit or tree `b` differs from `a`; a renamed file counts as two."""
    args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", a, b]
    return paths_of(run_git(repo.checkout, args, bare=True).out)


def changes_between(repo: Repository, a: str, b: str) -> list[tuple[str, Literal["A", "M", "D"]]]:
    """Return each changed path, and whether `b` added, modified or deleted it; a renamed file is deleted and added."""
    args = ["diff-tree", "-r", "-z", "--name-status", "--no-renames", a, b]
    told = paths_of(run_git(repo.checkout, args, bare=True).out)
    return [
        (path, "A" if status == "A" else "D" if status == "D" else "M")
        for status, path in zip(told[::2], told[1::2], strict=True)
    ]


def diff_stat(repo: Repository, a: str, b: str) -> DiffStat:
    """Count files and lines in which `b` differs from `a`."""
    out = git(repo, "diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", a, b, bare=True)
    rows = [entry.split("\t", 2) for entry in out.split("\0") if entry]
    return DiffStat(len(rows), *(sum(int(row[n]) for row in rows if row[n] != "-") for n in (0, 1)))


def is_ancestor(repo: Repository, a: str, b: str) -> bool:
    """Whether `b` contains `a`."""
    return a == b or run_git(repo.checkout, ["merge-base", "--is-ancestor", a, b], bare=True, accept=(0, 1)).code == 0


def log_between(repo: Repository, a: str, b: str) -> list[Logged]:
    """Return the commits that `b` contains and `a` does not, newest first."""
    out = git(repo, "rev-list", "--no-commit-header", "--format=%H %ct %s", f"{a}..{b}", bare=True)
    rows = (line.split(" ", 2) for line in out.splitlines())
    return [Logged(commit, int(seconds), subject) for commit, seconds, subject in rows]


def _find(path: Path) -> tuple[Path, Path]:
    """Walk up to the checkout that holds `path`; git's own discovery believes what it finds."""
    for place in (path, *path.parents):
        dot_git = place / ".git"
        if _is_git_dir(place):
            raise UsageError(f"{str(place)!r} is a bare repository; clone it and name the clone")
        if dot_git.is_file():
            return place, _linked(dot_git)
        if _is_git_dir(dot_git):
            return place, dot_git.resolve()
        if _looks_like_one(dot_git):
            raise UsageError(
                f"{str(dot_git)!r} is a damaged repository; mend it (HEAD, objects, refs), or move it away"
            )
    raise UsageError(f"{str(path)!r} is not in a git repository; run 'git init' and commit there, or name another")


def _is_git_dir(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _looks_like_one(dot_git: Path) -> bool:
    return dot_git.is_file() or any((dot_git / name).exists() for name in ("HEAD", "objects", "refs", "config"))


def _linked(dot_git: Path) -> Path:
    text = dot_git.read_text(errors="surrogateescape").strip()
    target = (dot_git.parent / text.removeprefix("gitdir:").strip()).resolve()
    if not text.startswith("gitdir:") or not (target / "HEAD").is_file():
        raise UsageError(f"{str(dot_git)!r} leads to no repository; try 'git worktree repair' in the main checkout")
    return target


def _common_dir(own_dir: Path) -> Path:
    pointer = own_dir / "commondir"
    if not pointer.is_file():
        return own_dir
    return (own_dir / pointer.read_text(errors="surrogateescape").strip()).resolve()


def _refuse_unfinished(repo: Repository) -> None:
    for name, what in _UNFINISHED.items():
        if (repo.own_dir / name).exists():
            way_out = _ENDING.get(what, f"git {what} --continue' or '--abort")
            raise UsageError(f"{str(repo.root)!r} is in the middle of a {what}; end it first with '{way_out}'")


def _kept_ref(goal_id: str, name: str) -> str:
    return f"refs/tuloy/{_ref_part(goal_id)}/{_ref_part(name)}"


def _ref_part(name: str) -> str:
    """One component of a ref name; what git does not take there is percent-encoded."""
    part = quote(name, safe="").replace("~", "%7E")
    return re.sub(r"^\.|\.(?=\.|lock$|$)|^-|^@$", lambda found: f"%{ord(found[0]):02X}", part)


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "nothing"
