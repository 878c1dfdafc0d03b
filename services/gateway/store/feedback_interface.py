"""What the gateway asks of its database about answers to suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.gateway.domain import Principal
from services.gateway.feedback_record import Feedback


class FeedbackStore(Protocol):
    """The part of the store that keeps answers to suggestions."""

    async def save_feedback(self, principal: Principal, one: Feedback, *, trace: str = "") -> bool:
        """Keep an answer, and mark what it undoes; False where the same was kept under its id before.

        But for an accept, an open deal's revision grows: its suggestions are ranked anew with the answer known.

        Raises NotFound where the deal does not exist for the principal, Conflict where the id said something else.
        """

    async def list_feedback(self, principal: Principal, deal_ids: Sequence[str]) -> Mapping[str, Sequence[Feedback]]:
        """The newest answers on each deal the principal sees, newest first; deals without any are left out."""

    async def unpublished_feedback(self, limit: int) -> list[Feedback]:
        """Answers not on the stream yet, oldest first: the system's own work."""

    async def finish_feedback(self, ids: Sequence[str]) -> None:
        """These are on the stream."""
