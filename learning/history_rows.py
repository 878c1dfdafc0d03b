"""Records as rows of the history format, for whoever writes it (the export, the sample company)."""

from __future__ import annotations

import json
from typing import Any

from kit.money import Money
from learning.history_schema import encode_fields, encode_value
from learning.records import (
    Account,
    Activity,
    Change,
    Contact,
    ContactRole,
    Credit,
    Deal,
    FieldDefinition,
    Product,
    ProductLine,
    Quota,
    ReportingLine,
    User,
)

Row = dict[str, Any]


def _money(money: Money | None, name: str) -> Row:
    return {name: money.value if money else None, "currency": money.currency if money else None}


def deal_row(deal: Deal) -> Row:
    """A row of deals.parquet; products and contacts have files of their own."""
    return {
        "id": deal.id, "revision": deal.revision, "kind": deal.kind.value, "motion": deal.motion.value,
        "pipeline": deal.pipeline, "stage": deal.stage, "outcome": deal.outcome.value, "name": deal.name,
        "owner_id": deal.owner_id, "account_id": deal.account_id, "created_time": deal.created_time,
        "close_date": deal.close_date, "closed_date": deal.closed_date, "category": deal.category,
        "fields": encode_fields(deal.fields), "deleted": deal.deleted,
        "created_before": deal.created_before, **_money(deal.amount, "amount"),
    }  # fmt: skip


def change_row(deal_id: str, change: Change) -> Row:
    """A row of changes.parquet."""
    return {
        "deal_id": deal_id, "field": change.field, "value": encode_value(change.value),
        "effective_time": change.effective_time, "recorded_time": change.recorded_time, "revision": change.revision,
    }  # fmt: skip


def activity_row(activity: Activity) -> Row:
    """A row of activities.parquet."""
    return {
        "id": activity.id, "deal_id": activity.deal_id, "type": activity.type, "direction": activity.direction,
        "time": activity.time, "contact_id": activity.contact_id, "owner_id": activity.owner_id, "text": activity.text,
    }  # fmt: skip


def user_row(user: User) -> Row:
    """A row of users.parquet."""
    return {"id": user.id, "name": user.name, "email": user.email, "title": user.title, "active": user.active}


def line_row(line: ReportingLine) -> Row:
    """A row of reporting_lines.parquet."""
    return {
        "user_id": line.user_id, "manager_id": line.manager_id, "region": line.region, "valid_from": line.valid_from
    }  # fmt: skip


def account_row(account: Account) -> Row:
    """A row of accounts.parquet."""
    return {
        "id": account.id, "name": account.name, "fields": encode_fields(account.fields), "deleted": account.deleted
    }  # fmt: skip


def account_change_row(account_id: str, change: Change) -> Row:
    """A row of account_changes.parquet."""
    return {
        "account_id": account_id, "field": change.field, "value": encode_value(change.value),
        "effective_time": change.effective_time, "recorded_time": change.recorded_time,
    }  # fmt: skip


def contact_row(contact: Contact) -> Row:
    """A row of contacts.parquet."""
    consents = [
        {"channel": c.channel, "granted": c.granted, "source": c.source, "day": c.day.isoformat() if c.day else None}
        for c in contact.consents
    ]
    return {
        "id": contact.id, "name": contact.name, "account_id": contact.account_id, "title": contact.title,
        "email": contact.email, "phone": contact.phone, "consents": json.dumps(consents, ensure_ascii=False),
        "deleted": contact.deleted,
    }  # fmt: skip


def deal_contact_row(deal_id: str, role: ContactRole) -> Row:
    """A row of deal_contacts.parquet."""
    return {"deal_id": deal_id, "contact_id": role.contact_id, "role": role.role}


def deal_credit_row(deal_id: str, credit: Credit) -> Row:
    """A row of deal_credits.parquet."""
    return {"deal_id": deal_id, "owner_id": credit.owner_id, "percent": credit.share / 100}


def product_row(product: Product) -> Row:
    """A row of products.parquet."""
    return {"id": product.id, "name": product.name, "series": product.series, **_money(product.price, "price")}


def deal_product_row(deal_id: str, line: ProductLine) -> Row:
    """A row of deal_products.parquet."""
    return {
        "deal_id": deal_id, "product_id": line.product_id, "quantity": line.quantity, **_money(line.price, "price")
    }  # fmt: skip


def quota_row(quota: Quota) -> Row:
    """A row of quotas.parquet."""
    return {"owner_id": quota.owner_id, "period": quota.period, **_money(quota.amount, "amount")}


def field_row(definition: FieldDefinition) -> Row:
    """A row of field_definitions.parquet."""
    return {"entity": definition.entity, "name": definition.name, "type": definition.type.value}
