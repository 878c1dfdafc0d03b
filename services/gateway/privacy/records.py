"""What is told of a person: where they stand, that they are restricted, how far their erasure is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.gateway.privacy.doubts import Verdicts
from services.gateway.privacy.person import Person

# LEFT: ended, but something still holds them, or is in doubt; WAITING: for models to be replaced, then it goes on.
RUNNING, DONE, LEFT, WAITING = "RUNNING", "DONE", "LEFT", "WAITING"
# Of versions: KEPT was trained in place of another, and has the words from records that stay.
SERVING, REMOVED, KEPT = "SERVING", "REMOVED", "KEPT"


def now() -> datetime:
    """By the wall, as all of this is."""
    return datetime.now(UTC)


def time_text(moment: datetime) -> str:
    """A time as programs see it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place that holds them: a column, a stream, a file. `records` are some of the deals, or of the rows' keys."""

    store: str  # database, nats, models, files, logs
    place: str
    count: int
    records: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return {"store": self.store, "place": self.place, "count": self.count, "records": list(self.records)}


@dataclass(frozen=True, slots=True)
class Restriction:
    """Somebody is kept without being processed."""

    kind: str
    id: str
    author: str
    reason: str
    time: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return {"kind": self.kind, "id": self.id, "author": self.author, "reason": self.reason,
                "time": time_text(self.time)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody read a person's data. `record` is the contact's or the deal's id, empty for a list."""

    who: str
    route: str
    kind: str
    record: str = ""
    time: datetime = field(default_factory=now)
    id: int = 0

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return {"id": str(self.id), "time": time_text(self.time), "who": self.who, "route": self.route,
                "kind": self.kind, "record": self.record}  # fmt: skip


@dataclass(slots=True)
class Erasure:
    """The erasure of one person. `person` is None once it has ended: nothing of them is kept then. While something is
    in doubt, the names that are remain, as others bear them too."""

    id: str
    author: str
    kind: str
    time: datetime = field(default_factory=now)
    state: str = RUNNING
    stage: str = ""
    progress: float = 0.0
    rows: int = 0
    streams: int = 0
    error: str = ""
    finished: datetime | None = None
    found: list[Mapping[str, Any]] = field(default_factory=list)  # before, by store: how many places
    left: list[Mapping[str, Any]] = field(default_factory=list)  # places that still hold them
    doubts: list[Mapping[str, Any]] = field(default_factory=list)  # what nobody has decided, without the words
    theirs: list[str] = field(default_factory=list)  # refs of doubts, as they were decided
    others: list[str] = field(default_factory=list)
    models: list[Mapping[str, Any]] = field(default_factory=list)  # versions that held them, and what became of each
    person: Person | None = None  # names in doubt alone, once all that is sure is gone

    @property
    def verdicts(self) -> Verdicts:
        """What was decided."""
        return Verdicts(frozenset(self.theirs), frozenset(self.others))

    @verdicts.setter
    def verdicts(self, given: Verdicts) -> None:
        self.theirs, self.others = sorted(given.theirs), sorted(given.others)

    def to_json(self) -> dict[str, Any]:
        """As programs see it; of the person it tells nothing."""
        return {
            "id": self.id, "time": time_text(self.time), "author": self.author, "kind": self.kind,
            "state": self.state, "stage": self.stage, "progress": self.progress, "rows": self.rows,
            "streams": self.streams, "error": self.error,
            "finished_time": time_text(self.finished) if self.finished else None,
            "found": list(self.found), "left": list(self.left), "doubts": list(self.doubts),
            "theirs": len(self.theirs), "others": len(self.others), "models": list(self.models),
        }  # fmt: skip
