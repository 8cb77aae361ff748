"""Toolbox: a step's words to the project's own command.

Owns which words mean which tool and which tool a project means by them. Does not locate programs: `argv[0]` is a
logical name that the machine finds when the step runs (the project's environment, PATH, then Tuloy's own).

The order of preference is what a careful engineer would do in somebody else's repository:

1. what the words name: a literal command, "the lint script", "make docs";
2. the tool that the project itself configures for it (`[tool.ruff]`, `eslint.config.js`, a Black section);
3. the project's Makefile target, then its package.json script, of that very name;
4. the usual tool of the language (ruff and pytest), where nothing says otherwise.

A configured tool stands before a target of the same name because the target may do more than its name says, and
because a gate reads the tool's own report. For Node, tests and builds are scripts: there a script *is* the tool.
"""

import re
import shlex
from functools import cache

from pydantic import BaseModel, ConfigDict

from tuloy.plan import CommandAction, Effects
from tuloy.understanding.project import Project
from tuloy.understanding.words.phrases import table

__all__ = ["Resolved", "literal_command", "resolve"]

_SHELL = re.compile(r"[|&;<>()$`*?\[\]{}~!#\n]|^\w+=")
_TIMES = {  # activity: (timeout_s, estimate_s)
    "lint": (300, 3), "fix": (300, 3), "format": (300, 2), "format-check": (300, 2), "types": (900, 20),
    "test": (1800, 60), "build": (900, 30), "install": (1800, 60), "clean": (120, 1),
}  # fmt: skip
_NOTHING_KEPT = frozenset({"lint", "format-check", "types", "test", "build"})
_NODE_WORDS = frozenset({"frontend", "site", "bundle", "npm", "eslint", "javascript", "typescript", "js", "ts", "css"})


class Resolved(BaseModel):
    """A command with what a step needs to know about it. Seconds end in `_s`."""

    model_config = ConfigDict(frozen=True)

    action: CommandAction
    effects: Effects = "workspace"
    capabilities: tuple[str, ...] = ("shell",)
    timeout_s: float = 1800
    estimate_s: float = 30
    confidence: float = 0.9


def resolve(phrase: str, project: Project | None) -> Resolved | None:
    """Return the project's own command for a step's words, or None when no tool covers all of them."""
    words = re.findall(r"[^\s,\"'`“”]+", phrase.rstrip(" .!?:;"))[:40]
    if not words:
        return None
    if literal := _program_in_words(words, project):
        return literal
    if project is None:
        return None
    lowered = [word.lower() for word in words]
    if named := _named(lowered, words, project):
        return named
    paths, lowered = _paths(lowered, words, project)
    activity, tail = _activity(lowered)
    if activity is None:
        return _tool(lowered, project) or _bare_name(lowered, project)
    return _for(activity, tail, paths, project)


def literal_command(text: str, project: Project | None = None) -> Resolved:
    """Return the command that the user wrote out, word for word; through a shell only where it needs one.

    A single word that is a target or a script of the project runs as that.
    """
    text = text.strip().removeprefix("$ ")
    if project and (named := _own_entry(text, project, 0.95)):
        return named
    try:
        argv = shlex.split(text) if not _SHELL.search(text) else [*_shell(text), text]
    except ValueError:
        argv = [*_shell(text), text]
    if len(argv) == 1 and argv[0].endswith(".py"):
        argv = ["python", *argv]
    return _command(argv or [*_shell(text), text], 0.97, effects=_literal_effects(text))


def _shell(text: str) -> list[str]:
    """Of several lines the first that fails ends the command."""
    return ["sh", "-ec" if "\n" in text else "-c"]


def _program_in_words(words: list[str], project: Project | None) -> Resolved | None:
    """A command without backticks: "run npm run build:css", "pytest -x tests/api"; every word must look like one."""
    if len(words) > 1 and words[0].lower() in _runs():
        words = words[1:]
    if words[0] not in _programs() or len(words) < 2:
        return None
    if words[0] == "make":
        known = project.targets if project else ()
        return literal_command(" ".join(words)) if set(words[1:]) <= set(known) else None
    if words[0] in ("npm", "yarn", "pnpm", "bun") and words[1] in ("run", "test", "ci", "install", "start"):
        return literal_command(" ".join(words)) if len(words) <= 3 or words[3].startswith("-") else None
    like = [word for word in words[1:] if re.match(r"[-./\w]*[-./:=]|-", word)]
    return literal_command(" ".join(words)) if like and not _fillers() & set(words[1:]) - {"all"} else None


