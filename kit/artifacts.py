"""A trained model as one file: plain data in a tar, the same bytes for the same contents."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

from kit.errors import InvalidInput, Poisoned, TooLarge

SUFFIXES = frozenset({".json", ".txt", ".npz", ".toml"})
LARGEST = 256 * 1024 * 1024
MOST_FILES = 200


def digest(data: bytes) -> str:
    """The SHA-256 of the bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def pack(folder: Path) -> bytes:
    """A folder's plain files as one tar, the same bytes for the same contents.

    Only .json, .txt, .npz and .toml files directly in the folder. Raises InvalidInput for
    anything else and TooLarge beyond 256 MB or 200 files.
    """
    files = sorted(folder.iterdir())
    if not files:
        raise InvalidInput("a model's folder is empty", field="folder", value=folder.name)
    for file in files:
        if file.is_symlink() or not file.is_file() or file.suffix not in SUFFIXES:
            raise InvalidInput("a model holds .json, .txt, .npz and .toml files only", field="file", value=file.name)
    if len(files) > MOST_FILES or sum(file.stat().st_size for file in files) > LARGEST:
        raise TooLarge(f"a model holds at most {MOST_FILES} files and {LARGEST // 2**20} MB", field="folder")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.name)
            entry.size = file.stat().st_size
            entry.mode = 0o644
            with file.open("rb") as content:
                tar.addfile(entry, content)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write a packed model's files into an existing folder.

    Raises Poisoned for anything pack would not have written: paths, links, other kinds, sizes.
    """
    if len(data) > LARGEST + MOST_FILES * 2048:
        raise Poisoned("the model is larger than 256 MB", field="artifact")
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            entries = tar.getmembers()
            if len(entries) > MOST_FILES:
                raise Poisoned(f"the model has more than {MOST_FILES} files", field="artifact")
            for entry in entries:
                _write_entry(tar, entry, folder)
    except tarfile.TarError as error:
        raise Poisoned(f"the model is no readable archive: {error}", field="artifact") from error


def _write_entry(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    name = entry.name
    plain = name == Path(name).name and not name.startswith(".") and "\\" not in name
    if not (entry.isreg() and plain and Path(name).suffix in SUFFIXES):
        raise Poisoned("the model holds a file it must not hold", field="file", value=name)
    content = tar.extractfile(entry)
    if content is None:
        raise Poisoned("the model holds a file without content", field="file", value=name)
    (folder / name).write_bytes(content.read())
