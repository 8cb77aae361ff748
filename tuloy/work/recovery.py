"""After a crash: end what still runs, note what was lost, keep partial work, give a fresh start.

Called by the one process that holds the goal's lease, before it goes on.
"""

from dataclasses import dataclass
from pathlib import Path

from tuloy.agents.process import end_marked
from tuloy.store import AttemptRow, Store
from tuloy.workspaces.pool import collect_dead
from tuloy.workspaces.records import Repository

__all__ = ["Recovered", "recover"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found: attempts without an end, how many processes outlived their run, patches of partial work."""

    lost: tuple[AttemptRow, ...] = ()
    ended_processes: int = 0
    patches: tuple[Path, ...] = ()


def recover(store: Store, repo: Repository, home: Path, goal_id: str) -> Recovered:
    """Close every open attempt of the goal as lost, with its processes ended and its partial work kept as a patch."""
    ended = end_marked(f"{goal_id}.", family=True)
    kept = home / "patches" / repo.id
    collect_dead(repo, home / "workspaces", kept)
    lost = tuple(store.open_attempts(goal_id))
    patches = []
    for attempt in lost:
        assert attempt.id is not None
        patch = kept / f"{Path(attempt.workspace or '-').name}.patch"
        patches += [patch] if patch.is_file() else []
        path = str(patch) if patch.is_file() else None
        store.end_attempt(attempt.id, "lost", "its process died", patch_path=path)
    return Recovered(lost, ended, tuple(patches))
