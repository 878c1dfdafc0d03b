"""Back up, wreck, restore: the same records; and what a restore must never do."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import sqlite3
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from cli.__main__ import main
from cli.archive import _unpack, read_archive
from cli.data_folder import prepare
from kit.errors import InvalidInput
from kit.folder_lock import locked
from kit.money import Money
from learning.records import Outcome, Value
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.store import open_store
from services.gateway.store.interface import Query
from tests.contract.store.conftest import insight

Run = Callable[..., tuple[int, str]]
DEALS = 300


@pytest.fixture
def dealcast(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["dealcast", *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        return code, capsys.readouterr().err

    return run


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/gateway.db"


async def fill(folder: Path) -> None:
    store = await open_store(url(folder))
    fields: dict[str, Value | None] = {"note": "메모 🙂", "size": 3}
    writes = [
        DealWrite(
            f"d{i}", stage="A", amount=Money("USD", i), fields=fields, outcome=Outcome.WON if i % 3 else Outcome.OPEN
        )
        for i in range(DEALS)
    ]
    await store.apply_deals(LOCAL, writes)
    await store.apply_insights([insight(f"d{i}", probability=i / DEALS) for i in range(DEALS)])
    await store.close()


async def records(folder: Path) -> bytes:
    """The JSON of all records with their histories."""
    store = await open_store(url(folder))
    page = await store.list_records(LOCAL, Query(), "", 10_000)
    whole = await store.get_records(LOCAL, [record.history.deal.id for record in page.records])
    await store.close()
    return orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    asyncio.run(fill(folder))
    artifacts = folder / "models" / "artifacts" / "1"
    artifacts.mkdir(parents=True)
    (artifacts / "model.txt").write_text("tree")
    with sqlite3.connect(folder / "models" / "mlflow.db") as database:
        database.execute("CREATE TABLE runs (id, artifact_uri)")
        database.execute("INSERT INTO runs VALUES (7, ?)", [f"{(folder / 'models').as_uri()}/artifacts/1"])
    return folder


def runs(folder: Path) -> object:
    """The registry's only run."""
    with contextlib.closing(sqlite3.connect(folder / "models" / "mlflow.db")) as database:
        return database.execute("SELECT id, artifact_uri FROM runs").fetchone()


def test_back_up_wreck_restore_same_records(dealcast: Run, filled: Path, tmp_path: Path) -> None:
    before = asyncio.run(records(filled))
    assert len(orjson.loads(before)) == DEALS
    assert dealcast("backup", tmp_path / "b.tar.gz", "--data-dir", filled) == (0, "")
    (filled / "gateway.db").write_bytes(b"wrecked")
    (filled / "models" / "artifacts" / "1" / "model.txt").unlink()
    (filled / "nats").mkdir()
    (filled / "nats" / "stream").write_text("another time line")
    code, error = dealcast("restore", tmp_path / "b.tar.gz", "--data-dir", filled)
    assert code == 1
    assert "--force" in error
    assert dealcast("restore", tmp_path / "b.tar.gz", "--data-dir", filled, "--force") == (0, "")
    assert asyncio.run(records(filled)) == before
    assert (filled / "models" / "artifacts" / "1" / "model.txt").read_text() == "tree"
    assert runs(filled) == (7, f"{filled.as_uri()}/models/artifacts/1")
    assert list((filled / "nats").iterdir()) == []
    assert dealcast("restore", tmp_path / "b.tar.gz", "--data-dir", tmp_path / "new") == (0, "")
    assert asyncio.run(records(tmp_path / "new")) == before
    assert runs(tmp_path / "new") == (7, f"{tmp_path.as_uri()}/new/models/artifacts/1")
    assert not list(tmp_path.glob("**/.restore-*"))
    assert not list(tmp_path.glob("**/.backup-*"))


async def test_a_backup_while_writes_go_on_is_one_moment(filled: Path, tmp_path: Path) -> None:
    from cli.archive import write_archive

    store = await open_store(url(filled))
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await store.apply_deals(LOCAL, [DealWrite(f"d{i}", stage=f"S{number}") for i in range(DEALS)])

    writer = asyncio.create_task(write())
    await asyncio.to_thread(write_archive, filled, tmp_path / "live.tar.gz", lambda _done, _total: None)
    stop.set()
    await writer
    await store.close()
    folder = prepare(tmp_path / "copy")
    read_archive(tmp_path / "live.tar.gz", folder, lambda _done, _total: None)
    copy = await open_store(url(folder))
    page = await copy.list_records(LOCAL, Query(), "", 10_000)
    await copy.close()
    assert len({record.history.deal.stage for record in page.records}) == 1


