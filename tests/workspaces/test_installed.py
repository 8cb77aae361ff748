"""What a step installed stands in the goal's later workspaces, whole or not at all."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tuloy.workspaces.fingerprint import fingerprint
from tuloy.workspaces.git import git
from tuloy.workspaces.installed import installation_key, keep_installed, kept_sets, sweep
from tuloy.workspaces.pool import Workspaces, commit_all, verify
from tuloy.workspaces.prepare import keep_for_later, prepare
from tuloy.workspaces.records import Workspace

Git = Callable[..., str]
PROJECT = {
    "package.json": '{"workspaces": ["packages/*"]}',
    "package-lock.json": "{}",
    "packages/own/package.json": "{}",
    "packages/own/index.js": "committed",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the goal's sets are kept."""
    return tmp_path / "home" / "goals" / "g" / "installed"


@pytest.fixture
def node(checkout: Path, plain_git: Git) -> str:
    """The commit of a project of two packages, which has nothing installed."""
    return _commit(checkout, plain_git, PROJECT)


def _commit(checkout: Path, plain_git: Git, files: Mapping[str, str]) -> str:
    _write(checkout, files)
    plain_git(checkout, "add", "-A")
    plain_git(checkout, "commit", "-q", "-m", "node")
    return plain_git(checkout, "rev-parse", "HEAD")


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _install(root: Path, version: str = "1") -> None:
    """Leave what `npm install` leaves: real packages, relative links to programs and to the project's own packages."""
    modules = root / "node_modules"
    _write(modules, {"pad/index.js": f"pad {version}", "@scope/tool/cli.js": "#!/bin/sh\necho tool", ".lock": "x"})
    _write(root, {"packages/own/node_modules/deep/index.js": "deep"})
    (modules / "@scope" / "tool" / "cli.js").chmod(0o755)
    (modules / ".bin").mkdir(exist_ok=True)
    (modules / ".bin" / "tool").symlink_to("../@scope/tool/cli.js")
    (modules / "own").symlink_to("../packages/own")


def _read(workspace: Workspace, name: str) -> str | None:
    path = workspace.path / name
    return path.read_text() if path.is_file() else None


def test_later_workspaces_have_what_a_step_installed(checkout: Path, node: str, pool: Workspaces, folder: Path) -> None:
    """Packages, scopes, programs and nested packages are there for the step's own chain and for every fresh workspace;
    the project's own packages are each workspace's own; the checkout is as it was."""
    before = fingerprint(checkout)
    first = pool.lease(node)
    prepare(first, checkout, folder)
    _install(first.path)
    keep_for_later(first, folder)
    second = pool.lease(node, fresh=True)
    assert verify(second, node)
    prepare(second, checkout, folder)
    for place in (first, second):
        (place.path / "packages" / "own" / "index.js").write_text(place.id)
        assert _read(place, "node_modules/pad/index.js") == "pad 1"
        assert _read(place, "packages/own/node_modules/deep/index.js") == "deep"
        assert _read(place, "node_modules/own/index.js") == place.id
        assert subprocess.check_output([place.path / "node_modules" / ".bin" / "tool"], text=True) == "tool\n"
    assert fingerprint(checkout) == before


def test_workspace_stays_clean_and_is_used_again(checkout: Path, node: str, pool: Workspaces, folder: Path) -> None:
    """Keeping changes nothing that git sees, and the next step of the chain gets the same workspace with its links."""
    first = pool.lease(node)
    _install(first.path)
    assert commit_all(first, "x") is None
    keep_for_later(first, folder)
    assert git(first, "status", "--porcelain") == ""
    assert commit_all(first, "x") is None
    pool.give_back(first)
    again = pool.lease(node)
    assert again.id == first.id
    assert _read(again, "node_modules/pad/index.js") == "pad 1"
    pool.give_back(again)
    assert verify(pool.lease(node, fresh=True), node)
    assert (kept_sets(folder)[0].tree / "node_modules" / "pad" / "index.js").exists()


def test_packages_of_pnpm_are_found(checkout: Path, node: str, pool: Workspaces, folder: Path) -> None:
    """Links into `.pnpm`, also those of the project's other packages, lead there from every workspace."""
    first = pool.lease(node)
    store = first.path / "node_modules" / ".pnpm"
    _write(store, {"pad@1/node_modules/pad/index.js": "pad", "dep@1/node_modules/dep/index.js": "dep"})
    (store / "pad@1" / "node_modules" / "dep").symlink_to("../../dep@1/node_modules/dep")
    (first.path / "node_modules" / "pad").symlink_to(".pnpm/pad@1/node_modules/pad")
    (first.path / "packages" / "own" / "node_modules").mkdir()
    (first.path / "packages" / "own" / "node_modules" / "pad").symlink_to(
        "../../../node_modules/.pnpm/pad@1/node_modules/pad"
    )
    keep_for_later(first, folder)
    pool.destroy(first)
    second = pool.lease(node)
    prepare(second, checkout, folder)
    for name in ("node_modules/pad", "packages/own/node_modules/pad"):
        real = (second.path / name).resolve()
        assert (real / "index.js").read_text() == "pad"
        assert (real.parent / "dep" / "index.js").read_text() == "dep"


