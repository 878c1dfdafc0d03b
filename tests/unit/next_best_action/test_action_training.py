"""Training on a history folder: deterministic, honest about what it cannot tell, readable again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kit.errors import InvalidInput, NotFound
from learning.history import HistoryWriter, Manifest, encode_value, read_history
from learning.scores import read_scores
from services.next_best_action import catalogue, similar, training
from services.next_best_action.__main__ import main
from services.next_best_action.model import EVALUATION_FILE, FILE, ActionModel

START = datetime(2025, 1, 6, tzinfo=UTC)
ACTIONS = catalogue.load()


def write_company(folder: Path, deals: int = 400) -> Path:
    """Deals of eight weeks, half won, called at random; returns the scores."""
    generator = np.random.default_rng(5)
    rows: dict[str, list[dict[str, Any]]] = {"deals": [], "changes": [], "activities": []}
    scores: dict[str, list[Any]] = {"deal_id": [], "day": [], "probability": []}
    for number in range(deals):
        born = START + timedelta(days=int(generator.integers(0, 100)))
        won = bool(generator.random() < 0.5)
        add_deal(rows, f"d{number}", born, won)
        for week in range(8):
            scores["deal_id"].append(f"d{number}")
            scores["day"].append((born + timedelta(days=7 * week)).date())
            scores["probability"].append(0.6 if won else 0.4)
            if generator.random() < 0.3:
                time = born + timedelta(days=7 * week + 3)
                rows["activities"].append({"id": f"a{number}-{week}", "deal_id": f"d{number}", "type": "call",
                                           "direction": "outbound", "time": time})  # fmt: skip
    with HistoryWriter(folder, Manifest(datetime(2025, 12, 31, tzinfo=UTC), date(2025, 12, 31), "USD")) as writer:
        for table, found in rows.items():
            writer.append(table, found)
    path = folder / "scores.parquet"
    pq.write_table(pa.table(scores, schema=training_schema()), path)
    return path


def training_schema() -> pa.Schema:
    return pa.schema([("deal_id", pa.string()), ("day", pa.date32()), ("probability", pa.float64())])


def add_deal(rows: dict[str, list[dict[str, Any]]], name: str, born: datetime, won: bool) -> None:
    closed, outcome = born + timedelta(days=60), "WON" if won else "LOST"
    rows["deals"].append({"id": name, "revision": 2, "kind": "OPPORTUNITY", "stage": "Open", "outcome": outcome,
                          "amount": "1000.00", "currency": "USD", "created_time": born,
                          "closed_date": closed.date()})  # fmt: skip
    facts: list[tuple[str, Any, datetime]] = [
        ("kind", "OPPORTUNITY", born), ("stage", "Open", born), ("outcome", "OPEN", born), ("outcome", outcome, closed),
        ("closed_date", closed.date(), closed),
    ]  # fmt: skip
    rows["changes"] += [
        {"deal_id": name, "field": field, "value": encode_value(value), "effective_time": time, "recorded_time": time}
        for field, value, time in facts
    ]


def test_training_is_deterministic_and_says_what_it_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = write_company(tmp_path / "history")
    for name in ("one", "two"):
        arguments = ["--history", str(tmp_path / "history"), "--scores", str(scores), "--out", str(tmp_path / name)]
        assert main(["train", *arguments, "--seed", "3"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines
    assert all(set(line) == {"stage", "progress"} and 0 <= line["progress"] <= 1 for line in lines)
    one_run = [line["progress"] for line in lines[: len(lines) // 2]]
    assert one_run == sorted(one_run)
    assert (one_run[0], one_run[-2] < 0.6, one_run[-1]) == (0, True, 1), "done when it is done"
    one, two = (tmp_path / name / training.ARTIFACT_FOLDER for name in ("one", "two"))
    assert sorted(file.name for file in one.iterdir()) == [EVALUATION_FILE, FILE, similar.FILE]
    for name in (EVALUATION_FILE, FILE, similar.FILE):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    model = ActionModel.load(one)
    assert model.effects["call"].learned
    assert model.effects["call"].low < 0.1 < model.effects["call"].high + 0.1
    assert model.typical_amounts == {"USD": 1000.0}
    assert model.outcomes == 400
    assert model.log_kept is True
    evaluation = json.loads((tmp_path / "one" / EVALUATION_FILE).read_text())
    assert evaluation["actions"]["call"]["used"] == "log"
    assert evaluation["actions"]["visit"]["used"] == "playbook"
    assert "too few" in evaluation["actions"]["visit"]["why"]
    assert evaluation["actions"]["call"]["overlap"] > 0.9


def test_an_action_after_the_close_or_outside_the_window_does_not_count(tmp_path: Path) -> None:
    scores = write_company(tmp_path / "history", 60)
    folder = read_history(tmp_path / "history")
    gathered = training.gather(
        folder.deals(), folder.manifest.business_day, read_scores(scores),
        [action for action in ACTIONS.actions if action.activities], 0, lambda *_: None,
    )  # fmt: skip
    assert len(set(gathered.deals)) == 60
    ages = {row["age_days"] for row in gathered.rows}
    assert (
        max(age for age in ages if isinstance(age, float)) == 49
    )  # day 56 is scored too, but its window reaches beyond the close


def test_a_history_without_outcomes_gives_the_playbook(tmp_path: Path) -> None:
    scores = write_company(tmp_path / "history", 0)
    model = training.train_folder(tmp_path / "history", scores, tmp_path / "out", ACTIONS)
    assert model.effects == {}
    assert model.log_kept is False
    assert model.playbook_scale == 1
    assert ActionModel.load(tmp_path / "out" / training.ARTIFACT_FOLDER) == model


def test_wrong_scores_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no lead scores"):
        read_scores(tmp_path / "none.parquet")
    pq.write_table(pa.table({"deal_id": ["d"]}), tmp_path / "thin.parquet")
    (tmp_path / "text.parquet").write_text("no parquet")
    for name in ("thin", "text"):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_scores(tmp_path / f"{name}.parquet")


@pytest.mark.parametrize("body", ["", "{}", '{"format": 2}', "[]", '{"format": 1, "playbook_scale": NaN}'])
def test_a_damaged_model_is_refused(tmp_path: Path, body: str) -> None:
    ActionModel().save(tmp_path)
    (tmp_path / FILE).write_text(body)
    with pytest.raises(InvalidInput, match="cannot be read"):
        ActionModel.load(tmp_path)


def test_a_bad_setting_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEALCAST_ACTION_SEED", "-1")
    assert main(["serve"]) == 1
    told = capsys.readouterr().err
    assert "DEALCAST_ACTION_SEED" in told
    assert "Traceback" not in told
