"""Where the catalogue comes from while the service runs: the edition pointed at in NATS, else the file, watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from kit.clock import pause
from kit.errors import InvalidInput
from kit.models import Follower, ModelShelf, Pointer
from services.next_best_action import catalogue
from services.next_best_action.catalogue import Catalogue

log = structlog.get_logger(__name__)

KEY = "action_catalogue"  # of the pointer, beside those of the models
FILE = "catalogue.toml"  # in the artifact
POLL_SECONDS = 1.0

Adopt = Callable[[Catalogue, int], None]


def edition_follower(shelf: ModelShelf, prior: Catalogue, adopt: Adopt) -> Follower[Catalogue]:
    """Follows the edited catalogue; one that does not load is refused and logged, and the one before stays."""

    def load(folder: Path, _: Pointer) -> Catalogue:
        return catalogue.load(folder / FILE)

    def taken(found: Catalogue, pointer: Pointer) -> None:
        adopt(found, pointer.generation)

    return Follower(shelf, KEY, load, prior=prior, on_swap=taken)


class WatchedFile:
    """Reads the file anew when it changes, while no edition takes its place; a wrong one is told and passed over."""

    name = "action-catalogue-file"
    ready = True

    def __init__(
        self, path: Path, replaced: Callable[[], bool], adopt: Adopt, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._path = path
        self._replaced = replaced
        self._adopt = adopt
        self._poll_seconds = poll_seconds
        self._seen = self._stamp()

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            await pause(stop, self._poll_seconds)
            self.look()

    def look(self) -> bool:
        """Read the file if it changed; True when what it says is taken."""
        stamp = self._stamp()
        if stamp == self._seen or self._replaced():
            return False
        self._seen = stamp
        try:
            found = catalogue.load(self._path)
        except InvalidInput as error:
            log.error("catalogue_refused", problem=error.message, field=error.field, mend=error.mend)
            return False
        self._adopt(found, 0)
        log.info("catalogue_taken", actions=len(found.actions))
        return True

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size
