"""Rows of the database as records, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from learning.records import (
    Account,
    Activity,
    Change,
    Consent,
    Contact,
    ContactRole,
    Credit,
    Deal,
    DealKind,
    Motion,
    Outcome,
    Product,
    ProductLine,
    Quota,
    User,
)
from services.gateway.domain import Insight, InsightKind
from services.gateway.store.account_history import kept_fields
from services.gateway.store.codec import (
    decode_fields,
    decode_key,
    decode_value,
    dumps,
    encode_fields,
    encode_key,
    encode_value,
    from_day,
    from_us,
    loads,
    major,
    money,
    to_day,
    to_us,
)
from services.gateway.store.drafts import Draft, NewChange
from services.gateway.store.field_types import PREFIX

_KINDS = {one.value: one for one in DealKind}
_MOTIONS = {one.value: one for one in Motion}
_OUTCOMES = {one.value: one for one in Outcome}
_TEXTS = ("kind", "motion", "pipeline", "stage", "outcome", "name", "owner_id", "account_id", "category")


def deal_from(
    row: Any, products: tuple[ProductLine, ...], contacts: tuple[ContactRole, ...], shared: tuple[Credit, ...] = ()
) -> Deal:
    """A deal of its row and lines."""
    return Deal(
        row.id, row.revision, _KINDS[row.kind], _MOTIONS[row.motion], row.pipeline, row.stage, _OUTCOMES[row.outcome],
        row.name, row.owner_id, row.account_id, money(row.amount, row.currency), from_us(row.created_time),
        from_day(row.close_date), from_day(row.closed_date), row.category, decode_fields(row.fields), products,
        contacts, bool(row.deleted), shared,
    )  # fmt: skip


def draft_from(row: Any) -> Draft:
    """A deal's row as a draft, without lines and timeline; custom fields stay text until needed."""
    values: dict[str, Any] = {}
    for name in _TEXTS:
        value = getattr(row, name)
        if value:
            values[name] = value
    if row.amount is not None:
        values["amount"] = money(row.amount, row.currency)
    if row.close_date:
        values["close_date"] = date.fromisoformat(row.close_date)
    if row.closed_date:
        values["closed_date"] = date.fromisoformat(row.closed_date)
    if row.deleted:
        values["deleted"] = True
    return Draft(
        row.id, row.revision, values, row.created_time, row.last_effective, row.change_count, row.activity_count,
        fields_text=row.fields, stored=row,
    )  # fmt: skip


def draft_row(draft: Draft, updated_us: int) -> dict[str, Any]:
    """A draft as a row of deals."""
    values = draft.values
    amount = values.get("amount")
    row: dict[str, Any] = {name: values.get(name, "") for name in _TEXTS}
    row.update(
        id=draft.id, revision=draft.revision, amount=amount.minor if amount else None,
        currency=amount.currency if amount else None, amount_major=major(amount), created_time=draft.created_us,
        close_date=to_day(values.get("close_date")), closed_date=to_day(values.get("closed_date")),
        fields=draft.fields_text if draft.fields_text is not None else _fields_text(values),
        deleted=bool(values.get("deleted")), search=f"{row['name']}\n{draft.id}".casefold(), updated_time=updated_us,
        last_effective=draft.last_effective, change_count=draft.change_count, activity_count=draft.activity_count,
    )  # fmt: skip
    return row


def _fields_text(values: Mapping[str, Any]) -> str:
    return encode_fields({name[len(PREFIX) :]: value for name, value in values.items() if name.startswith(PREFIX)})


def change_row(change: NewChange, recorded_us: int) -> dict[str, Any]:
    """A new change as a row."""
    return {
        "deal_id": change.deal_id, "seq": change.seq, "field": change.field, "value": encode_value(change.value),
        "effective_time": change.effective_us, "recorded_time": recorded_us, "revision": change.revision,
    }  # fmt: skip


def change_from(row: Any) -> Change:
    """A change of (…, field, value, effective_time, recorded_time, revision), the row's last five columns."""
    field, value, effective, recorded, revision = row[-5:]
    return Change(field, decode_value(value), from_us(effective), from_us(recorded), revision)


def activity_row(activity: Activity, deal_id: str) -> dict[str, Any]:
    """An activity as a row."""
    return {
        "id": activity.id, "deal_id": deal_id, "type": activity.type, "direction": activity.direction,
        "time": to_us(activity.time), "contact_id": activity.contact_id, "owner_id": activity.owner_id,
        "text": activity.text,
    }  # fmt: skip


