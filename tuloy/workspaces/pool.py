"""The worktrees of one goal run: leased, given back, replaced when spoilt, removed at the end.

Owns where worktrees lie (`<home>/<repository id>/<run>/<n>`) and who may use which. What is in them:
`contents.py`.
"""

import itertools
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuloy.errors import GitFailed
from tuloy.processes import born
from tuloy.workspaces.contents import clean, commit_all, fill, read_seal, repair, save_patch, verify
from tuloy.workspaces.git import git
from tuloy.workspaces.records import Commit, Repository, Workspace
from tuloy.workspaces.removal import remove
from tuloy.workspaces.unchanged import Look, look, look_settled

__all__ = ["Commit", "Workspace", "Workspaces", "collect_dead", "commit_all", "save_patch", "verify"]

_OWNER = "owner.json"


class Workspaces:
    """The worktrees of one goal run. Every method may be called from any thread."""

    def __init__(self, repo: Repository, home: Path) -> None:
        """Claim a directory of this run's own below `home`; the first lease makes the first worktree."""
        self.repo = repo
        self.directory = Path(home).resolve() / repo.id / f"run-{os.getpid()}-{secrets.token_hex(3)}"
        self._numbers = itertools.count(1)
        self._changing = threading.Lock()
        self._idle: list[Workspace] = []
        self._leased: dict[str, Workspace] = {}
        self._clean_looks: dict[str, Look] = {}
        _claim(self.directory)

    def lease(self, commit: str, *, fresh: bool = False) -> Workspace:
        """Return a workspace at that commit (full id) which nobody else has.

        One that already stands there is preferred and keeps its ignored files, unless `fresh` is asked for.
        Any other is cleaned and verified first; one that does not come clean is replaced.

        Raises:
            GitFailed: when there is no such commit, or no worktree can be made.
        """
        found = self._take(commit, fresh)
        if found is None:
            return self._add(commit)
        workspace, stays = found
        try:
            now = look(workspace)
            if stays and self._clean_looks.get(workspace.id) == now:
                return workspace
            clean(workspace, commit, keep_ignored=stays)
            self._remember(workspace, now)  # where the cleaning had to change something, the next look differs
        except (GitFailed, OSError):
            self.destroy(workspace)
            return self._add(commit)
        return workspace

    def give_back(self, workspace: Workspace) -> None:
        """Let others have the workspace; what is uncommitted in it is lost at the next lease."""
        with self._changing:
            if self._leased.pop(workspace.id, None):
                self._idle.append(workspace)

    def destroy(self, workspace: Workspace) -> None:
        """Remove a workspace for good, with everything in it."""
        with self._changing:
            self._leased.pop(workspace.id, None)
            self._idle = [idle for idle in self._idle if idle.id != workspace.id]
        with _worktrees_locked(self.repo):
            _remove_worktree(workspace)

    def close(self) -> None:
        """Remove every worktree of this run, leased ones too."""
        with self._changing:
            workspaces = [*self._idle, *self._leased.values()]
            self._idle, self._leased = [], {}
        with _worktrees_locked(self.repo):
            for workspace in workspaces:
                _remove_worktree(workspace)
            _remove_run(self.repo, self.directory)

    def _take(self, commit: str, fresh: bool) -> tuple[Workspace, bool] | None:
        """Choose an idle workspace, and whether it stays as it is: the chain's own, else the longest idle."""
        with self._changing:
            if not self._idle:
                return None
            standing = [] if fresh else [idle for idle in self._idle if _stands_on(idle, commit)]
            workspace = standing[-1] if standing else self._idle[0]
            self._idle.remove(workspace)
            self._leased[workspace.id] = workspace
        return workspace, bool(standing)

    def _remember(self, workspace: Workspace, clean_look: Look) -> None:
        """Keep how the clean workspace looks; what may change once more unseen is not worth keeping."""
        self._clean_looks.pop(workspace.id, None)
        if clean_look.settled:
            self._clean_looks[workspace.id] = clean_look

    def _add(self, commit: str) -> Workspace:
        workspace = self._add_worktree(commit)
        try:
            fill(workspace, commit)
            self._remember(workspace, look_settled(workspace))
        except GitFailed:
            self.destroy(workspace)
            raise
        with self._changing:
            self._leased[workspace.id] = workspace
        return workspace

    def _add_worktree(self, commit: str, tries: int = 4) -> Workspace:
        """Add a worktree without files; again when the user's own `git worktree prune` took it away half made."""
        path = self.directory / f"{self.directory.name.rpartition('-')[2]}-{next(self._numbers)}"
        args = ("worktree", "add", "-q", "--detach", "--no-checkout", str(path), commit)
        with _worktrees_locked(self.repo):
            try:
                git(self.repo, *args, bare=True)
                return Workspace(path.name, path, _git_dir_of(path), self.repo)
            except (GitFailed, OSError):
                _remove_worktree(Workspace(path.name, path, self.repo.git_dir / "worktrees" / path.name, self.repo))
                if tries <= 1:
                    raise
        return self._add_worktree(commit, tries - 1)


