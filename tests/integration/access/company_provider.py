"""`python -m tests.integration.access.company_provider`: a provider of company accounts, by Authlib's server.

It prints its issuer. People come as JSON on standard input: by name their claims, and `fault`, what is wrong with their
token: nonce, expired, audience, issuer, signature, unsigned.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from html import escape
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from flask import Flask, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID, SECRET = "dealcast", "the-secret-of-dealcast"
CALLBACK = "/sign-in/oidc/callback"
KEY, STRANGE_KEY = (RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"}) for _ in range(2))
WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"}, "expired": {"exp": 1_700_000_000}, "issuer": {"iss": "https://login.example.com"},
    "audience": {"aud": ["another"], "azp": CLIENT_ID},
}  # fmt: skip
PEOPLE: dict[str, dict[str, Any]] = {}
CODES: dict[str, Code] = {}


class Client(ClientMixin):  # type: ignore[misc]
    """Dealcast, as it is registered."""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in ("openid", "email", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith("http://127.0.0.1:") and redirect_uri.endswith(CALLBACK)

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What was granted, until it is fetched."""

    code: str
    person: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return []


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes in memory, each for one fetch."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, asked: Any) -> None:
        sent = asked.payload.data
        CODES[code] = Code(
            code, asked.user, asked.payload.redirect_uri, asked.payload.scope, sent["nonce"], sent["code_challenge"],
            sent["code_challenge_method"],
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del CODES[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.person


class Tokens(OpenIDCode):  # type: ignore[misc]
    """ID tokens, some with a fault."""

    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return any(code.nonce == nonce for code in CODES.values())

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return KEY

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": issuer(), "aud": [CLIENT_ID]}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "RS256", "kid": "k1"}

    def generate_user_info(self, person: str, scope: str) -> dict[str, Any]:
        return {name: value for name, value in PEOPLE[person].items() if name != "fault"}

    def encode_id_token(self, token: dict[str, Any], asked: Any) -> str:
        good: str = super().encode_id_token(token, asked)
        fault, part = PEOPLE[asked.user].get("fault", ""), good.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        claims |= WRONG.get(fault, {})
        if fault == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            return f"{head}.{part}."
        key = STRANGE_KEY if fault == "signature" else KEY
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)


def issuer() -> str:
    return request.host_url.rstrip("/")


def made() -> Flask:
    """The provider."""
    app = Flask(__name__)
    server = AuthorizationServer(
        app, query_client=lambda found: Client() if found == CLIENT_ID else None, save_token=lambda token, asked: None
    )
    server.register_grant(CodeGrant, [Tokens(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def published() -> dict[str, Any]:
        here = issuer()
        places = {"authorization": "authorize", "token": "token", "end_session": "end"}
        return {
            **{f"{name}_endpoint": f"{here}/{path}" for name, path in places.items()}, "issuer": here,
            "jwks_uri": f"{here}/jwks", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
        }  # fmt: skip

    @app.get("/jwks")
    def keys() -> dict[str, Any]:
        return dict(KeySet([KEY]).as_dict(private=False))

    @app.get("/authorize")
    def choose() -> str:
        buttons = "".join(f'<button name="person" value="{escape(one)}">{escape(one)}</button>' for one in PEOPLE)
        return f'<!doctype html><title>Provider</title><form method="post">{buttons}</form>'

    @app.post("/authorize")
    def grant() -> ResponseReturnValue:
        person = request.form["person"] if request.form["person"] in PEOPLE else None
        granted: ResponseReturnValue = server.create_authorization_response(
            grant=server.get_consent_grant(end_user=person), grant_user=person
        )
        return granted

    @app.post("/token")
    def token() -> ResponseReturnValue:
        told: ResponseReturnValue = server.create_token_response()
        return told

    @app.get("/favicon.ico")
    def icon() -> ResponseReturnValue:
        return "", 204

    @app.get("/end")
    def end() -> str:
        return "<!doctype html><title>Signed out at the provider</title>"

    return app


class Quiet(WSGIRequestHandler):
    """Without a log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


def main() -> None:
    """Serve until killed."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # on loopback
    PEOPLE.update(json.loads(sys.stdin.read()))
    serving = make_server("127.0.0.1", 0, made(), threaded=True, request_handler=Quiet)
    sys.stdout.write(f"http://127.0.0.1:{serving.server_port}\n")
    sys.stdout.flush()
    serving.serve_forever()


if __name__ == "__main__":
    main()
