"""What the gateway does about sign-in when it starts: checks the settings, and lets the machine's own programs and the
first administrator in."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kit.errors import InvalidInput
from services.gateway.access.desk import FIRST, AccessDesk, digest
from services.gateway.access.gate import OFF, Access
from services.gateway.access.members import ALL_SCOPES, MACHINE, Act, Member, Role, Token
from services.gateway.access.oidc.config import Config, configured
from services.gateway.access.roll import Roll
from services.gateway.imports.targets import TOKEN_FILE
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from services.gateway.access.oidc.arrival import Arrivals

LINK_FILE = "first-admin"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def open_access(settings: GatewaySettings, gateway: Gateway) -> Access:
    """How this gateway is signed in to. Raises InvalidInput where its settings would let strangers in."""
    listening = {"DEALCAST_HTTP_ADDRESS": settings.http_address, "DEALCAST_GRPC_ADDRESS": settings.grpc_address}
    for name, address in listening.items():
        if settings.sign_in == OFF and address.rpartition(":")[0] not in LOOPBACK:
            mend = "Set DEALCAST_SIGN_IN=accounts, or listen on 127.0.0.1"
            raise InvalidInput(
                "without sign-in the gateway serves this machine only", field=name, value=address, mend=mend
            )
    parts = urlsplit(settings.public_url)
    if settings.public_url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
        mend = "Write it as https://deals.example.com"
        raise InvalidInput("this is no address", field="DEALCAST_PUBLIC_URL", value=settings.public_url, mend=mend)
    here = settings.http_address.rpartition(":")[0] in LOOPBACK

    def personas() -> bool:
        return here and gateway.workspace.sample

    desk, cookie = AccessDesk(gateway.store, gateway.news), f"dealcast_{gateway.workspace.id}"
    company = configured(settings)
    arrivals = _arrivals(desk, company) if company else None
    return Access(desk, settings.sign_in, personas, settings.public_url.rstrip("/"), cookie, arrivals)


def _arrivals(desk: AccessDesk, company: Config) -> Arrivals:
    from services.gateway.access.oidc.arrival import Arrivals  # late: nobody else waits for Authlib

    return Arrivals(desk, company)


async def let_in(access: Access, settings: GatewaySettings, address: str) -> None:
    """Give the programs of this machine a token in the data folder, and print the link of the first administrator where
    there is none yet. Both are made anew at every start."""
    folder = settings.data_dir.resolve()
    for name in (TOKEN_FILE, LINK_FILE):
        (folder / name).unlink(missing_ok=True)
    if access.mode == OFF:
        return
    write_secret(folder / TOKEN_FILE, await machine_token(access.desk))
    if not await Roll(access.desk).has_admin():
        secret = await access.desk.make_link(FIRST, FIRST)
        link = f"{access.public_url or f'http://{address}'}/sign-in/link/{secret}"
        write_secret(folder / LINK_FILE, link)
        sys.stdout.write(f"The first administrator opens this once, within a day: {link}\n")
        sys.stdout.flush()


async def machine_token(desk: AccessDesk) -> str:
    """The token of the machine's own programs; the one before counts no longer."""
    store, now = desk.store, desk.now()
    if await store.read_member(MACHINE) is None:
        await store.save_member(Member(MACHINE, MACHINE, "", Role.SERVICE, created=now))
        await desk.note(Act.MEMBER_ADDED, MACHINE, MACHINE, role=Role.SERVICE.value)
    await store.end_token(MACHINE)
    secret = f"dealcast_{secrets.token_urlsafe(32)}"
    await store.add_token(Token(secrets.token_hex(8), digest(secret), MACHINE, TOKEN_FILE, ALL_SCOPES, now))
    return secret


def write_secret(path: Path, text: str) -> None:
    """A file that its owner alone may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    draft.replace(path)
