"""What is found in a small history, what it says of the models, and that duplicates count once in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from kit.money import Money
from learning import history_rows as rows
from learning.history import HistoryWriter, Manifest, read_history
from learning.records import Account, Activity, Change, Contact, ContactRole, Deal, DealKind, Outcome, User
from services.gateway.health.deals import counted_once
from services.gateway.health.findings import FINDINGS
from services.gateway.health.once import count_once
from services.gateway.health.report import Report, examine
from services.gateway.health.telling import mend, sentence, title, why

DAY = date(2026, 11, 22)
OPEN = Deal("", name="x", owner_id="ann", account_id="a1", amount=Money("KRW", 5_000_000), close_date=DAY)


def at(days: int) -> datetime:
    return datetime(2026, 11, 22, 9, tzinfo=UTC) - timedelta(days=days)


def deal(deal_id: str, name: str, days: int = 10, **members: object) -> Deal:
    return replace(OPEN, id=deal_id, name=name, created_time=at(days), **members)  # type: ignore[arg-type]


def contact(contact_id: str, name: str, account: str, title: str = "", mail: str = "", phone: str = "") -> Contact:
    return Contact(contact_id, name, account, title, mail, phone)


def write(
    folder: Path, deals: Sequence[Deal], accounts: Sequence[Account] = (), contacts: Sequence[Contact] = (),
    activities: Sequence[Activity] = (), changes: Mapping[str, Sequence[Change]] = MappingProxyType({}),
) -> Path:  # fmt: skip
    with HistoryWriter(folder, Manifest(at(0), DAY, "KRW")) as writer:
        writer.append("users", [rows.user_row(User(one, one, active=one != "zoe")) for one in ("ann", "ben", "zoe")])
        writer.append("accounts", [rows.account_row(one) for one in (Account("a1", "한빛정밀"), *accounts)])
        writer.append("contacts", [rows.contact_row(one) for one in contacts])
        writer.append("deals", [rows.deal_row(one) for one in deals])
        writer.append("changes", [rows.change_row(of, one) for of, each in changes.items() for one in each])
        writer.append("activities", [rows.activity_row(one) for one in activities])
        listed = [rows.deal_contact_row(one.id, role) for one in deals for role in one.contacts]
        writer.append("deal_contacts", listed)
    return folder


def found(report: Report, finding: str) -> list[tuple[str, str, str]]:
    return [(one.id, one.why, one.other) for one in report.findings if one.finding == finding]


def test_the_same_business_entered_again_is_no_second_purchase(tmp_path: Path) -> None:
    won = {"outcome": Outcome.WON}
    monthly = [deal(f"m{n}", "Toner", 30 * n + 5, closed_date=DAY - timedelta(days=30 * n), **won) for n in range(6)]
    deals = [
        deal("d1", "Press line", 20), deal("d2", "PRESS LINE (2)", 12, owner_id="ben"),
        deal("d3", "Robot arm", 20, **won, closed_date=DAY),
        deal("d4", "Robot arm", 15, **won, closed_date=date(2026, 11, 1)),
        deal("d5", "Boiler", 20, amount=None), deal("d6", "Boiler", 18), deal("d7", "Boilex", 18),
        deal("d8", "Press line", 400), deal("d9", "Plant 1 check", 20), deal("d0", "Plant 2 check", 20), *monthly,
    ]  # fmt: skip
    report = examine(write(tmp_path, deals), {})
    assert found(report, "duplicate_deals") == [("d2", "same", "d1"), ("d6", "no_amount", "d5"), ("d7", "slip", "d6")]
    assert found(examine(tmp_path, {"deals": [("d2", "d1")]}), "duplicate_deals")[0] == ("d6", "no_amount", "d5")


def test_a_sure_duplicate_teaches_once(tmp_path: Path) -> None:
    lost = deal("d2", "Press line", 12, outcome=Outcome.LOST, closed_date=DAY, contacts=(ContactRole("c1"),))
    kept, other = deal("d1", "Press line", 20), deal("d3", "Furnace")
    calls = [Activity(f"x{one.id}", one.id, "call", "outbound", at(1)) for one in (kept, lost, other)]
    people = [Contact("c1", "김민수", "a1")]
    folder = write(tmp_path, [kept, lost, other], contacts=people, activities=calls)
    assert count_once(folder, {"deals": [("d1", "d2")]}) == {}
    assert count_once(folder, {}) == {"d2": "d1"}
    history = read_history(folder)
    left = list(history.deals())
    assert [one.deal.id for one in left] == ["d1", "d3"]
    assert [activity.deal_id for one in left for activity in one.activities] == ["d1", "d3"]
    assert history.columns("deal_contacts")["deal_id"] == []


def test_a_business_number_decides(tmp_path: Path) -> None:
    accounts = [
        Account("a2", "Hanbit Tools", {"사업자번호": "124-81-00998"}),
        Account("a3", "다온", {"사업자번호": "1248100998"}),
        Account("a4", "㈜가온", {"사업자번호": "220-81-62517"}), Account("a5", "가온", {"사업자번호": "120-81-47521"}),
        Account("a6", "누리", {"사업자번호": "120-81-47522"}), Account("a7", "한빛 정밀(주)"), Account("a8", "테스트"),
    ]  # fmt: skip
    report = examine(write(tmp_path, [deal("d1", "Press line")], accounts), {})
    assert found(report, "duplicate_accounts") == [("a3", "number", "a2"), ("a7", "spelling", "a1")]
    assert found(report, "impossible_accounts") == [("a6", "business_number", "")]
    assert found(report, "junk_accounts") == [("a8", "test", "")]


def test_contacts_that_are_one_person(tmp_path: Path) -> None:
    people = [
        Contact("c1", "김민수", "a1", "부장", "kim@hanbit.kr", "010-1234-5678"), Contact("c2", "김민수 부장", "a1"),
        Contact("c3", "김민수", "a1", "", "kim2@hanbit.kr", "010-9999-5678"),
        Contact("c4", "이영희", "a1", "", "lee@hanbit.kr"),
        Contact("c5", "Lee Younghee", "a1", "", "LEE@hanbit.kr"), Contact("c6", "박철수", "a1", "", "no mail", "123"),
        Contact("c7", "홍길동", "a1"), Contact("c8", "최은영 (퇴사)", "a1"),
    ]  # fmt: skip
    on = deal("d1", "Press line", contacts=(ContactRole("c8"),))
    report = examine(write(tmp_path, [on], contacts=people), {})
    assert found(report, "duplicate_contacts")[0] == ("c5", "mail", "c4")
    assert {("c2", "name", "c1")} <= set(found(report, "duplicate_contacts"))
    assert not any({"c1", "c3"} == {one, other} for one, _, other in found(report, "duplicate_contacts"))
    assert found(report, "impossible_contacts") == [("c6", "contact_mail", "")]
    assert found(report, "junk_contacts") == [("c7", "placeholder", "")]
    assert found(report, "contact_left") == [("d1", "", "")]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (("김민수", "a1"), ("Kim Min-soo", "a1"), "script"), (("이영희", "a1"), ("Young Hee Lee", "a1"), "script"),
        (("Jon Smith", "a1"), ("John Smith", "a1"), "slip"), (("John Smith", "a1"), ("Smith, John", "a1"), "name"),
        (("J. Smith", "a1"), ("John Smith", "a1"), "initials"),
        (("José García", "a1"), ("Mr. Jose Garcia", "a1"), "name"),
        (("김민수", "", "", "", "010-1234-5678"), ("김민슈", "", "", "", "+82 10 1234 5678"), "phone"),
        (("김민수", "a1", "", "kim@hanbit.kr"), ("김민수", "a1", "", "kim@hanbit.kt"), "name"),
        (("김민수", "a1"), ("김민서", "a1"), ""), (("김민수", "a1"), ("Kim Jihye", "a1"), ""),
        (("J. Smith", "a1"), ("Robert Smith", "a1"), ""), (("John Smith", "a1"), ("Joan Smyth", "a1"), ""),
        (("김민수", "a1", "", "", "02-555-1234"), ("박철수", "a1", "", "", "02-555-1234"), ""),
        (("김민수", "a1", "", "kim1@h.kr"), ("김민수", "a1", "", "kim2@h.kr"), ""),
        (("김민수", ""), ("김민수", ""), ""),
    ],
)  # fmt: skip
def test_near_copies_of_contacts(tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...], told: str) -> None:
    folder = write(tmp_path, [deal("d1", "Press line")], contacts=[contact("c1", *one), contact("c2", *other)])
    assert [why for _, why, _ in found(examine(folder, {}), "duplicate_contacts")] == ([told] if told else [])


@pytest.mark.parametrize(
    ("one", "other", "members", "told"),
    [
        ("Press line upgrade", "Press line upgrade", {"amount": Money("KRW", 5_200_000)}, "near_amount"),
        ("설비 교체", "설비교체", {"amount": Money("KRW", 5_000_000_000)}, "near_amount"),
        ("망분리", "망 분리", {}, "same"), ("서버 증설", "증설 서버", {}, "words"),
        ("서버 증설", "서버 증설 사업", {}, "words"),
        ("Press line upgrade", "The press line upgrade project", {}, "words"),
        ("Server upgrade", "Sever upgrade", {"amount": None}, "slip"),
        ("Server upgrade", "Server upgrade", {"account_id": ""}, "no_account"),
        ("Press line upgrade", "Press line upgrade", {"amount": Money("KRW", 15_000_000)}, ""),
        ("서버 증설 1차", "서버 증설 2차", {}, ""), ("서버", "서버 유지보수", {}, ""),
        ("보일러", "보일라", {"amount": None}, ""),
        ("Server upgrade", "Server upgrade", {"account_id": "", "owner_id": "ben"}, ""),
    ],
)  # fmt: skip
def test_near_copies_of_deals(tmp_path: Path, one: str, other: str, members: dict[str, object], told: str) -> None:
    report = examine(write(tmp_path, [deal("d1", one, 20), deal("d2", other, 15, **members)]), {})
    assert [why for _, why, _ in found(report, "duplicate_deals")] == ([told] if told else [])
    assert counted_once([each for each in report.findings if each.finding == "duplicate_deals"]) == {}


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """60 deals that closed within 50 days, a few of them lost, and open ones with flaws."""
    closed = [
        deal(f"w{n}", f"Order {n:02}x{n * 7}", 400 - n, closed_date=DAY - timedelta(days=350 - n),
             outcome=Outcome.LOST if n < 6 else Outcome.WON)
        for n in range(60)
    ]  # fmt: skip
    flawed = [
        deal("s1", "Stale one", 300, close_date=DAY - timedelta(days=200)), deal("s2", "Left one", owner_id="zoe"),
        deal("s3", "Negative", amount=Money("KRW", -5)), deal("s4", "Never", close_date=date(2199, 1, 1)),
        deal("s5", "Backwards", 10, outcome=Outcome.LOST, closed_date=DAY - timedelta(days=20)),
        deal("s6", "ㅁㄴㅇㄹ", amount=Money("KRW", 5_000_000)), deal("s7", "Poor", amount=None, close_date=None),
    ]  # fmt: skip
    called = [Activity("x", "s2", "call", "outbound", at(3))]
    return write(tmp_path, [*closed, *flawed], activities=called)


def test_flaws_are_found_by_the_companys_own_pace(company: Path) -> None:
    report = examine(company, {})
    told = {name: [one[:2] for one in found(report, name)] for name in FINDINGS}
    assert told == {name: [] for name in FINDINGS} | {
        "past_close_date": [("s1", "")], "stale_open": [("s1", "quiet")],
        "owner_left": [("s2", "left")], "junk_deals": [("s6", "keyboard")],
        "impossible_deals": [("s3", "negative_amount"), ("s4", "odd_day"), ("s5", "closed_before_created")],
        "missing_amount": [("s7", "")], "missing_close_date": [("s7", "")],
    }  # fmt: skip
    verdict = report.summary["verdict"]
    assert (verdict["state"], verdict["outcomes"]["won"], verdict["outcomes"]["lost"]) == ("limited", 54, 7)
    assert [one["code"] for one in verdict["reasons"]][:2] == ["few_lost", "no_moves"]
    assert "only 7 lost deals are recorded beside 54 won" in sentence(verdict, "en")
    effects = [(one["finding"], one["effect"]) for one in report.summary["mends"]]
    assert len(effects) == 5
    assert effects == sorted(effects, key=lambda one: -one[1])


def test_deals_that_came_in_when_they_had_closed_are_told(tmp_path: Path) -> None:
    """By their history: whose end is the first that is known of them was never seen open."""
    ended = DAY - timedelta(days=30)
    deals = [
        deal(f"w{n}", f"Order {n:02}x{n * 7}", 90, closed_date=ended, outcome=Outcome.LOST if n % 2 else Outcome.WON)
        for n in range(60)
    ]
    end = [Change("stage", "Won", at(30), at(1)), Change("outcome", "WON", at(30), at(1))]
    told = (("name", "x", 90), ("stage", "A", 80), ("stage", "B", 70))
    way = [Change(name, value, at(days), at(1)) for name, value, days in told]
    begun = Change("outcome", "OPEN", at(90), at(1))  # a deal is open from its creation, whatever is known of it
    late = [Change("name", "x", at(30), at(1)), *end]
    changes = {f"w{n}": [begun, *(way if n < 40 else ()), *(end if n < 40 else late)] for n in range(60)}
    folder = write(tmp_path, deals, changes=changes)
    verdict = examine(folder, {}).summary["verdict"]
    assert verdict["reasons"][0] == {"code": "never_open", "count": 20, "of": 60}
    assert "no_moves" not in {one["code"] for one in verdict["reasons"]}
    assert "20 of 60 closed deals had closed before the first file that shows them" in sentence(verdict, "en")
    assert "20건은 처음 들어온 파일에서 이미 종결" in sentence(verdict, "ko")


@pytest.mark.parametrize(("stages", "few"), [("AB", False), ("A", True)])
def test_a_move_is_one_whether_or_not_the_end_is_a_stage(tmp_path: Path, stages: str, few: bool) -> None:
    """Weekly files leave the stage of an ended deal as it was; others write the end as its last stage."""
    ends = [Change("outcome", "WON", at(30), at(30))], [Change("stage", "Won", at(30), at(30))]
    deals = [deal(f"m{n}", f"Order {n:02}x{n * 7}", 90, closed_date=DAY - timedelta(days=30), outcome=Outcome.WON)
             for n in range(40)]  # fmt: skip
    way = [Change("stage", stage, at(80 - 7 * n), at(80 - 7 * n)) for n, stage in enumerate(stages)]
    changes = {f"m{n}": [*way, *ends[0], *(ends[1] if n % 2 else ())] for n in range(40)}
    codes = {one["code"] for one in examine(write(tmp_path, deals, changes=changes), {}).summary["verdict"]["reasons"]}
    assert ("no_moves" in codes) is few


def test_one_impossible_amount_does_not_decide_the_order(tmp_path: Path) -> None:
    poor = [deal(f"p{n}", f"Order {n} of {n * 7}", amount=Money("KRW", (n + 1) * 1_000_000)) for n in range(20)]
    flawed = [replace(one, owner_id="zoe") if n < 9 else one for n, one in enumerate(poor)]
    flawed = [replace(one, close_date=None) if n > 14 else one for n, one in enumerate(flawed)]
    flawed[0] = replace(flawed[0], close_date=DAY - timedelta(days=5))
    plain = examine(write(tmp_path / "plain", flawed), {}).summary["mends"]
    flawed[0] = replace(flawed[0], amount=Money("KRW", 8 * 10**14))
    blinded = examine(write(tmp_path / "odd", flawed), {})
    assert found(blinded, "impossible_deals") == [("p0", "odd_amount", "")]
    first, *rest = blinded.summary["mends"]
    assert (first["finding"], first["effect"]) == ("impossible_deals", 1.0)
    assert [one["finding"] for one in rest] == [one["finding"] for one in plain]
    assert max(one["effect"] for one in rest) < 0.6


def test_what_the_verdict_names_is_first_to_mend_and_leads_are_told_apart(tmp_path: Path) -> None:
    """The sentence counts opportunities alone, the mend all open ones: it says how many of them are leads."""
    ended = DAY - timedelta(days=100)
    closed = [deal(f"w{n}", f"Order {n:02}x{n * 7}", 130, closed_date=ended,
                   outcome=Outcome.LOST if n % 2 else Outcome.WON) for n in range(60)]  # fmt: skip
    overdue = [deal(f"o{n}", f"Overdue {n}x{n * 7}", close_date=DAY - timedelta(days=3)) for n in range(3)]
    leads = [deal(f"l{n}", f"Lead {n}x{n * 7}", 300, kind=DealKind.LEAD, close_date=None) for n in range(9)]
    lost = [deal(f"z{n}", f"Left {n}x{n * 7}", owner_id="zoe", amount=Money("KRW", 10**8)) for n in range(4)]
    summary = examine(write(tmp_path, [*closed, *overdue, *leads, *lost]), {}).summary
    lying = {"code": "lying", "count": 3, "of": 7}
    assert lying in summary["verdict"]["reasons"]
    told = [(one["finding"], one["count"], one["leads"]) for one in summary["mends"]]
    assert told[:3] == [("stale_open", 9, 9), ("past_close_date", 3, 0), ("owner_left", 4, 0)]
    assert "리드 9건" in mend("stale_open", 9, "ko", 9)
    assert "leads" not in mend("stale_open", 9, "en")
    assert "리드 제외" in sentence({"state": "limited", "reasons": [lying], "outcomes": {}}, "ko")


def test_fields_of_contracts_are_not_missed(tmp_path: Path) -> None:
    old = deal("old", "Old one", 500, fields={"Region": "x", "contract_cancelled": DAY, "renewal_ended": "lost"})
    report = examine(write(tmp_path, [old, *(deal(f"d{n}", f"Order {n}") for n in range(50))]), {})
    assert found(report, "empty_field") == [("Region", "", "")]


def test_everything_that_can_be_found_has_words_in_both_languages(company: Path) -> None:
    for language in ("en", "ko"):
        assert all(title(name, language) and mend(name, 3, language) for name in FINDINGS)
        assert all(one.why == "" or why(one.why, one.value, language) for one in examine(company, {}).findings)
