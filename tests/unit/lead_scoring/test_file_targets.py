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
from services.lead_scoring.file_target import Target, learn_target, told_repeated, told_unknown


def raw(cells: Sequence[str]) -> Raw:
    return Raw.of([encode(cells)])


def learned(
    train: Sequence[str], test: Sequence[str] = (), positive: str | None = None, not_over: Sequence[str] = ()
) -> tuple[Target, str]:
    target, notes = learn_target(raw(train), "stage", positive, raw(test), not_over)
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


@pytest.mark.parametrize(
    ("cells", "won"),
    [
        (["Qualified", "Disqualified"], "qualified"), (["Unqualified", "qualified"], "qualified"),
        (["Responder", "Non-responder"], "responder"), (["응답", "미응답"], "응답"), (["적합", "부적합"], "적합"),
        (["Not interested", "Interested"], "interested"), (["구매함", "구매 안함"], "구매함"),
        (["Accepted", "Rejected"], "accepted"),
        (["Visited", "-"], "visited"), (["Contacted", "Not contacted"], "contacted"),
        (["Converted", "Open"], "converted"),
        (["Closed - Converted", "Closed - Not Converted"], "closed - converted"),
        (["6. Closed Won", "7. Closed Lost"], "6. closed won"), (["9", "11"], "11"),
        (["Lost (price)", "Renewed"], "renewed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_negations_and_words_tell_what_won_means_however_rare_it_is(cells: list[str], won: str, share: float) -> None:
    first = round(100 * share)
    target, told = learned([cells[0]] * first + [cells[1]] * (100 - first))
    assert target.positive == won
    assert np.nansum(target.outcomes(raw(cells))) == 1
    assert (
        told.startswith("Nothing says" if won == "11" else "No value says lost" if "Open" in cells else "") or not told
    )


@pytest.mark.parametrize(
    "cells",
    [["Active", "Churned"], ["open", "closed"], ["New", "Disqualified"], ["Lost", "Pending"], [">50K", "<=50K"]],
)
def test_where_nothing_tells_the_rarer_value_is_won_and_the_report_begins_with_it(cells: list[str]) -> None:
    target, told = learned([cells[0]] * 30 + [cells[1]] * 60)
    assert target.positive == cells[0].lower()
    assert told.startswith(f"Nothing says which value of stage means won: {cells[0].lower()!r} (30), the rarer one")
    assert f"--positive {cells[1].lower()}" in told
    assert learned([cells[0]] * 60 + [cells[1]] * 30)[0].positive == cells[1].lower()
    assert learned(cells * 30, positive=cells[0])[0].positive == cells[0].lower()


def test_open_values_are_no_outcome_whatever_is_named_as_won() -> None:
    cells = ["Won"] * 30 + ["Lost"] * 40 + ["Engaging"] * 20 + ["Working - Contacted"] * 9 + ["협상 중"] * 9
    for positive in (None, "Won", "Lost"):
        target, told = learned(cells, positive=positive)
        assert np.isfinite(target.outcomes(raw(cells))).sum() == 70
        assert "'engaging' (20)" in told
        assert "--open" not in told
    cells = ["Won"] * 30 + ["Lost"] * 40 + ["Parked"] * 20
    with pytest.raises(InvalidInput, match="more than two values") as error:
        learned(cells)
    assert "--open VALUE" in error.value.mend
    _, told = learned(cells, positive="Won")
    assert told.startswith("Because --positive names 'won', these count as lost too: 'parked' (20).")
    for positive in (None, "won"):
        target, told = learned(cells, positive=positive, not_over=["parked"])
        assert target.lost.isdisjoint({"parked"})
        assert told.startswith("Of “stage”, these are no outcome: 'parked' (20)")
    for positive, not_over, match in ((None, "gone", "does not occur"), ("Won", "won", "counts as won")):
        with pytest.raises(InvalidInput, match=match) as error:
            learned(cells, positive=positive, not_over=[not_over])
        assert error.value.field == "--open"


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


def test_rows_that_share_an_id_and_contradict_each_other_are_counted_and_told() -> None:
    record, won = np.array([0, 1, 2, 0, 1, 2, 2, 3]), np.array([1.0, 0, 1, 0, 0, 1, 0, 1])
    (said,) = told_repeated(record, won)
    assert said.en.startswith("3 ids stand on more than one row (7 rows with an outcome), and 2 of them say both")
    (said,) = told_repeated(record, np.where(record == 1, 0.0, 1.0))
    assert "both" not in said.en
    assert told_repeated(np.arange(4), np.ones(4)) == []
