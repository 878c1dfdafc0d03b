"""One row of a file by the mapping: cells become typed values, or errors that name column, value and mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kit.money import Money
from learning.cell_words import says_unknown
from learning.records import FieldType, Value
from services.gateway.domain import FieldError
from services.gateway.imports.amount_remarks import Remarked, parts
from services.gateway.imports.guesses import quantity
from services.gateway.imports.schema import OUTCOMES, WORDS, FileSpec, Mapping, Source
from services.gateway.imports.values import (
    parse_amount,
    parse_day,
    parse_number,
    parse_time,
    parse_yes_no,
    slug,
    written_like,
)
from services.gateway.json_checks import Problems, check_text, shown
from services.gateway.limits import ID_LENGTH, NAME_LENGTH, NOTE_LENGTH, PERIOD, TEXT_LENGTH

REMEMBERED = 10_000  # ids made of cells
PRICE = object()  # the amount is the product's list price
_MENDS = {
    "amount": "write an amount of zero or more, such as 1054.00, or set decimal and thousands in the mapping",
    "number": "write a number such as 12.5, set decimal and thousands in the mapping, or list it under missing",
    "quantity": "write a number such as 12.5, all of a column in one unit, set decimal and thousands in the mapping, "
    "or list it under missing",
    "yes_no": "write yes or no",
    "period": "write a period such as 2017-Q4",
    "currency": "write an ISO 4217 code such as USD, or map this value to one under values",
}
_DATES = {"day": "2017-09-30", "time": "2017-09-30 or 2017-09-30T12:00:00Z"}
_OF_TYPE = {
    FieldType.NUMBER: "quantity",
    FieldType.DATE: "day",
    FieldType.YES_NO: "yes_no",
    FieldType.TEXT: "long",
    FieldType.CHOICE: "long",
}


@dataclass(slots=True)
class Values:
    """A row read: target → value (None where the cell is missing); `amounts` keeps every source of the amount."""

    of: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Value | None] = field(default_factory=dict)
    amounts: list[tuple[tuple[str, ...], Any]] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)


@dataclass(slots=True)
class Rounded:
    """How many amounts had more decimals than their currency has; the first as it was written, and as it is kept."""

    count: int = 0
    written: str = ""
    kept: str = ""

    def add(self, written: str, kept: str) -> None:
        """Count one."""
        self.count += 1
        self.written, self.kept = self.written or written, self.kept or kept


class CellReader:
    """Reads the rows of one table by one part of the mapping."""

    def __init__(
        self, mapping: Mapping, spec: FileSpec, columns: Sequence[str], mends: MappingType[str, str] | None = None
    ) -> None:
        """`mends`: what to do about cells of a kind, with {column}, where no mapping file says how they are read."""
        self._mends = mends or {}
        self.mapping, self.spec, self.columns = mapping, spec, list(columns)
        self._at = {name: i for i, name in enumerate(columns)}
        self._ids = mapping.ids
        self._identities: dict[tuple[str, str], str] = {}
        self.rounded = Rounded()
        self.remarked = Remarked()
        self._kinds: dict[str, Callable[[str, Source], Any]] = {
            "text": _text(NAME_LENGTH),
            "note": _text(NOTE_LENGTH),
            "long": _text(TEXT_LENGTH),
            "amount": self._read_amount,
            "number": lambda text, s: float(parse_number(text, s.format.decimal, s.format.thousands)),
            "quantity": lambda text, s: quantity(text, s.format),
            "day": lambda text, s: parse_day(text, s.format.dates),
            "time": lambda text, s: parse_time(text, s.format.dates, mapping.timezone),
            "yes_no": lambda text, _: parse_yes_no(text),
            "period": _period,
            "currency": lambda text, _: Money.parse(text, 0).currency,
        } | {kind: _word(kind) for kind in WORDS}

    def raw(self, source: Source, cells: Sequence[str]) -> str:
        """The cell as the mapping wants it read; "" where it is missing."""
        if source.constant:
            return source.constant
        at = self._at.get(source.column)
        text = cells[at].strip() if at is not None else ""
        if text in source.format.missing:
            return source.default
        if source.values:
            text = source.values.get(text, text if source.others is None else source.others)
        elif source.others is not None:
            text = source.others
        return source.template.replace("{}", text) if source.template else text

    def value(self, kind: str, source: Source, cells: Sequence[str], errors: list[FieldError]) -> Any:
        """The typed value, None where missing or with an error noted."""
        text = self.raw(source, cells)
        if not text:
            return None
        try:
            return self.identity(kind[3:], text) if kind.startswith("id:") else self._kinds[kind](text, source)
        except ValueError as error:
            at = self._at.get(source.column)
            original = cells[at] if at is not None else text
            mend = getattr(error, "mend", "") or self._mend(kind, source)
            errors.append(FieldError(source.column, shown(original), str(error), mend))
            return None

    def identity(self, entity: str, text: str) -> str:
        """An id as the mapping makes it for the entity. Raises ValueError."""
        known = self._identities.get((entity, text))
        if known is not None:
            return known
        identity = slug(text) if self._ids.get(entity) == "slug" else text
        if not identity or len(identity) > ID_LENGTH or not identity.isprintable():
            raise ValueError("it makes no id of 1 to 200 printable characters")
        if len(self._identities) >= REMEMBERED:
            self._identities.clear()
        self._identities[entity, text] = identity
        return identity

    def key(self, kind: str, cells: Sequence[str], errors: list[FieldError]) -> str:
        """The id of what the row is about; "" where missing."""
        for source in self.spec.columns["id"]:
            if (value := self.value(kind, source, cells, errors)) is not None:
                return str(value)
        return ""

    def column_of(self, target: str) -> str:
        """The column that a target comes from, for messages."""
        if target == "owner_id" and self.spec.owner:
            return self.spec.owner.column
        return next((s.column for s in self.spec.columns.get(target, ()) if s.column), target)

    def as_written(self, target: str, cells: Sequence[str]) -> str:
        """What stands in the column that a target comes from, for messages."""
        at = self._at.get(self.column_of(target))
        return "" if at is None else shown(cells[at])

    def read(self, targets: Iterable[tuple[str, str]], cells: Sequence[str], outcome: str = "") -> Values:
        """Read the targets (name, kind) that the mapping gives; `outcome` (open, won, lost) chooses among sources."""
        values = Values()
        for target, kind in targets:
            sources = self.spec.columns.get(target)
            if sources is None:
                continue
            if target == "amount":
                values.amounts = [(s.when, self._amount(s, cells, values.errors)) for s in sources]
                continue
            values.of[target] = None
            for source in sources:
                if outcome and outcome not in source.when:
                    continue
                found = self.value(kind, source, cells, values.errors)
                if found is not None:
                    values.of[target] = found
                    break
        return values

    def _amount(self, source: Source, cells: Sequence[str], errors: list[FieldError]) -> Any:
        return PRICE if source.product_price else self.value("amount", source, cells, errors)

    def _read_amount(self, text: str, source: Source) -> Decimal:
        """As it is written; what is remarked on it is counted in `remarked`."""
        cell = parts(text)
        number = parse_amount(cell.amount, source.format.decimal, source.format.thousands)
        self.remarked.add(cell.kinds, shown(text))
        return number

    def custom(self, source: Source, kind: FieldType, cells: Sequence[str], errors: list[FieldError]) -> Value | None:
        """A custom field's value; None also where it is a word for not knowing the number or day."""
        if kind is FieldType.DATE and says_unknown(self.raw(source, cells)):
            return None
        value: Value | None = self.value(_OF_TYPE[kind], source, cells, errors)
        return value

    def money(self, amount: Decimal, currency: str | None) -> Money:
        """An amount in the row's currency, or the mapping's; `rounded` counts those that had more decimals."""
        kept = Money.parse(currency or self.mapping.currency, amount)
        if Decimal(kept.value) != amount:
            self.rounded.add(f"{amount:f}", f"{kept.value} {kept.currency}")
        return kept

    def _mend(self, kind: str, source: Source) -> str:
        if kind in self._mends:
            return self._mends[kind].format(column=source.column)
        if kind in WORDS:
            allowed = list(source.values) if source.values and source.others is None else WORDS[kind]
            return "use one of " + ", ".join(allowed) + ", or map this value to one of " + ", ".join(WORDS[kind])
        if kind in _DATES:
            return _date_mend(source.format.dates, _DATES[kind])
        return _MENDS.get(kind, "shorten it or drop what is no text")


def _date_mend(formats: tuple[str, ...], otherwise: str) -> str:
    """How the mapping wants days and times written, with an example."""
    if not formats:
        return f"write {otherwise}, or set dates in the mapping"
    return f"write it like {written_like(formats)}, or change dates in the mapping"


def _text(limit: int) -> Callable[[str, Source], str]:
    def read(text: str, _: Source) -> str:
        problems = Problems()
        if check_text(text, "it", problems, limit) is None:
            raise ValueError(problems.found[0].message)
        return text

    return read


def _word(kind: str) -> Callable[[str, Source], str]:
    known = {word.lower(): word for word in WORDS[kind]}

    def read(text: str, _: Source) -> str:
        word = known.get(text.lower().replace(" ", "_"))
        if word is None:
            raise ValueError(f"it is not a known {kind}")
        return word

    return read


def _period(text: str, _: Source) -> str:
    if not PERIOD.fullmatch(text):
        raise ValueError("it is no period such as 2017-Q4, 2017-09, 2017-H2 or FY2017")
    return text


__all__ = ["OUTCOMES", "PRICE", "CellReader", "Values"]
