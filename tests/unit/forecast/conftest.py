"""The builders as fixtures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dealcast.events.v1 import events_pb2
from learning.records import DealHistory, Node
from services.forecast.domain import Parameters
from tests.unit.forecast import forecast_builders as builders


@pytest.fixture
def path() -> Callable[..., tuple[Node, ...]]:
    return builders.owner_path


@pytest.fixture
def parameters() -> Callable[..., Parameters]:
    return builders.parameters


@pytest.fixture
def history() -> Callable[..., DealHistory]:
    return builders.history


@pytest.fixture
def event() -> Callable[..., events_pb2.DealEvent]:
    return builders.scored_event
