"""What pages keep for one person is nobody else's: calls under way, dropped files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kit.errors import InvalidInput, NotFound
from learning.exchange import Rates
from learning.fiscal import FiscalCalendar
from services.gateway.domain import Principal, Scope
from services.gateway.imports.weekly.uploads import Uploads
from services.gateway.web.held import LASTS, MOST_EACH, Asked, Held, Moves, Numbers
from tests.e2e.web.site import AS_OF, TODAY

ANN = Principal("ann", Scope.SUBTREE, "ann")
ASKED = Asked(FiscalCalendar().parse("2026-Q4"), "company", "", None)
NUMBERS = Numbers({}, Rates(), (), TODAY, AS_OF, 0, "team")


@pytest.mark.parametrize(
    ("who", "sight", "later"),
    [
        (replace(ANN, id="ben"), "team", timedelta()),
        (replace(ANN, scope=Scope.OWN), "team", timedelta()),  # who sees less by now
        (ANN, "team without one", timedelta()),
        (ANN, "team", LASTS + timedelta(seconds=1)),
    ],
)
def test_a_held_call_is_found_by_whoever_began_it_while_it_lasts(who: Principal, sight: str, later: timedelta) -> None:
    held = Held()
    token = held.keep(ANN, ASKED, NUMBERS, Moves({}))
    assert held.find(ANN, "team", token, AS_OF)[:2] == (ASKED, NUMBERS)
    with pytest.raises(NotFound):
        held.find(who, sight, token, AS_OF + later)


def test_a_call_lasts_however_many_others_hold_and_however_often_its_own_changes_are_applied() -> None:
    held, ben, later = Held(), replace(ANN, id="ben"), replace(NUMBERS, event=7)
    token = held.keep(ANN, ASKED, NUMBERS, Moves({}))
    for _ in range(MOST_EACH + 1):
        held.keep(ben, ASKED, NUMBERS, Moves({}))
        assert held.keep(ANN, ASKED, later, Moves({}), instead=token) == token
    assert held.find(ANN, "team", token, AS_OF)[1] is later
    assert held.keep(ben, ASKED, NUMBERS, Moves({}), instead=token) != token, "another's is left alone"
    for _ in range(MOST_EACH):
        held.keep(ANN, ASKED, NUMBERS, Moves({}))
    with pytest.raises(NotFound):
        held.find(ANN, "team", token, AS_OF)


def test_dropped_files_are_their_owners_and_stay_in_their_folder(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "tmp", tmp_path)
    one = uploads.begin("ann", "KRW")
    uploads.add(one, "../../영업현황 (1).csv", b"a")
    assert [each.relative_to(tmp_path) for each in tmp_path.rglob("*.csv")] == [
        Path("tmp/uploads") / one.id / "files" / "영업현황 (1).csv"
    ]
    assert uploads.find("ann", one.id) is one
    for owner, identity in (("ben", one.id), ("ann", "../" + one.id)):
        with pytest.raises(NotFound):
            uploads.find(owner, identity)
    with pytest.raises(InvalidInput):
        uploads.add(one, "run.sh", b"a")
