"""Reads mapping files, of users or presets, into the schema; every problem is reported with its line."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kit.errors import NotFound
from kit.money import Money
from learning.records import CHANNELS, TRACKED_FIELDS, FieldType
from services.gateway.imports.schema import (
    NEEDED,
    OF_DEALS,
    OUTCOMES,
    TARGETS,
    WITH_FIELDS,
    WORDS,
    ConsentRule,
    EventRule,
    FileSpec,
    Format,
    Mapping,
    OwnerRule,
    PastRule,
    Source,
)
from services.gateway.imports.toml_sections import Section, parse

PRESETS = Path(__file__).parent / "presets"
MISSING = ("",)


def preset_names() -> list[str]:
    """The presets there are."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load(name: str) -> Mapping:
    """A preset by its name, or a mapping file by its path. Raises NotFound, or InvalidInput with every problem."""
    path = Path(name) if name.endswith(".toml") or "/" in name else PRESETS / f"{name}.toml"
    try:
        return read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError):
        mend = "name a .toml file written in UTF-8, or one of the presets: " + ", ".join(preset_names())
        raise NotFound("there is no such mapping", field="--mapping", value=name, mend=mend) from None


def read(text: str, name: str) -> Mapping:
    """Check a mapping's TOML text. Raises InvalidInput with every problem, each with its line."""
    root = parse(text, name)
    head = root.table("mapping")
    style = _format(head, Format(frozenset(MISSING)))
    ids = root.table("ids")
    entities = sorted({kind[3:] for targets in TARGETS.values() for kind in targets.values() if kind.startswith("id:")})
    files = root.table("files")
    mapping = Mapping(
        head.text("name", Path(name).stem),
        _currency(head),
        _timezone(head),
        _as_of(head),
        {entity: ids.text(entity, "as_is", allowed=("as_is", "slug")) for entity in entities},
        tuple(_file(files.table(key), key, style) for key in files.keys()),  # noqa: SIM118
    )
    head.text("description")
    if not mapping.files:
        root.problem("files", "no file is mapped: add a table such as [files.deals]")
    for section in (head, ids, root):
        section.finish()
    root.document.finish()
    return mapping


def _currency(head: Section) -> str:
    code = head.text("currency", "USD")
    try:
        return Money.parse(code, 0).currency
    except ValueError as error:
        head.problem("currency", str(error))
        return "USD"


def _timezone(head: Section) -> str:
    name = head.text("timezone", "UTC")
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        head.problem("timezone", f"{name!r} is not a time zone such as Europe/Amsterdam")
    return name


def _as_of(head: Section) -> date | str:
    value = head.raw("as_of")
    if value is None or value == "last":
        return value or ""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, date) and not isinstance(value, datetime) and 1970 <= value.year <= 2199:
        return value
    head.problem("as_of", 'it is neither "last" nor a day such as 2017-09-30')
    return ""


def _format(section: Section, base: Format) -> Format:
    missing = section.texts("missing", tuple(base.missing))
    found = Format(
        frozenset(missing) | {""},
        section.texts("dates", base.dates),
        section.text("decimal", base.decimal, allowed=(".", ",")),
        section.text("thousands", base.thousands, allowed=("", ",", ".", " ", "'", "\u00a0", "\u202f")),
    )
    if found.decimal == found.thousands:
        section.problem("thousands", "it is the same as decimal")
    return found


def _file(section: Section, name: str, base: Format) -> FileSpec:
    entity = section.text("entity", allowed=tuple(TARGETS), needed=True)
    style = _format(section, base)
    columns = section.table("columns")
    targets = TARGETS.get(entity, {})
    sources = {key: _sources(columns, key, style) for key in targets if columns.has(key)}
    _check_words(columns, targets, sources)
    for key in ("id", *NEEDED.get(entity, ())):
        if targets and key not in sources:
            columns.problem("", f"{key} is missing: say which column holds it")
    fields = section.table("fields")
    spec = FileSpec(
        name,
        entity,
        section.texts("path"),
        sources,
        {key: _source(fields, key, fields.raw(key), style, typed=True) for key in fields.keys()},  # noqa: SIM118
        frozenset(section.texts("ignore")),
        section.text("other_columns", "fields", allowed=("fields", "ignore")),
        section.flag("optional"),
        section.text("without_id", "reject", allowed=("reject", "pass")),
        section.text("encoding"),
        section.text("delimiter", allowed=("", ",", ";", "\t", "|")),
        section.text("sheet"),
        section.text("hidden_rows", "skip", allowed=("skip", "read")),
        style,
        tuple(_past_rule(each, style) for each in section.tables("history")),
        tuple(_event_rule(each) for each in section.tables("rules")),
        section.text("unmatched", "pass", allowed=("pass", "reject")),
        _owner(section.table("owner")) if section.has("owner") else None,
        tuple(_consent(each, style) for each in section.tables("consents")),
    )
    columns.allow(targets if entity else columns.keys())
    columns.finish()
    if entity:
        _check(section, spec)
    section.finish()
    return spec


