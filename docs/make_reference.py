"""Write the generated parts of docs/reference.md between their markers; with `--check`, only compare.

Owns what can be read off the program: help texts, settings, known coding CLIs, gates, the tree of errors. The words
around them are written by hand.
"""

import difflib
import os
import re
import sys
from pathlib import Path

for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TERMINAL_WIDTH", "COLUMNS"):
    os.environ.pop(name, None)
os.environ |= {"COLUMNS": "88", "NO_COLOR": "1", "TERM": "dumb"}

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import typer.main  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from pydantic.fields import FieldInfo  # noqa: E402
from pydantic_core import PydanticUndefined  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from cli.main import app  # noqa: E402
from tuloy import errors  # noqa: E402
from tuloy.agents.prompt_cli import KNOWN  # noqa: E402
from tuloy.agents.tools import PASSED  # noqa: E402
from tuloy.gates.judge import GATES  # noqa: E402
from tuloy.limits import GATE_NAME  # noqa: E402
from tuloy.settings import AgentSettings, ModelSettings, Settings, default_home  # noqa: E402

__all__ = ["generated", "main", "renewed"]

PAGE = ROOT / "docs" / "reference.md"
MEANINGS = {
    "home": "Where Tuloy keeps its state. Only the variable sets it; on Linux the default is `~/.local/share/tuloy`.",
    "max_workers": "How many steps of one goal run side by side, 1 to 64. `--max-workers` wins.",
    "agents": "Coding CLIs by name, as tables `[agents.NAME]`; the variable takes JSON.",
    "pass_env": "Names of variables that steps and gates may see besides the usual ones.",
    "gate_timeout_s": "How long one gate may take, in seconds.",
    "model": "The model that reads goals which the rules are not sure of, as a table `[model]` of your own file; "
    "the variable takes its name.",
}
AGENT_MEANINGS = {
    "argv": "The program and its words. `{prompt}` must occur; `{workspace}` and `{step}` may.",
    "capabilities": "What it can do. A step goes to the first agent that has all that it asks for.",
    "limit": "How many of it may run at once, 1 to 64.",
    "pass_env": "Names of variables that only this CLI may see, such as its key.",
}


MODEL_MEANINGS = {
    "name": "The model's name, as `ollama list` shows it.",
    "host": "The server's address; empty is what `OLLAMA_HOST` says, else this machine.",
    "num_ctx": "How many tokens the model may see at once. A goal that needs more is read by rules.",
    "api_key": "Sent to the server as a bearer token; empty is what `OLLAMA_API_KEY` says.",
}


def main() -> None:
    """Write the page, or exit 1 with the difference when it is asked to check and something drifted."""
    here = PAGE.read_text("utf-8")
    wanted = renewed(here)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
    elif here != wanted:
        print("\n".join(difflib.unified_diff(here.splitlines(), wanted.splitlines(), "here", "wanted", lineterm="")))
        sys.exit("docs/reference.md drifted from the program; run `make docs`")


def renewed(page: str) -> str:
    """Return the page with every marked part made anew.

    Raises:
        SystemExit: when the page lacks a marker, or has one that nothing fills.
    """
    parts = generated()
    marked = re.findall(r"<!-- generated: (\S+) -->", page)
    if sorted(marked) != sorted(parts):
        raise SystemExit(f"docs/reference.md has the markers {marked}, the program fills {sorted(parts)}")
    pattern = r"(<!-- generated: (\S+) -->\n).*?(<!-- /generated -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{parts[found[2]]}\n{found[3]}", page, flags=re.DOTALL)


def generated() -> dict[str, str]:
    """Return every generated part by the name of its marker."""
    return {
        "help": "\n\n".join(_help(words) for words in _commands()),
        "settings": _settings(),
        "agent-settings": _described(AgentSettings, AGENT_MEANINGS),
        "model-settings": _described(ModelSettings, MODEL_MEANINGS),
        "known-clis": _table(["name", "how it is called"], [[f"`{n}`", f"`{' '.join(a)}`"] for n, a in KNOWN.items()]),
        "environment": ", ".join(f"`{one}`" for one in PASSED) + ".",
        "gates": ", ".join(f"`{name}`" for name in (*GATES, GATE_NAME)) + ".",
        "errors": _errors(),
    }


def _commands() -> list[list[str]]:
    """Return the words of every command, the program itself first."""
    found: list[list[str]] = [[]]
    for name, command in getattr(typer.main.get_command(app), "commands", {}).items():
        below = getattr(command, "commands", None)
        found += [[name, inner] for inner in below] if below else [[name]]
    return found


def _help(words: list[str]) -> str:
    said = CliRunner().invoke(app, [*words, "--help"], prog_name="tuloy").output
    lines = [line.rstrip() for line in said.strip("\n").splitlines()]
    body = "\n".join(lines).strip("\n")
    return f"### {' '.join(['tuloy', *words])}\n\n```text\n{body}\n```"


def _meaning(name: str, meanings: dict[str, str]) -> str:
    if name not in meanings:
        raise SystemExit(f"nothing says what the setting {name!r} means; write it into docs/make_reference.py")
    return meanings[name]


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        file = "–" if name == "home" else f"`{name}`"
        rows.append([file, f"`TULOY_{name.upper()}`", _default(field), _meaning(name, MEANINGS)])
    return _table(["in `tuloy.toml`", "variable", "default", "meaning"], rows)


def _described(settings: type[BaseModel], meanings: dict[str, str]) -> str:
    table = {AgentSettings: "agents.NAME", ModelSettings: "model"}[settings]
    rows = [[f"`{n}`", _default(f), _meaning(n, meanings)] for n, f in settings.model_fields.items()]
    return _table([f"in `[{table}]`", "default", "meaning"], rows)


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined:
        named: dict[object, str] = {None: "required", default_home: "the platform's place"}
        return named.get(field.default_factory, "none")
    if isinstance(default, frozenset):
        return ", ".join(f"`{one}`" for one in sorted(default))
    if isinstance(default, BaseModel):
        return f"`{default.name}`" if isinstance(default, ModelSettings) else "none"
    return f"`{default}`" if str(default) and default not in ((), None) else "none"


def _errors() -> str:
    (tree,) = re.findall(r"(?m)(^    TuloyError.*(?:\n    .+)*)", errors.__doc__ or "")
    return "```text\n" + re.sub(r"(?m)^    ", "", tree) + "\n```"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    main()
