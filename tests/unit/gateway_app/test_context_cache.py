"""What is kept of people and fields belongs to the version asked for, whatever other threads keep meanwhile."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection

from learning.records import FieldType
from services.gateway.store.context import Contexts, Fields
from services.gateway.store.people import People

NOBODY = People((), ())


class Hasty(Contexts):
    """Another thread keeps another version each time the cache has been looked at."""

    def __init__(self) -> None:
        self.other_people = People((), ())
        self.other_fields: Fields = {("deal", "size"): FieldType.NUMBER}

    def __getattribute__(self, name: str) -> Any:
        kept = super().__getattribute__(name)
        if name in ("_people", "_fields"):
            other = self.other_people if name == "_people" else self.other_fields
            setattr(self, name, (2, other))
        return kept


def test_the_version_asked_for_is_answered() -> None:
    contexts, none = Hasty(), cast("Connection", None)
    contexts._people = (1, NOBODY)
    contexts._fields = (1, {})
    assert contexts._read_people(none, 1) is NOBODY
    assert contexts._read_fields(none, 1) == {}
