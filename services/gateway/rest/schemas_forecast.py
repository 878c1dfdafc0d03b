"""What the answers on quotas and on what people add to the forecast look like, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import FieldError, Shape


class RefusedRow(Shape):
    """A line of a file that was not taken."""

    line: int
    errors: list[FieldError]


class QuotaImport(Shape):
    """What an import of quotas did; `errors` tells of the first 100 rows refused."""

    created: int
    changed: int
    unchanged: int
    rejected: int
    errors: list[RefusedRow]
