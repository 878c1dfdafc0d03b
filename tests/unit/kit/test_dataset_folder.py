"""Tests on the real data sets are skipped without them, unless they are required."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import find_datasets


def test_a_missing_folder_skips_or_fails(tmp_path: Path) -> None:
    away = tmp_path / "away"
    assert find_datasets("", tmp_path) == find_datasets("required", tmp_path) == tmp_path
    assert find_datasets(str(tmp_path), away) == tmp_path
    with pytest.raises(pytest.fail.Exception, match="no data sets"):
        find_datasets("required", away)
    for named in ("", str(away)):
        with pytest.raises(pytest.skip.Exception, match="set DEALCAST_DATASETS"):
            find_datasets(named, away)
