"""Why somebody with a company account does not come in."""

from __future__ import annotations


class Refused(Exception):
    """Nobody comes in. `reason` is a word of the pages, `detail` what administrators read of it: nothing personal."""

    def __init__(self, reason: str, detail: str = "", mail: str = "", member_id: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail, self.mail, self.member_id = reason, detail, mail, member_id