def test_refusals_name_the_mend(dealcast: Run, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "b.tar.gz"
    assert dealcast("backup", file, "--data-dir", filled)[0] == 0
    assert "exists already" in dealcast("backup", file, "--data-dir", filled)[1]
    assert "no records" in dealcast("backup", tmp_path / "c.tar.gz", "--data-dir", tmp_path / "none")[1]
    assert "no such file" in dealcast("restore", tmp_path / "none.gz", "--data-dir", tmp_path / "x" / "y")[1]
    assert not (tmp_path / "x").exists()
    with locked(prepare(filled)):
        assert "another dealcast runs" in dealcast("restore", file, "--data-dir", filled, "--force")[1]
    monkeypatch.setenv("DEALCAST_STORE_URL", "postgresql://h/d")
    assert "pg_dump" in dealcast("backup", tmp_path / "d.tar.gz", "--data-dir", filled)[1]


def archive(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], manifest: dict[str, bytes] | None = None) -> Path:
    """A hostile backup: the members as given after a manifest that names `manifest`."""
    files = manifest if manifest is not None else {info.name: data for info, data in members}
    entries = {n: {"size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in files.items()}
    text = json.dumps({"format": 1, "files": entries}).encode()
    with tarfile.open(path, "w:gz") as tar:
        for info, data in [(tarfile.TarInfo("manifest.json"), text), *members]:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def plain(name: str, data: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), data


def link(name: str, target: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


RECORDS = plain("gateway.db")
HOSTILE: dict[str, list[tuple[tarfile.TarInfo, bytes]]] = {
    "parent": [RECORDS, plain("models/../../evil")],
    "absolute": [RECORDS, plain("/tmp/dealcast-evil")],
    "elsewhere": [RECORDS, plain("run/lock")],
    "dots": [RECORDS, plain("models/./x")],
    "backslash": [RECORDS, plain("models\\..\\evil")],
    "symlink": [RECORDS, link("models/l", "/etc", tarfile.SYMTYPE)],
    "hard link": [RECORDS, link("models/l", "/etc/passwd", tarfile.LNKTYPE)],
    "device": [RECORDS, link("models/l", "", tarfile.CHRTYPE)],
    "no records": [plain("models/x")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_write_nothing(name: str, tmp_path: Path) -> None:
    file = archive(tmp_path / "evil.tar.gz", HOSTILE[name])
    folder = prepare(tmp_path / "in" / "data")
    with pytest.raises(InvalidInput):
        read_archive(file, folder, lambda _done, _total: None)
    assert {path.name for path in folder.iterdir()} == {"run", "logs", "nats"}
    assert {path.name for path in tmp_path.iterdir()} == {"evil.tar.gz", "in"}


def test_damaged_archives_leave_what_is_there(filled: Path, tmp_path: Path) -> None:
    before = (filled / "gateway.db").read_bytes()
    sound = archive(tmp_path / "a.tar.gz", [RECORDS]).read_bytes()
    text = gzip.decompress(sound)
    broken = {
        "cut": sound[: len(sound) // 2], "empty": b"", "no gzip": b"hello", "no manifest": gzip.compress(text[1024:]),
        "flipped": gzip.compress(text.replace(b"x\x00\x00\x00", b"y\x00\x00\x00")),
        "other": archive(tmp_path / "o", [RECORDS, plain("models/a")], {"gateway.db": b"x"}).read_bytes(),
        "lacking": archive(tmp_path / "l", [RECORDS], {"gateway.db": b"x", "models/a": b"y"}).read_bytes(),
        "size": archive(tmp_path / "s", [plain("gateway.db", b"xx")], {"gateway.db": b"x"}).read_bytes(),
        "twice": archive(tmp_path / "t", [RECORDS, plain("gateway.db")]).read_bytes(),
    }  # fmt: skip
    for name, data in broken.items():
        (tmp_path / "broken").write_bytes(data)
        with pytest.raises(InvalidInput) as caught:
            read_archive(tmp_path / "broken", filled, lambda _done, _total: None)
        assert caught.value.mend, name
        assert (filled / "gateway.db").read_bytes() == before, name
    assert _unpack(io.BytesIO(sound), tmp_path / "out", lambda _done, _total: None)
