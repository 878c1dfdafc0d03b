"""What was decided of what is in doubt in an erasure."""

from __future__ import annotations

import pytest

from kit.errors import InvalidInput
from services.gateway.privacy.doubts import MESSAGE, PERSON, ROW, Doubt, Verdicts, people_in

DOUBTS = [
    Doubt("contact:c2", PERSON, "contacts", "c2"), Doubt("activities:d1/1/a1", ROW, "activities.text", "d1"),
    Doubt("changes:d1/3", ROW, "changes.value", "d1"), Doubt("activities:d2/1/a2", ROW, "activities.text", "d2"),
    Doubt("nats:DEAD/7", MESSAGE, "DEAD", "7"),
]  # fmt: skip


def test_refs_rows_of_a_deal_and_the_rest_are_decided() -> None:
    first = Verdicts().joined(["deal:d1"], ["contact:c2"], DOUBTS)
    assert first.theirs == {"activities:d1/1/a1", "changes:d1/3"}
    assert [one.ref for one in first.open(DOUBTS)] == ["activities:d2/1/a2", "nats:DEAD/7"]
    whole = first.joined(["nats:DEAD/7"], ["rest"], first.open(DOUBTS))
    assert whole.open(DOUBTS) == []
    assert whole.others == {"contact:c2", "activities:d2/1/a2"}
    assert people_in(whole.others) == [("contact", "c2")]
    assert whole.without(["contact:c2"]).others == {"activities:d2/1/a2"}


@pytest.mark.parametrize(
    ("theirs", "others"), [(["contact:c9"], []), (["deal:d9"], []), (["deal:d1"], ["changes:d1/3"])]
)
def test_what_is_not_in_doubt_or_decided_both_ways_is_refused(theirs: list[str], others: list[str]) -> None:
    with pytest.raises(InvalidInput):
        Verdicts().joined(theirs, others, DOUBTS)
