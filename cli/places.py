"""The place where goals work: its settings, and what is to be told of it before anything runs."""

from cli.screen import err
from tuloy.settings import Settings, load_settings, user_file
from tuloy.work.begin import Begun
from tuloy.workspaces.git import dirty_files, git
from tuloy.workspaces.records import Repository

__all__ = ["settings_of", "tell_of_place"]


def settings_of(repository: Repository, max_workers: int | None) -> Settings:
    """Read the settings; agents that came with the files are not trusted (a clone or an archive can bring them)."""
    came = repository.private or bool(git(repository, "ls-files", "--", "tuloy.toml").strip())
    settings = load_settings(repository.root / "tuloy.toml", trusted=not came)
    if came and load_settings(repository.root / "tuloy.toml", trusted=True) != settings:
        err.print(
            f"tuloy.toml came with the files of {repository.name!r}: its agents and pass_env are left out, "
            f"because they say what is run here; write those that you trust into {user_file()}",
            markup=False,
        )
    return settings.model_copy(update={"max_workers": max_workers}) if max_workers else settings


def tell_of_place(repository: Repository, begun: Begun) -> None:
    """Say what is particular about this place: a directory without git, what workspaces lack of a repository."""
    if repository.private:
        err.print(
            f"{str(repository.root)!r} is no git repository: a copy is worked on, through a private one in "
            f"{str(repository.git_dir)!r}; the directory itself changes only when you accept",
            markup=False,
        )
    for one in begun.goal.options.get("reduced", ()):
        err.print(f"reduced: {one}", markup=False)
    _tell_about_uncommitted(repository)


def _tell_about_uncommitted(repository: Repository) -> None:
    dirty = [path for path in dirty_files(repository) if path != "tuloy.toml"]
    if dirty and repository.private:
        some = ", ".join(dirty[:5]) + (", …" if len(dirty) > 5 else "")
        err.print(f"not included: {some} (over 50 MB, a secret, or a repository of its own)", markup=False)
    elif dirty:
        files = "1 uncommitted file" if len(dirty) == 1 else f"{len(dirty)} uncommitted files"
        some = ", ".join(dirty[:3]) + (", …" if len(dirty) > 3 else "")
        err.print(
            f"not included: {files} ({some}); commit them to have them in",
            markup=False,
        )
