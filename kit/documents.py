"""Small JSON documents that one part hands to another through NATS: stored and pointed at as models are.

A document is known by its key, under which its pointer stands beside those of the models. Its edition is a number that
grows whenever it says something else, so that everybody can tell what was made with an earlier one.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import structlog

from kit.artifacts import digest, pack
from kit.errors import DealcastError, Poisoned
from kit.follower import Follower
from kit.shelf import ModelShelf, Pointer

log = structlog.get_logger(__name__)

T = TypeVar("T")
Content = Mapping[str, Any]
Keep = Callable[[int, str], Awaitable[None]]  # an edition, and the digest of what it says

_WRONG = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, DealcastError)


class DocumentTeller:
    """Keeps a document pointed at, whatever happens to NATS."""

    def __init__(self, shelf: ModelShelf, key: str) -> None:
        self._shelf = shelf
        self._key = key

    async def packed(self, content: Content) -> bytes:
        """The bytes that are stored; the same for the same content."""
        return await asyncio.to_thread(_packed, self._key, content)

    async def tell(self, data: bytes, edition: int, keep: Keep) -> None:
        """Point at packed content as of an edition, unless that is pointed at. Raises Unavailable.

        Nothing is told of edition 0 where nothing ever was. Where NATS points at something else under this edition or
        a later one, left from another life, the next one after that is kept and told.
        """
        there, name = await self._shelf.pointer(self._key), digest(data)
        if there is None and not edition:
            return
        if there is not None and (there.generation > edition or (there.generation == edition and there.digest != name)):
            edition = there.generation + 1
            await keep(edition, name)
        pointer = Pointer(f"edition {edition}", edition, name)
        if there == pointer and await self._shelf.has(name):
            return
        await self._shelf.put(data)
        await self._shelf.point(self._key, pointer)
        log.info("document_pointed_at", document=self._key, edition=edition)


def document_follower(
    shelf: ModelShelf, key: str, read: Callable[[Any], T], adopt: Callable[[T, int], None], *, prior: T
) -> Follower[T]:
    """Follows a document: what `read` makes of it goes to `adopt` with its edition; what it cannot read is refused
    and logged."""

    def taken(found: T, pointer: Pointer) -> None:
        adopt(found, pointer.generation)

    return Follower(shelf, key, lambda folder, _: read_document(folder, key, read), prior=prior, on_swap=taken)


def read_document(folder: Path, key: str, read: Callable[[Any], T]) -> T:
    """What `read` makes of a document's JSON. Raises Poisoned where it cannot."""
    try:
        return read(json.loads((folder / _file(key)).read_text("utf-8")))
    except _WRONG as error:
        raise Poisoned(f"this cannot be read as {key}: {error}", field=key, mend="Set it again") from error


def _packed(key: str, content: Content) -> bytes:
    with tempfile.TemporaryDirectory(prefix="dealcast-document-") as folder:
        (Path(folder) / _file(key)).write_text(json.dumps(content), encoding="utf-8")
        return pack(Path(folder))


def _file(key: str) -> str:
    return f"{key}.json"
