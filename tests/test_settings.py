"""Which setting wins, whose file is believed, and what is said when one is wrong."""

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tuloy.errors import UsageError
from tuloy.settings import Settings, default_home, load_settings

AGENT = '[agents.mine]\nargv = ["mine", "{prompt}"]\n'


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without `TULOY_*` but an own configuration file, which does not exist yet."""
    for name in [name for name in os.environ if name.upper().startswith("TULOY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TULOY_CONFIG", str(tmp_path / "user.toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "user.toml"


def test_without_any_file_there_are_defaults(user: Path) -> None:
    """Nothing has to be configured."""
    settings = load_settings(user.parent / "absent.toml")
    assert (settings.max_workers, settings.agents, settings.pass_env) == (4, {}, ())
    assert settings.home == default_home()


def test_variables_win_over_the_user_and_the_user_over_the_repository(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source gives what the stronger ones leave open."""
    repository = user.with_name("tuloy.toml")
    repository.write_text('max_workers = 2\ngate_timeout_s = 20\npass_env = ["REPO"]\n')
    user.write_text("max_workers = 3\ngate_timeout_s = 30\n")
    monkeypatch.setenv("TULOY_MAX_WORKERS", "5")
    settings = load_settings(repository)
    assert (settings.max_workers, settings.gate_timeout_s, settings.pass_env) == (5, 30, ("REPO",))


def test_agents_of_all_files_are_known_and_the_users_wins(user: Path) -> None:
    """Two files may describe different agents; for one name the user's description holds."""
    repository = user.with_name("tuloy.toml")
    repository.write_text('[agents.mine]\nargv = ["evil", "{prompt}"]\n[agents.other]\nargv = ["o", "{prompt}"]\n')
    user.write_text(AGENT)
    agents = load_settings(repository).agents
    assert {"mine", "other"} == set(agents)
    assert agents["mine"].argv == ("mine", "{prompt}")


def test_a_repository_that_is_not_trusted_brings_no_agent_and_opens_no_variable(user: Path) -> None:
    """What came with a clone can neither start programs of its own nor see secrets; numbers it may set."""
    repository = user.with_name("tuloy.toml")
    repository.write_text(f'max_workers = 2\npass_env = ["AWS_SECRET_ACCESS_KEY"]\n{AGENT}')
    settings = load_settings(repository, trusted=False)
    assert (settings.max_workers, settings.agents, settings.pass_env) == (2, {}, ())


@pytest.mark.parametrize("trusted", [True, False])
def test_a_repository_cannot_move_the_home(user: Path, trusted: bool) -> None:
    """State stays where the user's environment says, whatever a file of a repository holds."""
    repository = user.with_name("tuloy.toml")
    repository.write_text('home = "/tmp/elsewhere"\n')
    assert load_settings(repository, trusted=trusted).home == default_home()


def test_a_home_in_the_users_file_is_not_silently_dropped(user: Path) -> None:
    """Who writes it there is told which variable does it."""
    user.write_text('home = "/tmp/elsewhere"\n')
    with pytest.raises(UsageError, match="TULOY_HOME"):
        load_settings()


def test_no_dotenv_is_read(user: Path) -> None:
    """A `.env` in the current directory belongs to somebody else's program."""
    (user.parent / ".env").write_text("TULOY_MAX_WORKERS=9\nmax_workers=9\n")
    assert load_settings().max_workers == 4


