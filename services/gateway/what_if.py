"""What a deal's score would be with other values: asked of the lead scoring service, which alone has the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit.errors import InvalidInput
from learning.records import FieldType, Value
from learning.wire_event import deal_event
from services.gateway.convert_what_if import answer_json, request_of
from services.gateway.domain import UNSET, DealWrite, Principal
from services.gateway.scoring_client import Scoring
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

FIELDS = ("kind", "motion", "pipeline", "stage", "category", "owner_id", "amount", "close_date")
MOST_CHANGES = 50
# By type of a field, what its values are, in words, and how they are sent.
TYPES: Mapping[FieldType, tuple[tuple[type, ...], str, str]] = {
    FieldType.NUMBER: ((int, float), "numbers", "send a number"),
    FieldType.YES_NO: ((bool,), "yes or no", "send true or false"),
    FieldType.DATE: ((date,), "days", 'send {"date": "2017-09-30"}'),
}
MOST_NAMED, SHOWN = 40, 60  # names of fields in an error, and characters of each


async def suppose(
    store: Store, workspace: Workspace, scoring: Scoring, principal: Principal, write: DealWrite, language: str
) -> dict[str, Any]:
    """The deal's score as it is and as it would be, and what makes the difference; nothing is written.

    `write` holds the values that would be other. Raises NotFound, InvalidInput, Conflict for a closed deal, and
    Unavailable.
    """
    values = values_of(write)
    if not 1 <= len(values) <= MOST_CHANGES:
        mend = f"Send 1 to {MOST_CHANGES} of {', '.join(FIELDS)} and fields"
        raise InvalidInput("this is no number of changes", field="body", value=str(len(values)), mend=mend)
    record = await store.get_record(principal, write.id)
    owner = await _owner_name(store, principal, values)
    types = {each.name: each.type for each in await store.list_fields() if each.entity == "deal"}
    _known(write, types)
    event = deal_event(
        record.history, business_day=workspace.business_day, owner_name=record.owner_name, field_types=types
    )
    answer = await scoring.what_if(request_of(event, values, owner))
    return answer_json(record, answer, workspace.grade_bounds, language)


def values_of(write: DealWrite) -> dict[str, Value | None]:
    """The write's values by field, custom ones as `fields.<name>`."""
    given = {name: getattr(write, name) for name in FIELDS}
    values = {name: value for name, value in given.items() if value is not UNSET}
    return values | {f"fields.{name}": value for name, value in write.fields.items()}


def _known(write: DealWrite, types: Mapping[str, FieldType]) -> None:
    """Raises InvalidInput for a custom field that no deal has, for the model cannot know it, and for a value of another
    type than the field's."""
    for name, value in write.fields.items():
        wanted = TYPES.get(types[name]) if name in types else None
        if value is not None and wanted is not None and type(value) not in wanted[0]:
            raise InvalidInput(
                f"this field holds {wanted[1]}",
                field=f"fields.{name}"[:SHOWN],
                value=str(value)[:SHOWN],
                mend=wanted[2],
            )
        if name not in types:
            shown = [one if len(one) <= SHOWN else one[:SHOWN] + "…" for one in sorted(types)[:MOST_NAMED]]
            more = f" and {len(types) - MOST_NAMED} more (GET /v1/fields)" if len(types) > MOST_NAMED else ""
            mend = f"Use one of {', '.join(shown)}{more}" if shown else "Save a deal with it first: there are none yet"
            raise InvalidInput(
                "no deal has such a field", field=f"fields.{name}"[:SHOWN], value=name[:SHOWN], mend=mend
            )


async def _owner_name(store: Store, principal: Principal, values: Mapping[str, Value | None]) -> str:
    owner = values.get("owner_id")
    if not owner:
        return ""
    name = next((user.name for user in await store.list_users(principal) if user.id == owner), None)
    if name is None:
        raise InvalidInput("there is no such user", field="owner_id", value=str(owner), mend="GET /v1/users")
    return name
