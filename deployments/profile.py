"""The Prefect profile `tuloy` of the user, so that plain `prefect` commands reach the local server.

Owns: what stands in the user's own profiles.toml. Prefect itself writes it, in a process with the user's settings.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from deployments.environment import quiet_directory
from tuloy.errors import TuloyError

__all__ = ["PROFILE", "profile_address", "users_prefect", "write_profile"]

PROFILE = "tuloy"
WRITE = """
import sys
from prefect.settings import PREFECT_API_URL, Profile, load_profiles, save_profiles
name, api_url, activate = sys.argv[1:]
profiles = load_profiles(include_defaults=False)
settings = dict(profiles[name].settings) if name in profiles.names else {}
settings[PREFECT_API_URL] = api_url
if name in profiles.names:
    profiles.remove_profile(name)
profiles.add_profile(Profile(name=name, settings=settings))
if activate == "yes":
    profiles.set_active(name)
save_profiles(profiles)
"""


def users_prefect() -> dict[str, str]:
    """Return the PREFECT_* variables of the user; call it before `deployments.environment.apply`."""
    return {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}


def profile_address(theirs: dict[str, str]) -> str | None:
    """Return the address that the user's profile `tuloy` names, None where there is no such profile."""
    try:
        found = tomllib.loads(_file(theirs).read_text("utf-8"))
        return str(found["profiles"][PROFILE]["PREFECT_API_URL"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_profile(home: Path, theirs: dict[str, str], api_url: str, *, activate: bool) -> Path:
    """Write the user's profile `tuloy` and, where asked, make it the active one; return the file.

    Raises:
        TuloyError: when Prefect cannot write it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    argv = [sys.executable, "-P", "-c", WRITE, PROFILE, api_url, "yes" if activate else "no"]
    ran = subprocess.run(
        argv,
        cwd=quiet_directory(home),
        env={**kept, **theirs},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
    )
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise TuloyError(f"the profile {PROFILE!r} was not written to {str(_file(theirs))!r}: {last}")
    return _file(theirs)


def _file(theirs: dict[str, str]) -> Path:
    home = Path(theirs.get("PREFECT_HOME") or "~/.prefect").expanduser()
    return Path(theirs.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").expanduser()
