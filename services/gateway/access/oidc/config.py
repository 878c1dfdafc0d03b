"""How the company's provider of accounts is reached, and what its word counts for."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kit.errors import InvalidInput
from services.gateway.access.members import Role
from services.gateway.settings import GatewaySettings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAIL = "email"  # the claim that `email_verified` tells of
LONGEST_SECRET = 4_096


@dataclass(frozen=True, slots=True)
class Config:
    """`roles` are pairs of group and role, the first that fits counts; without any, administrators give roles.
    `mail_trusted`: addresses count as the person's own whether or not the provider says that it checked them."""

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    name: str = ""
    scopes: str = "openid email profile"
    mail_claim: str = MAIL
    mail_trusted: bool = False
    groups_claim: str = "groups"
    roles: tuple[tuple[str, Role], ...] = ()

    def role_of(self, groups: Collection[str]) -> Role | None:
        """What the groups make of somebody."""
        return next((role for group, role in self.roles if group in groups), None)


def configured(settings: GatewaySettings) -> Config | None:
    """As the settings say; None where company accounts are not set up. Raises InvalidInput, which names no secret."""
    issuer = settings.oidc_issuer
    if not issuer:
        return None
    if settings.sign_in == "off":
        mend = "Set DEALCAST_SIGN_IN=accounts, or leave DEALCAST_OIDC_ISSUER out"
        raise InvalidInput("company accounts need sign-in", field="DEALCAST_SIGN_IN", value="off", mend=mend)
    parts = urlsplit(issuer)
    if not secure(issuer) or parts.query or parts.fragment or parts.username:
        mend = "Write it as the provider does, such as https://login.example.com/realms/sales; http on loopback only"
        raise InvalidInput("this is no issuer", field="DEALCAST_OIDC_ISSUER", value=issuer, mend=mend)
    if not settings.oidc_client_id:
        mend = "Register Dealcast with the provider, and set the id that it gives"
        raise InvalidInput("the client id is missing", field="DEALCAST_OIDC_CLIENT_ID", mend=mend)
    if "openid" not in settings.oidc_scopes.split():
        mend = "Add openid"
        raise InvalidInput("without openid nobody is named", field="DEALCAST_OIDC_SCOPES", mend=mend)
    return Config(
        issuer, settings.oidc_client_id, _secret(settings), settings.oidc_name.strip()[:60], settings.oidc_scopes,
        settings.oidc_mail_claim, settings.oidc_mail_trusted, settings.oidc_groups_claim, _roles(settings.oidc_roles),
    )  # fmt: skip


def secure(address: str) -> bool:
    """Whether what is sent there stays between the two: TLS, or this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _secret(settings: GatewaySettings) -> str:
    file = settings.oidc_client_secret_file
    if file is None:
        return settings.oidc_client_secret.get_secret_value().strip()
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.read(LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        mend = "Name a text file that the gateway may read"
        raise InvalidInput(
            f"the file cannot be read: {type(error).__name__}", field="DEALCAST_OIDC_CLIENT_SECRET_FILE",
            value=str(file), mend=mend,
        ) from None  # fmt: skip


def _roles(text: str) -> tuple[tuple[str, Role], ...]:
    wanted = tuple(role for role in Role if role is not Role.SERVICE)
    try:
        pairs = json.loads(text) if text.strip() else {}
        return tuple((str(group), wanted[wanted.index(role)]) for group, role in pairs.items())
    except (ValueError, AttributeError):
        mend = 'Write {"group": "role"} with the roles ' + ", ".join(wanted)
        raise InvalidInput(
            "this does not say which group has which role", field="DEALCAST_OIDC_ROLES", value=text[:200], mend=mend
        ) from None
