"""Settings: what holds for this machine and this user. Plans say what to do, blocks what is shared or secret.

Read from `TULOY_*` variables, then the user's `tuloy.toml`, then the repository's. A repository is somebody's data:
agents described in a `tuloy.toml` that came with it (tracked by git) are left out unless the user trusts it, and
`[model]` is read from the user's file alone: it says where goals are sent.
"""

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from tuloy.errors import UsageError

__all__ = ["AgentSettings", "ModelSettings", "Settings", "default_home", "load_settings", "user_file"]

FILE_LIMIT_BYTES = 1_000_000
_IN_JSON = ("agents", "pass_env")
SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "fish"})


def default_home() -> Path:
    """Return where Tuloy keeps its state: `TULOY_HOME`, else the platform's place for user data."""
    return Path(os.environ.get("TULOY_HOME") or platformdirs.user_data_dir("tuloy")).expanduser().absolute()


def user_file() -> Path:
    """Return the user's own configuration file: `TULOY_CONFIG`, else the platform's place."""
    given = os.environ.get("TULOY_CONFIG")
    return Path(given or Path(platformdirs.user_config_dir("tuloy")) / "tuloy.toml").expanduser().absolute()


class AgentSettings(BaseModel):
    """A coding CLI: `argv` with `{prompt}` in it, what it can do, and how many of it may run at once.

    `pass_env` are names of variables that only this CLI may see, such as its key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    argv: tuple[str, ...] = Field(min_length=1)
    capabilities: frozenset[str] = frozenset({"code", "write", "review"})
    limit: int = Field(default=1, ge=1, le=64)
    pass_env: tuple[str, ...] = ()

    @field_validator("argv")
    @classmethod
    def _takes_a_prompt(cls, argv: tuple[str, ...]) -> tuple[str, ...]:
        if not any("{prompt}" in part for part in argv[1:]):
            raise ValueError("argv has no {prompt} after the program; put it where the CLI takes its task")
        if Path(argv[0]).name in SHELLS and "{prompt}" in _shell_text(argv):
            raise ValueError(
                "a shell would run the words of {prompt}; write ['sh', '-c', 'cli \"$1\"', 'sh', '{prompt}']"
            )
        return argv


class ModelSettings(BaseModel):
    """A language model: its `name`, the Ollama server that has it, and how many tokens it may see at once.

    An empty `host` is what `OLLAMA_HOST` says, else this machine; an empty `api_key` what `OLLAMA_API_KEY` says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="qwen2.5-coder:7b", min_length=1, max_length=300, pattern=r"^[^\s'\"`]+$")
    host: str = ""
    num_ctx: int = Field(default=8192, ge=512, le=1_048_576)
    api_key: SecretStr = SecretStr("")


class Settings(BaseModel):
    """One frozen record of settings.

    `max_workers` steps run side by side in a goal. `agents` are coding CLIs by name. `pass_env` are names of
    variables that steps may see besides the usual ones. `gate_timeout_s` bounds one gate. `model` reads goals that the
    rules are not sure of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)

    home: Path = Field(default_factory=default_home)
    max_workers: int = Field(default=4, ge=1, le=64)
    agents: dict[str, AgentSettings] = Field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    gate_timeout_s: float = Field(default=1800, gt=0)
    model: ModelSettings = ModelSettings()

    @field_validator("home")
    @classmethod
    def _one_place(cls, home: Path) -> Path:
        return home.expanduser().absolute()


def load_settings(repository_file: Path | None = None, *, trusted: bool = True) -> Settings:
    """Merge variables, the user's file and the repository's, in this order of strength.

    Raises:
        UsageError: naming the file or the variable that cannot be understood.
    """
    files = [(user_file(), True)] + ([(repository_file, trusted)] if repository_file else [])
    merged: dict[str, Any] = {}
    for path, is_trusted in reversed(files):
        values = _read(path)
        if not is_trusted:
            values.pop("agents", None)
            values.pop("pass_env", None)
        if values.pop("home", None) and path != repository_file:
            raise UsageError(f"{path} sets 'home', which no file can; set the variable TULOY_HOME instead")
        if path == repository_file:
            values.pop("model", None)
        agents = values.get("agents", {})
        if not isinstance(agents, dict):
            raise UsageError(f"{path}: 'agents' is {agents!r}, not tables; write [agents.NAME]")
        merged |= values | {"agents": merged.get("agents", {}) | agents}
    try:
        return Settings(**_over(merged, _variables()))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        variable = f"TULOY_{str(first['loc'][0]).upper()}"
        sources = " or ".join([variable, *(str(path) for path, _ in files if path.exists())])
        raise UsageError(f"setting {where!r} ({sources}): {first['msg']}; correct it there") from error


def _variables() -> dict[str, Any]:
    """Return what the variables `TULOY_*` set; an empty one sets nothing, and `TULOY_MODEL` is the model's name.

    By hand, because pydantic-settings imports asyncio, argparse and clouds: a tenth of the time of `tuloy plan`.
    """
    found: dict[str, Any] = {}
    for name in Settings.model_fields:
        variable = f"TULOY_{name.upper()}"
        text = os.environ.get(variable, "")
        try:
            value = json.loads(text) if text and name in _IN_JSON else text
        except (ValueError, RecursionError) as error:
            raise UsageError(f"a variable holds no JSON: {variable}; correct it there") from error
        if value != "":
            found[name] = {"name": value} if name == "model" else value
    return found


def _over(files: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """Let variables win over files; tables are merged, name by name."""
    both = [name for name in variables if isinstance(variables[name], dict) and isinstance(files.get(name), dict)]
    return files | variables | {name: files[name] | variables[name] for name in both}


def _shell_text(argv: tuple[str, ...]) -> str:
    """Return what a shell would run as its text: the word after `-c`, `-lc` and the like."""
    options = (n for n, part in enumerate(argv[:-1]) if re.fullmatch(r"-[a-z]*c", part))
    place = next(options, None)
    return "" if place is None else argv[place + 1]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_LIMIT_BYTES:
            raise UsageError(f"{path} is no file, or over {FILE_LIMIT_BYTES} bytes; correct or remove it")
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}; correct or remove it") from error
