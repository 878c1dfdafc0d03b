"""docs/accuracy.md: sections measured anew take their place, the others stay as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from accuracy import __main__ as command
from accuracy.page import parse, render

NAMES = ["first", "second", "third"]
FIRST = "## First\n\n| a |\n|---|\n| 1 |\n\n*Measured at commit abc.*"


def test_a_rendered_page_is_read_back() -> None:
    sections = {"third": "## Third\n\ntext", "first": FIRST}
    page = render(sections, NAMES)
    assert parse(page) == sections
    assert page.index("## First") < page.index("## Third")
    assert "Not measured yet: `second`." in page
    assert "Not measured yet" not in render(sections | {"second": "## Second"}, NAMES)


def test_a_section_measured_anew_leaves_the_others() -> None:
    page = render({"first": FIRST, "second": "## Second, old"}, NAMES)
    again = render(parse(page) | {"second": "## Second, new"}, NAMES)
    assert again == page.replace("Second, old", "Second, new")


def test_a_page_without_sections_holds_none() -> None:
    assert parse("") == {}
    assert parse("# Accuracy\n\n## Older form\n") == {}


@pytest.mark.parametrize(("bar", "code"), [("met", 0), ("not met: ECE", 3)])
def test_a_missed_bar_is_listed_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bar: str, code: int, tmp_path: Path
) -> None:
    def section() -> str:
        return f"## One\n\n| data | {bar} |\n| other | met |"

    monkeypatch.setattr(command, "SECTIONS", (section,))
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "TARGET", tmp_path / "accuracy.md")
    assert command.main([]) == code
    assert f"| data | {bar} |" in (tmp_path / "accuracy.md").read_text(encoding="utf-8")
    listed = [line for line in capsys.readouterr().err.splitlines() if line.endswith(f"| data | {bar} |")]
    assert bool(listed) is (code == 3)