def _check_words(columns: Section, targets: MappingType[str, str], found: MappingType[str, Sequence[Source]]) -> None:
    """What cells are turned into must be words that the field knows; what a template makes is not known yet."""
    for key, sources in found.items():
        known = WORDS.get(targets[key], ())
        for source in sources if known else ():
            given = {f"values.{name}": word for name, word in source.values.items()}
            given |= {"others": source.others or "", "default": source.default, "constant": source.constant}
            for place, word in given.items():
                if word and not source.template and word.lower().replace(" ", "_") not in map(str.lower, known):
                    path = (*columns.path, key, *place.split(".", 1))
                    columns.document.add(path, f"{word!r} is not one of {', '.join(known)}")


def _check(section: Section, spec: FileSpec) -> None:
    if not spec.patterns:
        section.problem("", 'path is missing: name the file, such as path = "deals.csv"')
    for pattern in spec.patterns:
        if pattern.startswith("/") or ".." in pattern.split("/"):
            section.problem("path", f"{pattern!r} leaves the folder that is imported")
    for key, entities in (("fields", WITH_FIELDS), ("history", ("deals",)), ("rules", ("events",)),
                          ("owner", ("events",)), ("consents", ("contacts",))):  # fmt: skip
        if section.has(key) and spec.entity and spec.entity not in entities:
            section.problem(key, f"only {' and '.join(entities)} can have it")
    if spec.entity == "events" and not spec.rules:
        section.problem("", "rules are missing: say what the events mean")
    if spec.entity == "history" and not set(spec.columns) - {"id", "time", "currency"}:
        section.problem("columns", "it names no field: map stage, amount … or field and value")
    if spec.entity == "history" and ("field" in spec.columns) != ("value" in spec.columns):
        section.problem("columns", "field and value go together")


def _sources(section: Section, key: str, style: Format) -> tuple[Source, ...]:
    raw = section.raw(key)
    items = raw if isinstance(raw, list) else [raw]
    return tuple(_source(section, key, item, style) for item in items)


def _source(section: Section, key: str, raw: Any, style: Format, *, typed: bool = False) -> Source:
    if isinstance(raw, str):
        return Source(column=raw, format=style)
    if not isinstance(raw, dict):
        section.problem(key, "it is neither a column's name nor a table such as { column = … }")
        return Source()
    inner = Section(section.document, (*section.path, key), raw)
    values = inner.table("values")
    source = Source(
        inner.text("column", key if typed else ""),
        inner.text("constant"),
        inner.flag("product_price"),
        {name: values.text(name) for name in values.keys()},  # noqa: SIM118
        inner.text("others") if inner.has("others") else None,
        inner.text("default"),
        inner.text("template"),
        inner.texts("when", OUTCOMES, allowed=OUTCOMES),
        _format(inner, style),
        FieldType(inner.text("type", "text", allowed=[*FieldType])) if inner.has("type") else None,
    )
    if not (source.column or source.constant or source.product_price):
        inner.problem("", "it names no column and no constant")
    if source.template and "{}" not in source.template:
        inner.problem("template", "it holds no {} for the value")
    if source.product_price and key != "amount":
        inner.problem("product_price", "only an amount can be the product's price")
    if source.type and not typed:
        inner.problem("type", "only custom fields, under fields, have a type")
    inner.finish()
    return source


def _part(section: Section, key: str, style: Format) -> Source:
    if not section.has(key):
        section.problem("", f"{key} is missing")
        return Source()
    return _source(section, key, section.raw(key), style)


def _past_rule(section: Section, style: Format) -> PastRule:
    known = tuple(TARGETS["deals"])
    name = section.text("field", allowed=[f for f in TRACKED_FIELDS if f in known], needed=True)
    value = Source(constant=section.text("value"), format=style)
    if section.has("value") == section.has("column"):
        section.problem("", "give either value (a constant) or column")
    elif section.has("column"):
        value = _source(section, "column", section.raw("column"), style)
    rule = PastRule(name, _part(section, "at", style), value)
    section.finish()
    return rule


def _event_rule(section: Section) -> EventRule:
    when = section.table("when")
    patterns = {column: when.texts(column) for column in when.keys()}  # noqa: SIM118
    activity = section.table("activity")
    rule = EventRule(
        patterns,
        section.text("stage"),
        section.text("outcome", allowed=WORDS["outcome"]),
        activity.text("type", allowed=WORDS["type"], needed=section.has("activity")),
        activity.text("direction", "internal", allowed=WORDS["direction"]),
        activity.text("text"),
    )
    if not patterns:
        section.problem("", "when is missing: say which events it is for")
    if not (rule.stage or rule.outcome or rule.activity_type):
        section.problem("", "it says nothing: give a stage, an outcome or an activity")
    for each in (activity, section):
        each.finish()
    return rule


def _owner(section: Section) -> OwnerRule:
    rule = OwnerRule(
        section.text("column", needed=True),
        section.text("take", "first", allowed=("first", "last")),
        section.texts("but"),
        section.text("otherwise"),
    )
    section.finish()
    return rule


def _consent(section: Section, style: Format) -> ConsentRule:
    rule = ConsentRule(
        section.text("channel", allowed=CHANNELS, needed=True),
        _part(section, "granted", style),
        section.text("source"),
        _source(section, "day", section.raw("day"), style) if section.has("day") else None,
    )
    section.finish()
    return rule


__all__ = ["OF_DEALS", "load", "preset_names", "read"]
