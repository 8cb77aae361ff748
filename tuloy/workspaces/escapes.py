"""What a commit must not hold: repositories inside the tree, links that leave it, unfiltered files."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tuloy.errors import LandingRefused
from tuloy.workspaces.hardened import run_git
from tuloy.workspaces.records import Checkout, Workspace

__all__ = ["Change", "filtered_paths", "refuse_escapes"]

_LINK, _REPOSITORY = "120000", "160000"


@dataclass(frozen=True)
class Change:
    """One path that differs: git's modes (000000 for none) and full object ids, before and after."""

    path: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str


def refuse_escapes(workspace: Workspace, changes: Sequence[Change]) -> None:
    """Refuse changes that would make the commit dangerous or wrong for whoever checks it out.

    Raises:
        LandingRefused: naming the first few paths and what to do about them.
    """
    inside = [c.path for c in changes if c.new_mode == _REPOSITORY and c.old_mode != _REPOSITORY]
    inside += [c.path for c in changes if c.old_mode == "000000" and _is_bare_head(workspace.path / c.path)]
    _refuse(inside, "a repository lies inside the workspace", "remove it, or add its files without it")
    links = [c.path for c in changes if c.new_mode == _LINK and _leads_out(workspace.path, c.path)]
    _refuse(links, "a new symlink leads out of the tree", "link inside the tree, or copy the file")
    written = [c.path for c in changes if c.new_mode != "000000"]
    filtered = filtered_paths(workspace.checkout, written)
    _refuse(filtered, "a file needs a filter (.gitattributes), and filters do not run here", "change it by hand")


def filtered_paths(checkout: Checkout, paths: Sequence[str]) -> list[str]:
    """Return those of the paths that git attributes send through a clean or smudge filter, such as LFS."""
    if not paths or not _mentions_filters(checkout, paths):
        return []
    stdin = b"\0".join(map(os.fsencode, paths)) + b"\0"
    fields = run_git(checkout, ["check-attr", "-z", "--stdin", "filter"], stdin=stdin).out.split(b"\0")
    rows = zip(fields[::3], fields[2::3], strict=False)
    return [os.fsdecode(path) for path, value in rows if value not in (b"unspecified", b"unset")]


def _mentions_filters(checkout: Checkout, paths: Iterable[str]) -> bool:
    directories = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    files = [checkout.root / directory / ".gitattributes" for directory in directories]
    return any(_mentions(file) for file in (*files, checkout.common_dir / "info" / "attributes"))


def _mentions(file: Path) -> bool:
    try:
        return b"filter" in file.read_bytes()
    except OSError:
        return False


def _is_bare_head(path: Path) -> bool:
    return path.name == "HEAD" and (path.parent / "objects").is_dir() and (path.parent / "refs").is_dir()


def _leads_out(root: Path, link: str) -> bool:
    """Whether a link's target, as text or followed on disk, is absolute, outside the tree or inside .git."""
    target = (root / link).readlink()
    if target.is_absolute():
        return True
    lexical = os.path.normpath(os.path.join(os.path.dirname(link), target))  # noqa: PTH118, PTH120
    followed = os.path.relpath(os.path.realpath(root / link), os.path.realpath(root))
    return any(PurePosixPath(way).parts[:1] in ((os.pardir,), (".git",)) for way in (lexical, followed))


def _refuse(paths: Sequence[str], fact: str, action: str) -> None:
    if paths:
        names = ", ".join(repr(path) for path in paths[:5]) + (", …" if len(paths) > 5 else "")
        raise LandingRefused(f"{fact}: {names}; {action}")
