"""Weekly files become deals with their history: read, matched, checked, then written file by file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kit.errors import DealcastError
from kit.money import Money
from services.gateway.domain import DealWrite, FieldError
from services.gateway.imports.importer import Progress, Quiet
from services.gateway.imports.messages import DOUBT
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import WeeklySink
from services.gateway.imports.tables import REJECTS
from services.gateway.imports.weekly.around import People
from services.gateway.imports.weekly.checks import elsewhere, is_full, step
from services.gateway.imports.weekly.closing import Closings
from services.gateway.imports.weekly.doubts import Doubt, Doubts
from services.gateway.imports.weekly.files import WeekFile, check_columns, check_dates, read_files
from services.gateway.imports.weekly.matching import Matcher
from services.gateway.imports.weekly.memory import Memory, Seen
from services.gateway.imports.weekly.placed import Placed
from services.gateway.imports.weekly.report import Gone, Options, WeeklyReport
from services.gateway.imports.weekly.rows import RowReader, WeekRow, guess_kinds
from services.gateway.imports.weekly.saving import Saver
from services.gateway.imports.weekly.writes import gone_write, in_columns, seen, write_of

KRW = "KRW"
IN_DOUBT = "it is in doubt which deal or whose this is"


class WeeklyImporter:
    """One import of dated files, and of folders of such, into a sink."""

    def __init__(
        self, sink: WeeklySink, rejects: RejectsWriter, options: Options, progress: Progress | None = None
    ) -> None:
        self._sink, self._rejects, self._options = sink, rejects, options
        self._progress = progress or Quiet()
        self.found = WeeklyReport(currency=options.currency)
        self._memory = Memory()
        self._open_on: dict[str, date] = {}  # by deal, the last file that showed it open
        self._fresh = True  # no file of this day or later was imported before
        self._last_said: dict[str, tuple[object, ...]] = {}
        self._writes: list[DealWrite] = []
        self._rows_of: list[WeekRow] = []  # that the writes are of

    async def run(self, *paths: Path) -> WeeklyReport:
        """Import everything. Raises DealcastError where files cannot be read, or the pipeline moves too far."""
        try:
            await self._read(paths)
            await self._write()
        finally:
            self._rejects.close()
            self.found.report.rejects = self._rejects.first
            self.found.report.rejects_files = self._rejects.paths
        return self.found

    async def _read(self, paths: Sequence[Path]) -> None:
        memory = self._memory = Memory.from_json(await self._sink.recall())
        memory.answers.update(self._options.answers)
        self._first = not memory.day
        said, today = self._options, await self._sink.business_day()
        files = self.found.files = read_files(paths, memory.columns, said.columns, said.units, said.as_of or today)
        self._rejects.order = [one.path for one in files]  # by their days
        self._settle_currency(files)
        check_columns(files)
        check_dates(files, today, said.as_of)
        self._tell_columns(files)
        types = {one.name: one.type for one in await self._sink.fields() if one.entity == "deal"}
        self._kinds = guess_kinds(files, types)
        self._new_types = [name for name in self._kinds if name not in types]
        doubts = Doubts(memory.answers)
        numbers = next((one.holds["business_number"] for one in files if "business_number" in one.holds), "")
        self._people = People(memory, doubts, numbers)
        self._people.know(*await self._sink.around())
        matcher = Matcher(memory, self._people, doubts, memory.last)
        known, first = memory.gone | memory.last, files[0].day
        days = {deal: date.fromisoformat(one.day) for deal, one in known.items() if one.open}
        self._open_on = {deal: day for deal, day in days.items() if day < first}
        self._closings = Closings(memory)
        self.found.closings = self._closings.taken
        self._progress.start("Reading", len(files))
        for number, file in enumerate(files):
            self._take(number, file, matcher)
            self._progress.advance(1)
        self._ask_gone(doubts, files[-1])
        self.found.doubts = list(doubts.open.values())

    def _settle_currency(self, files: Sequence[WeekFile]) -> None:
        """Korean units mean won where nobody said another currency; where somebody did, that is asked about."""
        won = next((one.won for one in files if one.won), "")
        self._currency = self.found.currency = KRW if won and self._options.assumed else self._options.currency
        self.found.won = "" if self._currency == KRW else won

    def _tell_columns(self, files: Sequence[WeekFile]) -> None:
        known, last = self._memory.columns, files[-1]
        self.found.known_columns = bool(known)
        if known:
            self.found.new_columns = [name for name in last.columns if name not in known]
            before = self._memory.latest or list(known)
            self.found.missing_columns = [name for name in before if name not in last.columns]
        self._memory.latest = list(last.columns)
        for file in files:
            known |= {each.column: each.target for each in file.suggestions}

    def _take(self, number: int, file: WeekFile, matcher: Matcher) -> None:
        rows = self._rows(number, file)
        self._people.begin(rows)
        newest = file.day.isoformat() >= self._memory.day
        self._fresh = matcher.newest = file.day.isoformat() > self._memory.day
        matcher.follows = newest or number > 0
        placed = matcher.place(file.name, rows)
        self.found.notes += [(file.name, row.line, in_columns(note, file)) for row in rows for note in row.notes]
        now: dict[str, Seen] = {}
        for one in placed:
            if one.row.errors:
                self._refuse(file, one.row, one.row.errors, "rejected")
                was = matcher.present.get(one.deal) or self._memory.gone.get(one.deal)
                if was is not None:  # it is there, whatever its cells say
                    now[one.deal] = was
            elif one.repeated:
                self.found.report.add("deals", "repeated")
            elif one.doubt is not None:
                self._refuse(file, one.row, [self._held(one.doubt)], "held")
            else:
                now[one.deal] = seen(one, file.series)
                self._keep(file, one)
                missed = self._memory.gone.get(one.deal)
                if missed is not None and not one.row.open and file.day.isoformat() >= missed.day:
                    del self._memory.gone[one.deal]  # an answer has told how it ended
        first_of_old = number == 0 and not newest
        self._follow(file, matcher, {} if first_of_old else matcher.present, now, newest=newest)

    def _rows(self, number: int, file: WeekFile) -> list[WeekRow]:
        reader, rows = RowReader(number, file, self._currency, self._kinds), []
        for line in file.rows:
            self.found.report.add("deals", "read")
            if line.error:
                broken = reader.refused(line.line, line.cells, line.error)
                if broken.name or broken.id:
                    rows.append(broken)  # matched by whose it is: it is there
                else:
                    self._refuse(file, broken, broken.errors, "rejected")
                continue
            rows.append(reader.read(line.line, line.cells))
        if reader.remarked.found:
            self.found.report.remarked[file.name] = reader.remarked
        if reader.rounded.count:
            self.found.report.rounded[file.name] = reader.rounded
        if reader.short_days.count:
            self.found.short_days.append(reader.short_days)
        if file.left_out is not None:
            self.found.report.left_out[file.name] = file.left_out
        return rows

    def _held(self, doubt: Doubt) -> FieldError:
        return FieldError(DOUBT, doubt.maybe, IN_DOUBT, f"answer {doubt.id} in the file of doubts")

    def _refuse(self, file: WeekFile, row: WeekRow, errors: Sequence[FieldError], what: str) -> None:
        self._rejects.add(file.path, file.columns, row.line, row.cells, errors)
        self.found.report.add("deals", what)

    def _keep(self, file: WeekFile, one: Placed) -> None:
        """The write of a row, unless it says what the deal's row in the file before said."""
        row = one.row
        said = (one.account, one.owner, *row.said)
        if one.moved and one.moved != one.owner:
            owners = " → ".join(self._people.owner_name(owner) or "–" for owner in (one.moved, one.owner))
            of = filter(None, (self._people.account_name(one.account), row.name))
            self.found.moved.append(f"{' / '.join(of)}: {owners}")
        if self._last_said.get(one.deal) == said:
            self.found.report.add("deals", "unchanged")
        else:
            contact = self._people.contact(row, one.account)
            first = one.new or self._memory.begins(one.deal, row.day)
            open_on = self._open_on.get(one.deal)
            write = write_of(one, file.holds, contact, open_on, first=first)
            unseen = one.new or (bool(row.id) and self._fresh and not self._seen(one.deal))
            self._writes.append(self._closings.settle(one, file, write, open_on, unseen=unseen))
            self._rows_of.append(row)
            if not row.open and self._fresh and (one.deal not in self._last_said or one.deal in self._open_on):
                self._count_end(one)
        self._last_said[one.deal] = said
        self._open_on.pop(one.deal, None)
        if row.open:
            self._open_on[one.deal] = file.day

    def _seen(self, deal: str) -> bool:
        """Whether an earlier file showed the deal."""
        memory = self._memory
        return any(deal in known for known in (self._last_said, memory.last, memory.gone, memory.begun))

    def _count_end(self, one: Placed) -> None:
        before = self._memory.last.get(one.deal)
        if before is None or before.open:
            counts = self._memory.outcomes
            counts[str(one.row.outcome)] = counts.get(str(one.row.outcome), 0) + 1

    def _follow(
        self, file: WeekFile, matcher: Matcher, before: dict[str, Seen], now: dict[str, Seen], *, newest: bool
    ) -> None:
        """Compare the file with the one before it; remember it where none later is known."""
        memory = self._memory
        others = elsewhere(before, now, file.series)
        all_before, before = before, {deal: one for deal, one in before.items() if deal not in others}
        if silent := sum(one.open for one in others.values()):
            self.found.apart[file.name] = silent
        full = not file.path.name.startswith(REJECTS) and is_full(before, now)
        if not full:
            self.found.partial.append(file.name)
            matcher.present = all_before | now
        else:
            memory.note_full(file.day)
            missing = {deal: one for deal, one in before.items() if one.open and deal not in now}
            held = {deal: one for deal, one in matcher.present.items() if deal in matcher.held and deal not in now}
            matcher.present = others | now | held  # which rows held back may be about
            again = file.day.isoformat() == memory.day  # sent again: what stood is what it said before
            stood = {deal: one for deal, one in memory.last.items() if deal not in others} if again else before
            if stood and newest:  # rows that were held back come in as new when the file comes again
                self.found.steps.append(step(stood, now, file, first=self._first or again))
            if newest:
                memory.gone |= {deal: one for deal, one in missing.items() if deal not in matcher.held}
        if newest:
            memory.last, memory.day = matcher.present, file.day.isoformat()
            memory.gone = {deal: one for deal, one in memory.gone.items() if deal not in now}

    def _ask_gone(self, doubts: Doubts, last: WeekFile) -> None:
        for deal, one in sorted(self._memory.gone.items()):
            told, key = self._gone(deal, one), f"{deal}\x1f{one.day}"
            line, since = last.hidden_line(deal, told.account, told.name), f"open on {one.day}"
            if line:
                since += f"; line {line} of this file, which is hidden and not read, is of it"
            answer = doubts.answer(Doubt("gone", last.name, line, told.told, since, key))
            if not answer:
                self.found.gone[deal] = told
                continue
            write = gone_write(deal, answer, last.day)
            if write is not None:
                self._writes.append(write)
                self._rows_of.append(WeekRow(-1, 0, [], last.day))
            if answer in ("lost", "won"):
                counts = self._memory.outcomes
                counts[answer.upper()] = counts.get(answer.upper(), 0) + 1
            if answer != "open":
                del self._memory.gone[deal]

    def _gone(self, deal: str, one: Seen) -> Gone:
        account, owner = self._people.account_name(one.account), self._people.owner_name(one.owner)
        amount = Money(self._currency, one.amount) if one.amount else None
        return Gone(account, one.name or deal, owner, amount, one.day)

    # writing

    async def _write(self) -> None:
        self.found.outcomes = dict(self._memory.outcomes)
        if not self._options.dry_run:
            self.found.check_confirmed(self._options)
        await self._sink.begin("weekly files", self._options.as_of, self._currency)
        try:
            await self._save()
            await self._sink.remember(self._memory.to_json())
        except DealcastError as error:
            with contextlib.suppress(DealcastError):
                await self._sink.fail(str(error))
            raise
        await self._sink.finish(self.found.report.counts)
        self.found.report.import_id = self._sink.import_id
        self.found.report.business_day = await self._sink.business_day()

    async def _save(self) -> None:
        saver = Saver(self._sink, self._progress, self.found, self._memory, self._people, self._refuse)
        types = {name: self._kinds[name][0] for name in self._new_types}
        await saver.save(self._writes, self._rows_of, types)


__all__ = ["Options", "WeeklyImporter", "WeeklyReport"]
