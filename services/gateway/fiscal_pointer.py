"""Tells the forecast service through NATS where quarters begin."""

from __future__ import annotations

from kit.documents import DocumentTeller
from kit.models import ModelShelf
from services.gateway.settings_checks import FISCAL_YEAR
from services.gateway.workspace import Workspace


class FiscalPointer:
    """Nothing is told while quarters are those of the calendar from the start."""

    def __init__(self, workspace: Workspace, shelf: ModelShelf) -> None:
        self._workspace = workspace
        self._teller = DocumentTeller(shelf, FISCAL_YEAR)

    async def refill(self) -> None:
        """Point at where quarters begin now, if something else is pointed at. Raises Unavailable."""
        month = (self._workspace.calendar.start_month - 1) % 3 + 1  # the same where quarters begin alike
        data = await self._teller.packed({"start_month": month})
        await self._teller.tell(data, self._workspace.fiscal_editions, self._keep)

    async def _keep(self, edition: int, _: str) -> None:
        await self._workspace.set_fiscal_editions(edition)
