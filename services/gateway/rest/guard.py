"""Keeps other web pages out: only known host names are answered, and only the gateway's own pages may write.

A browser that is signed in, or on this machine, may be made to act for a page its person never meant to trust.
A page that points a name of its own here (DNS rebinding) is told apart by Host, one that sends requests across by
Origin and Sec-Fetch-Site, which no page can set. Programs send neither of the two and are not held up.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from kit.errors import DealcastError, Forbidden, InvalidInput
from services.gateway.rest.problems import problem

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
OWN_SITES = ("", "same-origin", "none")  # none: the person's own doing, such as a bookmark


class Misdirected(InvalidInput):
    """The request names a host that this gateway does not answer for."""

    http_status = 421
    problem = "misdirected"
    title = "Misdirected request"


class Guard:
    """Refuses unknown hosts with 421 and writes from other origins with 403.

    Args: hosts are names that count besides the loopback's, without port.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {*LOOPBACK, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        error = self._refusal(scope) if scope["type"] == "http" else None
        await (self._app if error is None else problem(error))(scope, receive, send)

    def _refusal(self, scope: Scope) -> DealcastError | None:
        host, origin, site = (_header(scope, name) for name in (b"host", b"origin", b"sec-fetch-site"))
        if host_name(host) not in self._hosts:
            return Misdirected(
                "this gateway does not answer for that host", field="Host", value=host,
                mend="Ask for 127.0.0.1, or name the host in DEALCAST_ALLOWED_HOSTS",
            )  # fmt: skip
        if scope["method"] in SAFE:
            return None
        if origin and origin not in {f"http://{host}", f"https://{host}"}:
            return _foreign("Origin", origin)
        return None if site in OWN_SITES else _foreign("Sec-Fetch-Site", site)


def host_name(authority: str) -> str:
    """The host without its port; empty where it is none."""
    name, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority
    return name if port.isdigit() else ""


def _header(scope: Scope, wanted: bytes) -> str:
    """All values of a header: repeated ones are joined, and so match nothing."""
    return ",".join(value.decode("latin-1").strip().lower() for name, value in scope["headers"] if name == wanted)


def _foreign(field: str, value: str) -> DealcastError:
    return Forbidden(
        "another web page may not change anything here", field=field, value=value,
        mend="Send it from the gateway's own pages, or from a program without this header",
    )  # fmt: skip
