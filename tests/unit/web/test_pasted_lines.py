"""Reporting lines pasted from sheets, as people keep them; and saved by the page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import httpx
import pytest

from kit.errors import InvalidInput
from learning.records import ReportingLine, User
from services.gateway.domain import LOCAL
from services.gateway.json_people import ALWAYS
from services.gateway.web.pasted_lines import MOST_LINES, PastedLine, read_lines, settled, totals_in
from tests.e2e.web.site import TODAY, fill, serving

USERS = [
    User("m1", "박서준", "seo@example.com", "팀장"), User("u1", "김민수", title="부장"), User("u2", "Ann Lee"),
    User("u3", "이영희", "lee3@example.com", "과장"), User("u4", "이영희", "lee4@example.com", "대리"),
]  # fmt: skip
LINES = [ReportingLine("u1", "m1", "서울"), ReportingLine("u3", "u1")]
DAY = date(2026, 11, 20)


def told(rows: list[PastedLine]) -> list[tuple[str, str, str]]:
    return [(row.user.id if row.user else row.said, row.above, row.wrong) for row in rows]


@pytest.mark.parametrize(
    ("line", "who", "above", "wrong"),
    [
        ("김민수\t박서준", "u1", "m1", ""), ("김민수 부장, 박서준 팀장님, 수도권", "u1", "m1", ""),
        ("ann lee → 김민수", "u2", "u1", ""), ("이영희 대리; 김민수", "u4", "u1", ""),
        ("이영희\t김민수", "이영희", "", "many"), ("Ann Lee, ann@example.com, 박서준", "u2", "m1", ""),
        ("lee3@example.com\tseo@example.com", "u3", "m1", ""), ("김민수\t이영희", "u1", "", "many_above"),
        ("박서준", "m1", "", ""), ("박서준\t-\t서울", "m1", "", ""),
        ("nobody@example.com\t박서준", "nobody@example.com", "", "no_name"),
        ("123, 박서준", "123", "", "no_name"), ("김민수\t6", "u1", "", "no_name_above"),
    ],
)  # fmt: skip
def test_a_line_says_who_reports_to_whom(line: str, who: str, above: str, wrong: str) -> None:
    assert told(read_lines(line, USERS)) == [(who, above, wrong)]


@pytest.mark.parametrize("total", ["합계\t6", "합계\t6\t서울", "소계, 6명", "Total\t6", "총 계\t-\t"])
def test_totals_stand_for_nobody(total: str) -> None:
    text = f"이름\t상사\n최유진\t박서준\n{total}"
    assert told(read_lines(text, USERS)) == [("최유진", "m1", "")]
    assert totals_in(text) == [total.strip()]


def test_headings_say_other_columns_and_whoever_is_new_is_made() -> None:
    rows = read_lines(
        "순번\t성명\t직급\t이메일\t본부\t팀장\n1\t최유진\t대리\tyujin@example.com\t영남\t정하늘 상무", USERS
    )
    first, boss = rows
    assert first.user == User("최유진", "최유진", "yujin@example.com", "대리")
    assert (first.new, first.above, first.region) == (True, "정하늘", "영남")
    assert boss.user == User("정하늘", "정하늘", "", "상무")
    same = read_lines("이서연\t박서준\n김민수\t박서준", USERS)  # one boss, named twice
    assert [row.above for row in same] == ["m1", "m1"]
    again = read_lines("이서연\t정하늘\n정하늘\t박서준", USERS)  # below themselves or above, in whichever order
    assert told(again) == [("이서연", "정하늘", ""), ("정하늘", "m1", "")]


def test_places_hold_from_ever_on_where_none_was_known_else_from_the_day() -> None:
    rows, lines = settled(read_lines("김민수\tAnn Lee\nAnn Lee\t박서준\t부산\n이영희 과장\t김민수", USERS), LINES, DAY)
    assert not any(row.wrong for row in rows)
    assert lines == [ReportingLine("u2", "m1", "부산", ALWAYS), ReportingLine("u1", "u2", "서울", DAY)]


def test_circles_and_who_stands_twice_are_told() -> None:
    rows, lines = settled(read_lines("박서준\t이영희 과장\nAnn Lee\t박서준", USERS), LINES, DAY)
    assert [row.wrong for row in rows] == ["circle", ""]
    assert [line.user_id for line in lines] == ["u2"]
    assert settled(read_lines("박서준\t박서준", USERS), (), DAY)[0][0].wrong == "circle"
    turned, lines = settled(read_lines("박서준\t김민수\n김민수\t-", USERS), LINES, DAY)  # who led reports now
    assert [row.wrong for row in turned] == ["", ""]
    assert lines[-1] == ReportingLine("m1", "u1", "", DAY)
    assert [row.wrong for row in read_lines("김민수\t박서준\n김민수 부장\tAnn Lee", USERS)] == ["twice", "twice"]
    below, _ = settled(read_lines("새사람\t이영희\n다른이\t새사람", USERS), LINES, DAY)
    assert [row.wrong for row in below] == ["many_above", "above_unread"]
    with pytest.raises(InvalidInput):
        read_lines("\n".join(["김민수"] * (MOST_LINES + 1)), USERS)


def test_names_are_kept_as_they_were_typed() -> None:
    [row, syllables, wide] = read_lines("ㅁㄴㅇㄹ\n\u1100\u1175\u11b7\u1106\u1175\n（주）Ａnn", [])
    assert [one.user.name for one in (row, syllables, wide) if one.user] == ["ㅁㄴㅇㄹ", "김미", "주 Ann"]
    assert read_lines("ㅁㄴㅇㄹ", [User("x", "\u1106\u1102\u110b\u1105")])[0].user == User(
        "x", "\u1106\u1102\u110b\u1105"
    )


async def test_the_page_looks_first_then_saves(tmp_path: Path) -> None:
    async with serving(tmp_path) as (gateway, address), httpx.AsyncClient(base_url=address) as http:
        await fill(gateway)
        pasted = "이름\t상사\t지역\t이메일\n김민준\t오지현 상무\t\tminjun@example.com\nGrace Tan\t김민준\n???\t김민준"
        looked = (await http.post("/reporting?lang=ko", data={"pasted": pasted, "act": "look"})).text
        assert "새 사람" in looked
        with_total = (await http.post("/reporting?lang=ko", data={"pasted": f"{pasted}\n합계\t6", "act": "look"})).text
        assert "합계 줄이라 제외했습니다: 합계" in with_total
        assert with_total.count('<span class="badge">새 사람</span>') == looked.count(
            '<span class="badge">새 사람</span>'
        )
        assert "사람 이름이나 알려진 이메일이 아닙니다" in looked
        assert len(await gateway.store.list_users(LOCAL)) == 3
        saved = (await http.post("/reporting?lang=ko", data={"pasted": pasted, "act": "save"})).text
        assert "3명을 설정하거나 변경했습니다." in saved
        assert 'data-label="적용일">처음부터</td>' in saved
        left = saved.partition("<textarea")[2].partition("</textarea>")[0].partition(">")[2]
        assert left == "이름\t상사\t지역\t이메일\n???\t김민준"
        users = {user.id: user for user in await gateway.store.list_users(LOCAL)}
        assert (users["오지현"].title, users["u1"].email) == ("상무", "minjun@example.com")
        now = {(line.user_id, line.valid_from): line.manager_id for line in await gateway.store.list_lines(LOCAL)}
        assert now["u1", TODAY] == "오지현"
        assert now["u1", ALWAYS] == "m1"
        assert now["u2", TODAY] == "u1"
        assert "지역이 여럿" not in saved
        apart = {"pasted": "김민준\t-\t서울\nGrace Tan\t오지현\t부산\n박서연\t오지현\t대구", "act": "save"}
        told = (await http.post("/reporting?lang=ko", data=apart)).text
        assert "오지현 상무의 팀은 지역이 여럿이고" in told
        assert "manager:오지현" not in {one.id for one in await gateway.store.tree(LOCAL, TODAY)}
        advised = told.partition("붙여넣어 저장하세요: ")[2].partition("</p>")[0]
        assert advised == "오지현 상무, -, 본사"
        followed = (await http.post("/reporting?lang=ko", data={"pasted": advised, "act": "save"})).text
        assert "지역이 여럿" not in followed
        assert followed.count("저장하세요") == 0, "nothing is advised that would undo it"
        parents = {one.id: one.parent for one in await gateway.store.tree(LOCAL, TODAY)}
        assert (parents["manager:오지현"], parents["owner:u2"]) == ("region:본사", "manager:오지현")


async def test_regions_below_another_are_told_of_before_they_are_saved(tmp_path: Path) -> None:
    async with serving(tmp_path) as (gateway, address), httpx.AsyncClient(base_url=address) as http:
        await fill(gateway)
        people = "박서연\t-\t{}\n김민준\t박서연\t서울\nGrace Tan\t박서연\t부산"
        told = "부산, 서울 지역 사람들은 박서연에게 보고하며"
        for act in ("look", "save"):
            page = (await http.post("/reporting?lang=ko", data={"pasted": people.format("본사"), "act": act})).text
            assert page.count(told) == 1
        unknown = (await http.post("/quotas?lang=ko", data={"pasted": "부산 지역\t10억"})).text
        assert "이 지역의 합계가 없습니다" in unknown
        page = (await http.post("/reporting?lang=ko", data={"pasted": people.format("전사"), "act": "save"})).text
        assert "에게 보고하며" not in page, "the whole company is no region"
        tree = {node.id for node in await gateway.store.tree(LOCAL, TODAY)}
        assert {"region:서울", "region:부산"} <= tree
        known = (await http.post("/quotas?lang=ko", data={"pasted": "부산\t10억\nGrace  tan\t9999999999백만"})).text
        assert "이 지역의 합계가 없습니다" not in known
        assert "금액이 너무 큽니다" in known
        long = (await http.post("/quotas?lang=ko", data={"pasted": "가" * 300 + "\t1억\n전체\t0"})).text
        table = long.partition("</textarea>")[2]
        assert ("가" * 80 + "…" in table, "가" * 81 in table, "Company" in table) == (True, False, False)
