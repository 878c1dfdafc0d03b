"""What counts as won across two files that write it in different ways."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kit.errors import InvalidInput
from learning.tabular import Raw, encode
from services.lead_scoring.file_flags import FileOptions
from services.lead_scoring.file_run import Output, run
from services.lead_scoring.file_target import Target, learn_target, told_unknown


def raw(cells: Sequence[str]) -> Raw:
    return Raw.of([encode(cells)])


def learned(train: Sequence[str], test: Sequence[str] = (), positive: str | None = None) -> tuple[Target, str]:
    target, notes = learn_target(raw(train), "stage", positive, raw(test))
    return target, "\n".join(note.en for note in notes)


@pytest.mark.parametrize(
    ("train", "positive", "test", "outcomes"),
    [
        (["Yes", "No"], None, ["1", "0", "TRUE", "false", "예", "Maybe"], [1, 0, 1, 0, 1, np.nan]),
        (["1", "0"], None, ["Won", "Lost", "보류", "2", ""], [1, 0, np.nan, np.nan, np.nan]),
        (["Yes", "No"], "No", ["0", "1", "n", "lost"], [1, 0, 1, np.nan]),
        (["churned", "stayed"], "churned", ["churned", "stayed", "yes"], [1, 0, np.nan]),
        (["a", "b", "c"], "b", ["a", "B ", "c", "d"], [0, 1, 0, np.nan]),
        (["Ja", "Nein"], None, ["ja", "nein", "no"], [1, 0, 0]),
        (["1000001", "1000002"], "1000001", ["1000001.0", "1,000,002", "1000001", "1000003"], [1, 0, 1, np.nan]),
        (["1.0000001", "1.0000002"], "1.0000002", ["1.0000001", "1.0000002"], [0, 1]),
        (["90071992547409931", "90071992547409932"], "90071992547409932", ["90071992547409931", "1"], [0, np.nan]),
    ],
)  # fmt: skip
def test_words_of_the_same_kind_are_known_across_files_and_others_are_no_outcome(
    train: list[str], positive: str | None, test: list[str], outcomes: list[float]
) -> None:
    target, _ = learned(train * 30, test, positive)
    assert target.outcomes(raw(test)).tolist() == pytest.approx(outcomes, nan_ok=True)


def test_spellings_in_one_column_count_alike_and_are_told() -> None:
    target, told = learned(["Yes"] * 30 + ["yes"] * 5 + ["Y"] * 5 + ["No"] * 30 + ["0"] * 5)
    assert target.positive == "yes"
    assert np.nansum(target.outcomes(raw(["Yes", "yes", "Y", "No", "0"]))) == 3
    assert told == "Of “stage”, these count as won: 'yes' (35), 'y' (5); these as lost: 'no' (30), '0' (5)."


def test_records_that_are_not_over_have_no_outcome_and_that_is_told() -> None:
    cells = ["Won"] * 30 + ["Lost"] * 40 + ["진행 중"] * 20 + ["Open"] * 9
    for positive in (None, "Won"):
        target, told = learned(cells, positive=positive)
        assert np.isnan(target.outcomes(raw(cells))).sum() == 29
        assert "'진행 중' (20), 'open' (9); their rows count as open records" in told
    target, told = learned(["Won"] * 30 + ["Lost"] * 40 + ["Refunded"] * 2)
    assert "'refunded' (2)" in told
    target, told = learned(["Won"] * 30 + ["Lost"] * 40 + ["Refunded"] * 9, positive="Won")
    assert "these as lost: 'lost' (40), 'refunded' (9)" in told
    with pytest.raises(InvalidInput, match="more than two values"):
        learned(["Won"] * 30 + ["Lost"] * 40 + ["Refunded"] * 9)
    assert learned(["open", "closed"] * 30)[0].won | learned(["open", "closed"] * 30)[0].lost == {"open", "closed"}


def test_outcomes_that_training_does_not_know_are_counted_told_and_not_measured(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)

    def rows(count: int, words: tuple[str, str]) -> list[str]:
        x = generator.normal(size=count)
        won = generator.random(count) < 1 / (1 + np.exp(-2 * x))
        return [f"{a:.3f},{words[0] if b else words[1]}" for a, b in zip(x, won, strict=True)]

    (tmp_path / "a.csv").write_text("\n".join(["x,won", *rows(120, ("Yes", "No"))]), "utf-8")
    for words, measured in ((("1", "0"), 30), (("good", "bad"), 0)):
        lines = ["x,won", *rows(30, words), *["0.5,Maybe"] * 7]
        (tmp_path / "b.csv").write_text("\n".join(lines), "utf-8")
        options = FileOptions(tmp_path / "a.csv", tmp_path / "b.csv", "won")
        report = run(options, Output(tmp_path / "s.csv", lambda _: "A", 0), lambda *_: None)
        assert report.unknown
        assert (report.figures.rows if report.figures else 0) == measured
        (said,) = [note.en for note in report.notes if "neither won nor lost" in note.en]
        assert "'maybe' (7)" in said
        assert f"{37 - measured:,} rows" in said
        assert len((tmp_path / "s.csv").read_text("utf-8").splitlines()) == 38
        assert told_unknown(report.training.target, raw(["Yes", "no"])) == []
