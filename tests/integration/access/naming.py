"""Where requests name records, as routes, templates and protos declare it: in bodies, queries, addresses, forms and
messages of gRPC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.gateway.web.rendering import STATIC

TEMPLATES = STATIC.parent / "templates"
WEB = (STATIC.parent, STATIC.parent.parent / "access")
DEAL, ACCOUNT, CONTACT, ACTIVITY, ANSWER, ASK, CALL, NODE = (
    "deal", "account", "contact", "activity", "answer", "ask", "call", "node",
)  # fmt: skip
PERSON, PRODUCT, OWN = "person", "product", "own"  # colleagues and products are everybody's; what is one's own
SHARED = (PRODUCT, OWN)
KINDS = {
    "deal_id": DEAL, "deal_ids": DEAL, "deal": DEAL, "deals": DEAL, "won": DEAL, "slipped": DEAL, "account_id": ACCOUNT,
    "contact_id": CONTACT, "activity_id": ACTIVITY, "undoes": ANSWER, "ask_id": ASK, "ask": ASK, "did": ASK,
    "call_id": CALL, "node": NODE, "owner": PERSON, "owner_id": PERSON, "assignee_id": PERSON, "assignee": PERSON,
    "assignee_ids": PERSON, "users": PERSON, "by": PERSON, "product_id": PRODUCT, "suggestion_id": OWN,
    "session_id": OWN, "session": OWN, "token_id": OWN, "insight_id": OWN, "token": OWN, "call": OWN,
}  # fmt: skip
ASKED = {"ask": DEAL}  # in the address of a page: for what an ask is to be left
# Members that name nothing that somebody might not see. One that stands in neither table fails the test.
PLAIN = {
    "action", "after", "all", "amount", "back", "category", "channel", "close", "close_date", "closed_date", "count",
    "created_time", "currency", "cursor", "date", "day", "days", "deleted", "direction", "done", "due",
    "effective_time", "field", "fields", "figure", "format", "free", "from", "generation", "grade", "import", "kind",
    "lang", "last", "last_event_id", "limit", "max_probability", "min", "min_probability", "min_slip_risk", "motion",
    "name", "new", "next", "note", "old", "open", "out", "outcome", "own_category", "part", "password", "pasted",
    "percent", "period", "periods", "pipeline", "policy", "price", "probability", "q", "quantity", "reason", "region",
    "replaced", "role", "scopes", "since", "sort", "stage", "subtree", "sure", "table", "text", "theme", "time",
    "time_zone", "to", "tree", "type", "undo", "unit", "until", "until_date", "value", "verb", "within",
}  # fmt: skip


def members(schema: Mapping[str, Any], spec: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Every member of a body that holds a value, as deals[].id."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    parts = [each for word in ("anyOf", "oneOf", "allOf") for each in schema.get(word, ())]
    if "items" in schema:
        yield from members(schema["items"], spec, f"{at}[]")
    for name, one in schema.get("properties", {}).items():
        yield from members(one, spec, f"{at}.{name}" if at else name)
    for one in parts:
        yield from members(one, spec, at)
    if at and not parts and "properties" not in schema and "items" not in schema:
        yield at


def message_members(message: Descriptor, at: str = "") -> Iterator[str]:
    """The same of a message: its texts."""
    for field in message.fields:
        place = f"{at}.{field.name}".lstrip(".") + ("[]" if field.is_repeated else "")
        inner = field.message_type
        if inner is not None and inner.full_name.startswith("dealcast."):
            yield from message_members(inner, place)
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield place


def form_members() -> set[str]:
    """What forms of all pages send; names that are made while a page is are no ids."""
    found = re.findall(r'<(?:input|select|button|textarea)[^>]*? name="(\w+)"', "".join(_texts(TEMPLATES, "*.html")))
    return {*found}


def page_queries() -> set[str]:
    """What pages read of their addresses."""
    source = "".join(text for folder in WEB for text in _texts(folder, "*.py"))
    return {*re.findall(r'(?:text_of\(request, |query_params\.get\()"(\w+)"', source)}


def _texts(folder: Path, pattern: str) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern)))


def kind_of(route: str, place: str, special: Mapping[tuple[str, str], str]) -> str | None:
    """What a member names; None where it names nothing. Fails for one that nobody has classed."""
    name = place.removesuffix("[]").rpartition(".")[2]
    found = special.get((route, place)) or KINDS.get(name)
    assert found or name in PLAIN, f"{route}: what does {place} name? Say so in naming.py"
    return found


def put(body: Any, place: str, value: str) -> Any:
    """The body with another value in a place that it has."""
    head, _, rest = place.partition(".")
    name = head.removesuffix("[]")
    inner = body[name]
    if head.endswith("[]"):
        return body | {name: [put(inner[0], rest, value) if rest else value]}
    return body | {name: put(inner, rest, value) if rest else value}
