"""Training from a history whose truth is known, and from next to nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kit.errors import InvalidInput, NotFound
from learning.scores import SCORES
from services.forecast.__main__ import main
from services.forecast.dataset import scores_of
from services.forecast.learn import estimate_loadings
from services.forecast.model import ForecastModel
from services.forecast.replay import Sum
from services.forecast.training import read_company, train_folder
from tests.unit.forecast.forecast_histories import FIRST, LAST, write_history


def write_scores(path: Path, scores: dict[str, float]) -> Path:
    columns = [list(scores), [FIRST] * len(scores), list(scores.values())]
    table = pa.table([pa.array(column, kind) for column, kind in zip(columns, SCORES.types, strict=True)], SCORES)
    pq.write_table(table, path)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ForecastModel]:
    folder = tmp_path_factory.mktemp("company")
    write_history(folder / "history", 1_000)
    scores = write_scores(folder / "scores.parquet", {f"d{index}": 0.5 for index in range(1_000)})
    return folder, train_folder(folder / "history", scores, folder / "out", seed=3)


def test_it_finds_the_truth(trained: tuple[Path, ForecastModel]) -> None:
    folder, model = trained
    assert np.exp(model.amounts.ratios[""][0]) == pytest.approx(0.9, abs=0.02)
    created = sum(owner.rate for owner in model.new_business.owners)
    assert created == pytest.approx(1_000 / (LAST - FIRST).days, rel=0.2)
    reached = model.new_business.ripening.mean(axis=0)
    assert reached[-1] == pytest.approx(0.5, abs=0.05)
    assert reached[40] == pytest.approx(0.28, abs=0.08)
    assert model.blend.level(0).factor == pytest.approx(1.0, abs=0.15)
    evaluation = json.loads((folder / "out" / "evaluation.json").read_text())
    report = evaluation["backtest"]
    assert len(report["quarters"]) >= 2
    assert report["company"]["dealcast"]["wape"] < 0.12
    assert report["owner"]["dealcast"]["wape"] < 0.4
    assert report["owner"]["coverage"]["p10_p90"] >= 0.6
    columns, rows = report["path"]["columns"], report["path"]["rows"]
    of_company = [dict(zip(columns, row, strict=True)) for row in rows if row[2] == "company"]
    assert len(of_company) == 3 * len(report["quarters"])
    assert {row[2] for row in rows} == {"company", *(f"owner:u{index}" for index in range(8))}
    first, second, third = of_company[-3:]
    assert (first["as_of"], second["as_of"], third["as_of"]) == ("2017-06-30", "2017-07-31", "2017-08-30")
    assert first["booked"] == 0 < second["booked"] < third["booked"] < third["actual"] == first["actual"]
    assert first["p10"] < first["p50"] < first["p90"]
    assert first["p10"] < first["mean"] < first["p90"]
    assert third["p90"] - third["p10"] < first["p90"] - first["p10"], "less is left to come"
    assert first["commit"] is None, "nobody has said anything"


def test_the_artifact_is_json_and_the_same_again(tmp_path: Path) -> None:
    write_history(tmp_path / "history", 150)
    scores = write_scores(tmp_path / "scores.parquet", {"d1": 0.4})
    for out in ("one", "other"):
        train_folder(tmp_path / "history", scores, tmp_path / out, seed=3)
    names = sorted(path.name for path in (tmp_path / "one" / "artifact").iterdir())
    assert names == ["evaluation.json", "model.json"]
    one, other = (tmp_path / out / "artifact" for out in ("one", "other"))
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_next_to_nothing_trains_a_labelled_prior(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_history(tmp_path / "history", 5)
    write_scores(tmp_path / "scores.parquet", {})
    arguments = ["--history", str(tmp_path / "history"), "--scores", str(tmp_path / "scores.parquet")]
    assert main(["train", *arguments, "--out", str(tmp_path / "out")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shares = [line["progress"] for line in lines]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    evaluation = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert evaluation["model"] == "mostly prior"
    assert evaluation["not_yet_created"].startswith("from ")
    assert evaluation["correction"]["factor"] == 1.0
    assert evaluation["correction"]["why"].startswith("left out")
    assert "why" in evaluation["backtest"]
    assert sum(each.rate for each in ForecastModel.load(tmp_path / "out" / "artifact").new_business.owners) > 0


def test_an_empty_history_trains_too(tmp_path: Path) -> None:
    write_history(tmp_path / "history", 0)
    assert train_folder(tmp_path / "history", None, tmp_path / "out").evaluation["opportunities"] == 0


def test_missing_inputs_are_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--history", str(tmp_path), "--out", str(tmp_path / "o")]) == 1
    assert "history" in capsys.readouterr().err
    with pytest.raises(NotFound, match="scores"):
        scores_of(tmp_path / "none.parquet")
    pq.write_table(pa.table({"deal": ["d1"]}), tmp_path / "odd.parquet")
    with pytest.raises(InvalidInput, match="deal_id"):
        scores_of(tmp_path / "odd.parquet")


def test_scores_are_those_known_by_then(tmp_path: Path) -> None:
    scores = scores_of(write_scores(tmp_path / "s.parquet", {"d1": 0.3}))
    assert scores.on("d1", FIRST) == 0.3
    assert scores.on("d1", FIRST - timedelta(days=1)) is None
    assert scores.on("d2", LAST) is None


def test_ripening_counts_what_is_still_open_as_unknown(trained: tuple[Path, ForecastModel]) -> None:
    folder, model = trained
    from learning.history import read_history

    cases = read_company(read_history(folder / "history")).cases
    reached = model.new_business.ripening
    assert (np.diff(reached, axis=1) >= 0).all()
    assert reached.max() <= 1.0
    naive = sum(case.outcome == "WON" for case in cases) / len(cases)
    assert reached[:, -1].mean() > naive


def test_without_replays_shocks_are_a_prior() -> None:
    assert Sum(density=10.0, density_squared=1.0).pairs == 99.0
    few, seen = estimate_loadings([], 1)
    assert seen == {"replays": 0}
    assert 0 < few.company < 0.3
