"""What the answers on personal data look like, for /openapi.json."""

from __future__ import annotations

from typing import Any

from services.gateway.rest.schemas import Shape

BUILT_IN = (
    "contact.id", "contact.name", "contact.title", "contact.email", "contact.phone", "contact.consents",
    "activity.text", "activity.contact_id", "user.id", "user.name", "user.email", "user.title",
)  # fmt: skip


class PersonShape(Shape):
    """A contact, a user or a member."""

    kind: str
    id: str
    name: str
    email: str
    phone: str
    account_id: str
    restricted: bool = False


class People(Shape):
    """Who may be meant."""

    people: list[PersonShape]


class Place(Shape):
    """A place that holds them: `store` is database, nats, models, logs, files or database files."""

    store: str
    place: str
    count: int
    records: list[str]


class DoubtShape(Shape):
    """What people decide in an erasure: `what` is person, row or message; `ref` is by what it is named, `text` what it
    says around the name."""

    ref: str
    what: str
    place: str
    record: str
    why: str
    text: str = ""


class Doubts(Shape):
    """What nobody has decided."""

    doubts: list[DoubtShape]


class Whereabouts(Shape):
    """Where a person stands; other records of the same person (merged into this one); others with the same mail or
    telephone number; others of the name, and what names it without telling who is meant; what was not looked for in
    texts, as too much else would be found; and where nothing can be looked for."""

    person: PersonShape
    same: list[PersonShape]
    alike: list[PersonShape]
    doubts: list[DoubtShape]
    unsearched: list[str]
    found: list[Place]
    out_of_reach: list[str]


class PersonExport(Whereabouts):
    """And the rows of the database, by table."""

    exported_time: str
    tables: dict[str, list[dict[str, Any]]]


class ErasureShape(Shape):
    """An erasure: RUNNING, DONE, WAITING until what serves is replaced by models that do not hold the person, or LEFT
    where it ended and `left` still holds them, or `doubts` are to be decided. `theirs` and `others` count what was.
    `models` tells what became of versions that held them: REMOVED, SERVING until another does, or KEPT where the one
    trained in place of another has the words from records that stay."""

    id: str
    time: str
    author: str
    kind: str
    state: str
    stage: str
    progress: float
    rows: int
    streams: int
    error: str
    finished_time: str | None
    found: list[dict[str, Any]]
    left: list[Place]
    doubts: list[DoubtShape]
    theirs: int
    others: int
    models: list[dict[str, Any]]


class Erasures(Shape):
    """All of them."""

    erasures: list[ErasureShape]


class RestrictionShape(Shape):
    """Somebody who is kept without being processed."""

    kind: str
    id: str
    author: str
    reason: str
    time: str


class Restrictions(Shape):
    """All of them."""

    restrictions: list[RestrictionShape]


class PersonalField(Shape):
    """A custom field."""

    entity: str
    name: str


class PersonalFields(Shape):
    """Fields that hold personal data."""

    built_in: list[str]
    fields: list[PersonalField]


class AccessEntry(Shape):
    """Somebody read a record, or a list where `record` is empty."""

    id: str
    time: str
    who: str
    route: str
    kind: str
    record: str


class AccessPage(Shape):
    """Entries and the cursor of older ones."""

    access: list[AccessEntry]
    next_cursor: str


class RetentionShape(Shape):
    """Days by kind, null where it is kept for ever; `applied`: the business day, when, and how much was dropped."""

    periods: dict[str, int | None]
    applied: dict[str, Any] | None
