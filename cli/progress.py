"""Progress of a command, on standard error where that is a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID


class Bar:
    """A bar a stage; `sizes` counts bytes. It satisfies the importer's Progress."""

    def __init__(self, what: str = "", *, sizes: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        done = DownloadColumn() if sizes else TextColumn("{task.percentage:>3.0f} %")
        columns = (TextColumn("{task.description}"), BarColumn(), done, TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task: TaskID | None = self._bar.add_task(what, total=None) if what else None

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """Begin another stage; the one before is done."""
        if self._task is not None:
            self._bar.update(self._task, completed=self._bar.tasks[-1].total)
        self._task = self._bar.add_task(what, total=total)

    def advance(self, count: int) -> None:
        """So much more is done."""
        if self._task is not None:
            self._bar.advance(self._task, count)

    def show(self, done: float, total: float | None = None, what: str | None = None) -> None:
        """So much is done in all, of a total where it is known."""
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total, description=what)
