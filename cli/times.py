"""Times in what commands print: in the company's time zone, as far as the gateway tells one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.options import call


def clock(data_dir: Path, url: str) -> Callable[[str], str]:
    """How times are printed. The zone is asked for with the first time there is to print."""
    known: list[str] = []

    def shown(time: str) -> str:
        if not known and "T" in time:
            known.append(_zone(data_dir, url))
        return in_zone(known[0] if known else "", time)

    return shown


def in_zone(zone: str, time: str) -> str:
    """A time as JSON has it, in a time zone (empty: UTC), to the second; what has no time of day stays as it is."""
    from datetime import datetime

    from learning.contact_hours import zone as named

    if "T" not in time:
        return time
    return datetime.fromisoformat(time).astimezone(named(zone or "UTC")).strftime("%Y-%m-%d %H:%M:%S %Z")


def utc(time: str) -> str:
    """A time where no zone is known."""
    return in_zone("", time)


def _zone(data_dir: Path, url: str) -> str:
    from kit.errors import DealcastError

    try:
        return str(call(data_dir, url, "GET", "/v1/workspace").get("time_zone", ""))
    except DealcastError:
        return ""  # what is asked for was answered: that the zone was not is no reason to print nothing