def test_agents_can_come_from_a_variable(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`TULOY_AGENTS` is the same table as JSON."""
    monkeypatch.setenv("TULOY_AGENTS", json.dumps({"ci": {"argv": ["ci", "{prompt}"], "limit": 3}}))
    assert load_settings().agents["ci"].limit == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TULOY_AGENTS", "not json"),
        ("TULOY_AGENTS", "[]"),
        ("TULOY_AGENTS", '{"x": {"argv": ["x"]}}'),
        ("TULOY_PASS_ENV", "HOME"),
        ("TULOY_MAX_WORKERS", "many"),
        ("TULOY_MAX_WORKERS", "0"),
        ("TULOY_GATE_TIMEOUT_S", "-1"),
        ("TULOY_GATE_TIMEOUT_S", "inf"),
        ("TULOY_GATE_TIMEOUT_S", "nan"),
    ],
)
def test_a_variable_that_cannot_be_understood_is_named(
    user: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The message holds a name that can be looked for."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=rf"{name}\b"):
        load_settings()


@pytest.mark.parametrize(
    "text",
    [
        "max_workers = ",
        "\x00",
        'max_workers = "many"',
        "max_workers = 0",
        "max_workers = 100000",
        "agents = 3",
        "agents = []",
        "[agents]\nx = 1",
        '[agents.x]\nargv = ["x"]',
        '[agents.x]\nargv = "x {prompt}"',
        '[agents.x]\nargv = ["{prompt}"]',
        "[agents.x]\nargv = []",
        '[agents.x]\nargv = ["x", "{prompt}"]\nlimit = 0',
        '[agents.x]\nargv = ["x", "{prompt}"]\nmodel = "big"',
        "pass_env = 3",
        'pass_env = "HOME"',
        "unknown = 1",
        "x = " + "[" * 50_000,
    ],
)
def test_a_file_that_cannot_be_understood_is_named(user: Path, text: str) -> None:
    """Broken TOML, wrong types, unknown names and agents without {prompt} end in one sentence with the file in it."""
    user.write_text(text)
    with pytest.raises(UsageError, match=r"user\.toml"):
        load_settings()


def test_a_prompt_inside_a_shells_text_is_refused(user: Path) -> None:
    """Words of a plan would be run by the shell; the message shows how to hand them over instead."""
    user.write_text('[agents.x]\nargv = ["bash", "-lc", "mycli {prompt}"]\n')
    with pytest.raises(UsageError, match=r'"\$1"'):
        load_settings()
    user.write_text('[agents.x]\nargv = ["sh", "-c", "{prompt}"]\n')
    with pytest.raises(UsageError, match=r'"\$1"'):
        load_settings()
    user.write_text('[agents.x]\nargv = ["bash", "mycli.sh", "--message={prompt}"]\n')
    assert load_settings().agents["x"].argv[0] == "bash"
    user.write_text("""[agents.x]\nargv = ["sh", "-c", 'mycli "$1"', "sh", "{prompt}"]\n""")
    assert load_settings().agents["x"].argv[0] == "sh"


def test_a_file_that_is_no_text_is_named(user: Path) -> None:
    """Bytes that are not UTF-8, and a directory of that name, are said."""
    user.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"user\.toml"):
        load_settings()
    user.unlink()
    user.mkdir()
    with pytest.raises(UsageError, match=r"user\.toml"):
        load_settings()


def test_a_repository_cannot_make_it_read_for_ever(user: Path) -> None:
    """A pipe, a device or an enormous file named `tuloy.toml` is refused at once."""
    repository = user.with_name("tuloy.toml")
    os.mkfifo(repository)
    with pytest.raises(UsageError, match=r"tuloy\.toml"):
        load_settings(repository, trusted=False)
    repository.unlink()
    repository.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=r"tuloy\.toml"):
        load_settings(repository, trusted=False)
    repository.unlink()
    with repository.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UsageError, match=r"tuloy\.toml"):
        load_settings(repository, trusted=False)


@pytest.mark.parametrize("given", ["~/state", "relative/state", ""])
def test_the_home_is_one_absolute_place(user: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """Settings and `default_home` agree, also for a tilde, a relative or an empty value."""
    monkeypatch.setenv("TULOY_HOME", given)
    settings = load_settings()
    assert settings.home == default_home()
    assert settings.home.is_absolute()
    assert "~" not in str(settings.home)
    assert settings.home != user.parent


def test_settings_are_frozen(user: Path) -> None:
    """Nobody changes them on the way."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().max_workers = 9  # type: ignore[misc]


def test_the_models_name_comes_from_the_variable_and_the_rest_from_the_users_file(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`TULOY_MODEL` changes the name alone."""
    user.write_text('[model]\nname = "of-the-file"\nhost = "http://box:1"\nnum_ctx = 16384\n')
    assert load_settings().model.name == "of-the-file"
    monkeypatch.setenv("TULOY_MODEL", "of-the-variable:7b")
    model = load_settings().model
    assert (model.name, model.host, model.num_ctx) == ("of-the-variable:7b", "http://box:1", 16384)


@pytest.mark.parametrize("trusted", [False, True])
def test_a_repository_never_says_where_goals_are_sent(user: Path, trusted: bool) -> None:
    """`[model]` of a repository's file is left out, whoever wrote it."""
    repository = user.with_name("tuloy.toml")
    repository.write_text('[model]\nhost = "http://evil:1"\nname = "evil"\n')
    user.write_text('[model]\nname = "mine"\n')
    model = load_settings(repository, trusted=trusted).model
    assert (model.name, model.host) == ("mine", "")


@pytest.mark.parametrize("name", ["two words", "a'b", "`x`"])
def test_a_models_name_is_a_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be a model's name is told with the variable that says it."""
    monkeypatch.setenv("TULOY_MODEL", name)
    with pytest.raises(UsageError, match="TULOY_MODEL"):
        load_settings()
