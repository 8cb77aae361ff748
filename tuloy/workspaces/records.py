"""Repository, Workspace, Commit: the nouns of this room, as frozen records. Nothing here touches a disk."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Checkout", "Commit", "DiffStat", "Head", "Logged", "Repository", "Workspace"]


@dataclass(frozen=True)
class Checkout:
    """A work tree with the directory of its HEAD and index, and the common directory of its repository."""

    root: Path
    git_dir: Path
    common_dir: Path


@dataclass(frozen=True)
class Repository:
    """The user's repository, opened at one of its checkouts.

    `root` is the top of that checkout, `own_dir` holds its HEAD and index, `git_dir` is the common directory
    (the same one unless the checkout is a linked worktree). `id` is a short hash of the common directory's
    real path. `private` when it is one of Tuloy's own, outside a directory that is no git repository.
    """

    root: Path
    git_dir: Path
    own_dir: Path
    name: str
    id: str
    private: bool = False

    @property
    def checkout(self) -> Checkout:
        """The user's own checkout."""
        return Checkout(self.root, self.own_dir, self.git_dir)


@dataclass(frozen=True)
class Workspace:
    """A worktree of Tuloy's own: `path` are its files, `git_dir` its part of the repository's directory."""

    id: str
    path: Path
    git_dir: Path
    repo: Repository

    @property
    def checkout(self) -> Checkout:
        """The workspace as a checkout."""
        return Checkout(self.path, self.git_dir, self.repo.git_dir)


@dataclass(frozen=True)
class Head:
    """Where a checkout stands; `branch` is None when it is detached."""

    commit: str
    branch: str | None


@dataclass(frozen=True)
class Commit:
    """A commit that Tuloy made of a workspace; `changed` are the paths that differ from its parent."""

    id: str
    parent: str
    tree: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class DiffStat:
    """How much two commits differ; binary files count as files without lines."""

    files: int
    added: int
    removed: int


@dataclass(frozen=True)
class Logged:
    """One line of a history; `committed_at` is seconds since 1970, UTC."""

    commit: str
    committed_at: int
    subject: str
