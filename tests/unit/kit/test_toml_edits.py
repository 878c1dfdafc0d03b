"""Single values of a TOML text set, and everything else left as it is."""

from __future__ import annotations

import tomllib

import pytest

from kit.errors import InvalidInput
from kit.toml_edits import toml_value, with_values
from services.next_best_action import catalogue

TEXT = """# what reps do
currency = "USD"
[[actions]]
name = "call" # a word
cost = 8   # of an hour
when = '''
a > 1
  && b'''
roles = [
  "decides",   # first
  "uses",
]

# the next
[[actions]]
name = "mail"
"""


def test_what_is_not_named_stays_to_the_letter() -> None:
    made = with_values(TEXT, ("actions", "0"), {"cost": 9.5, "off": True, "roles": ("uses",), "when": None})
    assert made == TEXT.replace("cost = 8 ", "cost = 9.5 ").replace(
        TEXT[TEXT.index("when") : TEXT.index("\n# the next")], 'roles = ["uses"]\noff = true\n'
    )
    assert with_values(made, ("actions", "0"), {"off": None, "cost": 8}).startswith(TEXT[: TEXT.index("when")])


def test_a_key_is_added_to_its_own_table() -> None:
    made = with_values(TEXT.rstrip(), ("actions", "1"), {"ko": '"전화"\\ #1', "when": "a\nb"})
    assert tomllib.loads(made)["actions"][1] == {"name": "mail", "ko": '"전화"\\ #1', "when": "a\nb"}
    assert made.startswith(TEXT.rstrip())


@pytest.mark.parametrize("value", ["", "'''\n", "\x7f\t\\", [], ["a", "b"], True, -3, 0.25, "ends with '\n'"])
def test_a_value_reads_as_it_was(value: object) -> None:
    assert tomllib.loads(f"x = {toml_value(value)}\n")["x"] == value


def test_where_lines_cannot_be_told_apart_nothing_is_changed() -> None:
    for text in ('actions = [{name = "call", cost = 8}]\n', "no toml"):
        with pytest.raises(InvalidInput, match=r"cannot be changed|no TOML"):
            with_values(text, ("actions", "0"), {"cost": 9})


def test_an_action_of_the_carried_catalogue_is_changed_in_place() -> None:
    text = catalogue.DEFAULT_FILE.read_text(encoding="utf-8")
    actions = tomllib.loads(text)["actions"]
    place = next(at for at, one in enumerate(actions) if "\n" in one["applicability"])
    same = with_values(text, ("actions", str(place)), actions[place])
    assert tomllib.loads(same) == tomllib.loads(text)
    assert len(same.splitlines()) == len(text.splitlines())
