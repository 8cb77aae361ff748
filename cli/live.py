"""What moves while a goal runs: one line per change of state, and on a terminal what is under way."""

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli.screen import line_of
from tuloy.printable import one_line

if TYPE_CHECKING:
    from tuloy.work.run import Change

__all__ = ["Live"]


class Live:
    """Lines for what ended, and on a terminal a moving list of what is under way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._moving = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._shown: dict[str, TaskID] = {}

    def __enter__(self) -> "Live":
        self._moving.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._moving.stop()

    def tell(self, change: "Change") -> None:
        """Show one change of state; called from any thread."""
        name = f"{change.kind}:{change.id}"
        if change.status == "running":
            self._shown[name] = self._moving.add_task(one_line(change.title, 80), total=None)
            return
        if name in self._shown:
            self._moving.remove_task(self._shown.pop(name))
        self._console.print(line_of(change.status, change.title, change.note, change.duration_s))
