from __future__ import annotations

import grpc
from google.rpc import error_details_pb2, status_pb2

from kit.errors import InvalidInput, TooLarge, Unavailable, problem_json
from kit.server import details_of


def test_problem_names_field_value_and_mend() -> None:
    error = InvalidInput("the amount is negative", field="amount", value="-5", mend="Give a positive amount")
    assert problem_json(error) == {
        "type": "urn:dealcast:problem:invalid-input",
        "title": "Invalid input",
        "status": 400,
        "detail": "the amount is negative",
        "field": "amount",
        "value": "-5",
        "mend": "Give a positive amount",
    }
    assert str(error) == "the amount is negative [amount = '-5']. Give a positive amount"


def test_long_values_are_cut() -> None:
    assert len(TooLarge("text too long", field="note", value="x" * 10_000_000).value) <= 201


def test_details_carry_the_same_over_grpc() -> None:
    status = status_pb2.Status.FromString(details_of(Unavailable("no NATS", field="nats_url", mend="Start it")))
    assert status.code == grpc.StatusCode.UNAVAILABLE.value[0]
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.metadata["field"], info.metadata["mend"]) == ("unavailable", "nats_url", "Start it")
