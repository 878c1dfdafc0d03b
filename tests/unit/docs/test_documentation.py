"""What programs and operators can use is written down, and what is written down leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from kit.settings import ServiceSettings
from services.forecast.settings import Settings as ForecastSettings
from services.gateway.rest.app import create_app
from services.gateway.settings import GatewaySettings
from services.lead_scoring.settings import Settings as LeadScoringSettings
from services.next_best_action.settings import Settings as NextBestActionSettings

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ko.md",
    ROOT / "deploy" / "README.md",
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("services/*/README.md"),
]
ROUTE = re.compile(r"^(GET|PUT|POST|DELETE) +(/v1/\S+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def bare(path: str) -> str:
    """A route without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", path)


def test_rest_md_names_every_route_and_no_other() -> None:
    paths: dict[str, dict[str, Any]] = create_app(MagicMock(), MagicMock()).openapi()["paths"]
    routes = {(method.upper(), bare(path)) for path, methods in paths.items() for method in methods}
    told = {(method, bare(path)) for method, path in ROUTE.findall((ROOT / "docs" / "rest.md").read_text("utf-8"))}
    assert told == routes


@pytest.mark.parametrize(
    "settings", [ServiceSettings, GatewaySettings, LeadScoringSettings, ForecastSettings, NextBestActionSettings]
)
def test_every_setting_is_documented(settings: type[ServiceSettings]) -> None:
    told = set(re.findall(r"`DEALCAST_(\w+)", "\n".join(page.read_text("utf-8") for page in PAGES)))
    assert {name.upper() for name in settings.model_fields} - told == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    text = CODE.sub("", page.read_text("utf-8"))
    links = [link for link in LINK.findall(text) if "://" not in link and not link.startswith(("#", "mailto:"))]
    missing = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    assert missing == []
