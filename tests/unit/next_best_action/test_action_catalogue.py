"""The catalogue: the built-in one is whole, a wrong one is refused with place and mend."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from services.next_best_action import catalogue, expressions
from services.next_best_action.domain import Variable
from services.next_best_action.features import VARIABLES

ROOT = Path(__file__).resolve().parents[3]
ACTIONS = {
    "call", "mail", "chat", "text", "meeting", "visit", "demo", "trial", "send_quote", "support_internal_approval",
    "involve_decision_maker", "executive_sponsor", "second_contact", "answer_objection", "revise_close_date",
    "renewal_talk", "cross_sell", "up_sell", "hand_over", "close_lost",
}  # fmt: skip
MINIMAL = '[channels.call]\n[[actions]]\nname = "call"\nen = "Call"\nko = "전화"\nchannels = ["call"]\n'


def refused(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        catalogue.parse(text)
    assert caught.value.field
    assert caught.value.mend
    return caught.value


def test_the_built_in_catalogue_has_every_action_in_both_languages() -> None:
    found = catalogue.load()
    assert {action.name for action in found.actions} == ACTIONS
    hangul = re.compile("[가-힣]")
    for action in found.actions:
        assert action.en
        assert hangul.search(action.ko)
        assert action.minutes > 0
        assert action.because
    assert all(hangul.search(phrase.ko) for phrase, _ in found.phrases.values())


def test_a_minimal_catalogue_is_enough() -> None:
    assert catalogue.parse(MINIMAL).actions[0].eligibility == "true"


def test_an_action_that_is_off_is_read_and_never_suggested() -> None:
    always, off = catalogue.parse(MINIMAL), catalogue.parse(MINIMAL + "off = true\n")
    state = expressions.activation({name: _empty(one.type) for name, one in VARIABLES.items()})
    assert (always.gates.holding(state), off.gates.holding(state)) == (1, 0)
    assert refused(MINIMAL + 'off = true\neligibility = "kind"').field == "actions.call.eligibility"


def _empty(kind: str) -> Variable:
    values: dict[str, Variable] = {"string": "", "int": 0, "double": 0.0, "bool": False}
    return values.get(kind, [])


@pytest.mark.parametrize("key", ["eligibility", "applicability", "suitability"])
@pytest.mark.parametrize(
    ("expression", "message", "mend"),
    [
        ("days_since_kontakt > 7", "undeclared reference to 'days_since_kontakt'", "days_since_contact"),
        ("days_since_contact > ", "Syntax error", "grammar"),
        ("probability > 1", "no matching overload", "decimal point"),
        ("days_since_contact", "gives INT, not yes or no", "Compare"),
        ("true || " * 100 + "true", "too long", "500"),
    ],
)
def test_a_bad_expression_is_refused_with_action_expression_and_mend(
    key: str, expression: str, message: str, mend: str
) -> None:
    error = refused(MINIMAL + f"{key} = {expression!r}")
    assert error.field == f"actions.call.{key}"
    assert error.value.startswith(expression[:150])
    assert message in error.message
    assert mend in error.mend


@pytest.mark.parametrize(
    ("addition", "field"),
    [
        ("colour = 'red'", "actions.call.colour"),
        ("cost = 'free'", "actions.call.cost"),
        ("cost = -1", "actions.call.cost"),
        ("cost = nan", "actions.call.cost"),
        ("odds = 99", "actions.call.odds"),
        ("roles = ['boss']", "actions.call.roles"),
        ("activities = ['fax']", "actions.call.activities"),
        ("because = ['none']", "actions.call.because"),
        ("[channels.fax]", "channels"),
        ("[policy]\nnear = 2", "policy.near"),
        ("[rates]\nEURO = 1", "currency"),
        ("[rates]\nEUR = 0", "rates.EUR"),
        ("[signals]\nprice = 'high'", "signals.price"),
        ("[phrases.x]\nvariable='stage'\nwhen='true'\nen='{nose}'\nko=''", "phrases.x.en"),
        ("[phrases.x]\nvariable='stage'\nwhen='true'\nen='{stage'\nko=''", "phrases.x.en"),
        ("[phrases.x]\nvariable='nose'\nwhen='true'\nen=''\nko=''", "phrases.x.variable"),
        ("[phrases.x]\nvariable='stage'\nwhen='nose'\nen=''\nko=''", "phrases.x.when"),
    ],
)
def test_a_wrong_key_or_value_is_refused_by_name(addition: str, field: str) -> None:
    assert refused(MINIMAL + addition).field == field


def test_other_wrong_catalogues_are_refused() -> None:
    assert "no TOML" in refused("[[actions").message
    assert refused("").field == "actions"
    assert refused("colour = 1\n" + MINIMAL).field == "catalogue.colour"
    assert refused(MINIMAL + MINIMAL.split("\n", 1)[1]).value == "call"
    assert "win_rate" in refused("win_rate = 3\n" + MINIMAL).field


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        catalogue.load(tmp_path / "none.toml")


@given(st.text(max_size=60))
def test_any_text_as_expression_compiles_or_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        expressions.Condition(text, where="here")


def test_an_expression_that_fails_on_a_record_does_not_hold() -> None:
    condition = expressions.Condition("10 / contacts > 1", where="here")
    assert not condition.holds(expressions.activation({"contacts": 0}))
    assert condition.holds(expressions.activation({"contacts": 2}))


def test_the_readme_documents_every_variable_with_its_type() -> None:
    text = (ROOT / "services/next_best_action/README.md").read_text(encoding="utf-8")
    for name, variable in VARIABLES.items():
        assert f"| `{name}` | {variable.type} | {variable.meaning} |" in text


def test_costs_are_weighed_in_the_deal_s_currency() -> None:
    found = catalogue.load()
    assert found.in_currency(10, "KRW") == pytest.approx(13_800)
    assert found.in_currency(10, "XXX") == 10
