"""Quotas as programs and files give them: of an owner, or set on a node above; and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kit.money import is_currency
from learning.records import Quota
from services.gateway.amount_types import AMOUNT
from services.gateway.csv_rows import csv_rows
from services.gateway.domain import FieldError, NodeQuota, Principal, WriteResult, WriteStatus
from services.gateway.imports.values import parse_amount
from services.gateway.json_people import quota_from_json, quota_to_json
from services.gateway.limits import NAME_LENGTH
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

OWNER = "owner:"
COLUMNS = ("node", "period", "currency", "amount")
LAYOUT = "node,period,currency,amount"
TYPE = "type"
MEND_AMOUNT = 'write it as 320000000, as "320,000,000" in quotes, or as 3.2억'

AnyQuota = Quota | NodeQuota


def read_quota(raw: Any) -> tuple[AnyQuota | None, Sequence[FieldError]]:
    """A quota by `owner_id`, or by `node`, of which owner:… means the owner; of a `type`, else of amounts."""
    if isinstance(raw, Mapping) and TYPE in raw:
        return _typed(raw)
    if not isinstance(raw, Mapping) or "node" not in raw:
        return quota_from_json(raw)
    node, rest = raw["node"], {name: value for name, value in raw.items() if name != "node"}
    if not isinstance(node, str) or not 0 < len(node) <= NAME_LENGTH or "owner_id" in raw:
        mend = "give owner_id, or node as company, region:…, manager:… or owner:…"
        return None, (FieldError("node", str(node)[:60], "this names no node, or more than one", mend),)
    if node.startswith(OWNER):
        return quota_from_json(rest | {"owner_id": node.removeprefix(OWNER)})
    found, errors = quota_from_json(rest | {"owner_id": "-"})
    return NodeQuota(node, found.period, found.amount) if found else None, errors


def _typed(raw: Mapping[str, Any]) -> tuple[AnyQuota | None, Sequence[FieldError]]:
    """A quota that says of which type it is."""
    name, rest = raw[TYPE], {key: value for key, value in raw.items() if key != TYPE}
    if not isinstance(name, str) or len(name) > NAME_LENGTH:
        return None, (FieldError(TYPE, str(name)[:60], "this names no type", "give one of /v1/forecast/types"),)
    found, errors = read_quota(rest)
    if found is None or name in ("", AMOUNT):
        return found, errors
    if isinstance(found, Quota):
        return NodeQuota(OWNER + found.owner_id, found.period, found.amount, name), errors
    return replace(found, type=name), errors


def quota_json(quota: AnyQuota) -> dict[str, Any]:
    """The inverse of `read_quota`."""
    if isinstance(quota, Quota):
        return quota_to_json(quota)
    amount = {"currency": quota.amount.currency, "value": quota.amount.value}
    row = {"node": quota.node, "period": quota.period, "amount": amount}
    return row if quota.type == AMOUNT else row | {TYPE: quota.type}


async def save_quotas(
    workspace: Workspace, store: Store, principal: Principal, quotas: Sequence[AnyQuota]
) -> list[WriteResult]:
    """Save both kinds; one result each, in order. Of types that are not defined none is saved. Whoever reads totals
    shall read them again."""
    known = {AMOUNT, *(each.name for each in workspace.forecast_types)}
    owners = [each for each in quotas if isinstance(each, Quota)]
    nodes = [each for each in quotas if isinstance(each, NodeQuota) and each.type in known]
    of_owners = iter(await store.save_quotas(principal, owners) if owners else ())
    of_nodes = iter(await store.save_node_quotas(principal, nodes) if nodes else ())
    results = [
        next(of_owners) if isinstance(each, Quota) else next(of_nodes) if each.type in known else _unknown(each, known)
        for each in quotas
    ]
    if any(each.status in (WriteStatus.CREATED, WriteStatus.CHANGED) for each in results):
        await store.add_event("rollup", "", {"period": "", "currency": workspace.currency, "of": "quotas"})
    return results


def _unknown(quota: NodeQuota, known: Collection[str]) -> WriteResult:
    mend = f"Name one of {', '.join(sorted(known))}, or define it: PUT /v1/forecast/types"
    error = FieldError(TYPE, quota.type[:60], "there is no such forecast type", mend)
    return WriteResult(quota.node, WriteStatus.REJECTED, 0, (error,))


def quota_rows(data: bytes) -> Iterator[tuple[int, Any]]:
    """The rows of a CSV file with a line of names, `node` (or `owner`), `period`, `currency`, `amount` and, where it
    has one, `type`, as `read_quota` takes them, with the line each ends on; of a line that cannot be read, why. A node
    without a colon is an owner's id, but for company.

    Raises InvalidInput where the file is no such.
    """
    for line, cells in csv_rows(data, COLUMNS, LAYOUT, {"owner": "node"}, optional=(TYPE,)):
        yield line, cells if isinstance(cells, FieldError) else _raw(cells)


def _raw(cells: Mapping[str, str]) -> dict[str, Any] | FieldError:
    """A row as programs give it, or what is wrong with its amount, in the words of a file."""
    node, code, text = cells["node"], cells["currency"].upper(), cells["amount"]
    plain = ":" not in node and node != "company"
    if not is_currency(code):
        return FieldError("currency", code, "currency is not an ISO 4217 code", "write a code such as KRW or USD")
    try:
        amount = {"currency": code, "value": f"{parse_amount(text, thousands=',', typed=True):f}"}
    except ValueError as error:
        return FieldError("amount", text, f"amount: {error}", MEND_AMOUNT)
    row = {"owner_id" if plain else "node": node, "period": cells["period"], "amount": amount}
    return row | {TYPE: cells[TYPE]} if TYPE in cells else row
