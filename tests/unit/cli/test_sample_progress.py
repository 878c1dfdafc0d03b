"""What `up --sample` tells while the first models are trained."""

from __future__ import annotations

from cli.sample import Progress


def test_nothing_is_told_twice_without_need() -> None:
    progress = Progress("models: training", 100.0)

    def at(second: float, stage: str, share: float) -> str:
        return progress.line({"stage": stage, "progress": share}, 100.0 + second)

    assert at(0, "export", 0) == "models: training export 0% (0:00)"
    assert at(14, "export", 0) == ""
    assert at(15, "export", 0) == "models: training export 0% (0:15)"
    assert at(16, "fit", 0) == "models: training fit 0% (0:16)", "a new stage at once"
    assert at(17, "fit", 0.1) == ""
    assert at(21, "fit", 0.2) == "models: training fit 20% (0:21)"
    assert at(35, "fit", 0.2) == ""
    assert at(84, "fit", 0.2) == "models: training fit 20% (1:24)"
