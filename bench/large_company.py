"""A made-up company of 500 users with 100,000 deals, as rows to send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

DEALS, OPEN, ACCOUNTS = 100_000, 20_000, 20_000
USERS, MANAGERS, REGIONS = 500, 50, 5
CURRENCY = "KRW"
STAGES = ("Qualification", "Needs analysis", "Proposal", "Negotiation")
WORDS = ("한빛", "대성", "미래", "Northwind", "Contoso", "가온", "누리", "Globex", "세종", "Initech")


def users() -> Iterator[dict[str, Any]]:
    """Managers, each of a region, and those who report to them."""
    for number in range(MANAGERS):
        yield user(f"m{number}", region=f"Region {number % REGIONS}")
    for number in range(USERS - MANAGERS):
        yield user(f"u{number}", manager_id=f"m{number % MANAGERS}")


def user(name: str, **line: str) -> dict[str, Any]:
    """Somebody who has always stood where the line says."""
    return {"id": name, "name": f"Person {name}", "lines": [line | {"valid_from": "2020-01-01"}]}


def accounts() -> Iterator[dict[str, Any]]:
    """Companies to search among."""
    for number in range(ACCOUNTS):
        yield {"id": f"a{number}", "name": f"{WORDS[number % len(WORDS)]} {number}"}


def deals(rng: Random) -> Iterator[dict[str, Any]]:
    """Open and ended ones, of all ages and sizes."""
    today = datetime.now(UTC)
    for number in range(DEALS):
        row = {
            "id": f"d{number}",
            "name": f"{WORDS[number % len(WORDS)]} renewal {number}",
            "account_id": f"a{rng.randrange(ACCOUNTS)}",
            "owner_id": f"u{rng.randrange(USERS - MANAGERS)}",
            "amount": {"currency": CURRENCY, "value": str(round(rng.lognormvariate(17, 1)))},
            "fields": {"source": rng.choice(("web", "fair", "partner", "call")), "seats": rng.randrange(1, 500)},
        }
        age = rng.randrange(1, 1_000)
        created = today - timedelta(days=age + rng.randrange(1, 120))
        row["created_time"] = f"{created:%Y-%m-%dT%H:%M:%SZ}"
        if number < OPEN:
            close = today + timedelta(days=rng.randrange(1, 180))
            yield row | {"stage": rng.choice(STAGES), "close_date": f"{close:%Y-%m-%d}"}
        else:
            won = rng.random() < 0.3
            ended = {"stage": "Won" if won else "Lost", "outcome": "WON" if won else "LOST"}
            yield row | ended | {"closed_date": f"{today - timedelta(days=age):%Y-%m-%d}"}
