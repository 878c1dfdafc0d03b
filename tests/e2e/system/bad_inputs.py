"""Two hundred ways to send a deal wrong, or strangely but right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DAY = "2017-01-01T00:00:00Z"


def change(field: str, value: Any, time: str = DAY) -> list[dict[str, Any]]:
    """A history of one row."""
    return [{"field": field, "value": value, "effective_time": time}]


def activity(
    number: str = "a", kind: str = "call", direction: str = "inbound", time: str = DAY
) -> list[dict[str, Any]]:
    """Activities of one row."""
    return [{"id": number, "type": kind, "direction": direction, "time": time}]


WRONG: dict[str, list[Any]] = {
    "kind": [1, "", "DEAL", "lead", None, [], {}],
    "motion": [0, "OLD", "", None, ["NEW"]],
    "outcome": ["won", "MAYBE", 3, True, None, {}],
    "pipeline": [7, None, [], "x" * 5_000, "a\u0000b"],
    "stage": [12, {}, [], "s" * 5_000, "bad\u0000stage", False],
    "name": [5, [], {"en": "x"}, "n" * 20_000, "nul\u0000"],
    "owner_id": ["nobody", 17, [], "o" * 5_000, {"id": "u1"}],
    "account_id": ["nowhere", 4, {}, "a" * 5_000],
    "amount": [
        12, "1000", [], {"currency": "USD"}, {"value": "1"}, {"currency": "USD", "value": "-1"},
        {"currency": "USD", "value": "ten"}, {"currency": "USD", "value": "1e400"}, {"currency": "USD", "value": "NaN"},
        {"currency": "USD", "value": "Infinity"}, {"currency": "DOLLAR", "value": "1"}, {"currency": "", "value": "1"},
        {"currency": 5, "value": "1"}, {"currency": "USD", "value": "1" * 60}, {"currency": "USD", "value": None},
        {"currency": "USD", "value": "1,000"}, {"currency": "USD", "value": "9" * 16},
        {"currency": "USD", "value": "1", "x": 1},
    ],
    "created_time": ["yesterday", 0, "9999-01-01T00:00:00Z", "2017-13-01T00:00:00Z", [], "0001-01-01T00:00:00Z"],
    "close_date": ["9999-12-31", "2017-02-30", "30.09.2017", 20170930, True, "", "0000-00-00", []],
    "closed_date": ["9999-12-31", "2017-02-30", 5, "soon", {}],
    "category": ["sure", 5, [], {}],
    "fields": [
        "text", 5, [], {"": 1}, {"a": []}, {"a": {"b": 1}}, {"a": {"date": "2017-02-30"}}, {"k" * 500: 1},
        {"t": "x" * 10_000_000}, {"nul\u0000": 1}, {"v": "nul\u0000"}, {"d": {"date": 5}},
        {f"f{n}": n for n in range(600)},
    ],
    "products": ["p1", 5, [5], [{"product_id": "none"}], [{}], [{"product_id": "p1", "quantity": "two"}],
                 [{"product_id": "p1", "quantity": -1}], [{"product_id": "p1", "price": 5}], {}],
    "contacts": ["c1", 5, [7], [{"contact_id": "none"}], [{}], [{"contact_id": "c1", "role": "king"}], {}],
    "deleted": ["yes", 1, None, []],
    "history": [
        "x", 5, [5], [{}], [{"field": "stage", "value": "A"}], change("colour", "A"), change("stage", "A", "soon"),
        change("stage", 5),
    ],
    "activities": [
        "x", 5, [5], [{}], activity(kind="dance"), activity(direction="sideways"),
        activity(time="9999-01-01T00:00:00Z"), activity(""),
    ],
    "effective_time": ["now", 5, "9999-01-01T00:00:00Z", []],
    "revision": [5],
    "colour": ["blue"],
    "lead_score": [{"probability": 1}],
}  # fmt: skip

RIGHT: dict[str, list[Any]] = {
    "name": [
        "😀 emoji deal 🏆", "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-2+3", "@SUM(A1)", "<script>alert(1)</script>",
        "'; DROP TABLE deals;--", "삼성전자 3분기 증설", "שלום", "عرض", "a\tb", "line\nbreak", "zero\u200bwidth",
        "%s %d {0}", "x" * 400,
    ],
    "stage": ["협상", "Négociation", "stage/with/slash", "a.b.c", "* > .", "😀"],
    "amount": [
        {"currency": "USD", "value": "0"}, {"currency": "KRW", "value": "320000000"},
        {"currency": "usd", "value": "1.5"},
        {"currency": "USD", "value": "999999999999.99"}, None,
    ],
    "close_date": ["1999-12-31", "2100-01-01", None],
    "fields": [
        {"색상": "파랑"}, {"with.dot": 1}, {"$gt": 1}, {"json": "{\"a\": [1,2]}"}, {"large": 1e12}, {"neg": -5},
        {"when": {"date": "2017-09-30"}}, {"yes": True}, {"gone": None}, {"=cmd|' /C calc'!A0": "x"},
    ],
}  # fmt: skip

RAW: list[bytes] = [
    b"", b"{", b"null", b"[]", b"5", b'"text"', b"\xff\xfe\x00", b'{"name": "\xff\xfe"}', b'{"name": "\\ud800"}',
    b'{"name": NaN}', b'{"amount": {"currency": "USD", "value": NaN}}', b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b"name=x", b'{"name": "a", "name": 5}', b"\x00" * 100,
]  # fmt: skip

IDS = ["%00", "x" * 300, "%0a", "%ff", "a%00b"]
STRANGE_IDS = ["a.b", "한글-아이디", "😀", "with space", "*", ">", "~x", "..%2f..%2fetc", "a:b", "-1"]


@dataclass(frozen=True)
class Case:
    """One request to PUT /v1/deals/{id} and whether it must be refused."""

    name: str
    path_id: str
    body: bytes
    refused: bool
    field: str = ""
    value: Any = None


def cases() -> Iterator[Case]:
    """All of them, each with an id of its own."""
    for refused, table in ((True, WRONG), (False, RIGHT)):
        for field, values in table.items():
            for number, value in enumerate(values):
                name = f"{'wrong' if refused else 'right'}-{field}-{number}"
                yield Case(name, name, json.dumps({field: value}).encode(), refused, field, value)
    for number, body in enumerate(RAW):
        yield Case(f"raw-{number}", f"raw-{number}", body, refused=True)
    for number, path_id in enumerate(IDS):
        yield Case(f"id-{number}", path_id, b"{}", refused=True)
    for number, path_id in enumerate(STRANGE_IDS):
        yield Case(f"strange-{number}", path_id, b'{"name": "x"}', refused=False, field="name", value="x")
