"""Train on one file, score another, measure: what `dealcast evaluate lead-scoring` does, without the printing."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from kit.errors import InvalidInput
from learning.baselines import Baselines
from learning.columns import Floats
from learning.drift import Drift, Moved, rate_moved
from learning.guard_rows import Finding
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.domain import Score
from services.lead_scoring.evaluation import TOO_FEW
from services.lead_scoring.file_columns import kinds_read, varies
from services.lead_scoring.file_figures import Figures, measure
from services.lead_scoring.file_flags import FileOptions, Note
from services.lead_scoring.file_reading import Progress
from services.lead_scoring.file_scored import Piece, TestFile
from services.lead_scoring.files import Training, read_files
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.training import train

OURS = "Dealcast"
HEADER = ("id", "probability", "low", "high", "grade", "reasons")
REASONS_SHOWN = 5
NEGLIGIBLE = 0.01  # log-odds: a quarter of a hundredth of probability at most
_MARKS = {
    "prior": (
        "no trained model: a prior, because there are too few outcomes",
        "학습된 모델 없음: 결과가 적어 기본값",
    ),
    "base_rate": (
        "the base rate: nothing in these fields is known to predict",
        "평균 성공률: 예측에 도움이 되는 항목 없음",
    ),
}
EXPLAINED_AT_ONCE = 1_000
Grade = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Output:
    """Where the scores go (None: nowhere), how many rows get reasons, in which language, and how grades are given."""

    path: Path | None
    grade: Grade
    reasons: int = 10_000
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told afterwards."""

    training: Training
    data: Dataset
    model: ScoreModel
    findings: tuple[Finding, ...]
    figures: Figures | None
    test_rows: int
    moved: tuple[Moved, ...]
    rate_before: tuple[int, int]  # won, of how many
    rate_moved: bool
    notes: tuple[Note, ...]
    unknown: bool = False  # the test file has outcomes that the training file does not know

    @property
    def columns(self) -> int:
        """How many columns can say anything: those that vary."""
        return sum(varies(column) for column in self.data.table.columns.values())

    @property
    def kinds(self) -> Mapping[str, Sequence[str]]:
        """Columns by what they were read as: see file_columns.kinds_read."""
        return kinds_read(self.training.table, self.training.layout.readings)

    @property
    def too_few(self) -> bool:
        """Whether nothing predicts, and that proves little for want of rows."""
        return self.model.kind == "base_rate" and self.model.evaluation.get("why") == TOO_FEW

    @property
    def predicts(self) -> bool:
        """Whether the fields say anything about the outcome."""
        return self.model.kind not in ("prior", "base_rate")


def run(options: FileOptions, output: Output, progress: Progress, seed: int = 0) -> Report:
    """Do all of it. Raises DealcastErrors; the scores appear whole or not at all."""
    if output.path is not None:
        _check_out(output.path, options)
    training, test = read_files(options, progress)
    progress("looking for leaks", 0.0)
    with threadpool_limits(1):
        findings = training.guard()
        data = training.dataset(findings)
        model = train(data, seed, progress).model
        progress("fitting the plain models beside it", 0.0)
        baselines, used = Baselines.fit(data.table, data.won, seed), used_columns(model, data)
        looked_at = set(used) - test.compare_columns(training.layout, used)
        drift = Drift.fit(data.table.without(set(data.table.columns) - looked_at))
        told, won = _score(training, test, model, baselines, drift, output, progress)
        progress("measuring", 0.0)
        figures = measure(told, np.where(test.seen, np.nan, won) if test.seen is not None else won, seed)
    before = int(data.won.sum()), len(data.won)
    after = (float(figures.won), float(figures.rows)) if figures is not None else (0.0, 0.0)
    return Report(
        training, data, model, tuple(findings), figures, len(won), tuple(drift.moved()), before,
        rate_moved((float(before[0]), float(before[1])), after), (*training.notes, *test.notes),
        test.strange_outcomes,
    )  # fmt: skip


