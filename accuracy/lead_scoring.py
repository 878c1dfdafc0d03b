"""Lead scoring on real data: how well time-forward scores rank, how honest they are, beside the base rate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from accuracy.histories import PRESETS, history_of
from accuracy.told import told

SEED = 0


def section() -> str:
    """The section of docs/accuracy.md."""
    parts = [_INTRODUCTION, _HEAD]
    notes = []
    for preset in PRESETS:
        evaluation = evaluate(preset)
        parts.append(told(_row(preset, evaluation)))
        notes.append(_notes(preset, evaluation))
    return "\n".join([*parts, "", *notes])


_INTRODUCTION = """## Lead scoring

Each preset is imported, exported and trained on by the code a company uses. Scores are of snapshots of open
records (weekly at first, then ever less often) and forward in time: a score is made by a model, a penalty and a
calibration that know only outcomes from before its day; how fast older records count less, and the columns the leak
guard leaves out, are chosen on all folds together. Snapshots count alike; those whose outcome is known are weighted for
those still waiting. In brackets: 90 % bootstrap intervals over records. The base rate is the rate so far, calibrated
the same way, on the same rows.
"""
_HEAD = """| data | test records | AUC | log loss | base rate's log loss | ECE | top-decile lift | model |
|---|---|---|---|---|---|---|---|"""


def evaluate(preset: str, history: Path | None = None) -> Mapping[str, Any]:
    """What training says of itself."""
    from services.lead_scoring.training import train_folder

    source = history or history_of(preset)
    with TemporaryDirectory() as out:
        trained = train_folder(source, Path(out), SEED, lambda *_: None)
    return trained.model.evaluation


def _row(preset: str, evaluation: Mapping[str, Any]) -> str:
    test = evaluation["test"]
    figures = [_figure(test[name]) for name in ("auc", "log_loss")]
    more = [_figure(test[name]) for name in ("ece", "lift")]
    base = f"{evaluation['baseline']['log_loss']:.3f}"
    cells = (preset, f"{test['records']:,}", *figures, base, *more, evaluation["model"])
    return "| " + " | ".join(cells) + " |"


def _figure(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.3f} [{interval['low90']:.3f}, {interval['high90']:.3f}]"


def _notes(preset: str, evaluation: Mapping[str, Any]) -> str:
    reasons: dict[str, list[str]] = {}
    for one in evaluation["dropped"]:
        reasons.setdefault(one["reason"], []).append(f"`{one['column']}`")
    dropped = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in reasons.items()) or "none"
    suspected = "; ".join(f"`{one['column']}` ({one['reason']})" for one in evaluation["suspected"]) or "none"
    window = " to ".join(evaluation["test"]["window"])
    return (
        f"* `{preset}`: {evaluation['records']:,} records seen open, {evaluation['outcomes']:,} outcomes of which "
        f"{evaluation['won']:,} won; tested on days {window}; columns dropped as leaks: {dropped}; "
        f"suspected: {suspected}."
    )
