"""/openapi.json is valid OpenAPI 3.1, names every route, and says what each answers."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import orjson
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.rest.app import create_app

NDJSON = "application/x-ndjson"


def routes_of(app: Any) -> set[tuple[str, str]]:
    """Every method and path under /v1 that the application answers."""
    found = set()
    todo = list(app.routes)
    while todo:
        route = todo.pop()
        inner = getattr(route, "original_router", None)
        if inner is not None:
            todo += inner.routes
        elif getattr(route, "path", "").startswith("/v1"):
            found |= {(method, route.path) for method in route.methods}
    return found


def test_the_description_is_valid_and_names_every_route() -> None:
    app = create_app(MagicMock(), MagicMock())
    described = orjson.loads(orjson.dumps(app.openapi()))
    assert described["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described).validate()
    operations = {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    routes = routes_of(app)
    assert len(routes) > 40
    assert set(operations) == routes
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        for status, response in operation["responses"].items():
            shapes = [content["schema"] for content in response.get("content", {}).values()]
            assert status in {"204", "304"} or shapes, (name, status)
            assert all(shapes), (name, status, "an empty schema says nothing")
        for wrong in ("4XX", "5XX"):
            assert list(operation["responses"][wrong]["content"]) == ["application/problem+json"], name
    kinds = {
        path: list(operations["POST", path]["responses"]["200"]["content"]) for _, path in routes if ":batch" in path
    }
    assert set(map(tuple, kinds.values())) == {(NDJSON,)}
    assert list(operations["GET", "/v1/events"]["responses"]["200"]["content"]) == ["text/event-stream"]
