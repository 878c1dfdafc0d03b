"""The reporting line as people paste it from a sheet: a person, whom they report to, and a region a line. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kit.errors import InvalidInput
from learning.records import ReportingLine, User
from learning.tree import lines_on, managers_above
from services.gateway.imports.sheets import is_number, is_total
from services.gateway.imports.values import slug
from services.gateway.imports.weekly.meanings import person, plain_letters
from services.gateway.json_people import ALWAYS
from services.gateway.store.people import LineBook
from services.gateway.web.quota_places import WHOLE

MOST_LINES, LONGEST = 1_000, 100
NOBODY = frozenset({"", "-", "–", "—", "없음", "nobody", "none"})
NO_REGION = NOBODY | WHOLE  # the whole company is none: regions stand above people
COLUMNS = ("name", "above", "region")  # in this order where no line of headings says otherwise
APART = re.compile(r"[,;]|→|->")  # between cells of a line without tabs
HEADINGS: Mapping[str, frozenset[str]] = {
    "name": frozenset({"이름", "성명", "담당자", "영업담당", "영업대표", "직원", "사원", "name", "person", "rep"}),
    "above": frozenset({"상사", "상급자", "팀장", "매니저", "관리자", "보고", "보고대상", "manager", "reportsto"}),
    "region": frozenset({"지역", "권역", "본부", "지사", "region", "area"}),
    "title": frozenset({"직급", "직위", "직책", "title"}),
    "mail": frozenset({"메일", "이메일", "메일주소", "mail", "email", "mailaddress"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastedLine:
    """One person as pasted: who that is from now on and whom they report to ("" nobody), else the key of what is wrong
    with it, in words.toml's reporting. `region` None: left as it is."""

    line: int
    said: str
    user: User | None = None
    new: bool = False
    above: str = ""
    region: str | None = None
    wrong: str = ""


@dataclass(slots=True)
class Known:
    """Who a name may mean, those that the pasted lines bring along among them."""

    users: dict[str, User]
    new: set[str] = field(default_factory=set)
    by_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, users: Iterable[User]) -> Known:
        """By name, with and without title, by mail address and id."""
        found = cls({})
        for user in users:
            found.add(user)
        return found

    def add(self, user: User) -> None:
        """Somebody more."""
        self.users[user.id] = user
        for said in (user.name, f"{user.name} {user.title}", user.email, user.id):
            if key := plain_letters(said):
                self.by_name[key].add(user.id)

    def meant(self, said: str) -> set[str]:
        """The ids of those who may be meant; none where nobody is."""
        name, title = person(said)
        whole, bare = self.by_name.get(plain_letters(said), set()), self.by_name.get(plain_letters(name), set())
        titled = {one for one in bare if title and self.users[one].title == title}
        return whole or titled or bare

    def one(self, said: str, title: str = "", mail: str = "") -> tuple[User | None, str]:
        """The user meant, made where there is none; or what is wrong."""
        found = (self.meant(mail) if mail else set()) or self.meant(f"{said} {title}") or self.meant(said)
        if len(found) > 1:
            return None, "many"
        if found:
            return self.users[next(iter(found))], ""
        name, own = person(said)
        if "@" in said or len(name) > LONGEST or is_number(said) or not plain_letters(name):
            return None, "no_name"
        identity = slug(name) if slug(name) not in self.users else slug(f"{name} {len(self.users)}")
        self.add(User(identity, name, mail, title or own))
        self.new.add(identity)
        return self.users[identity], ""