def test_what_is_installed_into_links_is_kept_with_them(
    checkout: Path, node: str, pool: Workspaces, folder: Path
) -> None:
    """Of a farm in which an installer replaced one package, the real one and the links stand in later workspaces, and
    no link leads to the code of the workspace that it was made in."""
    _install(checkout, "of the checkout")
    first = pool.lease(node)
    prepare(first, checkout, folder)
    _write(first.path, {"node_modules/new/index.js": "new"})
    keep_for_later(first, folder)
    second = pool.lease(node, fresh=True)
    prepare(second, checkout, folder)
    (second.path / "packages" / "own" / "index.js").write_text("second")
    assert _read(second, "node_modules/new/index.js") == "new"
    assert _read(second, "node_modules/pad/index.js") == "pad of the checkout"
    assert _read(second, "node_modules/own/index.js") == "second"
    assert _read(second, "packages/own/node_modules/deep/index.js") == "deep"


@pytest.mark.parametrize("what", ["nothing", "links", "cache", "a link", "tracked files"])
def test_what_is_no_installation_is_left(
    what: str, checkout: Path, node: str, pool: Workspaces, folder: Path, tmp_path: Path, plain_git: Git
) -> None:
    """Our links, a tool's cache among them, a `node_modules` that leads elsewhere and one that git tracks stay."""
    if what in ("links", "cache"):
        _install(checkout)
    if what == "tracked files":
        _write(checkout, {"node_modules/pad/index.js": "pad"})
        plain_git(checkout, "add", "-A", "-f")
        plain_git(checkout, "commit", "-q", "-m", "vendored")
        node = plain_git(checkout, "rev-parse", "HEAD")
    first = pool.lease(node)
    prepare(first, checkout, folder)
    if what == "cache":
        _write(first.path, {"node_modules/.cache/x": "x"})
    if what == "a link":
        (tmp_path / "elsewhere" / "pad").mkdir(parents=True)
        (first.path / "node_modules").symlink_to(tmp_path / "elsewhere")
    assert keep_installed(first, folder) is None
    assert (first.path / "node_modules").exists() == (what != "nothing")
    assert not folder.exists()


LOCK, PACKAGE = "package-lock.json", "package.json"
FITS = [
    ("the same files", {}, {}, "step"),
    ("another package.json beside a lock file", {PACKAGE: '{"version": "2"}'}, {}, "step"),
    ("another lock file", {LOCK: '{"x": 1}'}, {}, "step"),
    ("no lock file", {LOCK: None}, {}, None),
    ("the same files, and the checkout has them too", {}, {"": "checkout"}, "step"),
    ("the checkout's files", {LOCK: '{"x": 1}'}, {LOCK: '{"x": 1}', "": "checkout"}, "checkout"),
    ("nobody's files", {LOCK: '{"x": 1}'}, {"": "checkout"}, "step"),
    ("nobody's files without a lock file", {LOCK: None}, {"": "checkout"}, "checkout"),
]


@pytest.mark.parametrize(("files", "in_checkout", "expected"), [row[1:] for row in FITS], ids=[row[0] for row in FITS])
def test_installation_that_fits_is_taken(
    files: dict[str, str | None],
    in_checkout: dict[str, str],
    expected: str | None,
    checkout: Path,
    node: str,
    pool: Workspaces,
    folder: Path,
) -> None:
    """One that was made for the same files comes first; beside a lock file, else the last one of the goal; without,
    never one of another lock file, since an installer would write the links down."""
    first = pool.lease(node)
    _install(first.path, "step")
    keep_for_later(first, folder)
    second = pool.lease(node, fresh=True)
    for name, text in files.items():
        (second.path / name).unlink() if text is None else (second.path / name).write_text(text)
    if version := in_checkout.pop("", None):
        _install(checkout, version)
        _write(checkout, in_checkout)
    prepare(second, checkout, folder)
    assert _read(second, "node_modules/pad/index.js") == (expected and f"pad {expected}")


