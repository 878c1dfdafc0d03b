"""The file of a backup: a gzipped tar of a manifest with digests, the records and the models.

A restore trusts nothing in it: only the plain files that the manifest names, of the sizes and digests it names, with
names that stay inside the folder, are written, to a place beside; what is there is replaced when all of it is sound.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cli.archive_models import address, move_addresses
from kit.errors import Conflict, DealcastError, InvalidInput, NotFound, Unavailable

FORMAT = 1
RECORDS, MODELS, BROKER = "gateway.db", "models", "nats"
SQLITE_MAGIC = b"SQLite format 3\x00"
SIDE_FILES = ("-wal", "-shm", "-journal")
LARGEST_MANIFEST = 16 * 2**20
MOST_FILES = 100_000
PIECE = 2**20
Advance = Callable[[int, int], None]  # bytes done, bytes in all
_DIGEST = re.compile("[0-9a-f]{64}")


def holds_data(folder: Path) -> bool:
    """Whether there is anything in the folder but empty run files, logs and an empty broker folder."""
    if not folder.is_dir():
        return folder.exists()
    broker = folder / BROKER
    others = [path for path in folder.iterdir() if path.name not in ("run", "logs", BROKER)]
    return bool(others) or (broker.is_dir() and any(broker.iterdir()))


def write_archive(folder: Path, file: Path, advance: Advance) -> int:
    """Write the backup of a data folder; its size in bytes.

    Databases are copied as one moment saw them, while others write. Raises NotFound where the folder holds no
    records, Conflict where the file exists.
    """
    _check_source(folder, file)
    partial = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as staging:
            names = _stage(folder, Path(staging))
            entries = {name: _entry(Path(staging) / name) for name in names}
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
                _pack(raw, Path(staging), entries, address(folder / MODELS), advance)
                raw.flush()
                os.fsync(raw.fileno())
            partial.replace(file)
    except OSError as error:
        raise _disk_error(error, file) from error
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


def _check_source(folder: Path, file: Path) -> None:
    if os.environ.get("DEALCAST_STORE_URL", "").startswith("postgres"):
        raise Conflict(
            "the records are on PostgreSQL, not in the data folder", field="DEALCAST_STORE_URL",
            mend="Back the database up with pg_dump, and copy the models folder",
        )  # fmt: skip
    if not (folder / RECORDS).is_file():
        mend = "Name the folder that dealcast up runs on; records on PostgreSQL are backed up with pg_dump"
        raise NotFound("the data folder holds no records", field="--data-dir", value=str(folder), mend=mend)
    if file.exists():
        raise Conflict("the file exists already", field="FILE", value=str(file), mend="Name a new file")
    if file.is_relative_to(folder / MODELS):
        raise Conflict("the backup would hold itself", field="FILE", value=str(file), mend="Name another place")


def _stage(folder: Path, staging: Path) -> list[str]:
    """Copies of everything to keep, none of which changes any more."""
    models = folder / MODELS
    found = sorted(models.rglob("*")) if models.is_dir() else []
    plain = [path for path in found if path.is_file() and not path.is_symlink() and not path.name.endswith(SIDE_FILES)]
    names = [RECORDS, *(path.relative_to(folder).as_posix() for path in plain)]
    kept = []
    for name in names:
        target = staging / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy(folder / name, target)
        except FileNotFoundError:
            continue  # deleted since it was listed
        kept.append(name)
    return kept


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as opened:
        database = opened.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    if not database:
        shutil.copyfile(source, target)
        return
    with (
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=60)) as live,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _entry(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def _pack(raw: IO[bytes], staging: Path, entries: Mapping[str, Any], models: str, advance: Advance) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = {"format": FORMAT, "made": made, "models": models, "files": entries}
    total, done = sum(entry["size"] for entry in entries.values()), 0
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=5, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, "manifest.json", io.BytesIO(text := json.dumps(manifest).encode()), len(text))
        for name, entry in entries.items():
            with (staging / name).open("rb") as file:
                _add(tar, name, file, entry["size"])
            done += entry["size"]
            advance(done, total)


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, file)


def read_archive(file: Path, folder: Path, advance: Advance) -> int:
    """Restore a backup into the data folder, replacing records, models and the broker's state; the count of files.

    Raises InvalidInput where the file is no sound backup; the folder is then as it was.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as staging:
            with file.open("rb") as raw, _damage_told(file):
                entries, models = _unpack(raw, Path(staging), advance)
                move_addresses(Path(staging) / MODELS, models, address(folder / MODELS))
            _replace(Path(staging), folder)
    except FileNotFoundError:
        raise NotFound("there is no such file", field="FILE", value=str(file), mend="Name a backup") from None
    except OSError as error:
        raise _disk_error(error, folder) from error
    return len(entries)