def collect_dead(repo: Repository, home: Path, patches: Path | None = None) -> list[Path]:
    """Remove the worktrees of runs whose process is gone; return the patches saved of their uncommitted work.

    With `patches`, a directory, work that no commit holds is first saved there as `<workspace id>.patch`.
    """
    runs = (Path(home).resolve() / repo.id).glob("run-*")
    saved: list[Path] = []
    with _worktrees_locked(repo):
        for run in runs:
            if not _owner_lives(run):
                saved += _rescued(repo, run, patches) if patches else []
                _remove_run(repo, run)
    return saved


def _rescued(repo: Repository, run: Path, patches: Path) -> list[Path]:
    found = (_rescue(Workspace(admin.name, path, admin, repo), patches) for admin, path in _worktrees(repo, run))
    return [patch for patch in found if patch]


def _rescue(workspace: Workspace, patches: Path) -> Path | None:
    """Save what can be saved: a workspace that was killed half made holds nothing."""
    try:
        repair(workspace)
        return save_patch(workspace, patches / f"{workspace.id}.patch")
    except (GitFailed, OSError):
        return None


def _stands_on(workspace: Workspace, commit: str) -> bool:
    try:
        return read_seal(workspace).commit == commit
    except GitFailed:
        return False


def _git_dir_of(path: Path) -> Path:
    return Path((path / ".git").read_text().strip().removeprefix("gitdir: ")).resolve()


@contextmanager
def _worktrees_locked(repo: Repository) -> Iterator[None]:
    """Hold the lock under which worktrees come and go: git's own bookkeeping needs it."""
    from filelock import FileLock

    with FileLock(repo.git_dir / "tuloy.lock", poll_interval=0.005):
        yield


def _remove_worktree(workspace: Workspace) -> None:
    remove(workspace.path)
    remove(workspace.path.with_name(f"{workspace.path.name}.seal"))
    remove(workspace.git_dir)


def _remove_run(repo: Repository, run: Path) -> None:
    for admin, _ in _worktrees(repo, run):
        remove(admin)
    remove(run)


def _worktrees(repo: Repository, run: Path) -> list[tuple[Path, Path]]:
    """Worktrees below the run's directory, as the repository knows them: (its part, the files)."""
    token = run.name.rpartition("-")[2]
    admins = (repo.git_dir / "worktrees").glob(f"{token}-*")
    return [(admin, run / admin.name) for admin in admins]


def _claim(directory: Path) -> None:
    directory.mkdir(parents=True)
    partial = directory / f"{_OWNER}.part"
    partial.write_text(json.dumps({"pid": os.getpid(), "born": born(os.getpid())}))
    partial.replace(directory / _OWNER)


def _owner_lives(run: Path) -> bool:
    try:
        owner = json.loads((run / _OWNER).read_text())
    except (OSError, ValueError):
        return born(int(run.name.split("-")[1])) is not None
    return bool(born(owner["pid"]) == owner["born"])
