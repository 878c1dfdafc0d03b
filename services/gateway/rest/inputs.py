"""What the requests look like, for /openapi.json; json_records checks them."""

from __future__ import annotations

from typing import Any

from learning.records import ACTIVITY_TYPES, BUYING_ROLES, CATEGORIES, CHANNELS, DIRECTIONS, FieldType
from services.gateway.rest.base import DAY, FLAG, MONEY, NUMBER, TEXT, TIME, listed, obj

VALUE = {
    "description": 'a string, a number, true or false, {"date": "2017-09-30"}, or null to empty it',
    "anyOf": [TEXT, NUMBER, FLAG, obj(date=DAY), {"type": "null"}],
}
FIELDS = {"type": "object", "additionalProperties": VALUE}


def choice(*words: str) -> dict[str, Any]:
    """One of these words."""
    return {"type": "string", "enum": list(words)}


ACTIVITY = obj(
    id=TEXT, type=choice(*ACTIVITY_TYPES), direction=choice(*DIRECTIONS), time=TIME, contact_id=TEXT, owner_id=TEXT,
    text=TEXT,
)  # fmt: skip
DEAL_ACTIVITY = obj(**ACTIVITY["properties"], deal_id=TEXT)
DEAL = obj(
    id=TEXT, kind=choice("LEAD", "OPPORTUNITY"), motion=choice("NEW", "RENEWAL", "EXPANSION"), pipeline=TEXT,
    stage=TEXT, outcome=choice("OPEN", "WON", "LOST"), name=TEXT, owner_id=TEXT, account_id=TEXT, amount=MONEY,
    created_time=TIME, close_date={"anyOf": [DAY, {"type": "null"}]}, closed_date={"anyOf": [DAY, {"type": "null"}]},
    category=choice("", *CATEGORIES), fields=FIELDS,
    products=listed(obj(product_id=TEXT, quantity=NUMBER, price=MONEY)),
    contacts=listed(obj(contact_id=TEXT, role=choice("", *BUYING_ROLES))),
    credits=listed(obj(owner_id=TEXT, percent=NUMBER)), deleted=FLAG,
    history=listed(obj(field=TEXT, value={}, effective_time=TIME)), activities=listed(ACTIVITY), effective_time=TIME,
)  # fmt: skip
USER = obj(
    id=TEXT, name=TEXT, email=TEXT, title=TEXT, active=FLAG,
    lines=listed(obj(manager_id=TEXT, region=TEXT, valid_from=DAY)),
)  # fmt: skip
ACCOUNT = obj(
    id=TEXT, name=TEXT, fields=FIELDS, deleted=FLAG,
    history=listed(obj(field=TEXT, value=VALUE, effective_time=TIME)),
)  # fmt: skip
CONTACT = obj(
    id=TEXT, name=TEXT, account_id=TEXT, title=TEXT, email=TEXT, phone=TEXT, deleted=FLAG,
    consents=listed(obj(channel=choice(*CHANNELS), granted=FLAG, source=TEXT, day={"anyOf": [DAY, {"type": "null"}]})),
)  # fmt: skip
PRODUCT = obj(id=TEXT, name=TEXT, series=TEXT, price=MONEY)
QUOTA = obj(owner_id=TEXT, node=TEXT, period=TEXT, amount=MONEY, type=TEXT)
DEFINITION = obj(entity=choice("deal", "account"), name=TEXT, type=choice(*(each.value for each in FieldType)))
