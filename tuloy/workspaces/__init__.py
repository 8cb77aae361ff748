"""Workspaces: hardened git, the pool of worktrees, merging, landing. The user's tree stays untouched."""
