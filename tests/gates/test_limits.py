"""Limits: which paths a goal's words forbid to change, and what the gate says of commits that keep or break them."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tuloy.gates.limits import judge_limits
from tuloy.limits import limits_of
from tuloy.understanding import understand
from tuloy.understanding.documents import plan_text
from tuloy.workspaces.git import commit_tree, git, head, open_repository
from tuloy.workspaces.records import Repository

FILES = {
    "src/api.py": "1",
    "src/core/deep.py": "1",
    "tests/test_api.py": "1",
    "web/app.test.ts": "1",
    "README.md": "1",
    "docs/guide.md": "1",
    "CHANGELOG.md": "1",
    "LICENSE": "1",
    ".github/workflows/ci.yml": "1",
    "app/migrations/0001.py": "1",
    "pyproject.toml": "1",
    "uv.lock": "1",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with a file of every part."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-c", "user.name=U", "-c", "user.email=u@localhost", *words], cwd=root, check=True)
    return open_repository(root)


@pytest.fixture
def commit(repo: Repository) -> Callable[[Mapping[str, str | None]], str]:
    """Make a commit on the first one that writes files, or deletes those with None."""

    def make(files: Mapping[str, str | None]) -> str:
        for name, text in files.items():
            path = repo.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if text is None else path.write_text(text)
        git(repo, "add", "-A")
        return commit_tree(repo, git(repo, "write-tree").strip(), [head(repo).commit], "work")

    return make


@pytest.mark.parametrize(
    ("words", "covered"),
    [
        ("don't touch the tests", {"tests/test_api.py", "web/app.test.ts"}),
        ("Don’t edit any test files, please", {"tests/test_api.py", "web/app.test.ts"}),
        ("don't touch the tests because they are slow", {"tests/test_api.py", "web/app.test.ts"}),
        ("leave `src/api.py` alone", {"src/api.py"}),
        ("leave api.py and the license as they are", {"src/api.py", "LICENSE"}),
        ("without changing the public docs", {"README.md", "docs/guide.md"}),
        ("Keep the README and the changelog unchanged", {"README.md", "CHANGELOG.md"}),
        ("do not modify or delete anything in `src/core/`", {"src/core/deep.py"}),
        ("never change src/*.py", {"src/api.py"}),
        ("never change src/**/*.py", {"src/api.py", "src/core/deep.py"}),
        ("don't touch the `core` folder", {"src/core/deep.py"}),
        ("hands off the CI config", {".github/workflows/ci.yml"}),
        ("don't touch the lockfile", {"uv.lock"}),
        ("don't change the dependencies", {"uv.lock", "pyproject.toml"}),
        ("no changes to the configuration", {"pyproject.toml"}),
        ("huwag galawin ang migrations", {"app/migrations/0001.py"}),
        ("nang hindi binabago ang dokumentasyon", {"README.md", "docs/guide.md"}),
        ("huwag baguhin ang lisensya o ang README", {"LICENSE", "README.md"}),
        ("wag mong galawin yung tests at `src/api.py`", {"tests/test_api.py", "web/app.test.ts", "src/api.py"}),
        ("hayaan lang ang changelog", {"CHANGELOG.md"}),
        ("huwag i-edit ang mga config", {"pyproject.toml"}),
    ],
)
def test_words_cover_paths(words: str, covered: set[str]) -> None:
    """What the words forbid to change is told as paths, in English, Filipino and Taglish, and nothing else is."""
    limits = limits_of([words])
    assert covered == {path for path in FILES for limit in limits.checked if limit.covers(path, "M")}
    assert limits.unread == ()


@pytest.mark.parametrize(
    "words",
    [
        "don't touch the tests except tests/test_api.py",
        "huwag galawin ang tests maliban sa test_api.py",
        "don't change the tests for the login",
        "don't change the behaviour of the tests",
        "don't touch anything outside src/",
        "leave the tests green",
        "keep the public API stable",
        "no new dependencies",
        "don't break the tests",
        "don't delete or add tests",
        "don't change `UserService`",
        "don't touch /etc/passwd",
        "don't touch ../other/file.py",
        "don't touch anything",
        "Out of scope: tests",
        "",
    ],
)
def test_what_is_no_plain_limit_on_paths_stays_words(words: str) -> None:
    """Exceptions, narrower parts and limits of other kinds are not guessed at."""
    limits = limits_of([words])
    assert limits.checked == ()
    assert limits.unread == (words,)


def test_half_a_limit_is_checked_and_told_as_not_whole() -> None:
    """What can be read is checked; the words are told as not checked too."""
    limits = limits_of(["don't touch the tests or the public API"])
    assert [limit.name for limit in limits.checked] == ["tests"]
    assert limits.unread == ("don't touch the tests or the public API",)


def test_kept_limit_passes_with_what_it_rests_on(repo: Repository, commit) -> None:
    """The evidence counts the changed files, names the limit, and what was not checked."""
    words = ("don't touch the tests", "keep the public API")
    result = judge_limits(words, repo, head(repo).commit, commit({"src/api.py": "2", "src/new.py": ""}))
    assert result.verdict == "pass"
    told = "2 changed files, none of tests (don't touch the tests); not checked: keep the public API"
    assert result.evidence == told


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ({"tests/test_api.py": "2"}, ["tests/test_api.py"]),
        ({"tests/test_new.py": "2", "src/api.py": "2"}, ["tests/test_new.py"]),
        ({"tests/test_api.py": None}, ["tests/test_api.py"]),
        ({"tests/test_api.py": None, "src/moved.py": "1"}, ["tests/test_api.py"]),
        ({"Tests/süß.py": "2"}, ["Tests/süß.py"]),
    ],
)
def test_broken_limit_fails_with_its_own_words(repo: Repository, commit, files, paths: list[str]) -> None:
    """A changed, added, deleted or renamed path that a limit covers is a finding."""
    result = judge_limits(("don't touch the tests",), repo, head(repo).commit, commit(files))
    assert result.verdict == "fail"
    assert [(one.rule, one.path, one.message) for one in result.new] == [
        ("limit", path, "don't touch the tests") for path in paths
    ]
    assert f"1 against a limit: {paths[0]}" in result.evidence


@pytest.mark.parametrize(
    ("words", "files", "verdict"),
    [
        ("don't delete the tests", {"tests/test_api.py": "2"}, "pass"),
        ("don't delete the tests", {"tests/test_api.py": None}, "fail"),
        ("don't change existing tests", {"tests/test_new.py": "1"}, "pass"),
        ("don't change existing tests", {"tests/test_api.py": "2"}, "fail"),
        ("huwag burahin ang mga test", {"tests/test_api.py": None}, "fail"),
        ("keep the public API", {"src/api.py": "2"}, "skipped"),
    ],
)
def test_limits_forbid_no_more_than_they_say(repo: Repository, commit, words: str, files, verdict: str) -> None:
    """Deleting is not changing, a new file is no existing one, and other words judge nothing."""
    assert verdict == judge_limits((words,), repo, head(repo).commit, commit(files)).verdict


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("Fix the login bug, but don't touch the tests", ("limits",)),
        ("Ayusin ang login, huwag galawin ang migrations", ("limits",)),
        ("Fix the login bug and keep the public API stable", ()),
        ("Fix the login bug", ()),
    ],
)
def test_plans_ask_for_the_gate_where_there_is_something_to_check(text: str, gates: tuple[str, ...]) -> None:
    """A goal without a limit on paths has no such gate."""
    assert all(stage.gates == gates for stage in understand(text).stages)


def test_limits_of_a_document_hold_for_every_stage() -> None:
    """A limit that stands under one heading is the goal's."""
    plan = plan_text(
        "# Work\n\n## Parser\n\n- Fix the parser\n\n## Login\n\n- Fix the login\n\n"
        "## Constraints\n\n- Don't touch the tests\n",
        None,
    )
    assert len(plan.stages) > 1
    assert {stage.gates for stage in plan.stages} == {("limits",)}
