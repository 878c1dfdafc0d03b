"""Checks of what stands around deals: users, reporting lines, accounts, contacts, products and quotas."""

from __future__ import annotations

from learning.records import CHANNELS, Account, Contact, Product, Quota, ReportingLine, User
from services.gateway.store.checks import Checker
from services.gateway.store.checks_deal import check_custom
from services.gateway.store.field_types import PREFIX

MOST_CONSENTS = 100
MOST_CHANGES = 10_000


def check_user(user: User) -> Checker:
    """Bounds of a user."""
    check = Checker()
    check.id("id", user.id)
    for name in ("name", "email", "title"):
        check.name(name, getattr(user, name))
    check.flag("active", user.active)
    return check


def check_line(line: ReportingLine) -> Checker:
    """Bounds of a reporting line."""
    check = Checker()
    check.id("user_id", line.user_id)
    check.id("manager_id", line.manager_id, empty=True)
    check.id("region", line.region, empty=True)
    check.day("valid_from", line.valid_from)
    return check


def check_account(account: Account) -> Checker:
    """Bounds of an account."""
    check = Checker()
    check.id("id", account.id)
    check.name("name", account.name)
    check.flag("deleted", account.deleted)
    for name, value in account.fields.items():
        check_custom(check, name, value)
    if len(account.changes) > MOST_CHANGES:
        check.refuse("history", len(account.changes), "too many changes", f"Give at most {MOST_CHANGES:,} at once")
    for position, change in enumerate(account.changes[:MOST_CHANGES]):
        path = f"history[{position}]."
        check.time(path + "effective_time", change.effective_time)
        if isinstance(change.field, str) and change.field.startswith(PREFIX):
            check_custom(check, change.field.removeprefix(PREFIX), change.value)
        else:
            check.refuse(path + "field", change.field, "this field has no history", "Use fields.<name>")
    return check


def check_contact(contact: Contact) -> Checker:
    """Bounds of a contact and its consents."""
    check = Checker()
    check.id("id", contact.id)
    check.id("account_id", contact.account_id, empty=True)
    for name in ("name", "title", "email", "phone"):
        check.name(name, getattr(contact, name))
    check.flag("deleted", contact.deleted)
    if len(contact.consents) > MOST_CONSENTS:
        check.refuse("consents", len(contact.consents), "too many consents", f"Give at most {MOST_CONSENTS}")
    for position, consent in enumerate(contact.consents[:MOST_CONSENTS]):
        path = f"consents[{position}]."
        check.one_of(path + "channel", consent.channel, CHANNELS)
        check.flag(path + "granted", consent.granted)
        check.name(path + "source", consent.source)
        if consent.day is not None:
            check.day(path + "day", consent.day)
    return check


def check_product(product: Product) -> Checker:
    """Bounds of a product."""
    check = Checker()
    check.id("id", product.id)
    check.name("name", product.name)
    check.name("series", product.series)
    if product.price is not None:
        check.amount("price", product.price)
    return check


def check_quota(quota: Quota) -> Checker:
    """Bounds of a quota."""
    check = Checker()
    check.id("owner_id", quota.owner_id)
    check.period("period", quota.period)
    check.amount("amount", quota.amount)
    return check