def _named(lowered: list[str], words: list[str], project: Project) -> Resolved | None:
    """ "Run the lint script", "run the docs target", "run make docs": the name of an entry is said."""
    if lowered[-1] in ("script", "target", "task", "recipe") and len(words) > 1:
        return _own_entry(words[-2], project, 0.97, script_first=lowered[-1] == "script")
    if len(words) > 2 and lowered[0] in _runs() and lowered[1] in ("script", "target"):
        return _own_entry(words[-1], project, 0.97)
    return None


def _tool(lowered: list[str], project: Project) -> Resolved | None:
    """ "Run mypy": the tool by its name, as the project's kind has it."""
    rest = [word for word in lowered if word not in _fillers()]
    if len(rest) != 2 or rest[0] not in _runs() or rest[1] not in table("toolbox")["tools"]:
        return None
    tool = rest[1]
    usual = list(table("toolbox")["tools"][tool])
    same = _python_types([], project) if tool in ("mypy", "pyright", "ty") else None
    activity = {"mypy": "types", "pyright": "types", "tsc": "types", "black": "format"}.get(tool)
    activity = activity or ("test" if tool in ("pytest", "unittest", "vitest", "jest", "tox", "nox") else "lint")
    effects: Effects = "workspace" if tool in ("black", "isort", "pre-commit") else "none"
    return _command(same if same and same[0] == tool else usual, 0.95, activity=activity, effects=effects)


def _bare_name(lowered: list[str], project: Project) -> Resolved | None:
    """ "Run the benchmarks", "build the docs" where an entry is called just that."""
    rest = [word for word in lowered if word not in _fillers()]
    if len(rest) < 2:
        return None
    verb, tail = rest[0], rest[1:]
    if verb in _runs():
        names = [joint.join(tail) for joint in ("-", "_", ":")] + [joint.join(reversed(tail)) for joint in "-:"]
    elif verb in table("toolbox")["activities"]["build"]["forms"]:
        names = [*(f"build{joint}{'-'.join(tail)}" for joint in "-:_"), "-".join(tail)]
    else:
        return None
    found = (_own_entry(name, project, 0.85) for name in dict.fromkeys(names))
    return next((entry for entry in found if entry), None)


def _own_entry(name: str, project: Project, confidence: float, *, script_first: bool = False) -> Resolved | None:
    """The Makefile target or the package.json script of exactly this name."""
    target = _command(["make", name], confidence, name=name) if name in project.targets else None
    script = _command(_script(name, project), confidence, name=name) if name in project.scripts else None
    return (script or target) if script_first else (target or script)


def _paths(lowered: list[str], words: list[str], project: Project) -> tuple[list[str], list[str]]:
    """Split off "in tests/api": paths of the project that the words name."""
    paths = [word for word in words if ("/" in word or "." in word) and _is_inside(word, project)]
    return paths, [word for word, spelled in zip(lowered, words, strict=True) if spelled not in paths]


def _is_inside(word: str, project: Project) -> bool:
    if word.startswith(("/", "~", "-")) or ".." in word or word == ".":
        return False
    try:
        return (project.root / word).exists()
    except (OSError, ValueError):
        return False


def _activity(lowered: list[str]) -> tuple[str | None, str]:
    """Return the activity that the words mean and their last part, e.g. ("build", "wheel")."""
    rest = [word for word in lowered if word not in _fillers()]
    for start in (0, 1):
        key = " ".join(rest[start:])
        if found := _forms().get(key):
            return found, key
        if start == 0 and (not rest or rest[0] not in _runs()):
            break
    return None, ""


