"""What a token says of a person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.access.oidc.config import MAIL, Config

LONGEST, MOST_GROUPS = 200, 2_000
TRUE = (True, "true")  # some providers write texts


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is the SHA-256 of issuer and name there: who it is, whatever address or name it has later. `mail` is
    folded as logins are; `checked` whether it is known to be the person's own."""

    subject: str
    mail: str = ""
    checked: bool = False
    name: str = ""
    groups: frozenset[str] = frozenset()


def person_of(claims: Mapping[str, Any], config: Config) -> Person:
    """By claims that were checked."""
    subject = hashlib.sha256(f"{config.issuer}\n{claims['sub']}".encode()).hexdigest()
    mail = _text(claims.get(config.mail_claim)).casefold()
    said = config.mail_claim == MAIL and claims.get("email_verified") in TRUE
    fits = "@" in mail and not any(letter.isspace() for letter in mail)
    return Person(
        subject, mail if fits else "", fits and (said or config.mail_trusted), _text(claims.get("name")),
        _groups(claims, config.groups_claim),
    )  # fmt: skip


def _groups(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The claim, which a dotted name may find inside of another."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(one for one in listed[:MOST_GROUPS] if isinstance(one, str))


def _text(value: Any) -> str:
    sound = isinstance(value, str) and value.isprintable() and len(value) <= LONGEST
    return value.strip() if sound else ""
