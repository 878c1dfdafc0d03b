"""Writes the company as a folder in the history format (docs/history-format.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from demo.company import Company
from demo.quotas import quotas
from demo.seasons import quarter
from demo.story import CURRENCY
from demo.telling import Told
from demo.world import PRODUCTS
from kit.clock import last_second
from kit.money import Money
from learning import history_rows as rows
from learning.history import HistoryWriter, Manifest
from learning.records import FieldDefinition, FieldType, Outcome, Product

FIELDS = (
    ("deal", "Lead source", FieldType.CHOICE), ("deal", "Seats", FieldType.NUMBER),
    ("deal", "도입 목적", FieldType.TEXT),
    ("deal", "예산 확보", FieldType.YES_NO), ("deal", "Decision expected", FieldType.DATE),
    ("deal", "Competitor", FieldType.CHOICE), ("deal", "Blocker", FieldType.CHOICE),
    ("deal", "Loss reason", FieldType.CHOICE),
    ("deal", "Contract number", FieldType.TEXT), ("deal", "인수인계 완료", FieldType.YES_NO),
    ("account", "Industry", FieldType.CHOICE), ("account", "Employees", FieldType.NUMBER),
    ("account", "상장", FieldType.YES_NO), ("account", "Customer since", FieldType.DATE),
)  # fmt: skip
BATCH = 2000  # deals written at once


def write_company(company: Company, told: Iterable[Told], folder: Path) -> Iterator[Told]:
    """Write the folder, handing each deal on once it is written."""
    last = last_second(company.last_day)
    with HistoryWriter(folder, Manifest(last, company.last_day, CURRENCY, sample=True)) as writer:
        _write_people(writer, company)
        booked: dict[tuple[str, str], int] = defaultdict(int)
        batch: list[Told] = []
        for one in told:
            batch.append(one)
            deal = one.deal
            if deal.outcome is Outcome.WON and deal.amount and deal.closed_date and not deal.deleted:
                booked[deal.owner_id, quarter(deal.closed_date)] += deal.amount.minor
            if len(batch) == BATCH:
                _write_deals(writer, batch)
                batch = []
            yield one
        _write_deals(writer, batch)
        writer.append("quotas", [rows.quota_row(quota) for quota in quotas(company, booked)])


def _write_people(writer: HistoryWriter, company: Company) -> None:
    writer.append("users", [rows.user_row(user) for user in company.people.users])
    writer.append("reporting_lines", [rows.line_row(line) for line in company.people.lines])
    writer.append("accounts", [rows.account_row(account) for account in company.account_records])
    past = [(account.id, change) for account in company.account_records for change in account.changes]
    writer.append("account_changes", [rows.account_change_row(*one) for one in past])
    writer.append("contacts", [rows.contact_row(contact) for contact, _ in company.contacts])
    products = [Product(i, name, series, Money(CURRENCY, price)) for i, name, series, price in PRODUCTS]
    writer.append("products", [rows.product_row(product) for product in products])
    writer.append("field_definitions", [rows.field_row(FieldDefinition(*one)) for one in FIELDS])


def _write_deals(writer: HistoryWriter, batch: list[Told]) -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "deals": [rows.deal_row(one.deal) for one in batch],
        "changes": [rows.change_row(one.deal.id, change) for one in batch for change in one.changes],
        "activities": [rows.activity_row(activity) for one in batch for activity in one.activities],
        "deal_contacts": [rows.deal_contact_row(one.deal.id, role) for one in batch for role in one.deal.contacts],
        "deal_products": [rows.deal_product_row(one.deal.id, line) for one in batch for line in one.deal.products],
    }
    for table, entries in tables.items():
        writer.append(table, entries)