def activity_from(row: Any) -> Activity:
    """An activity of (deal_id, time, id, type, direction, contact_id, owner_id, text)."""
    deal_id, time, activity_id, kind, direction, contact_id, owner_id, text = row
    return Activity(activity_id, deal_id, kind, direction, from_us(time), contact_id, owner_id, text)


def product_line_rows(deal_id: str, lines: Iterable[ProductLine]) -> list[dict[str, Any]]:
    """A deal's products as rows."""
    return [
        {
            "deal_id": deal_id, "position": position, "product_id": line.product_id, "quantity": float(line.quantity),
            "price": line.price.minor if line.price else None, "currency": line.price.currency if line.price else None,
        }
        for position, line in enumerate(lines)
    ]  # fmt: skip


def product_line_from(row: Any) -> ProductLine:
    """A product on a deal of its row."""
    return ProductLine(row.product_id, row.quantity, money(row.price, row.currency))


def contact_role_rows(deal_id: str, roles: Iterable[ContactRole]) -> list[dict[str, Any]]:
    """A deal's contacts as rows."""
    return [
        {"deal_id": deal_id, "position": position, "contact_id": role.contact_id, "role": role.role}
        for position, role in enumerate(roles)
    ]


def credit_rows(deal_id: str, shared: Iterable[Credit]) -> list[dict[str, Any]]:
    """A deal's credits as rows."""
    return [
        {"deal_id": deal_id, "position": position, "owner_id": one.owner_id, "share": one.share}
        for position, one in enumerate(shared)
    ]


def credit_from(row: Any) -> Credit:
    """An owner's share of a deal of its row."""
    return Credit(row.owner_id, row.share)


def user_row(user: User) -> dict[str, Any]:
    """A user as a row."""
    return {"id": user.id, "name": user.name, "email": user.email, "title": user.title, "active": user.active}


def account_row(account: Account) -> dict[str, Any]:
    """An account as a row; empty fields are left out."""
    fields = encode_fields(kept_fields(account))
    return {"id": account.id, "name": account.name, "fields": fields, "deleted": account.deleted}


def account_from(row: Any, changes: Iterable[Change] = ()) -> Account:
    """An account of its row, with the changes of its fields."""
    return Account(row.id, row.name, decode_fields(row.fields), bool(row.deleted), tuple(changes))


def contact_row(contact: Contact) -> dict[str, Any]:
    """A contact as a row."""
    consents = [
        {"channel": one.channel, "granted": one.granted, "source": one.source, "day": to_day(one.day)}
        for one in contact.consents
    ]
    return {
        "id": contact.id, "name": contact.name, "account_id": contact.account_id, "title": contact.title,
        "email": contact.email, "phone": contact.phone, "consents": dumps(consents), "deleted": contact.deleted,
    }  # fmt: skip


def contact_from(row: Any) -> Contact:
    """A contact of its row."""
    consents = tuple(
        Consent(one["channel"], one["granted"], one["source"], from_day(one["day"])) for one in loads(row.consents)
    )
    return Contact(row.id, row.name, row.account_id, row.title, row.email, row.phone, consents, bool(row.deleted))


def product_row(product: Product) -> dict[str, Any]:
    """A product as a row."""
    price = product.price
    return {
        "id": product.id, "name": product.name, "series": product.series,
        "price": price.minor if price else None, "currency": price.currency if price else None,
    }  # fmt: skip


def product_from(row: Any) -> Product:
    """A product of its row."""
    return Product(row.id, row.name, row.series, money(row.price, row.currency))


def quota_row(quota: Quota) -> dict[str, Any]:
    """A quota as a row."""
    return {
        "owner_id": quota.owner_id, "period": quota.period, "amount": quota.amount.minor,
        "currency": quota.amount.currency,
    }  # fmt: skip


def insight_row(insight: Insight) -> dict[str, Any]:
    """An insight as a row of insights."""
    return {
        "deal_id": insight.deal_id, "kind": insight.kind.value, "key": dumps(encode_key(insight.key)),
        "model_version": insight.model_version, "as_of": to_us(insight.as_of), "body": dumps(insight.body),
        "sort": dumps(insight.sort),
    }  # fmt: skip


def insight_from(row: Any, kind: InsightKind | None = None) -> Insight:
    """An insight of its row; lead scores of the history have no kind of their own."""
    key = decode_key(loads(row.key))
    if key is None:
        raise AssertionError("an insight without a key was stored")
    return Insight(
        row.deal_id, kind or InsightKind(row.kind), key, row.model_version, from_us(row.as_of), loads(row.body),
        loads(row.sort),
    )  # fmt: skip