def used_columns(model: ScoreModel, data: Dataset) -> tuple[str, ...]:
    """The columns that scores look at: the model's, or where none predicts those that vary."""
    return model.columns or tuple(name for name, column in data.table.columns.items() if varies(column))


def _check_out(path: Path, options: FileOptions) -> None:
    """Raises InvalidInput where the scores cannot go, or would take the place of what they are made from."""
    message, mend = "the scores cannot be written", "name a file in a folder that is there"
    if not path.parent.is_dir():
        raise InvalidInput(message, field="--out", value=str(path), mend=mend)
    if not path.exists():
        return
    for flag, source in (("--train", options.train), ("--test", options.test)):
        if source.exists() and path.samefile(source):
            message = f"the scores would take the place of the file that {flag} names"
            raise InvalidInput(message, field="--out", value=str(path), mend="name another file")
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "it is no file"
        raise InvalidInput(message, field="--out", value=str(path), mend=f"{what}; {mend}")


def _score(
    training: Training, test: TestFile, model: ScoreModel, baselines: Baselines, drift: Drift, output: Output,
    progress: Progress,
) -> tuple[dict[str, Floats], Floats]:  # fmt: skip
    """Every model's probabilities and the outcomes of all rows, in order; writes the scores on the way."""
    told: dict[str, list[Floats]] = {}
    won: list[Floats] = []
    with _written(output.path) as file:
        writer = csv.writer(file) if file is not None else None
        if writer is not None:
            writer.writerow(HEADER)
        row = 0
        for piece in test.pieces(training.layout, progress):
            scores = model.score(piece.table)
            for name, values in {OURS: scores.probability, **baselines.predict(piece.table)}.items():
                told.setdefault(name, []).append(values)
            won.append(piece.won)
            drift.add(piece.table)
            if writer is not None:
                reasons = _reasons(model, piece, max(output.reasons - row, 0), output.language)
                numbers = (scores.probability.tolist(), scores.low.tolist(), scores.high.tolist())
                writer.writerows(
                    (key, _shown(p), _shown(low), _shown(high), output.grade(p), next(reasons, ""))
                    for key, p, low, high in zip(piece.ids, *numbers, strict=True)
                )
            row += piece.table.rows
    empty = np.zeros(0)
    return {name: np.concatenate([empty, *parts]) for name, parts in told.items()}, np.concatenate([empty, *won])


def _shown(number: float) -> str:
    return f"{number:.8g}"


def _reasons(model: ScoreModel, piece: Piece, most: int, language: str) -> Iterator[str]:
    """The reasons of the piece's first rows, in words with their effects on the log-odds."""
    for start in range(0, min(most, piece.table.rows), EXPLAINED_AT_ONCE):
        rows = np.arange(start, min(start + EXPLAINED_AT_ONCE, most, piece.table.rows))
        for score in model.explain(piece.table.take(rows)):
            yield _in_words(score, language)


def _in_words(score: Score, language: str) -> str:
    """The strongest reasons; of a score without any, what it is."""
    if score.prior or score.nothing_predicts:
        return _MARKS["prior" if score.prior else "base_rate"][language == "ko"]
    named = [one for one in score.reasons if one.field and abs(one.effect) >= NEGLIGIBLE][:REASONS_SHOWN]
    texts: Sequence[str] = [one.text_ko if language == "ko" else one.text_en for one in named]
    return "; ".join(f"{text} [{one.effect:+.3f}]" for text, one in zip(texts, named, strict=True))


@contextmanager
def _written(path: Path | None) -> Iterator[IO[str] | None]:
    """A file that takes its place when all of it is written; gone if that fails."""
    if path is None:
        yield None
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        mend = f"{error.strerror}; name a file in a folder that can be written to"
        raise InvalidInput("the scores cannot be written", field="--out", value=str(path), mend=mend) from None
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except OSError as error:
        message, mend = "the scores cannot be written", error.strerror or "free some space"
        raise InvalidInput(message, field="--out", value=str(path), mend=mend) from None
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
