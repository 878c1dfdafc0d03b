from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from kit.errors import DealcastError, InvalidInput, Poisoned
from kit.models import digest, pack, unpack


def _folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("_", ".")).write_text(text)
    return path


def test_what_is_packed_comes_out_again(tmp_path: Path) -> None:
    source = _folder(tmp_path / "a", model_json="{}", booster_txt="tree" * 1000)
    (tmp_path / "b").mkdir()
    unpack(pack(source), tmp_path / "b")
    assert {f.name: f.read_text() for f in (tmp_path / "b").iterdir()} == {
        "model.json": "{}",
        "booster.txt": "tree" * 1000,
    }


def test_the_same_contents_are_the_same_bytes(tmp_path: Path) -> None:
    one = _folder(tmp_path / "a", model_json="{}", x_txt="1")
    other = _folder(tmp_path / "b", x_txt="1", model_json="{}")
    os.utime(other / "x.txt", (1, 1))
    (other / "x.txt").chmod(0o600)
    assert digest(pack(one)) == digest(pack(other))


@pytest.mark.parametrize("name", ["model.pkl", "run.sh", "lib.so", "model.py", "noending"])
def test_other_kinds_are_not_packed(tmp_path: Path, name: str) -> None:
    folder = _folder(tmp_path / "a", model_json="{}")
    (folder / name).write_text("x")
    with pytest.raises(InvalidInput):
        pack(folder)


def test_folders_and_links_are_not_packed(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "a", model_json="{}")
    (folder / "link.json").symlink_to("/etc/hostname")
    with pytest.raises(InvalidInput):
        pack(folder)
    with pytest.raises(InvalidInput):
        pack(_folder(tmp_path / "empty"))


def _tar(name: str, kind: bytes = tarfile.REGTYPE, linkname: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, linkname
        entry.size = 2 if kind == tarfile.REGTYPE else 0
        tar.addfile(entry, io.BytesIO(b"{}"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _tar("../escape.json"),
        _tar("/tmp/absolute.json"),
        _tar("deep/model.json"),
        _tar("a.pkl"),
        _tar(".hidden.json"),
        _tar("link.json", tarfile.SYMTYPE, "/etc/passwd"),
        _tar("hard.json", tarfile.LNKTYPE, "/etc/passwd"),
        _tar("pipe.json", tarfile.FIFOTYPE),
        b"no tar at all" * 100,
        b"",
        _tar("model.json")[:400],
    ],
)
def test_a_hostile_or_broken_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DealcastError) as caught:
        unpack(data, tmp_path)
    assert isinstance(caught.value, Poisoned)
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/absolute.json").exists()
