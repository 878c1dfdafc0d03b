"""The gateway's README says what every file is for."""

from __future__ import annotations

from pathlib import Path

import pytest

GATEWAY = Path(__file__).resolve().parents[3] / "services" / "gateway"


@pytest.mark.parametrize("folder", [GATEWAY, GATEWAY / "web"])
def test_every_file_stands_in_the_table(folder: Path) -> None:
    told = (folder / "README.md").read_text("utf-8")
    files = {file.name for file in folder.glob("*.py") if file.name != "__init__.py"}
    assert {name for name in files if f"`{name}`" not in told} == set()