@contextlib.contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        EOFError,
        zlib.error,
        gzip.BadGzipFile,
        sqlite3.Error,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise _refusal(f"the file is no sound backup ({type(error).__name__})", str(file)) from error


def _unpack(raw: IO[bytes], staging: Path, advance: Advance) -> tuple[dict[str, Any], str]:
    """The files by name, and where the models stood when the backup was made."""
    with tarfile.open(fileobj=raw, mode="r|gz") as tar:
        first = tar.next()
        if first is None or first.name != "manifest.json" or first.size > LARGEST_MANIFEST:
            raise _refusal("the file is no backup: it has no manifest", "")
        entries, models = _read_manifest(tar.extractfile(first))
        total, done = sum(entry["size"] for entry in entries.values()), 0
        missing = set(entries)
        while (member := tar.next()) is not None:
            if not member.isreg() or member.name not in missing or member.size != entries[member.name]["size"]:
                raise _refusal("the backup holds something its manifest does not name", member.name)
            missing.remove(member.name)
            _write(tar.extractfile(member), staging / member.name, entries[member.name]["sha256"])
            done += member.size
            advance(done, total)
    if missing:
        raise _refusal(f"the backup lacks {len(missing)} of its files", sorted(missing)[0])
    return entries, models


def _read_manifest(file: IO[bytes] | None) -> tuple[dict[str, Any], str]:
    manifest = json.loads(file.read() if file else b"")
    if manifest["format"] != FORMAT:
        raise _refusal("the backup is of another version", str(manifest["format"])[:20])
    entries = dict(manifest["files"])
    if RECORDS not in entries or len(entries) > MOST_FILES:
        raise _refusal("the backup holds no records", "")
    for name, entry in entries.items():
        sound = isinstance(entry["size"], int) and entry["size"] >= 0 and _DIGEST.fullmatch(entry["sha256"])
        if not _inside(name) or not sound:
            raise _refusal("the manifest names something that does not belong into a data folder", name)
    return entries, str(manifest.get("models", ""))


def _inside(name: str) -> bool:
    """Whether a name is the records or a plain path under models/."""
    if name == RECORDS:
        return True
    parts = PurePosixPath(name).parts
    plain = all(part not in ("", ".", "..") for part in name.split("/")) and "\\" not in name and "\x00" not in name
    return plain and len(parts) > 1 and parts[0] == MODELS


def _write(source: IO[bytes] | None, target: Path, expected: str) -> None:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while source is not None and (piece := source.read(PIECE)):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != expected:
        raise _refusal("a file of the backup is damaged: its digest differs", target.name)


def _replace(staging: Path, folder: Path) -> None:
    """Put the restored files in place of the old; the broker's state goes, everything in it can be sent again."""
    old = staging / ".old"
    old.mkdir()
    for name in (RECORDS, *(RECORDS + end for end in SIDE_FILES), MODELS, BROKER):
        if (folder / name).exists():
            (folder / name).rename(old / name)
    (folder / BROKER).mkdir()
    for name in (MODELS, RECORDS):
        if (staging / name).exists():
            (staging / name).rename(folder / name)


def _refusal(message: str, value: str) -> DealcastError:
    return InvalidInput(message, field="FILE", value=value, mend="Nothing was restored; use another backup")


def _disk_error(error: OSError, path: Path) -> DealcastError:
    return Unavailable(
        f"the disk refused: {error.strerror or type(error).__name__}", field="path", value=str(path),
        mend="Look at permissions and free space",
    )  # fmt: skip
