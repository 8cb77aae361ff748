"""The documentation tells the truth: its commands run and say what is shown, its links lead somewhere."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployments.server import Server

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tuloy", "cli", "deployments", "flows", "tasks", "blocks")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNS = [page for page in PAGES if "<!-- runs -->" in page.read_text("utf-8")]
TUTORIAL = ROOT / "docs" / "tutorial.md"
READER = "/home/ana"

# What differs from run to run, and from machine to machine.
STABLE = [
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,40}\b"), "COMMIT"),
    (re.compile(r"\bg[abcdefghjkmnpqrstuvwxyz23456789]{6}\b"), "GOAL"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b\d+\.\d s\b"), "N s"),
    (re.compile(r"\b\d+ events\b"), "N events"),
    (re.compile(r"\bconfidence 0\.\d\d\b"), "confidence N"),
    (re.compile(r"≈ [\d.]+ (s|min|h)\b|< 1 s\b"), "≈ N"),
]


@dataclass(frozen=True)
class Shown:
    """One command of a page with the lines of output that the page shows."""

    command: str
    lines: tuple[str, ...]


@pytest.fixture(scope="session")
def transcripts(
    prefect_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, list[tuple[Shown, str]]]:
    """What every runnable command of every page really printed; each page is one shell session, side by side."""
    with ThreadPoolExecutor(len(RUNS)) as pool:
        places = [tmp_path_factory.mktemp(page.stem) for page in RUNS]
        said = pool.map(lambda page, place: _session(page, place, prefect_server.api_url), RUNS, places)
        return dict(zip(RUNS, said, strict=True))


@pytest.mark.docs
@pytest.mark.server
@pytest.mark.parametrize("page", RUNS, ids=lambda page: page.name)
def test_commands_print_what_is_shown(page: Path, transcripts: dict[Path, list[tuple[Shown, str]]]):
    """Each line shown under a runnable command is a line that the command prints, up to ids, times and places."""
    for shown, said in transcripts[page]:
        assert _missing(shown, said) == [], f"{page.name}: `{shown.command}` printed:\n{said}"


@pytest.mark.docs
@pytest.mark.server
def test_the_readme_shows_what_the_tutorial_runs(transcripts: dict[Path, list[tuple[Shown, str]]]):
    """The tour in the README is a part of the tutorial: the same commands, and lines that they print."""
    said = {shown.command: said for shown, said in transcripts[TUTORIAL]}
    tour = _commands(ROOT / "README.md", "as in the tutorial")

    assert len(tour) == 3
    for shown in tour:
        assert _missing(shown, said[shown.command]) == [], said[shown.command]


@pytest.mark.docs
@pytest.mark.server
def test_the_json_shape_is_the_documented_one(transcripts: dict[Path, list[tuple[Shown, str]]]):
    """`show --json` has exactly the keys that the reference shows: of a goal, a step, a gate."""
    (example,) = re.findall(r"<!-- shape: goals -->\n```json\n(.*?)```", _text("docs/reference.md"), re.DOTALL)
    _, said = transcripts[ROOT / "docs" / "how-to.md"][-1]

    assert _keys(json.loads(example)) == _keys(json.loads(said))


def test_the_reference_has_not_drifted():
    """The generated parts of the reference are what the program says today."""
    argv = [sys.executable, "-P", "docs/make_reference.py", "--check"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    """Every relative link is a file of the repository, and its anchor a heading of it."""
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{page.name} links to {target!r}"
        assert found.is_relative_to(ROOT)
        if anchor:
            assert anchor in _anchors(found), f"{page.name} links to {target}#{anchor}"


def test_no_machine_is_named():
    """Pages and pictures name no machine but 127.0.0.1, and no path of whoever made them."""
    files = [*PAGES, *(ROOT / "docs" / "pictures").glob("*.svg"), ROOT / "prefect.yaml"]
    for file in files:
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"http://(?!127\.0\.0\.1)[^\s)]*", text) == [], file.name
        assert re.findall(rf"/root/|/tmp/|/Users/|(?<![\w.-])/home/(?!ana/)|{re.escape(str(ROOT))}", text) == [], (
            file.name
        )


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_locks_name_no_index(name: str):
    """A lock holds names, versions and hashes: no address, no option that names one."""
    text = _text(name)

    assert "--hash=sha256:" in text
    assert re.findall(r"(?m)://|^\s*(?:--(?!hash)\S+|-[if]\b).*", text) == []


def test_the_changelog_tells_what_comes():
    """The changelog has an Unreleased section that says something."""
    assert re.search(r"(?m)^## \[Unreleased\]\n(?:\n|### .*\n)+- ", _text("CHANGELOG.md"))


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_say_what_they_own(package: str):
    """Every module has a docstring, and an `__all__` that lists names it has, where it has public ones."""
    for path in sorted((ROOT / package).rglob("*.py")):
        module = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(module), f"{path} has no docstring"
        if "migrations" in path.parts:  # Alembic looks their names up itself
            continue
        made, exported = _names(module), _exported(module)
        public = {name for name in made - _names(module, imported=True) if not name.startswith("_")}
        assert exported or not public, f"{path} has no __all__"
        assert set(exported) <= made or "__getattr__" in made, f"{path} exports what it has not"


def _session(page: Path, place: Path, api_url: str) -> list[tuple[Shown, str]]:
    """Run the page's commands in one shell, in a place that has Tuloy's examples, and return what each printed."""
    shown = _commands(page, "runs")
    shown.append(Shown("tuloy show --json", ()))
    (place / "home").mkdir()
    (place / "home" / ".gitconfig").write_text("[user]\n\tname = Ana\n\temail = ana@localhost\n")
    _put_the_command(place / "bin" / "tuloy")
    shutil.copytree(ROOT / "examples", place / "examples")
    script = "\n".join(f"_was=$?; echo '@@@ {n}'; (exit $_was)\n{one.command}" for n, one in enumerate(shown))
    ran = subprocess.run(
        ["bash", "-c", script], cwd=place, env=_environment(place, api_url), text=True, timeout=150,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    parts = re.split(r"(?m)^@@@ \d+\n", ran.stdout.replace(str(place / "home"), READER))[1:]
    return list(zip(shown, parts, strict=True))


def _commands(page: Path, mark: str) -> list[Shown]:
    """Return the commands of the blocks that are so marked, with what is shown under each."""
    blocks = re.findall(rf"<!-- {mark} -->\n```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    found: list[tuple[list[str], list[str]]] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif line.startswith("> "):
            found[-1][0].append(line[2:])
        else:
            found[-1][1].append(line)
    return [Shown("\n".join(command), tuple(lines)) for command, lines in found]


def _put_the_command(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -P -c "from cli.main import main; main()" "$@"\n')
    path.chmod(0o755)


def _environment(place: Path, api_url: str) -> dict[str, str]:
    """A new user's environment: nothing of the tests' but the way to the code and to the session's server."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "TMPDIR")}
    path = os.pathsep.join([str(place / "bin"), os.environ["PATH"]])
    ours = {"PYTHONPATH": str(ROOT), "PREFECT_API_URL": api_url, "OLLAMA_HOST": "127.0.0.1:9"}
    return {**kept, **ours, "PATH": path, "HOME": str(place / "home")}


def _missing(shown: Shown, said: str) -> list[str]:
    """Return the shown lines that were not printed; `…` stands for what the page leaves out."""
    printed = {_stable(line) for line in said.splitlines()}
    return [line for line in shown.lines if line.strip() not in ("", "…") and _stable(line) not in printed]


def _stable(line: str) -> str:
    for pattern, word in STABLE:
        line = pattern.sub(word, line)
    return re.sub(r" +", " ", line).rstrip()


def _keys(document: dict[str, Any]) -> list[set[str]]:
    goal = document["goals"][0]
    return [set(goal), set(goal["steps"][0]), set(goal["gates"][0])]


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _names(module: ast.Module, *, imported: bool = False) -> set[str]:
    """The names that the module's top level makes, imported ones included, or only those."""
    body = [one for one in module.body if not imported or isinstance(one, ast.Import | ast.ImportFrom)]
    return {name for statement in body for name in _made(statement)}


def _made(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            yield from (name.asname or name.name for name in names)
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _exported(module: ast.Module) -> list[str]:
    for statement in module.body:
        if isinstance(statement, ast.Assign) and "__all__" in _made(statement):
            return [str(name) for name in ast.literal_eval(statement.value)]
    return []


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")
