"""What the page for RevOps shows can be added to the catalogue as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from services.next_best_action import catalogue

PAGE = Path(__file__).resolve().parents[3] / "docs" / "action-catalogue.md"


def test_the_example_of_the_page_is_taken() -> None:
    example = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)[0]
    found = catalogue.parse(catalogue.load().text + "\n" + example)
    assert found.actions[-1].name == "reference_call"
