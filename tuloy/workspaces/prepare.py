"""Makes a worktree ready to run the project, from what the user's checkout has installed, without touching
that, and from what the goal's own steps installed.

JavaScript packages are linked; a Python environment is used where it lies, with variables that put the
worktree's code first. Installs nothing.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tuloy.workspaces.installed import (
    Installed,
    installation_key,
    is_farm,
    is_locked,
    keep_installed,
    kept_sets,
    package_directories,
)
from tuloy.workspaces.records import Workspace
from tuloy.workspaces.removal import remove

__all__ = ["clear_for_install", "installs", "keep_for_later", "prepare", "python_path"]

MOST_BYTES = 4_000_000
INSTALLS = re.compile(
    r"\b(npm|pnpm|yarn|bun) +(-\S+ +([^-\s]\S* +)?)*(i|install|add|ci|update|up|upgrade|remove|rm|uninstall)\b"
    r"|\byarn *($|[&;|])"
)


def prepare(workspace: Workspace, checkout_root: Path, installed: Path | None = None) -> None:
    """Link `node_modules` into the workspace, for every `package.json` that one was installed for.

    What steps installed (`installed`, the folder of the sets) comes before the checkout's where it was made for the
    same package.json and lock files. Each `node_modules` becomes a real directory with a link per package, so that
    what a tool writes beside the packages stays in the workspace. Packages of the project itself (npm workspaces)
    lead to the workspace's code.
    """
    sets = kept_sets(installed) if installed else []
    for directory in package_directories(workspace.path):
        target = workspace.path / directory / "node_modules"
        if target.exists() or target.is_symlink():
            continue
        if source := _source(workspace.path, directory, checkout_root.resolve(), sets):
            _farm(source / directory / "node_modules", target, source, workspace.path)


def installs(argv: Sequence[str]) -> bool:
    """Whether a command, or a shell's words in it, has a package manager install something."""
    return bool(INSTALLS.search(" ".join(argv)))


def clear_for_install(workspace: Workspace) -> None:
    """Take our links away where no lock file says what they stand for: npm would write a lock file of them."""
    for directory in package_directories(workspace.path):
        modules = workspace.path / directory / "node_modules"
        if is_farm(modules) and not is_locked(workspace.path, directory):
            remove(modules)


def keep_for_later(workspace: Workspace, installed: Path) -> None:
    """Keep what a step installed in the workspace for the goal's later workspaces; this one gets links to it."""
    if kept := keep_installed(workspace, installed):
        for directory in map(Path, kept.keys):
            modules = directory / "node_modules"
            _farm(kept.tree / modules, workspace.path / modules, kept.tree, workspace.path)


def python_path(root: Path) -> list[str]:
    """Return the PYTHONPATH entries under which the project's code is imported from `root`.

    They stand before site-packages, and thus before what an editable install points to. `src` when there is
    a src layout, what pyproject.toml says of the places of packages, else the top; members of a uv workspace
    follow.
    """
    project = _pyproject(root)
    places = [root / place for place in _declared(project)]
    if not places and _is_src_layout(root):
        places = [root / "src"]
    entries = [str(place) for place in places if place.is_dir()] or [str(root)]
    for member in _members(root, project):
        entries += python_path(member)
    return list(dict.fromkeys(entries))


def _source(root: Path, directory: Path, checkout_root: Path, sets: Sequence[Installed]) -> Path | None:
    """Return whose `node_modules` fit: made for the same files, else the last one made, else the checkout's.

    Without a lock file nothing but the same files will do: `npm install` would take the links for what was asked for,
    and write a lock file of paths on this machine.
    """
    ours = [one for one in sets if str(directory) in one.keys]
    key = installation_key(root, directory) if ours else ""
    for one in ours:
        if one.keys[str(directory)] == key:
            return one.tree
    in_checkout = (checkout_root / directory / "node_modules").is_dir()
    if in_checkout and (not ours or installation_key(checkout_root, directory) == key):
        return checkout_root
    if ours and is_locked(root, directory):
        return ours[0].tree
    return checkout_root if in_checkout else None


def _farm(source: Path, target: Path, origin: Path, root: Path) -> None:
    """Link the packages of `source`, which lies in `origin`, for the project whose code lies in `root`."""
    target.mkdir()
    for entry in source.iterdir():
        if entry.name == ".bin":
            _copy_links(entry, target / entry.name)
        elif entry.name.startswith("@") and entry.is_dir() and not entry.is_symlink():
            (target / entry.name).mkdir()
            for package in entry.iterdir():
                _link(package, target / entry.name / package.name, origin, root)
        elif not entry.name.startswith(".") or entry.name == ".pnpm":
            _link(entry, target / entry.name, origin, root)


def _copy_links(source: Path, target: Path) -> None:
    """Programs are links relative to `.bin`: copied as they are, they lead through the farm."""
    target.mkdir()
    for entry in source.iterdir():
        link = target / entry.name
        link.symlink_to(entry.readlink() if entry.is_symlink() else entry.resolve())


def _link(entry: Path, link: Path, origin: Path, root: Path) -> None:
    real = entry.resolve()
    if entry.is_symlink() and real.is_relative_to(origin):
        within = real.relative_to(origin)
        real = real if "node_modules" in within.parts else root / within
    link.symlink_to(real)


def _pyproject(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:  # a link may lead to a device
            return {}
        return _parsed(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}


@lru_cache(maxsize=32)
def _parsed(text: str) -> dict[str, Any]:
    """Parse TOML, once per text: every step of a goal asks for the same."""
    return tomllib.loads(text)


def _declared(project: dict[str, Any]) -> list[str]:
    """Places of packages that pyproject.toml names for setuptools or Poetry."""
    setuptools = _at(project, "tool", "setuptools")
    where = _at(setuptools, "packages", "find").get("where")
    top = _at(setuptools, "package-dir").get("")
    poetry = _at(project, "tool", "poetry").get("packages")
    found = [
        *_strings(where),
        *_strings([top]),
        *_strings([p.get("from") for p in _list(poetry) if isinstance(p, dict)]),
    ]
    return list(dict.fromkeys(found))


def _members(root: Path, project: dict[str, Any]) -> list[Path]:
    globs = _strings(_at(project, "tool", "uv", "workspace").get("members"))
    relative = [
        glob for glob in globs if Path(glob).parts and not glob.startswith("/") and ".." not in Path(glob).parts
    ]
    found = sorted({member for glob in relative for member in root.glob(glob)})
    return [member for member in found if member != root and (member / "pyproject.toml").is_file()]


def _is_src_layout(root: Path) -> bool:
    src = root / "src"
    if not src.is_dir() or (src / "__init__.py").exists():
        return False
    return any(entry.is_dir() or entry.suffix == ".py" for entry in src.iterdir() if entry.name[0] not in "._")


def _at(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        value = table.get(key)
        table = value if isinstance(value, dict) else {}
    return table


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(values: Any) -> list[str]:
    return [value for value in _list(values) if isinstance(value, str)]
