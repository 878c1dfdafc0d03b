"""An import into a folder on which nothing runs holds it alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from kit.errors import Conflict
from kit.folder_lock import locked
from services.gateway.imports.targets import open_sink

DEALCAST = str(Path(sys.executable).with_name("dealcast"))


async def test_nothing_starts_beside_an_import(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    sink = await open_sink(folder, "")
    command = [DEALCAST, "up", "--data-dir", str(folder), "--port", "0"]
    up = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert up.returncode == 1
    assert "dealcast import runs on this folder (process " in up.stderr
    assert "mend: Wait until it ends" in up.stderr
    with pytest.raises(Conflict, match="dealcast import runs"):
        await open_sink(folder, "")
    await sink.close()
    await (await open_sink(folder, "")).close()


async def test_an_import_does_not_write_where_up_is_about_to_run(tmp_path: Path) -> None:
    with locked(tmp_path, "dealcast up"), pytest.raises(Conflict, match="dealcast up runs"):
        await open_sink(tmp_path, "")
    assert not (tmp_path / "gateway.db").exists()


async def test_a_store_that_cannot_be_opened_lets_the_folder_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALCAST_STORE_URL", "mysql://nowhere")
    with pytest.raises(Exception, match="no database"):
        await open_sink(tmp_path, "")
    monkeypatch.delenv("DEALCAST_STORE_URL")
    await (await open_sink(tmp_path, "")).close()
