"""Contracts that cannot be are refused by whatever way they come, against what the deal says already."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from learning.records import Outcome
from services.gateway.domain import LOCAL, DealWrite, WriteStatus
from services.gateway.imports.messages import said
from services.gateway.store import Store

START, END = date(2016, 1, 1), date(2016, 12, 31)


async def put(store: Store, **members: Any) -> Any:
    [result] = await store.apply_deals(LOCAL, [DealWrite("c", **members)])
    return result


@pytest.mark.parametrize(
    ("fields", "name", "value", "message"),
    [({"contract_start": START, "contract_end": date(2015, 12, 31)}, "contract_end", "2015-12-31",
      "the contract ends before it begins (2016-01-01)"),
     ({"contract_end": date(1949, 1, 1)}, "contract_end", "1949-01-01", "the year 1949 is too early for a contract"),
     ({"contract_start": START, "contract_end": date(2190, 1, 1)}, "contract_end", "2190-01-01",
      "the year 2190 is too late for a contract"),
     ({"contract_start": START, "contract_cancelled": date(2015, 1, 1)}, "contract_cancelled", "2015-01-01",
      "the contract is cancelled before it begins (2016-01-01)"),
     ({"contract_end": "0202-01-01"}, "contract_end", "0202-01-01", "this is no day"),
     ({"contract_end": "9999-12-31"}, "contract_end", "9999-12-31", "this is no day"),
     ({"contract_months": "twelve"}, "contract_months", "twelve", "this is no number"),
     ({"contract_months": 0.0}, "contract_months", "0.0", "a contract runs for 1 to 1200 months")],
)  # fmt: skip
async def test_contracts_that_cannot_be_are_refused(
    store: Store, fields: dict[str, Any], name: str, value: str, message: str
) -> None:
    result = await put(store, fields=fields)
    [error] = result.errors
    assert (error.field, error.value, error.message) == (f"fields.{name}", value, message)
    assert error.mend
    assert said(error.message, "ko") != error.message
    assert said(error.mend, "ko") != error.mend


async def test_a_change_is_held_against_what_the_deal_says_already(store: Store) -> None:
    terms, began = {"contract_start": START, "contract_end": END}, datetime(2016, 1, 1, tzinfo=UTC)
    assert (await put(store, fields=terms, created_time=began)).status is WriteStatus.CREATED
    [error] = (await put(store, fields={"contract_start": date(2017, 1, 1)})).errors
    assert (error.field, error.value) == ("fields.contract_end", "2016-12-31")
    both = {"contract_start": date(2017, 1, 1), "contract_end": date(2017, 12, 31)}
    assert (await put(store, fields=both)).status is WriteStatus.CHANGED
    assert (await put(store, name="renamed")).status is WriteStatus.CHANGED
    assert (await put(store, fields={"contract_end": None})).status is WriteStatus.CHANGED
    closed = {"outcome": Outcome.WON, "closed_date": date(2017, 9, 1)}
    late = date(2140, 1, 1)
    [error] = (await put(store, fields={"contract_start": None, "contract_end": late}, **closed)).errors
    assert (error.field, error.value) == ("fields.contract_end", "2140-01-01")
