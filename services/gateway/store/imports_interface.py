"""What the gateway asks of its database so that imports can be undone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, Self

from services.gateway.domain import Principal


class ImportsStore(Protocol):
    """The part of the store that keeps what imports changed as it was before."""

    def recording(self, import_id: str) -> Self:
        """The same store, keeping what it changes as it was before, under this import."""

    async def keep_settings(self, keys: Sequence[str]) -> None:
        """Keep settings as they are, where an import is recorded."""

    async def seal_import(self, import_id: str) -> bool:
        """The import has ended: note how it left each record, so that later changes are known from it. Whether any of
        them stands otherwise than before."""

    async def forget_imports(self, others_than: Collection[str]) -> None:
        """Drop what is kept of imports but these: they cannot be undone any more."""

    async def undo_import(
        self, principal: Principal, import_id: str, *, discard: bool = False, trace: str = ""
    ) -> Mapping[str, int]:
        """Put every record that the import changed back as it was, in one transaction; how many of each kind.

        The revision of a deal grows, as with any change. A deal that the import created is deleted and emptied, and
        does not exist for any reader but those who must learn of its end. What it created and other records name
        meanwhile stays. Raises Conflict where records were changed since, unless `discard` gives these changes up too;
        Forbidden for who does not see all.
        """
