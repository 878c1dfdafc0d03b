"""A suggestion as it is read: the person by name and title, the message filled in, the next allowed window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from learning.records import Account, Contact, Deal, DealHistory
from services.gateway.domain import Record
from services.gateway.shown_actions import shown_action

KIM = Contact("c1", "김민수", title="부장")
ACTION: dict[str, Any] = {
    "id": "i-mail", "action": "mail", "channel": "mail", "contact_id": "c1", "minutes": 30.0, "tidy_up": False,
    "message": {"en": "Hello {contact}, {sender} on {deal} at {account}", "ko": "{contact}, {sender}입니다. {{참고}}"},
    "contact_limits": {"windows": []},
    "hours": {"time_zone": "Asia/Seoul", "weekdays": [1, 2, 3, 4, 5], "from_minute": 540, "until_minute": 1080,
              "days_off": ["2026-05-04"]},
}  # fmt: skip
FRIDAY_NIGHT = datetime(2026, 5, 1, 9, tzinfo=UTC)  # 18:00 in Seoul


def shown(language: str = "ko", contact: Contact = KIM, **changes: Any) -> dict[str, Any]:
    deal = Deal("d1", name="{contact} 확장", account_id="a1")
    history = DealHistory(deal, account=Account("a1", "한빛산업"), contacts=((contact, "decides"),))
    return shown_action(ACTION | changes, Record(history, "이서연", {}), FRIDAY_NIGHT, language)


def test_a_person_is_spoken_to_by_name_and_title() -> None:
    assert shown()["message"] == "김민수 부장님, 이서연입니다. {참고}"
    assert shown(contact=Contact("c1", "김민수", title="이사님"))["message"].startswith("김민수 이사님, ")
    assert shown(contact=Contact("c1", "김민수"))["message"].startswith("김민수님, ")
    assert shown(contact=Contact("c2", "박"))["message"].startswith("담당자님, ")


def test_places_are_filled_once_and_values_are_no_templates() -> None:
    assert shown("en")["message"] == "Hello 김민수, 이서연 on {contact} 확장 at 한빛산업"


def test_the_window_is_the_next_one_allowed() -> None:
    found = shown()
    assert found["window"] == {"start": "2026-05-05T00:00:00Z", "end": "2026-05-05T09:00:00Z"}
    assert found["contact"] == {"id": "c1", "name": "김민수", "title": "부장"}
    assert not {"hours", "contact_limits"} & set(found)


def test_a_suggestion_from_before_has_neither_message_nor_window() -> None:
    old = {name: ACTION[name] for name in ("id", "action", "channel", "contact_id")}
    history = DealHistory(Deal("d1"), contacts=())
    found = shown_action(old, Record(history, "", {}), FRIDAY_NIGHT, "ko")
    assert (found["message"], found["window"], found["contact"], found["minutes"]) == ("", None, None, 0.0)
