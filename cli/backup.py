"""`dealcast backup` and `dealcast restore`: the records and models of a data folder in one file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir
from cli.speech import Lang, echo, said

File = Annotated[Path, typer.Argument(help="The backup, such as dealcast.tar.gz.", metavar="FILE")]


def backup(file: File, data_dir: DataDir = DEFAULT_DATA_DIR, language: Lang = None) -> None:
    """Copy records and models into one file; Dealcast may go on running meanwhile.

    A store on PostgreSQL is not in the data folder: back it up with pg_dump.
    """
    from cli.archive import write_archive
    from cli.progress import Bar

    with Bar(said("Backing up"), sizes=True) as bar:
        size = write_archive(data_dir.expanduser().absolute(), file.expanduser().absolute(), bar.show)
    echo(f"{size / 2**20:.1f} MB in {file}")


def restore(
    file: File,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    force: Annotated[bool, typer.Option("--force", help="Replace what the data folder holds.")] = False,
    language: Lang = None,
) -> None:
    """Put the records and models of a backup into a data folder on which no Dealcast runs."""
    from cli.archive import read_archive
    from cli.data_folder import PARTS, prepare
    from cli.progress import Bar
    from kit.folder_lock import locked

    folder = data_dir.expanduser().absolute()
    _check_target(folder, force)
    made = [path for path in (*(folder / name for name in PARTS), folder, *folder.parents) if not path.exists()]
    with (
        locked(prepare(folder), "dealcast restore"),
        _removed_on_failure(made),
        Bar(said("Restoring"), sizes=True) as bar,
    ):
        count = read_archive(file.expanduser().absolute(), folder, bar.show)
    echo(f"{count} files restored to {data_dir}")


@contextlib.contextmanager
def _removed_on_failure(made: Sequence[Path]) -> Iterator[None]:
    """Folders that a restore made and left empty go again when it fails, deepest first."""
    try:
        yield
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):
                (path / "lock").unlink(missing_ok=True)
                path.rmdir()
        raise


def _check_target(folder: Path, force: bool) -> None:
    from cli.archive import holds_data
    from kit.errors import Conflict

    if not force and holds_data(folder):
        raise Conflict(
            "the data folder is not empty",
            field="--data-dir",
            value=str(folder),
            mend="Name an empty one, or replace its records and models with --force",
        )
