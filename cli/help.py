"""The help text of the command: plain, its words in groups, and there at once.

Typer's own drawing of boxes imports a Markdown renderer, which takes longer than all the rest of `tuloy --help`.
"""

from typing import Any

from typer.core import TyperGroup

__all__ = ["GOALS", "LIST", "MACHINE", "RESULTS", "GroupedCommands"]

GOALS = "Goals"
RESULTS = "Results"
LIST = "The list"
MACHINE = "This machine"

WHOLE_LINE = 200  # characters of a command's first sentence: all of it, wrapped


class GroupedCommands(TyperGroup):
    """Lists the commands under the heading that each was given as its `rich_help_panel`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each heading, in the order in which the commands were made."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                sections.setdefault(heading, []).append((name, command.get_short_help_str(WHOLE_LINE)))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