@cache
def _forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for activity, entry in table("toolbox")["activities"].items():
        for form in entry["forms"]:
            forms.setdefault(form, activity)
        for verb in entry["verbs"]:
            verbs = _runs() if verb == "run" else (verb,)
            for noun in entry["nouns"]:
                for one in verbs:
                    forms.setdefault(f"{one} {noun}", activity)
    return forms


@cache
def _fillers() -> frozenset[str]:
    return frozenset(table("toolbox")["fillers"])


@cache
def _runs() -> tuple[str, ...]:
    return tuple(table("toolbox")["run"])


@cache
def _programs() -> frozenset[str]:
    return frozenset(table("toolbox")["programs"])


def _for(activity: str, tail: str, paths: list[str], project: Project) -> Resolved | None:
    configured = _configured(activity, tail, paths, project)
    if configured:
        return _command(configured, 0.95, activity=activity)
    for name in table("toolbox")["activities"][activity]["names"]:
        if own := _own_entry(name, project, 0.9):
            argv = list(own.action.argv)
            return _command(argv, 0.9, activity=activity, name=name)
    usual = _usual(activity, tail, paths, project)
    return _command(usual, 0.85, activity=activity) if usual else None


def _configured(activity: str, tail: str, paths: list[str], project: Project) -> list[str] | None:
    """The tool that the project itself configures for the activity."""
    node_first = "node" in project.kinds and bool(_NODE_WORDS & set(tail.split()))
    kinds = ("node", "python") if node_first or "python" not in project.kinds else ("python", "node")
    for kind in kinds:
        if kind in project.kinds:
            argv = (_python if kind == "python" else _node)(activity, tail, paths, project)
            if argv:
                return argv
    return None


def _python(activity: str, tail: str, paths: list[str], project: Project) -> list[str] | None:
    where = paths or ["."]
    ruff, black = "ruff" in project.tools, "black" in project.tools
    match activity:
        case "lint" if ruff:
            return ["ruff", "check", *where]
        case "lint":
            return next(([tool, *where] for tool in ("flake8", "pylint") if tool in project.tools), None)
        case "fix" if ruff:
            return ["ruff", "check", "--fix", *where]
        case "format" if ruff or black:
            return ["ruff", "format", *where] if ruff else ["black", *where]
        case "format-check" if ruff or black:
            return ["ruff", "format", "--check", *where] if ruff else ["black", "--check", *where]
        case "types":
            return _python_types(paths, project)
        case "test" if "pytest" in project.tools:
            return ["pytest", *paths]
        case "build" if project.build_backend and not _NODE_WORDS & set(tail.split()):
            return _python_build(tail, project)
        case "install":
            return _python_install(project)
        case _:
            return None


def _python_types(paths: list[str], project: Project) -> list[str] | None:
    if "mypy" in project.tools:
        return ["mypy", *(paths or ([] if project.mypy_knows_files else ["."]))]
    found = next((tool for tool in ("pyright", "basedpyright") if tool in project.tools), None)
    return [found, *paths] if found else (["ty", "check", *paths] if "ty" in project.tools else None)


def _python_build(tail: str, project: Project) -> list[str]:
    """`--no-isolation` where our own environment has all that the build needs: it then works without a network."""
    requires = {re.split(r"[\s<>=!~;\[(]", one.strip(), maxsplit=1)[0].lower() for one in project.requirements}
    backend = project.build_backend or ""
    here = backend.split(".")[0] == "hatchling" and requires == {"hatchling"}
    kinds = [kind for kind in ("sdist", "wheel") if re.search(rf"\b{kind}s?\b", tail)]
    only = [f"--{kinds[0]}"] if len(kinds) == 1 else []
    return ["pyproject-build", *(["--no-isolation"] if here else []), *only]


def _python_install(project: Project) -> list[str] | None:
    locked = {
        "uv.lock": ["uv", "sync"],
        "poetry.lock": ["poetry", "install"],
        "pdm.lock": ["pdm", "install"],
    }
    if project.python_lock:
        return locked[project.python_lock]
    if project.requirement_files:
        return _in_new_environment([part for name in project.requirement_files for part in ("-r", name)])
    return _in_new_environment(["-e", "."]) if project.build_backend else None


