"""Passwords: what counts as one, and how it is kept (argon2id, RFC 9106).

64 MB and two passes take some 0.1 s of one core. Few are hashed at a time, or many at once would take the memory.
"""

from __future__ import annotations

import asyncio
import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kit.errors import InvalidInput

PASSES, LANES, MEMORY_KIB, LENGTH = 2, 1, 64 * 1024, 32
SHORTEST, LONGEST = 12, 200
DIFFERENT = 5  # characters at least
AT_ONCE = 2
NOBODYS = (  # the hash of a password nobody has: who has no hash is checked against it, and takes as long
    "$argon2id$v=19$m=65536,t=2,p=1$ZGVhbGNhc3Qgbm9ib2R5cw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


def checked(password: str, *known: str) -> str:
    """The password if it will do. Raises InvalidInput; `known` is what others know of its owner."""
    told = {word.casefold() for word in known if word}
    if not SHORTEST <= len(password) <= LONGEST or "\x00" in password:
        fault = f"a password has {SHORTEST} to {LONGEST} characters"
    elif len(set(password)) < DIFFERENT:
        fault = "the password repeats the same few characters"
    elif password.casefold() in told:
        fault = "the password is what others know of you"
    else:
        return password
    raise InvalidInput(fault, field="password", mend="Take four words that nobody would put together")


class Hasher:
    """Hashes and checks passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """As it is kept: salt and cost within."""
        async with self._room:
            return await asyncio.to_thread(_hash, password)

    async def matches(self, password: str, kept: str) -> bool:
        """Whether it is the password. Takes the same time where nothing is kept."""
        async with self._room:
            found = await asyncio.to_thread(_verify, password, kept or NOBODYS)
        return found and bool(kept)


def outdated(kept: str) -> bool:
    """Whether it was hashed at another cost than is usual now."""
    return not kept.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")


def _bytes(password: str) -> bytes:
    """Keyboards write the same letter in several ways, Korean above all."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _hash(password: str) -> str:
    kind = Argon2id(salt=os.urandom(16), length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return kind.derive_phc_encoded(_bytes(password))


def _verify(password: str, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_bytes(password), kept)
    except InvalidKey:
        return False
    return True
