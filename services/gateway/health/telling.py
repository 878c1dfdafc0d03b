"""Data health in words: the verdict in one sentence, the mends, findings and why a record is among them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from services.gateway.health.findings import FINDINGS

LANGUAGES = {"en": 0, "ko": 1}
MOST_REASONS = 3  # in the sentence
LEADS = frozenset({"stale_open", "owner_left", "contact_left"})  # findings of open deals, leads among them


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))


def sentence(verdict: Mapping[str, Any], language: str) -> str:
    """The verdict in one sentence."""
    place, said = LANGUAGES[language], _texts()
    reasons = [said["reasons"][one["code"]][place].format(**_figures(one)) for one in verdict["reasons"][:MOST_REASONS]]
    whole = said["verdict"][verdict["state"]][place]
    return str(whole.format(reasons="; ".join(reasons), **_figures(verdict["outcomes"])))


def title(finding: str, language: str) -> str:
    """What a finding is called."""
    return str(_texts()["findings"][finding][LANGUAGES[language]])


def mend(finding: str, count: int, language: str, leads: int = 0) -> str:
    """What to do about it; of open ones how many `leads` are among them, which the verdict does not count."""
    said = _texts()
    text = str(said["findings"][finding][2 + LANGUAGES[language]].format(count=f"{count:,}"))
    told = leads and finding in LEADS
    return text + said["among"]["leads"][LANGUAGES[language]].format(count=f"{leads:,}") if told else text


def why(code: str, value: str, language: str) -> str:
    """Why a record is among the findings; "" where the finding says it all."""
    found: Sequence[str] | None = _texts()["whys"].get(code)
    return found[LANGUAGES[language]].format(value=value) if found else ""


def told(summary: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A summary with its words."""
    judged = summary["verdict"]
    mends = [{"leads": 0, **each, "text": _mend(each, language)} for each in summary["mends"]]
    findings = [
        {"finding": name, "of": FINDINGS[name], "title": title(name, language), **summary["findings"][name]}
        for name in FINDINGS
        if name in summary["findings"]
    ]
    return {
        **summary, "verdict": judged | {"text": sentence(judged, language)}, "mends": mends, "findings": findings,
    }  # fmt: skip


def _mend(each: Mapping[str, Any], language: str) -> str:
    return mend(each["finding"], each["count"], language, each.get("leads", 0))


def _figures(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{value:,}" for name, value in values.items() if isinstance(value, int)}
