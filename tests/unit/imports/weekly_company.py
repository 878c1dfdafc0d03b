"""A company whose weekly files of deals are as messy as people make them, and whose truth is known."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from services.gateway.imports.weekly.doubts import Doubt
from services.gateway.imports.weekly.files import day_in
from services.gateway.imports.weekly.meanings import company

FIRST = date(2024, 1, 8)  # a Monday
WEEKS = 12
STAGES = ("발굴", "제안", "협상", "계약검토")
OWNERS = (("김민수", "부장"), ("이서연", "차장"), ("박지훈", "과장"), ("최유진", "대리"), ("정하늘", "과장"))
HEADINGS = {
    "number": ("No.", "순번", "NO"),
    "account": ("고객사", "고객사명", "거래처명", "업체명"),
    "business": ("사업자등록번호", "사업자번호"),
    "name": ("딜명", "프로젝트명", "사업명", "영업기회명"),
    "owner": ("담당자", "영업담당", "영업대표"),
    "stage": ("단계", "영업단계", "진행단계"),
    "outcome": ("진행상태", "결과", "수주여부"),
    "amount": ("예상금액", "금액", "수주예상금액"),
    "close_date": ("수주예정일", "예정일", "계약예정일"),
    "contact": ("고객담당자", "키맨"),
    "phone": ("연락처", "휴대폰"),
}
OPEN_WORDS, WON_WORDS, LOST_WORDS = (
    ("진행", "진행중", "보류", "이월"),
    ("수주", "수주 완료", "Closed Won"),
    ("실주", "드랍", "Closed Lost"),
)
UNITS = {"원": 1, "천원": 1_000, "백만원": 1_000_000}


@dataclass(frozen=True)
class State:
    """How a deal truly stood on a Monday."""

    name: str
    account: int
    owner: int
    stage: str
    outcome: str
    amount: int
    close_date: date


@dataclass
class Truth:
    """All of it: by deal (a number) and week; which rows are in the files, and which of them nobody can read."""

    states: dict[tuple[int, int], State] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    unreadable: set[tuple[int, int]] = field(default_factory=set)
    shown: set[tuple[int, int]] = field(default_factory=set)
    renamed: dict[int, int] = field(default_factory=dict)  # deal → week
    blank: set[tuple[int, int]] = field(default_factory=set)  # rows of ended deals that name no account
    vanished: dict[int, int] = field(default_factory=dict)  # deal → first week without it
    left_out: int = 0  # rows that are none: hidden ones, totals, headings said again, remarks
    repeated: int = 0


def business_number(rng: random.Random) -> str:
    digits = [int(each) for each in f"{rng.randint(101, 899)}{rng.randint(10, 99)}{rng.randint(1000, 9999)}"]
    total = sum(d * w for d, w in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True)) + digits[8] * 5 // 10
    return "".join(map(str, digits)) + str(-total % 10)


class Company:
    """Lives through the weeks, and writes them down. `apart`: weeks between files, of which there are `weeks`."""

    headings = HEADINGS
    weeks, apart, clients, ends = WEEKS, 1, 30, 0.06

    def __init__(self, seed: int, deals: int = 70) -> None:
        self.rng, self.truth = random.Random(seed), Truth()
        self.truth.days = [FIRST + timedelta(weeks=self.apart * week) for week in range(self.weeks)]
        words = ("한빛", "대한", "미래", "세종", "가온", "누리", "다온", "마루", "아라", "태산", "해솔", "나래")
        kinds = ("소프트", "물산", "전자", "정보", "건설", "화학")
        names = [a + b for a in words for b in kinds]
        self.accounts = self.rng.sample(names, self.clients)
        self.numbers = [business_number(self.rng) for _ in self.accounts]
        self._live(deals)

    def _live(self, deals: int) -> None:
        rng = self.rng
        things = ["서버 증설", "보안 관제", "ERP 구축", "유지보수 계약"]
        things += ["클라우드 전환", "백업 시스템", "데이터 분석", "망 분리"]
        pairs = rng.sample([(a, t) for a in range(len(self.accounts)) for t in things], deals)
        for deal, (account, thing) in enumerate(pairs):
            start, stage, owner = rng.choice((0, 0, 0, *range(self.weeks - 3))), 0, rng.randrange(len(OWNERS))
            amount = rng.randint(10, 900) * 1_000_000
            promised, outcome, ended = self._promise(start), "OPEN", 0
            vanish = start + rng.randint(3, 6) if deal % 14 == 5 else self.weeks
            for week in range(start, self.weeks):
                if week >= vanish or (ended and week > ended + 1):  # closed deals stay for a week more
                    break
                if week > start and outcome == "OPEN":
                    stage = min(stage + (rng.random() < 0.25), len(STAGES) - 1)
                    amount = rng.randint(10, 900) * 1_000_000 if rng.random() < 0.1 else amount
                    promised += timedelta(days=14 * (rng.random() < 0.15))
                    owner = (owner + 1) % len(OWNERS) if rng.random() < 0.02 else owner
                    if rng.random() < self.ends and vanish == self.weeks:
                        outcome, ended = self._end(owner), week
                if deal % 23 == 7 and week == start + 3 and outcome == "OPEN":
                    self.truth.renamed[deal], thing = week, thing + " 2차"
                if ended and week == ended + deal % 2:  # as it ends, or the week after
                    self._flawed_end(deal, week, outcome)
                    thing += " (드랍)" if self.truth.renamed.get(deal) == week else ""
                state = State(thing, account, owner, STAGES[stage], outcome, amount, promised)
                self.truth.states[deal, week] = state
            if vanish < self.weeks:
                self.truth.vanished[deal] = vanish

    def _promise(self, start: int) -> date:
        """The close date of a deal that comes up in a week."""
        return FIRST + timedelta(days=self.rng.randint(30, 200))

    def _end(self, owner: int) -> str:
        return self.rng.choice(("WON", "LOST"))

    def _flawed_end(self, deal: int, week: int, outcome: str) -> None:
        """What people do to the rows of deals that are over: some lose their account, lost ones get another name."""
        if deal % 3 == 0:
            self.truth.blank.add((deal, week))
        elif outcome == "LOST" and deal % 3 == 1 and deal not in self.truth.renamed:
            self.truth.renamed[deal] = week

    def write(self, folder: Path) -> None:
        """Twelve files, each with other flaws."""
        for week, day in enumerate(self.truth.days):
            rows = [(deal, state) for (deal, at), state in self.truth.states.items() if at == week]
            rows.sort(key=lambda one: (one[1].account, one[0]))
            self.truth.shown |= {(deal, week) for deal, _ in rows}
            if week == 4:
                self._csv(folder / f"영업현황_{day:%Y%m%d}.csv", rows, week)
                continue
            names = (f"영업현황_{day:%Y%m%d}.xlsx", f"{day:%y%m%d} 주간보고.xlsx", f"주간 영업 {day:%Y-%m-%d}.xlsx")
            name = f"주간보고_{week}주차.xlsx" if week == 7 else names[week % 3]
            self._book(folder / name, rows, week, day)

    def blank_answer(self, doubt: Doubt) -> str:
        """Which deal a row without an account is about, among those that the question names."""
        of_day = [(deal, week) for deal, week in self.truth.blank if self.truth.days[week] == day_in(doubt.file)]
        told = {f"{one.name} / {OWNERS[one.owner][0]}": one for one in map(self.truth.states.__getitem__, of_day)}
        account = self.accounts[told[doubt.about].account]
        maybe = [account in company(each) for each in doubt.maybe.split("; ")]
        return doubt.choices[maybe.index(True)] if any(maybe) else "new"

    # cells

    def _cells(self, deal: int, state: State, week: int, unit: str) -> dict[str, Any]:
        rng, (owner, title) = self.rng, OWNERS[state.owner]
        account, number = self.accounts[state.account], self.numbers[state.account]
        words = {"OPEN": OPEN_WORDS, "WON": WON_WORDS, "LOST": LOST_WORDS}[state.outcome]
        digits = f"10{20_000_000 + deal * 977}"
        return {
            "number": None,
            "account": rng.choice((account, f"㈜{account}", f"{account}(주)", f"주식회사 {account}", f" {account} ")),
            "business": rng.choice((number, f"{number[:3]}-{number[3:5]}-{number[5:]}", int(number))),
            "name": rng.choice((state.name, state.name, state.name.replace(" ", "  "))),
            "owner": rng.choice(
                (f"{owner} {title}", f"{owner}{title}", f"{owner}({title})", f"{title} {owner}", owner)
            ),
            "stage": state.stage,
            "outcome": rng.choice(words),
            "amount": self._amount(state.amount, unit),
            "close_date": self._day(state.close_date),
            "contact": f"{'강남북동서'[deal % 5]}{'가나다라마바사'[deal % 7]}은 팀장",
            "phone": rng.choice((int(digits), f"0{digits[:2]}-{digits[2:6]}-{digits[6:]}", f"+82 {digits}")),
        }

    def _amount(self, amount: int, unit: str) -> Any:
        millions, rng = amount // 1_000_000, self.rng
        own: list[Any] = [f"₩{amount:,}", f"{millions * 100:,}만", f"{millions:,}백만원", f"{amount:,}원"]
        if millions >= 100:
            rest = f" {millions % 100 * 100:,}만" if millions % 100 else ""
            own += [f"{millions / 100:g}억", f"{millions // 100}억{rest}"]
        bare = amount // UNITS[unit]
        return rng.choice([bare, bare, f"{bare:,}", str(bare), *own])

    def _day(self, day: date) -> Any:
        serial = (day - date(1899, 12, 30)).days
        texts = (f"{day:%y.%m.%d}", f"{day.year}. {day.month}. {day.day}.", f"{day:%Y-%m-%d}", f"{day:%Y%m%d}")
        return self.rng.choice((day, serial, str(serial), *texts, f"{day.year}년 {day.month}월 {day.day}일"))

    def _table(
        self, rows: list[tuple[int, State]], week: int, unit: str
    ) -> tuple[list[str], list[str], list[dict[str, Any]]]:
        """Columns (by meaning), their headings and the cells; some cells cannot be read."""
        keys = list(self.headings)
        if week % 4 == 3:
            keys.remove("phone")
        if week % 5 == 2:
            keys = ["number", *reversed(keys[1:])]
        names = [self.headings[key][week // 3 % len(self.headings[key])] for key in keys]
        table = []
        for place, (deal, state) in enumerate(rows):
            cells = self._cells(deal, state, week, unit)
            cells["number"] = place + 1
            if (deal, week) in self.truth.blank:
                cells |= {"account": None, "business": None}
            if self.rng.random() < 0.01:
                bad = self.rng.choice(("amount", "close_date"))
                cells[bad] = {"amount": "약 3억?", "close_date": "봄쯤"}[bad]
                self.truth.unreadable.add((deal, week))
            table.append(cells)
        return keys, names, table

    # files

    def _csv(self, path: Path, rows: list[tuple[int, State]], week: int) -> None:
        keys, names, table = self._table(rows, week, "천원")
        names[keys.index("amount")] += "(천원)"
        with path.open("w", encoding="cp949", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([[str(cells[key] or "").replace("₩", "￦") for key in keys] for cells in table])

    def _book(self, path: Path, rows: list[tuple[int, State]], week: int, day: date) -> None:
        unit = ("백만원", "천원", "원")[week % 3]
        keys, names, table = self._table(rows, week, unit)
        if week % 2:
            names[keys.index("amount")] += f"\n({unit})"
        book = Workbook()
        cover = book.active
        cover.title, cover["A1"] = "표지", "대외비"
        sheet = book.create_sheet("딜 현황")
        old = book.create_sheet("지난달")
        old.append(names)
        old.append([table[0][key] for key in keys])
        old.sheet_state = "hidden"
        sheet.append([f"{day.month}월 주간 영업 현황"])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(keys))
        for _ in range(week % 3):
            sheet.append([])
        sheet.append([f"기준일: {day:%Y.%m.%d}", None, "작성: 영업관리팀"])
        if week % 2 == 0:
            sheet.append([None] * (len(keys) - 1) + [f"(단위: {unit})"])
        sheet.append([*names, "내부메모"])
        sheet.column_dimensions[sheet.cell(1, len(keys) + 1).column_letter].hidden = True
        self._rows(sheet, keys, names, table, rows)
        book.save(path)

    def _rows(
        self,
        sheet: Worksheet,
        keys: list[str],
        names: list[str],
        table: list[dict[str, Any]],
        rows: list[tuple[int, State]],
    ) -> None:
        account, group = keys.index("account") + 1, 0
        append: Callable[[list[Any]], None] = sheet.append
        for place, cells in enumerate(table):
            append([cells[key] for key in keys] + ["비밀"])
            group += 1
            if place + 1 < len(rows) and rows[place + 1][1].account == rows[place][1].account:
                continue
            if group > 1 and self.rng.random() < 0.7:  # openpyxl empties what a merge covers
                end = sheet.max_row
                sheet.merge_cells(start_row=end - group + 1, end_row=end, start_column=account, end_column=account)
            group = 0
            if self.rng.random() < 0.15:
                self._no_row(sheet, keys, names, cells)
            if self.rng.random() < 0.05:  # the same again, numbered on
                append([cells[key] if key != "number" else 900 + place for key in keys] + ["비밀"])
                self.truth.repeated += 1
        append(["합 계" if key == "number" else 123 if key == "amount" else None for key in keys])
        append(["※ 보류 건은 다음 주 재확인"])
        self.truth.left_out += 2

    def _no_row(self, sheet: Worksheet, keys: list[str], names: list[str], cells: dict[str, Any]) -> None:
        kind = self.rng.choice(("subtotal", "hidden", "headings"))
        if kind == "subtotal":
            sheet.append(["소계" if key == "account" else 77 if key == "amount" else None for key in keys])
        elif kind == "headings":
            sheet.append(names)
        else:
            stale = replace_amount(cells)
            sheet.append([stale[key] for key in keys])
            sheet.row_dimensions[sheet.max_row].hidden = True
        self.truth.left_out += 1


def replace_amount(cells: dict[str, Any]) -> dict[str, Any]:
    """What somebody hid instead of deleting it."""
    return cells | {"amount": 1, "stage": "발굴"}
