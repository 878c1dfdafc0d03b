"""Forms and addresses of pages: what a form holds, and what goes along from page to page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote_plus, urlencode

from fastapi import Request

from kit.errors import InvalidInput
from services.gateway.rest.http import body_of

KEPT = ("period", "node", "currency", "since", "call", "lang", "unit", "owner")  # in addresses, from page to page
MOST_FORM, MOST_FIELDS = 64 << 10, 1_000  # bytes, and fields: a workbook may have hundreds of columns


def page_address(request: Request, path: str, **changes: str) -> str:
    """A page's address with what the request asks for, some of it changed; what is empty is left out."""
    asked = {name: value for name, value in request.query_params.items() if name in KEPT} | changes
    kept = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{kept}" if kept else path


def addresses_by(request: Request, path: str, name: str) -> Callable[[str], str]:
    """`page_address` with one thing changed to what is given, for long lists: what else is asked is written once."""
    first = page_address(request, path, **{name: ""})
    start = f"{first}{'&' if '?' in first else '?'}{name}="
    return lambda value: start + quote_plus(value) if value else first


def deals_of_node(request: Request, node: str, **some: str) -> str:
    """The address of the list of a node's deals, or of some of them."""
    level, _, user = node.partition(":")
    owner = {"owner": user, "manager": f"team:{user}", "region": node}.get(level, "")
    asked = {"owner": owner, **some, "lang": request.query_params.get("lang", "")}
    kept = urlencode({name: value for name, value in asked.items() if value})
    return f"/deals?{kept}" if kept else "/deals"


async def form_of(request: Request, most: int = MOST_FORM) -> dict[str, list[str]]:
    """The fields of a form of at most so many bytes. Raises InvalidInput for what is none, TooLarge."""
    data = await body_of(request, most)
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS):
            found.setdefault(name, []).append(value)
    except (UnicodeDecodeError, ValueError):
        raise InvalidInput("the form cannot be read", field="body", mend="Send it from the page") from None
    return found
