from __future__ import annotations

import pytest

from services.lead_scoring import training


@pytest.mark.parametrize(("cells", "processes"), [(10_000, 1), (2_000_000, 4), (25_000_000, 2), (60_000_000, 1)])
def test_the_more_data_a_process_holds_the_fewer_there_are(
    cells: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "cores", lambda: 8)
    assert training.processes_for(cells) == processes
    monkeypatch.setattr(training, "cores", lambda: 2)
    assert training.processes_for(cells) == min(processes, 2)
