"""Contact limits as they come with a suggestion, against the contacts made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dealcast.common.v1 import insights_pb2
from learning.contact_counts import count_contacts
from learning.records import Activity
from services.gateway.contact_limits import ContactLog
from services.gateway.convert_actions import _limits
from services.gateway.store.interface import Touch
from services.next_best_action.convert import _limits_to_pb
from services.next_best_action.domain import Channel
from services.next_best_action.reach import free_from

NOW = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)


def out(days: float, channel: str = "mail") -> Touch:
    return Touch(channel, outbound=True, time=NOW - timedelta(days=days))


def answered(days: float) -> Touch:
    return Touch("mail", outbound=False, time=NOW - timedelta(days=days))


def action(**limits: Any) -> dict[str, Any]:
    base = {"windows": [{"contacts": 2, "days": 7}, {"contacts": 3, "days": 30}], "unanswered": 0, "quiet_days": 0}
    return {"channel": "mail", "contact_limits": base | limits}


def allowed(*touches: Touch, **limits: Any) -> bool:
    return ContactLog(NOW, {"d": sorted(touches, key=lambda each: each.time)}).allows("d", action(**limits))


def test_each_window_counts_its_own_contacts() -> None:
    assert allowed()
    assert allowed(out(1), out(8), out(1, "call"), answered(1))
    assert not allowed(out(1), out(6.9))
    assert not allowed(out(1), out(8), out(29))
    assert allowed(out(1), out(8), out(30))
    assert allowed(out(1), out(-1))  # what is planned for later is not made yet


def test_contacts_without_an_answer_silence_the_channel() -> None:
    quiet: dict[str, Any] = {"windows": [], "unanswered": 2, "quiet_days": 7}
    assert not allowed(out(9), out(3), **quiet)
    assert allowed(out(9), out(8), **quiet)
    assert allowed(out(3), out(9), answered(2), **quiet)
    assert allowed(out(9), answered(5), out(3), **quiet)


def test_no_limits_allow_and_other_deals_do_not_count() -> None:
    log = ContactLog(NOW, {"other": [out(1), out(2)]})
    assert log.allows("d", action())
    assert log.allows("other", {"channel": "mail", "contact_limits": None})
    assert log.allows("other", {"channel": "", "contact_id": ""})


MOMENTS = st.integers(0, 40 * 24).map(lambda hours: NOW - timedelta(hours=hours))
CHANNELS = [
    Channel("mail", per_7_days=2, per_30_days=3, unanswered=2, quiet_days=7),
    Channel("mail", per_7_days=1, per_30_days=4, unanswered=1, quiet_days=30),
    Channel("mail"),
]


@given(st.lists(st.tuples(MOMENTS, st.booleans()), max_size=6), st.sampled_from(CHANNELS), st.integers(0, 23))
def test_it_judges_as_the_service_that_made_the_suggestion(
    made: list[tuple[datetime, bool]], channel: Channel, hour: int
) -> None:
    now = NOW.replace(hour=hour)
    ordered = sorted(made)
    activities = [Activity("", "d", "mail", "outbound" if out else "inbound", time) for time, out in ordered]
    counter = next(iter(count_contacts(activities, now)), None)
    log = ContactLog(now, {"d": [Touch("mail", out, time) for time, out in ordered]})
    body = _limits(insights_pb2.SuggestedAction(contact_limits=_limits_to_pb(channel)))
    shown = log.allows("d", {"channel": "mail", "contact_limits": body})
    assert shown is (free_from(channel, counter, now.date()) == now.date())
