"""What pages show of asks: on the forecast call, on a rep's day and on the deal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from learning.records import Node
from services.gateway.asks.records import ShownAsk
from services.gateway.web.call_views import titled
from services.gateway.web.member_names import People, person
from services.gateway.web.words import Words

MOST = 20  # on a page


@dataclass(frozen=True, slots=True)
class AskView:
    """An ask in words."""

    id: int
    deal_id: str
    deal: str
    href: str
    text: str
    who: str
    due: str
    late: bool
    lost: bool  # the deal, while the ask is open
    done: str  # who did it when; empty while it is open


@dataclass(frozen=True, slots=True)
class AsksView:
    """Asks of a page; `more` are not shown."""

    rows: tuple[AskView, ...]
    more: bool

    @property
    def by_deal(self) -> Mapping[str, Sequence[AskView]]:
        """The open ones that stand beside a deal."""
        found: dict[str, list[AskView]] = {}
        for row in self.rows:
            if not row.done:
                found.setdefault(row.deal_id, []).append(row)
        return found


def asks_view(
    found: Sequence[ShownAsk], people: People, members: Mapping[str, str], today: date, words: Words
) -> AsksView:
    """At most so many, open ones first; `found` may hold one more than are shown."""
    rows = sorted(found[:MOST], key=lambda one: one.ask.done_time is not None)
    return AsksView(tuple(ask_view(one, people, members, today, words) for one in rows), len(found) > MOST)


def ask_view(shown: ShownAsk, people: People, members: Mapping[str, str], today: date, words: Words) -> AskView:
    """One ask, of people that the reader may know; who settled it may be a member that is none of them."""
    ask, whose = shown.ask, shown.whose
    done = ""
    if ask.done_time is not None:
        by = people[ask.done_by].called if ask.done_by in people else members.get(ask.done_by, "")
        done = words("asks.done_by", name=by, day=words.day(ask.done_time.date()))
    return AskView(
        ask.id, ask.deal_id, titled(shown.deal_name or ask.deal_id, shown.account),
        f"/deals/{quote(ask.deal_id, safe='')}", ask.text,
        str(person(people, whose, "", words)), words.day(ask.due), not done and not shown.lost and ask.due < today,
        not done and shown.lost, done,
    )  # fmt: skip


def askable(owner: str, tree: Sequence[Node], team: Sequence[str]) -> list[str]:
    """Who can be asked about a deal beside its owner: the managers above, nearest first, and the deal's team."""
    nodes = {node.id: node for node in tree}
    node, above = nodes.get(f"owner:{owner}"), []
    while node is not None:
        node = nodes.get(node.parent)
        if node is not None and node.level == "manager":
            above.append(node.id.removeprefix("manager:"))
    return [one for one in dict.fromkeys([*above, *team]) if one != owner]
