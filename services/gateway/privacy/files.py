"""A person in the files of the data folder: as bytes, and inside of archives and tables that are packed."""

from __future__ import annotations

import contextlib
import gzip
import io
import mmap
import os
import shutil
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from services.gateway.privacy.person import Person
from services.gateway.privacy.records import PlaceFound

STORES = {"nats": "nats", "models": "models", "logs": "logs", "gateway.db": "database files"}
PASSED = ("run",)  # addresses and numbers of processes
LARGEST_PACKED = 1 << 30  # bytes, of one file inside of another
DEEPEST = 3
PACKED = (".npz", ".zip", ".xlsx")
UPLOADS_LAST = 24 * 3600.0  # seconds
AT_WORK = 3600.0  # seconds since one was begun to be read, in which it is left alone


def find_in_files(folder: Path, person: Person) -> list[PlaceFound]:
    """Files below a folder that hold the person; what goes away meanwhile is passed over."""
    found = []
    for file in _files(folder):
        with contextlib.suppress(FileNotFoundError):
            if count := mentions(file, person):
                inside = file.relative_to(folder)
                store = next((to for name, to in STORES.items() if inside.parts[0].startswith(name)), "files")
                found.append(PlaceFound(store, inside.as_posix(), count))
    return found


def clear_uploads(scratch: Path, moment: float | None = None) -> int:
    """Delete what was dropped a day ago and never imported, or refused by an import a day ago; how many uploads."""
    moment, gone = time.time() if moment is None else moment, 0
    for one in (scratch / "uploads").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            dropped = (one / "files" if (one / "files").exists() else one).stat().st_mtime
            if max(dropped + UPLOADS_LAST, one.stat().st_mtime + AT_WORK) < moment:
                shutil.rmtree(one, ignore_errors=True)
                gone += 1
    return gone


def mentions(file: Path, person: Person) -> int:
    """How often a file holds the person, packed contents too."""
    if person.raw is None or not file.stat().st_size:
        return 0
    with file.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        count = sum(1 for _ in person.raw.finditer(raw))
        if file.suffix in (*PACKED, ".gz", ".tar", ".parquet"):
            count += sum(_inside(file.name, bytes(raw), person, 0))
    return count


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        if Path(where) == folder:
            folders[:] = [name for name in folders if name not in PASSED]
        yield from (Path(where) / name for name in sorted(names))


def _inside(name: str, data: bytes, person: Person, depth: int) -> Iterator[int]:
    """Mentions in what is packed; a file that is no sound archive has none beyond its bytes."""
    if depth > DEEPEST or person.raw is None:
        return
    with contextlib.suppress(OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, tarfile.TarError):
        for inner, unpacked in _unpacked(name, data):
            if not name.endswith(".tar"):  # whose bytes were searched as they are
                yield sum(1 for _ in person.raw.finditer(unpacked))
            yield from _inside(inner, unpacked, person, depth + 1)


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if name.endswith(PACKED):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.file_size <= LARGEST_PACKED:
                    yield entry.filename, archive.read(entry)
    elif name.endswith(".gz"):
        with gzip.open(io.BytesIO(data)) as packed:
            yield name.removesuffix(".gz"), packed.read(LARGEST_PACKED)
    elif name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive_:
            for member in archive_:
                if (content := archive_.extractfile(member)) is not None:
                    yield member.name, content.read(LARGEST_PACKED)
    elif name.endswith(".parquet"):
        yield from _table(data)
    elif name.endswith(".npy"):
        yield from _array(data)


def _array(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The words of an array, which stand there four bytes a letter."""
    from numpy.lib import format as arrays

    array = arrays.read_array(io.BytesIO(data), allow_pickle=False)
    if array.dtype.kind == "U":
        yield "", "\n".join(map(str, array.ravel())).encode("utf-8", "surrogatepass")


def _table(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The words of a table, column by column."""
    from pyarrow import parquet, types

    source = parquet.ParquetFile(io.BytesIO(data))
    for group in range(source.num_row_groups):
        table = source.read_row_group(group)
        for column in table.columns:
            if types.is_string(column.type) or types.is_large_string(column.type) or types.is_dictionary(column.type):
                yield "", "\n".join(str(value) for value in column.unique().to_pylist()).encode()
