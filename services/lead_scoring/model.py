"""The score's model: a part for leads, one for opportunities; JSON, npz and LightGBM's text on disk, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput, Poisoned
from learning.columns import Codes, Table, Texts
from learning.encoder import Column
from learning.horizon import checked_horizon
from learning.linear import Scores
from learning.reasons import Names
from learning.records import DealKind
from services.lead_scoring.domain import TOP_REASONS, Score
from services.lead_scoring.part_model import PartModel, constant_part, prior_part, read_part
from services.lead_scoring.pooled import PIPELINE, Own, Pooled

FORMAT, FORMAT_OF_ONE = 3, 2  # as written before kinds were learned apart, and still where there is one part only
MODEL_FILE, EVALUATION_FILE = "model.json", "evaluation.json"
KIND, HORIZON, KNOWN = "kind", "lead_horizon_days", "known"
Mask = NDArray[np.bool_]
ANY = ""  # the kind of a part that scores all rows


@dataclass(frozen=True)
class ScoreModel:
    """What serves. parts: by kind of deal, most outcomes first, or one under ANY.

    horizon_days: within which a lead's score (under ANY: every score) is its chance to convert; None: at all.
    known: every value that training saw, of fields whose values a company sets up; a field that is lacking: any.
    """

    parts: Mapping[str, Pooled]
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    horizon_days: int | None = None
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, part: PartModel, evaluation: Mapping[str, Any] | None = None) -> ScoreModel:
        """A model of one part for all rows."""
        return cls({ANY: Pooled(part)}, evaluation or {})

    @property
    def main(self) -> PartModel:
        """The part that most outcomes taught; a prior only where all are."""
        parts = list(self.parts.values())
        return next((part for part in parts if not part.prior), parts[0]).together

    @property
    def kind(self) -> str:
        """Of the main part: see PartModel."""
        return self.main.kind

    @property
    def widening(self) -> float:
        """Of the main part."""
        return self.main.widening

    @property
    def prior(self) -> bool:
        """Whether no trained model stands behind any number."""
        return all(part.prior for part in self.parts.values())

    @cached_property
    def encoded(self) -> Mapping[str, Column]:
        """How each column is read, by name; where parts differ, as the main part does."""
        found: dict[str, Column] = {}
        for part in self.parts.values():
            found = {column.name: column for column in part.encoded} | found
        return found

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        routing = set() if ANY in self.parts else {KIND}
        routing |= {PIPELINE for part in self.parts.values() if part.own}
        return tuple(sorted({*self.encoded, *routing}))

    def score(self, table: Table) -> Scores:
        """Every row's log-odds and interval."""
        shares = [(rows, part.score(inside)) for rows, inside, part, _ in self._routed(table)]
        if len(shares) == 1:
            return shares[0][1]
        log_odds, deviation = np.empty(table.rows), np.empty(table.rows)
        for rows, found in shares:
            log_odds[rows], deviation[rows] = found.log_odds, found.deviation
        return Scores(log_odds, deviation)

    def priors(self, table: Table) -> Mask:
        """Which rows no trained model stands behind."""
        found = np.zeros(table.rows, dtype=np.bool_)
        for rows, inside, part, _ in self._routed(table):
            found[rows] = part.priors(inside)
        return found

    def explain(self, table: Table, names: Names | None = None, top: int = TOP_REASONS) -> list[Score]:
        """Every row's score with reasons: base_log_odds + effects = log-odds of the probability.

        names: by column, what to call a value in words.
        """
        found: dict[int, Score] = {}
        for rows, inside, part, kind in self._routed(table):
            horizon = self.horizon_days or 0 if kind in (DealKind.LEAD, ANY) else 0
            found.update(zip(rows.tolist(), part.explain(inside, names, top, horizon), strict=True))
        return [found[row] for row in range(table.rows)]

    def _routed(self, table: Table) -> Iterator[tuple[Codes, Table, Pooled, str]]:
        """Each part's rows. A row whose kind is missing, or unknown, is an opportunity."""
        every = np.arange(table.rows)
        column = table.columns.get(KIND)
        if ANY in self.parts or not isinstance(column, Texts):
            kind = ANY if ANY in self.parts else DealKind.OPPORTUNITY
            yield every, table, self.parts[kind], kind
            return
        lead = np.array([*(text == DealKind.LEAD for text in column.dictionary), False])[column.codes]
        for kind, rows in ((DealKind.OPPORTUNITY, ~lead), (DealKind.LEAD, lead)):
            if rows.all() and table.rows:
                yield every, table, self.parts[kind], kind
            elif rows.any() or (kind is DealKind.OPPORTUNITY and not table.rows):
                yield every[rows], table.take(rows), self.parts[kind], kind

    def save(self, folder: Path) -> None:
        """Write the artifact: the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        known = {KNOWN: {name: list(values) for name, values in self.known.items()}} if self.known else {}
        if list(self.parts) == [ANY]:
            self.main.write(folder)
            horizon = {} if self.horizon_days is None else {HORIZON: self.horizon_days}
            _write_json(folder / MODEL_FILE, {"format": FORMAT_OF_ONE, **known, **horizon, **self.main.described()})
        else:
            described: list[dict[str, Any]] = []
            for kind, pipeline, share, part in self._members():
                prefix = f"{len(described)}-"
                part.write(folder, prefix)
                described.append({"of": kind, "pipeline": pipeline, "share": share, **part.described()})
            _write_json(folder / MODEL_FILE, {
                "format": FORMAT, **known, HORIZON: self.horizon_days, "parts": described
            })  # fmt: skip
        _write_json(folder / EVALUATION_FILE, dict(self.evaluation))

    def _members(self) -> Iterator[tuple[str, str, float, PartModel]]:
        """Kind, pipeline ("" for all together), share, model."""
        for kind, part in self.parts.items():
            yield kind, "", 1.0, part.together
            yield from ((kind, name, one.share, one.model) for name, one in part.own.items())


def load(folder: Path) -> ScoreModel:
    """Read an artifact; Poisoned where it is none of this format, or its parts do not fit together."""
    try:
        described = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
        evaluation = json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8"))
        known = {name: tuple(map(str, values)) for name, values in dict(described.get(KNOWN, {})).items()}
        if described["format"] == FORMAT_OF_ONE:
            parts = {ANY: Pooled(read_part(described, folder))}
            return ScoreModel(parts, evaluation, checked_horizon(described.get(HORIZON), HORIZON), known)
        if described["format"] != FORMAT:
            raise ValueError("another format")
        parts = _read_parts(described["parts"], folder)
        return ScoreModel(parts, evaluation, checked_horizon(described[HORIZON], HORIZON), known)
    except (OSError, ValueError, LookupError, TypeError, EOFError, ZeroDivisionError, InvalidInput) as error:
        raise Poisoned(f"This is no lead scoring model: {error}.", field="artifact", mend="Train it again.") from None


def _read_parts(described: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Pooled]:
    together: dict[str, PartModel] = {}
    own: dict[str, dict[str, Own]] = {}
    for number, one in enumerate(described):
        part, kind, share = read_part(one, folder, f"{number}-"), str(one["of"]), float(one["share"])
        if not 0.0 < share <= 1.0:
            raise ValueError("a share that is none")
        if one["pipeline"]:
            own.setdefault(kind, {})[str(one["pipeline"])] = Own(share, part)
        else:
            together[kind] = part
    if set(together) != set(DealKind) or set(own) - set(together):
        raise ValueError("parts of other kinds")
    return {kind: Pooled(part, own.get(kind, {})) for kind, part in together.items()}


def constant_model(kind: str, intercepts: Sequence[float], evaluation: Mapping[str, Any] | None = None) -> ScoreModel:
    """A model that gives every record the same probability: intercepts are the log-odds and those of refits."""
    return ScoreModel.of(constant_part(kind, intercepts), evaluation)


def prior_model(won: float = 0.0, lost: float = 0.0, evaluation: Mapping[str, Any] | None = None) -> ScoreModel:
    """The rate of `won` and `lost` records, shrunk towards a general belief: see `prior_part`."""
    return ScoreModel.of(prior_part(won, lost), evaluation)


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")), encoding="utf-8")
