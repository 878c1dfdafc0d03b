"""What the answers around actions look like, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import Shape


class Edition(Shape):
    """An edit of the catalogue."""

    generation: int
    time: str
    note: str
    digest: str
    actions: int


class Catalogue(Shape):
    """The action catalogue: TOML text of a generation, which one serves, and the edits, newest first."""

    generation: int
    text: str
    serving: int
    editions: list[Edition]
