"""Where the catalogue comes from while the service runs: the edition pointed at in NATS, else the file, watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import structlog

from kit.clock import pause
from kit.errors import InvalidInput
from kit.models import Follower, ModelShelf, Pointer
from learning.action_policies import ActionPolicies, read_policies
from services.next_best_action import catalogue
from services.next_best_action.catalogue import Catalogue

log = structlog.get_logger(__name__)

KEY = "action_catalogue"  # of the pointer, beside those of the models
FILE = "catalogue.toml"  # in the artifact
POLICIES_FILE = "policies.json"  # beside it; none: the usual ones
POLL_SECONDS = 1.0

Edition = tuple[Catalogue, ActionPolicies]
Adopt = Callable[[Catalogue, int, ActionPolicies], None]


def edition_follower(shelf: ModelShelf, prior: Catalogue, adopt: Adopt) -> Follower[Edition]:
    """Follows the edited catalogue; one that does not load is refused and logged, and the one before stays."""

    def taken(found: Edition, pointer: Pointer) -> None:
        adopt(found[0], pointer.generation, found[1])

    return Follower(shelf, KEY, load, prior=(prior, ActionPolicies()), on_swap=taken)


def load(folder: Path, _: Pointer) -> Edition:
    """An edition: the catalogue and the policies that go with it. Raises InvalidInput."""
    policies = folder / POLICIES_FILE
    try:
        given = json.loads(policies.read_text(encoding="utf-8")) if policies.exists() else None
    except ValueError:
        raise InvalidInput("the policies are no JSON", field=POLICIES_FILE, mend="Set them anew") from None
    return catalogue.load(folder / FILE), ActionPolicies() if given is None else read_policies(given)


class WatchedFile:
    """Reads the file anew when it changes, while no edition takes its place; a wrong one is told and passed over."""

    name = "action-catalogue-file"
    ready = True

    def __init__(
        self,
        path: Path,
        replaced: Callable[[], bool],
        adopt: Callable[[Catalogue, int], None],
        poll_seconds: float = POLL_SECONDS,
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
