"""Whatever a page can refuse with is there in Korean: what is wrong, what to do about it, and the field it is about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from services.gateway.web.refusals import BOOK, field_said
from tests.unit.web.reached import Code, Key

PAGES = ("services.gateway.web.", "services.gateway.access.pages", "services.gateway.access.users_page")
ERRORS = {
    "ChangedSince", "Conflict", "DealcastError", "FieldError", "Forbidden", "Internal", "InvalidInput",
    "MethodNotAllowed", "NotFound", "TooLarge", "Unauthenticated", "Unavailable",
}  # fmt: skip
FIELDS, VALUES = "field", ("field", "value")
# parts of sentences that are there whole, or of two that are there by themselves
MADE_OF_OTHERS = {
    "{}: {}", "the ask {}", "is done already", "is open", "the log {}", "does not show that it is better",
    "has no comparison with it yet",
}  # fmt: skip
# what calls by name seem to come to and no page does
ELSEWHERE = {
    "kit.artifacts": "a model's files, written by training",
    "kit.grpc_server": "a service that starts", "kit.nats_server": "the broker that starts",
    "kit.ops_server": "a service that starts", "kit.publisher": "messages between services",
    "kit.streams": "the broker that starts", "learning.history": "folders of exported histories",
    "learning.history_schema": "folders of exported histories",
    "learning.history_writer": "folders of exported histories", "learning.wire": "messages between services",
    "learning.wire_values": "messages between services", "services.forecast.convert": "messages between services",
    "services.gateway.convert": "messages between services", "services.gateway.figures.desk": "REST and commands alone",
    "services.gateway.history_load": "folders of exported histories",
    "services.gateway.history_said": "folders of exported histories",
    "services.gateway.model_rules": "REST alone", "services.gateway.monitoring.shadows": "REST and commands alone",
    "services.gateway.privacy.desk": "REST and commands alone",
    "services.gateway.privacy.doubts": "REST and commands alone",
    "services.gateway.privacy.streams": "REST and commands alone",
    "services.gateway.forecast_trees": "REST alone", "services.gateway.amount_types": "REST alone",
    "services.gateway.rest.problems": "programs", "services.gateway.store.outbox": "messages between services",
    "services.gateway.store.export": "REST and commands alone",
    "services.gateway.store.privacy": "REST and commands alone",
    "services.lead_scoring.convert": "messages between services",
}  # fmt: skip


class Refusals:
    """The sentences and fields of errors that pages can come to."""

    def __init__(self) -> None:
        self.code = Code()
        self.reached = [key for key in self.code.reached(PAGES) if key[0] not in ELSEWHERE]

    def calls(self) -> Iterator[tuple[Key, ast.Call]]:
        for key in self.reached:
            for node in ast.walk(self.code.functions[key]):
                if isinstance(node, ast.Call) and _called(node) in ERRORS:
                    yield key, node

    def sentences(self) -> Iterator[tuple[str, str]]:
        """Module and text, {} in the slots."""
        for key, call in self.calls():
            others = call.args[3:] if _called(call) == "FieldError" else []
            first = call.args[2:3] if _called(call) == "FieldError" else call.args[:1]
            named = [one.value for one in call.keywords if one.arg not in VALUES]
            for node in [*first, *others, *named]:
                yield from ((key[0], text) for text in self._texts(key, node) if " " in text.strip())

    def fields(self) -> Iterator[tuple[str, str]]:
        """Module and name of a field."""
        for key, call in self.calls():
            for one in call.keywords:
                if one.arg == FIELDS:
                    yield from ((key[0], text) for text in self._texts(key, one.value) if text and "{" not in text)

    def _texts(self, key: Key, node: ast.expr) -> Iterator[str]:
        """What an expression can give, names in it looked up in the function, the module and where they come from."""
        yield from _written(node)
        for name in {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}:
            yield from _assigned(name, ast.walk(self.code.functions[key]))
            module, there = self.code.meant(key[0], name)
            if module in self.code.modules:
                yield from _assigned(there, iter(self.code.modules[module].body))


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _written(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = list(_written(right)) or ["{}"]
            yield from (start + end for start in _written(left) for end in ends)
        case ast.IfExp(body=one, orelse=other):
            yield from (*_written(one), *_written(other))
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            for one in parts:
                yield from _written(one)
        case ast.Subscript(value=one):
            yield from _written(one)


def _assigned(name: str, nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            pairs = [(target, node.value)]  # type: ignore[attr-defined]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):  # type: ignore[attr-defined]
                pairs = list(zip(target.elts, node.value.elts, strict=True))  # type: ignore[attr-defined]
            for one, value in pairs:
                if isinstance(one, ast.Name) and one.id == name:
                    yield from _written(value)
        if isinstance(node, ast.NamedExpr) and node.target.id == name:
            yield from _written(node.value)


@pytest.fixture(scope="module")
def refusals() -> Refusals:
    return Refusals()


def test_every_sentence_that_pages_refuse_with_is_there_in_korean(refusals: Refusals) -> None:
    found = {one for one in refusals.sentences() if one[1] not in MADE_OF_OTHERS}
    assert len(found) > 400
    untold = {(module, text, told) for module, text in found if not _korean(told := BOOK.said(_filled(text), "ko"))}
    assert untold == set()


def test_what_is_made_of_others_is_there_whole() -> None:
    for text in ("the ask is open", "the ask is done already", "the log does not show that it is better",
                 "the log has no comparison with it yet"):  # fmt: skip
        assert _korean(BOOK.said(text, "ko")), text


def test_every_field_that_pages_name_is_there_in_korean(refusals: Refusals) -> None:
    found = set(refusals.fields())
    assert len(found) > 50
    assert {one for one in found if not _korean(field_said(one[1], "ko"))} == set()


def test_what_is_left_out_is_reached_by_name(refusals: Refusals) -> None:
    reached = {key[0] for key in refusals.code.reached(PAGES)}
    assert set(ELSEWHERE) - reached == set(), "no longer needed here"


def _filled(text: str) -> str:
    return text.replace("{}", "1")


def _korean(text: str) -> bool:
    """Whether it is Korean and no English sentence stands in it, as it does in the slot of too wide a pattern."""
    return bool(re.search("[가-힣]", text)) and not re.search("\b[a-z]{2,} [a-z]{2,}\b", text)
