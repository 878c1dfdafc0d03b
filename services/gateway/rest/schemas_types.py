"""What the answers on trees and forecast types look like, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import Shape


class ForecastTree(Shape):
    """A tree by its name and its levels from the top down."""

    name: str
    levels: list[str]


class ForecastTrees(Shape):
    """The trees beside the reporting line."""

    trees: list[ForecastTree]


class ForecastType(Shape):
    """A type by its name, and the custom field of deals whose numbers count instead of amounts."""

    name: str
    field: str


class ForecastTypes(Shape):
    """The types beside that of amounts."""

    types: list[ForecastType]
