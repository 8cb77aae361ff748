"""Deleting what was made hard to delete."""

import os
import stat
import tempfile
from pathlib import Path

from tuloy.workspaces.removal import remove

NOBODY = 65534


def test_read_only_directories_are_removed() -> None:
    """Directories without write permission go, with what is in them, also for a user who is not root."""
    top = Path(tempfile.mkdtemp())
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "file").write_text("x")
    (top / "link").symlink_to(top / "a")
    is_root = os.geteuid() == 0
    for path in (top / "a" / "b", top / "a", top):
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        os.chown(path, NOBODY, -1) if is_root else None
    os.seteuid(NOBODY) if is_root else None
    try:
        remove(top / "a")
        assert not (top / "a").exists()
    finally:
        os.seteuid(0) if is_root else None
        remove(top)
    assert not top.exists()


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    """A link goes, what it leads to stays; what is not there is fine."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    remove(tmp_path / "link")
    remove(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").is_dir()
