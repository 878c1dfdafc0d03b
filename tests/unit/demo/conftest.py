from datetime import date
from pathlib import Path

import pytest

from demo.generate import generate

TODAY = date(2026, 11, 21)
DEALS = 2000


@pytest.fixture(scope="session")
def company_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    generate(folder, DEALS, 7, TODAY)
    return folder
