"""The catalogue's file is read anew when it changes; a wrong one leaves the old in place."""

from __future__ import annotations

from pathlib import Path

from services.next_best_action.catalogue import Catalogue
from services.next_best_action.catalogue_source import WatchedFile

ONE = '[channels.call]\n[[actions]]\nname = "call"\nen = "Call"\nko = "전화"\nchannels = ["call"]\n'
TWO = ONE + '[[actions]]\nname = "wait"\nen = "Wait"\nko = "대기"\n'


def test_a_changed_file_is_taken_a_wrong_one_is_not_and_an_edition_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "actions.toml"
    path.write_text(ONE)
    taken: list[tuple[int, int]] = []
    edited = False

    def adopt(found: Catalogue, edition: int) -> None:
        taken.append((len(found.actions), edition))

    file = WatchedFile(path, lambda: edited, adopt)
    assert not file.look()
    path.write_text(TWO)
    assert file.look()
    path.write_text("wrong = ")
    assert not file.look()
    path.unlink()
    assert not file.look()
    path.write_text(TWO + "minutes = 5\n")
    assert file.look()
    edited = True
    path.write_text(ONE)
    assert not file.look()
    assert taken == [(2, 0), (2, 0)]
