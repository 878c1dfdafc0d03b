"""The cookie of a session: not for scripts, not sent along by other sites, over TLS only where there is TLS."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.access.gate import Access
from services.gateway.access.members import LASTS


def with_cookie(access: Access, response: Response, secret: str) -> Response:
    """The answer, signing the browser in."""
    response.set_cookie(
        access.cookie, secret, max_age=int(LASTS.total_seconds()), path="/", httponly=True, samesite="lax",
        secure=access.secure,
    )  # fmt: skip
    return response


def without_cookie(access: Access, response: Response) -> Response:
    """The answer, signing the browser out."""
    response.delete_cookie(access.cookie, path="/", httponly=True, samesite="lax", secure=access.secure)
    return response
