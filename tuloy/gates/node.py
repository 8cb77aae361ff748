"""Programs of a Node project: npm itself, and what its node_modules holds."""

import os
from pathlib import Path

from tuloy.agents.tools import Place, find_tool
from tuloy.errors import ToolMissing

__all__ = ["QUIET", "local_tool", "npm"]

# npm would otherwise ask the network for a newer npm.
QUIET = {"npm_config_update_notifier": "false", "npm_config_fund": "false", "npm_config_audit": "false"}


def local_tool(name: str, place: Place) -> Path | None:
    """Return a program of the project's own node_modules, or None."""
    paths = (root / "node_modules" / ".bin" / name for root in (place.workspace, place.checkout))
    return next((path for path in paths if path.is_file() and os.access(path, os.X_OK)), None)


def npm(place: Place) -> Path:
    """Return npm.

    Raises:
        ToolMissing: when there is none.
    """
    if found := find_tool("npm", place):
        return found
    raise ToolMissing("'npm' is not on PATH; install Node.js")
