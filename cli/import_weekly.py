"""`dealcast import` without a mapping: dated files of deals, whose columns are found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.gateway.imports.importer import Progress
    from services.gateway.imports.weekly.importer import WeeklyReport


@dataclass(frozen=True, slots=True)
class WeeklyOptions:
    """What the command line says of an import of weekly files."""

    columns: Sequence[str] = ()  # "heading=target"
    units: Sequence[str] = ()  # "unit", or "file=unit"
    answers: Path | None = None
    doubts: Path = Path("doubts.csv")
    currency: str = "KRW"
    confirm: bool = False
    foreign: bool = False
    as_of: str = ""


async def run_weekly(
    paths: Sequence[Path], data_dir: Path, url: str, rejects: Path | None, options: WeeklyOptions, progress: Progress,
    *, dry_run: bool, language: str,
) -> WeeklyReport:  # fmt: skip
    """Import the files, and those of the folders; what is in doubt is asked in the file of doubts."""
    from services.gateway.imports.rejects import RejectsWriter
    from services.gateway.imports.targets import open_sink
    from services.gateway.imports.weekly.doubts import read_answers, write_doubts
    from services.gateway.imports.weekly.importer import Options, WeeklyImporter

    given = Options(
        options.currency, columns_of(options.columns), read_answers(options.answers) if options.answers else {},
        units_of(options.units), confirm=options.confirm, foreign=options.foreign,
        as_of=_day(options.as_of), dry_run=dry_run,
    )  # fmt: skip
    sink = await open_sink(data_dir, url, dry_run=dry_run)
    try:
        found = await WeeklyImporter(sink, RejectsWriter(rejects, language=language), given, progress).run(*paths)
    finally:
        await sink.close()
    if found.doubts:
        used = () if dry_run else given.answers
        kept = write_doubts(options.doubts, found.doubts, language, used)
        found.unused_answers = kept if options.answers is None else 0
    return found


def columns_of(given: Sequence[str]) -> dict[str, str]:
    """What --column says. Raises InvalidInput."""
    from kit.errors import InvalidInput
    from services.gateway.imports.weekly.suggest import TARGETS

    found = {}
    for text in given:
        column, _, target = text.rpartition("=")
        if not column or target not in TARGETS:
            mend = "write HEADING=TARGET, the target one of " + ", ".join(TARGETS)
            raise InvalidInput("this names no column", field="--column", value=text, mend=mend)
        found[column.strip()] = target
    return found


def units_of(given: Sequence[str]) -> dict[str, str]:
    """What --unit says of files, "" for all others. Raises InvalidInput."""
    from kit.errors import InvalidInput
    from services.gateway.imports.units import CHOICES

    found = {}
    for text in given:
        name, _, said = (part.strip() for part in text.rpartition("="))
        unit = next((one for one in CHOICES if said and said in (one, one.removesuffix("원"))), "")
        if not unit:
            mend = "write UNIT or FILE=UNIT, the unit one of " + ", ".join(CHOICES)
            raise InvalidInput("this is no unit of amounts", field="--unit", value=text, mend=mend)
        found[Path(name).name] = unit
    return found


def _day(text: str) -> date | None:
    from kit.clock import parse_day

    return parse_day(text, "--as-of") if text else None
