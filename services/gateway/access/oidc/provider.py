"""The company's provider of accounts: where a browser is sent, and what the provider says of who comes back."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import ClaimError, JoseError

from services.gateway.access.oidc.config import Config, secure
from services.gateway.access.oidc.refused import Refused

log = structlog.get_logger(__name__)

SECONDS = 10.0  # for an answer of the provider
KEPT_SECONDS = 3_600.0  # what it publishes of itself; new keys are asked for when a token names one
LEEWAY = 60  # seconds that two clocks may be apart
SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = "end_session_endpoint"
Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it must come back with."""

    address: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """As it publishes itself under its issuer."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._trusted: ssl.SSLContext | None = None  # made once: it reads every authority's certificate
        self._app: StarletteOAuth2App | None = None
        self._asked = 0.0

    async def begin(self, callback: str) -> Begun:
        """Raises Refused where the provider does not answer."""
        app = await self._ready()
        made = await app.create_authorization_url(callback)
        return Begun(made["url"], made["state"], made["nonce"], made["code_verifier"])

    async def claims(self, code: str, callback: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """What the provider says of who has the code, once its token was checked. Raises Refused."""
        app = await self._ready()
        try:
            token = await app.fetch_access_token(code=code, redirect_uri=callback, code_verifier=verifier)
        except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
            raise _failed("provider", error) from None
        options = {
            "iss": {"essential": True, "value": self.config.issuer},
            "aud": {"essential": True, "value": self.config.client_id},
            "sub": {"essential": True},
        }
        try:
            found: Mapping[str, Any] | None = await app.parse_id_token(token, nonce, options, leeway=LEEWAY)
        except httpx2.HTTPError as error:
            raise _failed("provider", error) from None
        except (JoseError, ValueError, TypeError, KeyError) as error:  # the latter of keys that are none
            raise _failed("token", error) from None
        if found is None:
            raise Refused("token", "no id_token")
        return found

    async def leaving(self, back: str) -> str:
        """The address that ends the provider's own session; empty where it publishes none, or does not answer."""
        try:
            app = await self._ready()
        except Refused:
            return ""
        address = app.server_metadata.get(OPTIONAL, "")
        asked = urlencode({"client_id": self.config.client_id, "post_logout_redirect_uri": back})
        return f"{address}{'&' if '?' in address else '?'}{asked}" if address else ""

    async def _ready(self) -> StarletteOAuth2App:
        if self._app is None or time.monotonic() - self._asked > KEPT_SECONDS:
            self._app, self._asked = self._made(await self._published()), time.monotonic()
        return self._app

    async def _published(self) -> Metadata:
        """The discovery document. Raises Refused where it is none of this issuer, or names places that are not safe."""
        address = get_well_known_url(self.config.issuer, external=True)
        try:
            if self._trusted is None:
                self._trusted = await asyncio.to_thread(httpx2.create_ssl_context)
            async with httpx2.AsyncClient(timeout=SECONDS, verify=self._trusted) as client:
                answer = await client.get(address)
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise _failed("provider", error) from None
        if not isinstance(found, dict) or found.get("issuer") != self.config.issuer:
            raise _wrong("issuer")
        for name in (*NEEDED, OPTIONAL):
            place = found.get(name)
            if (place is not None or name in NEEDED) and not (isinstance(place, str) and secure(place)):
                raise _wrong(name)
        return found

    def _made(self, found: Metadata) -> StarletteOAuth2App:
        """The client, told no more of the document than it needs: the rest could change how it works."""
        offered, ways = (found.get(name) for name in (
            "id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported"
        ))  # fmt: skip
        signed = [one for one in SIGNED if one in offered] if isinstance(offered, list) else ["RS256"]
        if not signed:
            raise _wrong("id_token_signing_alg_values_supported")
        posts = isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways
        way = "none" if not self.config.secret else "client_secret_post" if posts else "client_secret_basic"
        return StarletteOAuth2App(
            None, client_id=self.config.client_id, client_secret=self.config.secret or None,
            client_kwargs={
                "scope": self.config.scopes, "code_challenge_method": "S256", "token_endpoint_auth_method": way,
                "timeout": SECONDS, "verify": self._trusted,
            },
            issuer=self.config.issuer, id_token_signing_alg_values_supported=signed,
            **{name: found[name] for name in (*NEEDED, OPTIONAL) if found.get(name)},
        )  # fmt: skip


def _failed(reason: str, error: Exception) -> Refused:
    """What texts of such errors say is left out: some hold what the provider sent."""
    told = type(error).__name__
    if isinstance(error, ClaimError):
        told += f" {error.claim}"
    elif isinstance(error, httpx2.HTTPStatusError):
        told += f" {error.response.status_code}"
    elif isinstance(error, AuthlibBaseError):
        told += f" {str(error.error)[:60]}"
    log.warning("company_sign_in_failed", reason=reason, error=told)
    return Refused(reason, told)


def _wrong(name: str) -> Refused:
    log.warning("company_provider_wrong", member=name)
    return Refused("provider", f"published {name}")
