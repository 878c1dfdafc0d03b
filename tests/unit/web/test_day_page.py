"""A rep's day as answers: what is answered, what is refused, and whose day it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, quote

import httpx
import pytest
import pytest_asyncio

from learning.answers import Verb
from learning.contact_hours import ContactHours
from learning.records import Consent, Contact
from services.gateway.domain import LOCAL, DealWrite
from services.gateway.service import Gateway
from services.gateway.web.day_page import day_heading
from services.gateway.web.day_views import link_of, no_link, snoozes
from services.gateway.web.report_mail import LONGEST_MAIL, dropped_first, mail_address
from services.gateway.web.report_views import draft
from services.gateway.web.timeline import timeline
from services.gateway.web.words import JOINER, Words
from services.gateway.weekly_report import weekly_report
from tests.e2e.web.site import answers, fill, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
Site = tuple[Gateway, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with serving(tmp_path_factory.mktemp("day")) as (gateway, address):
        await fill(gateway)
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            yield gateway, client


async def test_the_first_rep_s_day_is_shown_where_nobody_is_named(site: Site) -> None:
    page = (await site[1].get("/day?lang=en")).text
    # it is Friday evening there
    assert "Whom first on the next working day, Nov 23, 2026 (as of Nov 20, 2026)" in page
    assert "Grace Tan" in page  # the other one


async def test_the_business_day_itself_is_named_alone_while_it_lasts() -> None:
    day = date(2026, 11, 20)
    assert day_heading(day, day, Words("ko")) == "2026. 11. 20. 먼저 연락할 고객"
    assert "기준일 2026. 11. 20." in day_heading(date(2026, 11, 23), day, Words("ko"))


async def test_a_rep_who_is_not_there_is_told_so(site: Site) -> None:
    assert (await site[1].get("/day?owner=nobody")).status_code == 404


@pytest.mark.parametrize(
    ("verb", "more"),
    [("accept", {}), ("snooze", {"until": "2026-11-27"}), ("dismiss", {"reason": "bad_timing"})],
)
async def test_answers_are_kept_with_what_was_said(site: Site, verb: str, more: dict[str, str]) -> None:
    gateway, client = site
    form = {"deal_id": "D-1", "suggestion_id": "s1", "verb": verb, "until": "", "reason": "not_relevant"} | more
    told = await client.post("/day/answer?lang=en&owner=u1", data=form, headers={"HX-Request": "true"})
    assert told.status_code == 200
    [made] = await answers(gateway)
    assert (made.verb, made.reason) == (Verb(verb), more.get("reason", ""))
    assert (made.until.isoformat() if made.until else "") == more.get("until", "")
    back = {"deal_id": "D-1", "suggestion_id": "s1", "verb": "undo", "undoes": made.id}
    assert (await client.post("/day/answer?owner=u1", data=back)).status_code == 303
    assert not await answers(gateway)


async def test_what_was_accepted_looks_so_when_the_day_is_opened_again(site: Site) -> None:
    gateway, client = site
    assert "You said that you will do it." not in (await client.get("/day?lang=en&owner=u1")).text
    form = {"deal_id": "D-1", "suggestion_id": "i1-send_quote"}
    await client.post("/day/answer?owner=u1", data=form | {"verb": "accept"}, headers={"HX-Request": "true"})
    again = (await client.get("/day?lang=en&owner=u1")).text
    assert "You said that you will do it." in again
    assert 'value="accept"' not in again
    assert (await client.post("/day/answer?owner=u1", data=form | {"verb": "undo"})).status_code == 303
    assert not await answers(gateway)
    assert 'value="accept"' in (await client.get("/day?lang=en&owner=u1")).text


async def test_a_contact_that_was_none_is_told_in_the_reader_s_language(site: Site) -> None:
    gateway, client = site
    form = {"deal_id": "D-1", "suggestion_id": "i1-send_quote"}
    done = form | {"verb": "done", "channel": "call", "contact_id": "c1"}
    await client.post("/day/answer?owner=u1", data=done, headers={"HX-Request": "true"})
    [made] = await answers(gateway)
    await client.post("/day/answer?owner=u1", data=form | {"verb": "undo", "undoes": made.id})
    page = (await client.get("/deals/D-1?lang=ko")).text
    assert "되돌림: 실제로는 연락하지 않았습니다." in page
    assert "taken back" not in page


@pytest.mark.parametrize(
    "form",
    [
        {"deal_id": "D-1", "suggestion_id": "s1", "verb": "burn"},
        {"deal_id": "", "suggestion_id": "s1", "verb": "accept"},
        {"deal_id": "none", "suggestion_id": "s1", "verb": "accept"},
        {"deal_id": "D-1", "suggestion_id": "s1", "verb": "snooze", "until": "soon"},
        {"deal_id": "D-1", "suggestion_id": "s1", "verb": "undo", "undoes": "nothing"},
    ],
)
async def test_what_is_no_answer_is_refused(site: Site, form: dict[str, str]) -> None:
    answer = await site[1].post("/day/answer", data=form)
    assert answer.status_code in (400, 404, 409)
    assert answer.headers["content-type"].startswith("text/html")
    assert not await answers(site[0])


async def test_a_weekly_report_is_drafted_in_the_reader_s_language(site: Site) -> None:
    korean = (await site[1].get("/report?lang=ko&node=owner:u1")).text
    for text in ("주간 영업보고 · 김민준", "AI 기대값 ₩7.2억", "[수주]", "[지원 요청]", "₩9억 달성 확률"):
        assert text in korean, text
    assert (await site[1].get("/report?node=owner:nobody")).status_code == 404
    found = await weekly_report(site[0], LOCAL, "owner:u1")
    assert (found.last, (found.last - found.first).days) == (site[0].workspace.business_day, 6), (
        "seven days, both counted"
    )
    up = {"id": "d", "name": "보일러", "account": "", "owner_id": "u1", "cause": "up", "total": "500", "booked": "0"}
    moved = replace(found, moves={**found.moves, "moved": [up, up | {"owner_id": "u2"}]})
    lines = draft(moved, "김민준", {"u1": "김민준", "u2": "Grace"}, Words("ko")).replace(JOINER, "").splitlines()
    assert [line for line in lines if "보일러" in line] == [
        "- 보일러: 금액 증가 +₩500", "- 보일러 (Grace): 금액 증가 +₩500",
    ], "whose own report it is stands in its heading"  # fmt: skip


@pytest.mark.parametrize("lines", [3, 400])
async def test_a_mail_holds_the_lines_there_is_room_for(lines: int) -> None:
    text = "\n".join(f"{number}: 한빛정밀 & 누리병원" for number in range(lines))
    address = mail_address("주간 영업보고", text)
    assert len(address) < LONGEST_MAIL + 200
    [body] = parse_qs(address.partition("?")[2])["body"]
    assert body.splitlines() == text.splitlines()[: len(body.splitlines())]
    assert (body == text) == (lines == 3)


def long_report(words: Words) -> str:
    """A draft whose middle is too long for a mail."""
    named = {name: f"[{words(f'report.{name}')}]" for name in ("won", "lost", "new", "moved", "due", "help")}
    lines = [f"- 한빛정밀 / 설비 모니터링 {number}차 (김민준): 금액 변경 +₩1.2억" for number in range(12)]
    body = "\n\n".join("\n".join([heading, *lines[: 3 if name in ("won", "lost") else 12]])
                       for name, heading in named.items() if name != "help")  # fmt: skip
    return f"주간 영업보고 · 김민준\n\n{body}\n\n{named['help']}\n- 임원 동행이 필요합니다"


async def test_a_mail_too_long_keeps_won_lost_and_help_and_says_what_is_left_out() -> None:
    words = Words("ko")
    text, note = long_report(words), words("report.mail_short")
    [body] = parse_qs(mail_address("주간 영업보고", text, dropped_first(words), note).partition("?")[2])["body"]
    assert len(quote(body)) <= LONGEST_MAIL < len(quote(text))
    parts = {part.split("\n")[0]: part.split("\n")[1:] for part in body.split("\n\n")}
    assert (len(parts["[수주]"]), len(parts["[실주]"])) == (3, 3)
    assert parts["[지원 요청]"] == ["- 임원 동행이 필요합니다"]
    assert body.startswith("주간 영업보고 · 김민준\n\n[수주]")
    assert body.endswith(note)
    assert "[변동]" not in parts, "what moved goes first, and with it its heading"
    assert all(len(lines) for name, lines in parts.items() if name.startswith("[")), "no heading alone"


@pytest.mark.parametrize(
    ("day", "days_off", "dates"),
    [
        (date(2026, 11, 23), (), ["2026-11-24", "2026-11-26", "2026-11-30"]),
        (date(2026, 11, 27), ("2026-11-30",), ["2026-12-01", "2026-12-03"]),  # the next week begins with the first
    ],
)
async def test_what_is_put_off_comes_back_on_working_days_after_its_own(
    day: date, days_off: tuple[str, ...], dates: list[str]
) -> None:
    found = snoozes(ContactHours("Asia/Seoul", days_off=days_off), day, Words("ko"))
    assert [until for until, _ in found] == dates
    assert found[0][1].startswith("그다음 근무일(")
    assert not snoozes(ContactHours(weekdays=()), day, Words("en"))


@pytest.mark.parametrize(
    ("channel", "contact", "told"),
    [
        ("mail", None, "이 딜에 등록된 연락 담당자가 없습니다."),
        ("mail", Contact("c", "한수진", phone="010-1"), "한수진의 메일 주소가 없습니다."),
        ("call", Contact("c", "", email="a@b.example"), "이 연락처의 전화번호가 없습니다."),
        ("visit", None, ""),
    ],
)
async def test_a_card_says_why_it_has_no_button(channel: str, contact: Contact | None, told: str) -> None:
    assert no_link({"channel": channel}, contact, Words("ko")) == told


@pytest.mark.parametrize(
    ("channel", "contact", "link"),
    [
        ("mail", Contact("c", "한수진", email="a@b.example", phone="010-1"), "mailto:a@b.example?subject=About%20D"),
        ("mail", Contact("c", "한수진", phone="010-1"), "tel:0101"),
        ("call", Contact("c", "한수진", email="a@b.example"), "mailto:a@b.example?subject=About%20D"),
        ("mail", Contact("c", "한수진", phone="010-1", consents=(Consent("call", granted=False),)), ""),
        ("text", Contact("c", "한수진", email="a@b.example"), ""),
        ("call", None, ""),
    ],
)
async def test_who_has_no_mail_address_is_called_unless_refused(
    channel: str, contact: Contact | None, link: str
) -> None:
    found = link_of({"channel": channel, "contact_id": "c", "message": ""}, contact, "D", Words("en"))
    assert found[1] == link
    if link:
        assert found[0] == ("call" if link.startswith("tel:") else "mail")


async def test_what_was_changed_this_week_is_told_field_by_field(site: Site) -> None:
    gateway, client = site
    now = gateway.workspace.now()
    shape: dict[str, Any] = {"owner_id": "u2", "created_time": now - timedelta(days=60)}
    await gateway.apply_deals(LOCAL, [
        DealWrite("moved", name="Moved lately", stage="Proposal", effective_time=now - timedelta(days=60), **shape),
        DealWrite("still", name="Stood still", stage="Proposal", effective_time=now - timedelta(days=60), **shape),
    ])  # fmt: skip
    await gateway.apply_deals(LOCAL, [
        DealWrite("moved", stage="Negotiation", effective_time=now - timedelta(days=1)),
        DealWrite("still", stage="Negotiation", effective_time=now - timedelta(days=20)),
    ])  # fmt: skip
    page = (await client.get("/day?owner=u2&lang=en")).text
    changed = page[page.index("Changed since Nov 14, 2026") :]
    assert "this quarter&#39;s amounts stands in the weekly report" in changed
    assert "Stage: Proposal → Negotiation" in changed
    assert ("Moved lately" in changed, "Stood still" in changed) == (True, False)


async def test_answers_of_one_moment_stand_on_the_record_in_the_order_they_were_given_in(site: Site) -> None:
    gateway, client = site
    form = {"deal_id": "D-1", "suggestion_id": "s1", "channel": "mail", "contact_id": "c1"}
    for _ in range(4):  # the clock is pinned: all are of one moment
        for verb in ("done", "undo"):
            await client.post("/day/answer?owner=u1", data=form | {"verb": verb})
    await client.post("/day/answer?owner=u1", data=form | {"verb": "done"})
    [record] = await gateway.store.get_records(LOCAL, ["D-1"])
    told = [one.activity for one in timeline(record.history, {}, Words("en")) if one.activity]
    assert told[:5] == ["Mail", "Note", "Note", "Note", "Note"], "the newest first"
    await client.post("/day/answer?owner=u1", data=form | {"verb": "undo"})
