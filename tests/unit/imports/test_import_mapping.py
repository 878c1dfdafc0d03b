"""Mapping files: what they may say, and errors that name the line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from kit.errors import InvalidInput, NotFound
from learning.records import FieldType
from services.gateway.imports.mapping import load, preset_names, read
from services.gateway.imports.messages import translate
from services.gateway.imports.tables import _matches

GOOD = """
[mapping]
name = "x"
currency = "eur"
timezone = "Asia/Seoul"
as_of = 2017-09-30
missing = ["Select", "-"]
decimal = ","
thousands = "."

[ids]
accounts = "slug"

[files.deals]
entity = "deals"
path = ["deals*.csv"]
ignore = ["x"]

[files.deals.columns]
id = "Id"
amount = [{ column = "Amount", when = "won" }, { product_price = true }]
close_date = { column = "Close", dates = ["%d/%m/%Y"], missing = ["tbd"] }

[files.deals.fields]
"Budget ok?" = { type = "yes_no" }

[[files.deals.history]]
field = "stage"
value = "Talks"
at = "Since"
"""


def test_a_mapping_is_read() -> None:
    mapping = read(GOOD, "x.toml")
    assert (mapping.currency, mapping.timezone, mapping.as_of) == ("EUR", "Asia/Seoul", date(2017, 9, 30))
    (deals,) = mapping.files
    close = deals.columns["close_date"][0]
    assert close.format.missing == {"", "tbd"}
    assert (close.format.decimal, close.format.dates) == (",", ("%d/%m/%Y",))
    assert deals.columns["id"][0].format.missing == {"", "Select", "-"}
    assert deals.fields["Budget ok?"].column == "Budget ok?"
    assert deals.fields["Budget ok?"].type is FieldType.YES_NO
    assert deals.used_columns() == {"Id", "Amount", "Close", "Since", "Budget ok?"}
    assert mapping.ids["accounts"] == "slug"
    assert mapping.ids["users"] == "as_is"


BAD = [
    ('id = "Id"', 'id = "Id"\nkind = { column = "O", values = { Gone = "Vanished" } }', 21, "'Vanished' is not one of"),
    ('id = "Id"', 'id = "Id"\noutcome = { column = "O", others = "Vanished" }', 21, "columns.outcome.others"),
    ('id = "Id"', 'id = "Id"\nkind = { constant = "Vanished" }', 21, "columns.kind.constant"),
    ('currency = "eur"', 'currency = "euros"', 4, "ISO 4217"),
    ('currency = "eur"', 'currency = "ZZZ"', 4, "ISO 4217"),
    ('timezone = "Asia/Seoul"', 'timezone = "Mars"', 5, "time zone"),
    ("as_of = 2017-09-30", 'as_of = "soon"', 6, "neither"),
    ('missing = ["Select", "-"]', "missing = 3", 7, "not text"),
    ('decimal = ","', 'decimal = "."', 9, "same as decimal"),
    ('accounts = "slug"', 'accounts = "hash"', 12, "not one of"),
    ('accounts = "slug"', 'acounts = "slug"', 12, "did you mean accounts?"),
    ('entity = "deals"', 'entity = "deal"', 15, "not one of"),
    ('path = ["deals*.csv"]', 'path = "../x.csv"', 16, "leaves the folder"),
    ('ignore = ["x"]', 'ingore = ["x"]', 17, "did you mean ignore?"),
    ('id = "Id"', 'name = "Id"', 19, "id is missing"),
    ('when = "won"', 'when = "maybe"', 21, "not one of"),
    ("product_price = true", "product_price = 1", 21, "true or false"),
    ('close_date = { column = "Close"', 'close_date = { col = "Close"', 22, "not known"),
    ('close_date = {', 'close_day = {', 22, "did you mean close_date?"),
    ('type = "yes_no"', 'type = "bool"', 25, "not one of"),
    ('field = "stage"', 'field = "colour"', 28, "not one of"),
    ('at = "Since"', "", 27, "at is missing"),
    ("[files.deals.fields]", "[files.deals.owner]", 24, "only events can have it"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "part"), BAD, ids=[f"{i}-{b[1]}" for i, b in enumerate(BAD)])
def test_errors_name_the_line(old: str, new: str, line: int, part: str) -> None:
    assert old in GOOD
    with pytest.raises(InvalidInput) as caught:
        read(GOOD.replace(old, new, 1), "x.toml")
    found = [text for text in caught.value.message.splitlines() if part in text]
    assert found, caught.value.message
    assert found[0].startswith(f"x.toml, line {line}: ")


def test_all_errors_come_at_once() -> None:
    text = GOOD.replace('"eur"', '"e"').replace("ignore", "ingore").replace('"won"', '"?"')
    with pytest.raises(InvalidInput) as caught:
        read(text, "x.toml")
    assert len(caught.value.message.splitlines()) == 3


def test_what_is_not_toml_is_told_with_its_line() -> None:
    with pytest.raises(InvalidInput, match="line 2"):
        read("[mapping]\nname = \n", "x.toml")


def test_an_empty_mapping_says_what_is_missing() -> None:
    with pytest.raises(InvalidInput, match=r"\[files.deals\]"):
        read("", "x.toml")


def test_events_need_rules_and_history_needs_fields() -> None:
    with pytest.raises(InvalidInput, match="rules are missing"):
        read('[files.e]\nentity = "events"\npath = "e"\n[files.e.columns]\nid = "i"\ntime = "t"\n', "x")
    with pytest.raises(InvalidInput, match="names no field"):
        read('[files.e]\nentity = "history"\npath = "e"\n[files.e.columns]\nid = "i"\ntime = "t"\n', "x")


def test_every_preset_loads_and_an_unknown_one_names_them() -> None:
    assert {"crm_sales_opportunities", "loan_offers"} <= set(preset_names())
    for name in preset_names():
        assert load(name).name == name
    for name in ("nope", "nope.toml", "../mapping"):
        with pytest.raises(NotFound) as caught:
            load(name)
        assert "loan_offers" in caught.value.mend


def test_a_rejects_file_belongs_to_the_file_it_came_from() -> None:
    spec = load("loan_offers").files[2]
    assert _matches(spec, "rejects-events.csv")
    assert _matches(spec, "events.csv.gz")
    assert not _matches(spec, "rejects-cases.csv")


def test_the_examples_of_the_documentation_are_valid() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "mapping-file.md").read_text(encoding="utf-8")
    whole, korean, log, consents = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    head = '[files.contacts]\nentity = "contacts"\npath = "c"\n[files.contacts.columns]\nid = "i"\n'
    for example in (whole, korean, log, head + consents):
        read(example, "mapping-file.md")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('할인율 = { type = "number" }', "할인율"),
        ('할인율(%) = "x"', "할인율(%)"),
        ('values = { 수주 = "WON" }', "수주"),
        ("[files.딜]", "딜"),
        ("hä = 1", "hä"),
        ('할인 율 = "x"', "할인 율"),
    ],
)
def test_a_key_that_lacks_its_quotes_is_named(line: str, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(f"[mapping]\n{line}\n", "m.toml")
    assert f'm.toml is not TOML: write the key {key} in quotes, as "{key}" (at line 2, ' in caught.value.message
    translate(caught.value, "ko")
    assert f'키 {key}을(를) "{key}"처럼 따옴표로 묶으세요' in caught.value.message


def test_other_faults_of_toml_are_told_as_they_are() -> None:
    for line in ("a b = 1", "a = 수주", 'b = "x" 가'):
        with pytest.raises(InvalidInput) as caught:
            read(f"[mapping]\n{line}\n", "m.toml")
        assert "in quotes" not in caught.value.message