def test_newest_installation_for_the_same_files_wins(checkout: Path, node: str, pool: Workspaces, folder: Path) -> None:
    """Installing again replaces what was installed, for workspaces made later; the old set stays for those before."""
    for version in ("1", "2"):
        workspace = pool.lease(node, fresh=True)
        _install(workspace.path, version)
        keep_for_later(workspace, folder)
        assert _read(workspace, "node_modules/pad/index.js") == f"pad {version}"
    late = pool.lease(node, fresh=True)
    prepare(late, checkout, folder)
    assert _read(late, "node_modules/pad/index.js") == "pad 2"


def test_ignored_lock_file_is_no_part_of_the_key(
    checkout: Path, pool: Workspaces, folder: Path, plain_git: Git
) -> None:
    """A lock file that is not committed is missing in later workspaces; what was installed fits them all the same."""
    commit = _commit(checkout, plain_git, {"package.json": "{}", ".gitignore": "package-lock.json\n"})
    first = pool.lease(commit)
    _install(first.path)
    _write(first.path, {"package-lock.json": "{}"})
    keep_for_later(first, folder)
    second = pool.lease(commit, fresh=True)
    prepare(second, checkout, folder)
    assert _read(second, "node_modules/pad/index.js") == "pad 1"


def test_project_below_the_top_is_found(checkout: Path, pool: Workspaces, folder: Path, plain_git: Git) -> None:
    """A Node project in a directory of another one is kept, too."""
    commit = _commit(checkout, plain_git, {"web/package.json": "{}"})
    first = pool.lease(commit)
    _write(first.path, {"web/node_modules/pad/index.js": "pad"})
    keep_for_later(first, folder)
    second = pool.lease(commit, fresh=True)
    prepare(second, checkout, folder)
    assert _read(second, "web/node_modules/pad/index.js") == "pad"


def test_two_steps_at_once_keep_two_whole_sets(checkout: Path, node: str, pool: Workspaces, folder: Path) -> None:
    """Steps that end at the same time never share or overwrite a set."""
    workspaces = [pool.lease(node) for _ in range(8)]
    for workspace in workspaces:
        _install(workspace.path, workspace.id)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda workspace: keep_for_later(workspace, folder), workspaces))
    sets = kept_sets(folder)
    versions = {(one.tree / "node_modules" / "pad" / "index.js").read_text() for one in sets}
    assert [one.tree.parent.name for one in sets] == [str(n) for n in range(8, 0, -1)]
    assert versions == {f"pad {workspace.id}" for workspace in workspaces}
    assert not list(folder.glob("part-*"))


DYING = """
import os, shutil, signal, sys
from pathlib import Path
from tuloy.workspaces import installed
from tuloy.workspaces.git import open_repository
from tuloy.workspaces.records import Workspace

calls, real = 0, {name}
def mortal(*args):
    global calls
    calls += 1
    if calls == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
{name} = mortal
path, git_dir, checkout, folder = map(Path, sys.argv[1:])
installed.keep_installed(Workspace(path.name, path, git_dir, open_repository(checkout)), folder)
"""


@pytest.mark.parametrize(("name", "number"), [("shutil.move", 1), ("shutil.move", 2), ("Path.rename", 1)])
def test_half_kept_set_is_never_used(
    name: str, number: int, checkout: Path, node: str, pool: Workspaces, folder: Path
) -> None:
    """Killed at any point before the set has its name, nothing of it is seen; the next run removes what is left."""
    first = pool.lease(node)
    _install(first.path)
    places = (first.path, first.git_dir, checkout, folder)
    argv = [sys.executable, "-c", DYING.format(name=name, number=number), *map(str, places)]
    killed = subprocess.run(argv, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert killed.returncode == -9
    assert list(folder.iterdir()) != []
    second = pool.lease(node)
    prepare(second, checkout, folder)
    assert not (second.path / "node_modules").exists()
    sweep(folder)
    assert list(folder.iterdir()) == []


def test_key_depends_on_place_and_files(tmp_path: Path) -> None:
    """The files and lock files above count by content, and an empty one is not a missing one; nothing else counts."""
    root, keys = tmp_path, []
    for name in ("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"):
        for text in ("", "x"):
            _write(root, {name: text})
            keys.append(installation_key(root, Path()))
    (tmp_path / "web").mkdir()
    keys += [installation_key(root, Path("web")), installation_key(tmp_path / "web", Path())]
    _write(root, {"index.js": "x"})
    _write(root, {"yarn.lock": "y"})
    keys.append(installation_key(root, Path("web")))
    _write(root, {"yarn.lock": "x"})
    assert len(set(keys)) == len(keys)
    assert installation_key(root, Path()) == keys[-4]
