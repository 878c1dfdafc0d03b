"""A folder in the history format: its manifest, and how its files are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kit.errors import InvalidInput
from learning.fiscal import FiscalCalendar
from learning.history_schema import FORMAT, SCHEMAS
from learning.horizon import DEFAULT_HORIZON, checked_horizon
from learning.placements import Tree, trees_from


@dataclass(frozen=True, slots=True)
class Manifest:
    """As of when a folder stands, on which business day, the company's currency, and whether it is made up.

    lead_horizon_days: within which leads are to convert; None: at all. holiday_country: ISO 3166 code of the country
    whose public holidays are kept, empty for none. trees: that totals are taken over beside the reporting line;
    forecast_types: custom fields that they are taken of beside amounts, by name. privacy: how many people were erased
    or are left out, and fields.
    """

    as_of: datetime
    business_day: date
    currency: str
    sample: bool = False  # a made-up company, never to be mixed with real records
    lead_horizon_days: int | None = DEFAULT_HORIZON
    calendar: FiscalCalendar = field(default_factory=FiscalCalendar)
    holiday_country: str = ""
    trees: tuple[Tree, ...] = ()
    forecast_types: Mapping[str, str] = field(default_factory=dict)
    privacy: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """manifest.json."""
        as_of = self.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z")
        content: dict[str, object] = {
            "format": FORMAT, "as_of": as_of, "business_day": self.business_day.isoformat(), "currency": self.currency,
            "lead_horizon_days": self.lead_horizon_days,
        }  # fmt: skip
        if self.calendar != FiscalCalendar():
            content["fiscal_year"] = self.calendar.to_json()
        if self.holiday_country:
            content["holiday_country"] = self.holiday_country
        if self.trees:
            content["forecast_trees"] = [{"name": tree.name, "levels": list(tree.levels)} for tree in self.trees]
        if self.forecast_types:
            content["forecast_types"] = dict(self.forecast_types)
        if self.privacy:
            content["privacy"] = dict(self.privacy)
        return json.dumps(content | ({"sample": True} if self.sample else {}))

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read manifest.json; InvalidInput where it is none of this format."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']} is not {FORMAT}")
            as_of = datetime.fromisoformat(data["as_of"]).astimezone(UTC)
            day = date.fromisoformat(data["business_day"])
            horizon = checked_horizon(data.get("lead_horizon_days", DEFAULT_HORIZON), "lead_horizon_days")
            calendar = FiscalCalendar.from_json(data.get("fiscal_year", {}))
            country, trees = str(data.get("holiday_country", "")), trees_from({"trees": data.get("forecast_trees", ())})
            types = {str(name): str(value) for name, value in dict(data.get("forecast_types", {})).items()}
            privacy = {str(name): int(count) for name, count in dict(data.get("privacy", {})).items()}
            sample = bool(data.get("sample", False))
            return cls(as_of, day, str(data["currency"]), sample, horizon, calendar, country, trees, types, privacy)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"manifest.json is not readable: {error}.", field="manifest.json", mend="Export the history again."
            ) from None


class HistoryWriter:
    """Writes a folder of Parquet files, table by table, in batches; bounded in memory by a batch.

    A context manager: on leaving it, tables never appended to are written empty, so that every file is there.
    Rows are dicts as learning.history_rows makes them: times are aware datetimes, days are dates, `value`, `fields`
    and `consents` are JSON texts (`encode_value`, `encode_fields`); a missing key is null, an unknown one InvalidInput.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._manifest = manifest
        self._writers: dict[str, pq.ParquetWriter] = {}

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to a table named as in SCHEMAS ("deals", "changes", …)."""
        schema = SCHEMAS[table]
        if table not in self._writers:
            self._writers[table] = pq.ParquetWriter(self._folder / f"{table}.parquet", schema, compression="zstd")
        if not rows:
            return
        known = set(schema.names)
        for row in rows:
            if unknown := row.keys() - known:
                raise InvalidInput(f"{table} has no such column.", field=table, value=min(unknown))
        columns = [
            pa.array([row.get(name) for row in rows], kind)
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]
        self._writers[table].write_batch(pa.record_batch(columns, schema=schema))

    def close(self) -> None:
        """Finish every file and write the manifest last, so that a folder with a manifest is whole."""
        for table in SCHEMAS:
            self.append(table, [])
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
        (self._folder / "manifest.json").write_text(self._manifest.to_json(), encoding="utf-8")

    def __enter__(self) -> HistoryWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            for writer in self._writers.values():
                writer.close()
