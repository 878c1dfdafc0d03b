"""What the user says of an import of weekly files, and what the import found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kit.errors import Conflict
from kit.money import Money
from services.gateway.domain import FieldError
from services.gateway.imports.importer import Report
from services.gateway.imports.weekly.checks import Step, amount_told, few_lost, step_told
from services.gateway.imports.weekly.doubts import Doubt
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.short_days import SAMPLES, ShortDays


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says: currency of the amounts (`assumed` where nobody said it: then files that tell of won are in
    KRW; `foreign`: it is right, though the amounts have Korean units), what columns hold, answers to doubts, units
    where files do not say theirs, that the pipeline may move, and the day to pin the business clock to (None leaves it
    alone)."""

    currency: str = "KRW"
    columns: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)  # of amounts, by file
    confirm: bool = False
    assumed: bool = False
    foreign: bool = False
    as_of: date | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """An open deal that is in no file since `day`: by names, the deal's id where it has none."""

    account: str
    name: str
    owner: str
    amount: Money | None
    day: str

    @property
    def told(self) -> str:
        """In one line."""
        amount = amount_told(self.amount.minor, self.amount.currency) if self.amount else ""
        return " / ".join(filter(None, (self.account, self.name, self.owner, amount)))


@dataclass(slots=True)
class WeeklyReport:
    """What an import of weekly files did, beside its counts: read = created + changed + unchanged (+ checked) +
    repeated + held + rejected."""

    report: Report = field(default_factory=Report)
    currency: str = "KRW"  # of the amounts
    won: str = ""  # what says that they are in won, where the currency is another
    files: list[WeekFile] = field(default_factory=list)
    known_columns: bool = False  # the columns were those of the last import but for the new and missing ones
    new_columns: list[str] = field(default_factory=list)
    missing_columns: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)  # files that show only some of the deals
    apart: dict[str, int] = field(default_factory=dict)  # file of a branch → open deals of others that it is silent of
    doubts: list[Doubt] = field(default_factory=list)
    gone: dict[str, Gone] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # deals that have another owner, by names: whose they were and are
    notes: list[tuple[str, int, FieldError]] = field(default_factory=list)  # file, line, cell passed over
    short_days: list[ShortDays] = field(default_factory=list)  # by file, that were read without a year
    outcomes: dict[str, int] = field(default_factory=dict)
    closings: dict[str, str] = field(
        default_factory=dict
    )  # deal that ended → column of its closing day, "": the file's
    unused_answers: int = 0  # that stand in the file of doubts, and were not given

    def check_confirmed(self, options: Options) -> None:
        """Raises Conflict for what must be said to be right before it is written."""
        if self.won and not options.foreign:
            message = f"the amounts have Korean units ({self.won}), but the currency is {self.currency}"
            mend = f"import with --currency KRW; where {self.currency} is right, with --foreign"
            raise Conflict(message, field="--currency", value=self.currency, mend=mend)
        far = next((one for one in self.steps if one.far), None)
        if far and not options.confirm:
            mend = "look at it with --dry-run; where it is right, import with --confirm"
            raise Conflict(step_told(far, self.currency), field=far.column or "PATH", value=far.file, mend=mend)

    @property
    def short_day_samples(self) -> list[tuple[str, date]]:
        """Some days that were read without a year, as they were written and as they were read."""
        found = dict.fromkeys(one for each in self.short_days for one in each.shown())
        return list(found)[:SAMPLES]

    @property
    def closing_days(self) -> dict[str, int]:
        """How many closing days each column told, "" those that are their files' days."""
        return dict(Counter(self.closings.values()).most_common())

    @property
    def other_columns(self) -> bool:
        """Whether the columns are hardly those of the last import."""
        columns = self.files[-1].columns if self.files else []
        return self.known_columns and len(self.new_columns) > len(columns) / 2

    @property
    def few_lost(self) -> bool:
        """Whether the lost deals are probably not in the files."""
        return few_lost(self.outcomes)
