"""Values, times and money to protobuf and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from dealcast.common.v1 import records_pb2 as pb
from kit.errors import InvalidInput
from kit.money import Money
from learning.records import ChangeValue, ContactRole, Credit, Entry, FieldType, ProductLine, Value

MAX_TEXT_BYTES = 2048
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fill_time(stamp: Timestamp, time: datetime) -> None:
    """As `time_to_pb`, into a message: in place takes half the time."""
    stamp.seconds, stamp.nanos = _parts(time)


@lru_cache(maxsize=65536)
def _parts(time: datetime) -> tuple[int, int]:
    delta = time - _EPOCH
    return delta.days * 86400 + delta.seconds, delta.microseconds * 1000


def time_to_pb(time: datetime | None) -> Timestamp | None:
    """An aware datetime as a Timestamp; None stays None (an absent member)."""
    if time is None:
        return None
    stamp = Timestamp()
    fill_time(stamp, time)
    return stamp


@lru_cache(maxsize=65536)
def _time(seconds: int, nanos: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    except OverflowError:
        raise InvalidInput(
            "This time is beyond the years 1 to 9999.", field="time", value=str(seconds), mend="Mend the time."
        ) from None


def time_from_pb(stamp: Timestamp) -> datetime:
    """A Timestamp as an aware datetime, cut to microseconds; InvalidInput beyond the years 1 to 9999."""
    return _time(stamp.seconds, stamp.nanos)


@lru_cache(maxsize=65536)
def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("This is no day.", field="date", value=text[:40], mend="Write it like 2017-09-30.") from None


def day_from_pb(text: str) -> date | None:
    """An ISO 8601 day; empty gives None, anything else InvalidInput."""
    return _parse_day(text) if text else None


@lru_cache(maxsize=65536)
def _parse_money(currency: str, value: str) -> Money:
    try:
        return Money.parse(currency, value)
    except ValueError as error:
        raise InvalidInput(f"{error}.", field="amount", value=value[:40], mend="Write it like 1054.00 USD.") from None


def money_to_pb(money: Money | None) -> pb.Money | None:
    """Money with its decimal text; None stays None (an absent member)."""
    return None if money is None else pb.Money(currency=money.currency, value=money.value)


def money_from_pb(message: pb.Money) -> Money | None:
    """Money, or None where the message has no value; InvalidInput where it is no amount."""
    if not message.value:
        return None
    return _parse_money(message.currency, message.value)


def value_to_pb(value: Value | None, kind: FieldType | None = None, limit: int = MAX_TEXT_BYTES) -> pb.FieldValue:
    """A field's value, texts cut to `limit` bytes; `kind` tells a choice from a text. None gives an empty message."""
    message = pb.FieldValue()
    if value is not None:
        fill_value(message, value, kind, limit)
    return message


def fill_value(message: pb.FieldValue, value: Value, kind: FieldType | None, limit: int) -> None:
    """As `value_to_pb`, into an empty message: in place takes half the time."""
    if isinstance(value, str):
        text = cut(value, limit)
        if kind is FieldType.CHOICE:
            message.choice = text
        else:
            message.text = text
    elif isinstance(value, bool):
        message.yes_no = value
    elif isinstance(value, Money):
        message.money.currency, message.money.value = value.currency, value.value
    elif isinstance(value, date):
        message.date = value.isoformat()
    else:
        message.number = value


def value_from_pb(message: pb.FieldValue) -> Value | None:
    """The inverse of `value_to_pb`; a list, which no field holds, counts as empty."""
    value = change_value_from_pb(message)
    return None if isinstance(value, tuple) else value


def members_to_pb(value: tuple[Entry, ...], members: int) -> pb.FieldValue:
    """The value of a change of the products or contacts on a deal, of which at most `members`, or of its credits."""
    shared = credits_to_pb([one for one in value if isinstance(one, Credit)])
    if shared:
        return pb.FieldValue(credits=pb.Credits(credits=shared))
    roles = [pb.ContactRole(contact_id=one.contact_id, role=one.role)
             for one in value[:members] if isinstance(one, ContactRole)]  # fmt: skip
    if roles:
        return pb.FieldValue(contacts=pb.ContactRoles(roles=roles))
    return pb.FieldValue(products=pb.ProductLines(lines=[
        product_line_to_pb(one) for one in value[:members] if isinstance(one, ProductLine)
    ]))  # fmt: skip


def change_value_from_pb(message: pb.FieldValue) -> ChangeValue | None:
    """The inverse of `value_to_pb` and `members_to_pb`."""
    kind = message.WhichOneof("value")
    if kind == "text":
        return message.text
    if kind is None:
        return None
    if kind == "date":
        return day_from_pb(message.date)
    if kind == "money":
        return money_from_pb(message.money)
    if kind == "products":
        return tuple([product_line_from_pb(one) for one in message.products.lines])
    if kind == "contacts":
        return tuple([ContactRole(one.contact_id, one.role) for one in message.contacts.roles])
    if kind == "credits":
        return credits_from_pb(message.credits.credits)
    value: Value = getattr(message, kind)
    return value


def credits_to_pb(shared: Iterable[Credit]) -> list[pb.Credit]:
    """Whose a deal counts as."""
    return [pb.Credit(owner_id=one.owner_id, share=one.share) for one in shared]


def credits_from_pb(messages: Iterable[pb.Credit]) -> tuple[Credit, ...]:
    """The inverse of `credits_to_pb`."""
    return tuple([Credit(one.owner_id, one.share) for one in messages])


def product_line_to_pb(line: ProductLine, name: str = "") -> pb.ProductLine:
    """A product on a deal, with its name where somebody will read it."""
    price = money_to_pb(line.price)
    return pb.ProductLine(product_id=line.product_id, quantity=line.quantity, price=price, product_name=name)


def product_line_from_pb(message: pb.ProductLine) -> ProductLine:
    """The inverse of `product_line_to_pb`."""
    return ProductLine(message.product_id, message.quantity, money_from_pb(message.price))


def cut(text: str, limit: int) -> str:
    """The text, cut to at most `limit` bytes of UTF-8 at a character's end."""
    if len(text) * 4 <= limit:
        return text
    data = text.encode("utf-8", "replace")
    return text if len(data) <= limit else data[:limit].decode("utf-8", "ignore")
