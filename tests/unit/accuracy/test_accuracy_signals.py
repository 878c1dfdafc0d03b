"""How the share of notes read rightly is counted and how sure it is."""

from __future__ import annotations

import pytest

from accuracy import signals
from accuracy.shares import wilson
from accuracy.signals import Tally, tally
from services.next_best_action.signals import Signal


def test_wilson_is_the_textbook_interval() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bar_asks_for_both_precision_and_recall() -> None:
    assert Tally(right=8, wrong=2, missed=3).meets_the_bar
    assert not Tally(right=7, wrong=2, missed=0).meets_the_bar
    assert not Tally(right=6, wrong=0, missed=3).meets_the_bar
    assert not Tally().meets_the_bar


def test_every_marked_note_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "read", lambda _: (Signal("timing", "later"),))
    counted = tally("ko", "open")["timing"]
    assert (counted.right, counted.wrong, counted.missed) == (32, 150 - 32, 0)