def _in_new_environment(wanted: list[str]) -> list[str]:
    """Install into an environment of the workspace: the user's own must never point at a worktree that goes away."""
    return ["sh", "-c", f"python3 -m venv .venv && .venv/bin/python -m pip install {shlex.join(wanted)}"]


def _node(activity: str, _tail: str, paths: list[str], project: Project) -> list[str] | None:
    where = paths or ["."]
    tools = project.tools
    match activity:
        case "lint" if "eslint" in tools:
            return ["eslint", *where]
        case "fix" if "eslint" in tools:
            return ["eslint", "--fix", *where]
        case "format" if "prettier" in tools:
            return ["prettier", "--write", *where]
        case "format-check" if "prettier" in tools:
            return ["prettier", "--check", *where]
        case "lint" | "fix" if "biome" in tools:
            return ["biome", "lint", *(["--write"] if activity == "fix" else []), *where]
        case "format" if "biome" in tools:
            return ["biome", "format", "--write", *where]
        case "types" if "typescript" in tools:
            return ["tsc", "--noEmit"]
        case "test" | "build" if activity in project.scripts:
            return _script(activity, project)
        case "install":
            return _node_install(project)
        case _:
            return None


def _runner(project: Project) -> str:
    runners = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
    return runners.get(project.lock or "", "npm")


def _script(name: str, project: Project) -> list[str]:
    runner = _runner(project)
    return [runner, "test"] if name == "test" and runner != "bun" else [runner, "run", name]


def _node_install(project: Project) -> list[str]:
    runner = _runner(project)
    if runner == "npm":
        return ["npm", "ci" if project.lock else "install"]
    return [runner, "install", *({"pnpm": ["--frozen-lockfile"], "yarn": ["--immutable"]}.get(runner, []))]


def _usual(activity: str, tail: str, paths: list[str], project: Project) -> list[str] | None:
    """What the language's people use when a project says nothing."""
    if activity == "clean" and project.kinds:
        return ["git", "clean", "-fdX", "--", "build", "dist", "*.egg-info", ".pytest_cache", ".ruff_cache"]
    where = paths or ["."]
    if "python" in project.kinds:
        usual = {
            "lint": ["ruff", "check", *where],
            "fix": ["ruff", "check", "--fix", *where],
            "format": ["ruff", "format", *where],
            "format-check": ["ruff", "format", "--check", *where],
            "test": ["python", "-m", "unittest", "discover"] if project.unittest_only else ["pytest", *paths],
        }
        return usual.get(activity)
    if "node" in project.kinds and activity in ("format", "format-check"):
        return ["prettier", "--write" if activity == "format" else "--check", *where]
    return ["npm", "pack"] if "node" in project.kinds and activity == "build" else None


def _command(
    argv: list[str], confidence: float, *, activity: str = "", name: str = "", effects: Effects | None = None
) -> Resolved:
    timeout_s, estimate_s = _TIMES.get(activity, (1800, 30))
    if effects is None:
        effects = "none" if activity in _NOTHING_KEPT else _entry_effects(name)
    outputs = () if activity != "build" else ("*.tgz",) if argv == ["npm", "pack"] else ("dist/*",)
    return Resolved(
        action=CommandAction(argv=tuple(argv), outputs=outputs),
        effects=effects,
        timeout_s=timeout_s,
        estimate_s=estimate_s,
        confidence=confidence,
    )


def _entry_effects(name: str) -> Effects:
    reaching = set(table("toolbox")["external"]["words"])
    return "external" if reaching & set(re.split(r"[^a-z]+", name.lower())) else "workspace"


def _literal_effects(text: str) -> Effects:
    """External when any command of the line begins like one that reaches outside, or says so in its name."""
    for part in re.split(r"&&|\|\||[;|\n]", text.lower()):
        line = " ".join(part.split())
        if any(f"{line} ".startswith(f"{known} ") for known in table("toolbox")["external"]["commands"]):
            return "external"
        if _entry_effects(" ".join(line.split()[:3])) == "external":
            return "external"
    return "workspace"