def read_lines(text: str, users: Iterable[User]) -> list[PastedLine]:
    """What the lines say, but for totals; managers who have no line of their own are people too. Raises InvalidInput
    for too many."""
    lines = [(number, _cells(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINES:
        mend = f"Paste {MOST_LINES} at a time"
        raise InvalidInput("these are too many lines", field="pasted", value=str(len(lines)), mend=mend)
    lines = [(number, cells) for number, cells in lines if not is_total(cells[:1])]
    known = Known.of(users)
    columns = _headings(lines[0][1]) if lines else None
    named = [(number, _named(cells, columns)) for number, cells in (lines[1:] if columns else lines)]
    rows = [_person(number, cells, known) for number, cells in named]
    return _twice([*(_placed(row, cells, known) for row, (_, cells) in zip(rows, named, strict=True)),
                   *_managers_alone(rows, known)])  # fmt: skip


def totals_in(text: str) -> list[str]:
    """The lines that add up others, and stand for nobody."""
    return [line.strip() for line in text.splitlines() if is_total(_cells(line)[:1])]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in (line.split("\t") if "\t" in line else APART.split(line))]


def _headings(cells: Sequence[str]) -> dict[int, str] | None:
    """The columns by place, where the line is one of headings: it names people and something more."""
    found = {place: name for place, cell in enumerate(cells) for name, words in HEADINGS.items()
             if plain_letters(cell) in words}  # fmt: skip
    return found if len(found) > 1 and "name" in found.values() else None


def _named(cells: Sequence[str], columns: Mapping[int, str] | None) -> dict[str, str]:
    if columns is not None:
        return {name: cells[place] for place, name in columns.items() if place < len(cells)}
    mail = next((cell for cell in cells[1 if len(cells) > 2 else 2 :] if "@" in cell), "")
    rest = [cell for cell in cells if cell != mail or not mail]
    return {"mail": mail, **dict(zip(COLUMNS, rest, strict=False))}


def _person(number: int, cells: Mapping[str, str], known: Known) -> PastedLine:
    said = cells.get("name", "")
    mail, title = cells.get("mail", ""), cells.get("title", "")
    user, wrong = known.one(said, title, mail)
    if user is None:
        return PastedLine(number, said, wrong=wrong)
    new, told = user.id in known.new, title or person(said)[1]
    user = replace(user, email=mail or user.email, title=user.title or told)
    known.add(user)
    return PastedLine(number, said, user, new)


def _placed(row: PastedLine, cells: Mapping[str, str], known: Known) -> PastedLine:
    """With whom they report to."""
    above, region = cells.get("above", ""), cells.get("region", "")
    row = replace(row, region=None if not region else "" if region.casefold() in NO_REGION else region[:LONGEST])
    if row.user is None or above.casefold() in NOBODY:
        return row
    manager, wrong = known.one(above)
    return replace(row, above=manager.id) if manager else replace(row, wrong=f"{wrong}_above")


def _managers_alone(rows: Sequence[PastedLine], known: Known) -> list[PastedLine]:
    """Those who were made because somebody reports to them."""
    told = {row.user.id for row in rows if row.user}
    return [PastedLine(0, known.users[one].name, known.users[one], new=True) for one in sorted(known.new - told)]


def _twice(rows: Sequence[PastedLine]) -> list[PastedLine]:
    counts = Counter(row.user.id for row in rows if row.user)
    return [replace(row, wrong="twice") if row.user and counts[row.user.id] > 1 else row for row in rows]


def settled(
    rows: Sequence[PastedLine], lines: Sequence[ReportingLine], day: date
) -> tuple[list[PastedLine], list[ReportingLine]]:
    """The rows, those that would close a circle or report to somebody who is not saved marked, and the lines to save.
    Whoever has none yet stands in the new one from ever on, others from the day; whose place stays the same gets none.
    """
    book, standing, first = LineBook(lines), lines_on(lines, day), {line.user_id for line in lines}
    unsaved = {row.user.id for row in rows if row.user and row.new and row.wrong}
    marked, wanted = {}, []
    for place in _from_above(rows):
        row = rows[place]
        assert row.user is not None
        if row.above in unsaved:
            marked[place] = replace(row, wrong="above_unread")
            unsaved |= {row.user.id} if row.new else set()
            continue
        now = standing.get(row.user.id)
        region = row.region if row.region is not None else now.region if now else ""
        if now and (now.manager_id, now.region) == (row.above, region):
            continue
        line = ReportingLine(row.user.id, row.above, region, day if row.user.id in first else ALWAYS)
        if book.closes_a_circle(line):
            line = replace(line, valid_from=day)
        if row.above and book.closes_a_circle(line):
            marked[place] = replace(row, wrong="circle")
            unsaved |= {row.user.id} if row.new else set()
            continue
        book.add(line)
        wanted.append(line)
    return [marked.get(place, row) for place, row in enumerate(rows)], wanted


@dataclass(frozen=True, slots=True)
class Covered:
    """Regions that are given to people below somebody of another one: all of them count for that one."""

    above: str  # the user's id
    region: str
    below: tuple[str, ...]


def covered_regions(lines: Iterable[ReportingLine], day: date) -> list[Covered]:
    """Regions that are no node of their own, or not for all their people, by whoever stands above them."""
    standing = lines_on(lines, day)
    found: dict[str, set[str]] = defaultdict(set)
    for user_id, line in standing.items():
        chain = managers_above(user_id, standing) if line.region else []
        top = next((one for one in reversed(chain) if one in standing and standing[one].region), "")
        if top and standing[top].region != line.region:
            found[top].add(line.region)
    return [Covered(top, standing[top].region, tuple(sorted(below))) for top, below in sorted(found.items())]


def _from_above(rows: Sequence[PastedLine]) -> list[int]:
    """The places of the rows that can be read, managers before those who report to them."""
    places = {row.user.id: place for place, row in enumerate(rows) if row.user and not row.wrong}
    done: dict[int, None] = {}
    for place in places.values():
        chain: list[int] = []
        one: int | None = place
        while one is not None and one not in done and one not in chain:
            chain.append(one)
            one = places.get(rows[one].above)
        done |= dict.fromkeys(reversed(chain))
    return list(done)
