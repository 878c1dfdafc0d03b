"""What the deal list is asked for by its address, and the addresses that ask for something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from kit.errors import InvalidInput
from kit.money import is_currency
from learning.fiscal import FiscalCalendar
from learning.records import CATEGORIES, Node, Outcome
from services.gateway.store.interface import Query
from services.gateway.web.member_names import team_name
from services.gateway.web.units import UNITS
from services.gateway.web.words import LANGUAGES, Words

SORTS = {
    "expected": "-expected_amount", "probability": "-probability", "amount": "-amount", "close": "close_date",
    "gain": "-gain", "slip": "-slip_risk", "updated": "-updated_time", "name": "name",
}  # fmt: skip
REVERSED = ".reversed"  # after an order: the other way round
DEFAULT_SORT, DEFAULT_OUTCOME, ALL = "expected", "OPEN", "ALL"
OUTCOMES = (*Outcome, ALL)
MINIMA = (0.1, 0.25, 0.5, 0.75, 0.9)
TEAM = "team:"  # before a manager's id: the manager's whole team
REGION = "region:"  # before a region's name: all who stand in it
LONGEST, LONGEST_CURSOR = 500, 4_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The list's address, checked."""

    q: str = ""
    owner: str = ""
    stage: str = ""
    outcome: str = DEFAULT_OUTCOME
    minimum: float | None = None
    period: str = ""  # that deals are promised for, or closed in
    category: str = ""  # the rep's
    sort: str = DEFAULT_SORT
    cursor: str = ""
    currency: str = ""  # of the totals; empty: the workspace's
    unit: str = ""  # as asked for by the address; empty: as the browser keeps it
    lang: str = ""  # as asked for by the address; empty: by the browser

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        """From query parameters; unknown ones are ignored. Raises InvalidInput for values out of range."""
        texts = {name: given.get(name, "").strip() for name in ("q", "owner", "stage", "period", "category", "cursor")}
        for name, value in texts.items():
            if len(value) > (LONGEST_CURSOR if name == "cursor" else LONGEST) or "\x00" in value:
                raise InvalidInput("this is too long or no text", field=name, value=value[:60], mend="Shorten it")
        outcome, sort = given.get("outcome") or DEFAULT_OUTCOME, given.get("sort") or DEFAULT_SORT
        if outcome not in OUTCOMES:
            raise InvalidInput("there is no such outcome", field="outcome", value=outcome[:60], mend="Choose one")
        if texts["category"] not in ("", *CATEGORIES):
            mend = "Use one of " + ", ".join(CATEGORIES)
            raise InvalidInput("there is no such category", field="category", value=texts["category"][:60], mend=mend)
        if sort.removesuffix(REVERSED) not in SORTS:
            raise InvalidInput("there is no such order", field="sort", value=sort[:60], mend="Choose one")
        lang, currency = given.get("lang", ""), given.get("currency", "").strip().upper()
        if currency and not is_currency(currency):
            mend = "Use an ISO 4217 code such as USD"
            raise InvalidInput("there is no such currency", field="currency", value=currency[:60], mend=mend)
        return cls(
            **texts, outcome=outcome, sort=sort, minimum=_share(given.get("min", "")),
            currency=currency, lang=lang if lang in LANGUAGES else "",
            unit=unit if (unit := given.get("unit", "")) in UNITS else "",
        )  # fmt: skip

    def query(self, grade_bounds: tuple[float, float, float], calendar: FiscalCalendar) -> Query:
        """The store's query; leads are of no period. Raises InvalidInput."""
        span = calendar.parse(self.period) if self.period else None
        owner, team, region = self.whose
        return Query(
            owner_id=owner, subtree=team, region=region, stage=self.stage, text=self.q,
            outcome="" if self.outcome == ALL else self.outcome, min_probability=self.minimum,
            grade_bounds=grade_bounds, sort=self.store_sort, own_category=self.category,
            kind="OPPORTUNITY" if span else "", closes_after=span.start - timedelta(days=1) if span else None,
            closes_by=span.end if span else None,
        )  # fmt: skip

    @property
    def whose(self) -> tuple[str, bool, str]:
        """The owner, whether everyone below is meant too, or the region."""
        if self.owner.startswith(REGION):
            return "", False, self.owner.removeprefix(REGION)
        return self.owner.removeprefix(TEAM), self.owner.startswith(TEAM), ""

    @property
    def store_sort(self) -> str:
        """The order as the store names it, `-` before what descends."""
        sort = SORTS[self.sort.removesuffix(REVERSED)]
        if self.sort.endswith(REVERSED):
            sort = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
        return sort

    def sorted_by(self, *names: str) -> str:
        """The aria-sort of a column that can be ordered by any of these."""
        if self.sort.removesuffix(REVERSED) not in names:
            return "none"
        return "descending" if self.store_sort.startswith("-") else "ascending"

    def order(self, name: str) -> str:
        """The address of the list by this order; by the reverse where it is so already."""
        return self.address(sort=name + REVERSED if self.sort == name else name)

    @property
    def node(self) -> str:
        """The node of the reporting tree whose forecast goes with the list."""
        if self.owner.startswith(REGION):
            return self.owner
        if self.owner.startswith(TEAM):
            return f"manager:{self.owner.removeprefix(TEAM)}"
        return f"owner:{self.owner}" if self.owner else "company"

    @property
    def unfiltered(self) -> bool:
        """Whether nothing but what is open is asked for."""
        asked = self.q or self.owner or self.stage or self.period or self.category
        return not asked and self.minimum is None and self.outcome == DEFAULT_OUTCOME

    def apart(self, words: Words) -> list[tuple[str, str]]:
        """What is asked for beside the form's inputs, in words, each with the address without it."""
        told = [("period", words("filter.period", period=self.period))] if self.period else []
        if self.category:
            told.append(("category", words("filter.category", category=words.name("category", self.category))))
        return [(text, self.address(**{name: ""})) for name, text in told]

    def address(self, **changes: str | float | None) -> str:
        """The list's address with some members changed; any change but of the cursor starts at the first page."""
        wanted = replace(self, **{"cursor": "", **changes})  # type: ignore[arg-type]
        members = {
            "q": wanted.q, "owner": wanted.owner, "stage": wanted.stage,
            "outcome": "" if wanted.outcome == DEFAULT_OUTCOME else wanted.outcome,
            "min": "" if wanted.minimum is None else f"{wanted.minimum:g}", "period": wanted.period,
            "category": wanted.category,
            "sort": "" if wanted.sort == DEFAULT_SORT else wanted.sort, "cursor": wanted.cursor,
            "currency": wanted.currency, "unit": wanted.unit, "lang": wanted.lang,
        }  # fmt: skip
        asked = urlencode({name: value for name, value in members.items() if value})
        return f"/deals?{asked}" if asked else "/deals"

    @property
    def hidden(self) -> str:
        """The address of the same list whatever became of the deals; empty where it leaves none of them out."""
        return "" if self.outcome == ALL else self.address(outcome=ALL)

    def export(self, language: str) -> str:
        """The address of the whole list as a workbook."""
        owner, team, region = self.whose
        asked = {
            "format": "xlsx", "lang": language, "owner_id": owner, "region": region,
            "subtree": "true" if team else "", "stage": self.stage,
            "outcome": "" if self.outcome == ALL else self.outcome, "period": self.period,
            "own_category": self.category, "text": self.q,
            "min_probability": "" if self.minimum is None else f"{self.minimum:g}",
        }  # fmt: skip
        return "/v1/exports/deals?" + urlencode({name: value for name, value in asked.items() if value})

    def sorts(self, words: Words) -> list[Choice]:
        """Options of the order."""
        options = [Choice(name, words(f"sort.{name}"), name == self.sort) for name in SORTS]
        if self.sort.endswith(REVERSED):
            name = words(f"sort.{self.sort.removesuffix(REVERSED)}")
            options.append(Choice(self.sort, words("filter.reversed", name=name), chosen=True))
        return options

    def outcomes(self, words: Words) -> list[Choice]:
        """Options of the outcome."""
        labels = {ALL: words("filter.all")}
        return [Choice(name, labels.get(name) or words(f"outcome.{name}"), name == self.outcome) for name in OUTCOMES]

    def minima(self, words: Words) -> list[Choice]:
        """Options of the least win chance."""
        shares = sorted({*MINIMA, *([self.minimum] if self.minimum is not None else [])})
        options = [Choice(f"{share:g}", words.percent(share), share == self.minimum) for share in shares]
        return [Choice("", words("filter.any"), self.minimum is None), *options]

    def stages(self, known: Sequence[str], words: Words) -> list[Choice]:
        """Options of the stage; one asked for that no deal stands in stays chosen."""
        names = [*known, *([self.stage] if self.stage and self.stage not in known else [])]
        return [
            Choice("", words("filter.all"), not self.stage), *(Choice(name, name, name == self.stage) for name in names)
        ]  # fmt: skip

    def owners(self, tree: Sequence[Node], words: Words) -> list[Choice]:
        """Options of the owner: everybody, each region, team and owner; names in the order of the tree."""
        options = [Choice("", words("filter.anyone"), not self.owner)]
        for node in tree:
            level, _, user = node.id.partition(":")
            if level == "manager":
                value = TEAM + user
                options.append(Choice(value, team_name(node.name, words), value == self.owner))
            elif level == "region":
                options.append(Choice(node.id, words("filter.region", name=node.name), node.id == self.owner))
            elif level == "owner":
                options.append(Choice(user, node.name, user == self.owner))
        if self.owner and not any(option.chosen for option in options):
            options.append(Choice(self.owner, self.owner, chosen=True))
        return options


def _share(text: str) -> float | None:
    try:
        share = float(text) if text else None
    except ValueError:
        share = -1.0
    if share is not None and not 0 <= share <= 1:
        raise InvalidInput("this is no probability", field="min", value=text[:60], mend="Use a number from 0 to 1")
    return share
