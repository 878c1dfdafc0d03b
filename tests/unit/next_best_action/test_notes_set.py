"""The marked notes keep their form, their counts and their very bytes."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TypedDict

import pytest

NOTES = Path(__file__).parents[2] / "data" / "notes"
MAIN = ("price_objection", "competitor", "timing", "no_decision_maker", "internal_approval", "gone_silent")
FURTHER = ("budget", "legal", "contact_changed", "tender")
SUMS = {
    "ko_open": "1691cd58c957950b8a5a2728185629de803df06ed432f25dfd2365594a79691b",
    "ko_dev": "ba61ea8e24728cbfc7d9dbd3e79736fd7463cb3f65048e62d1e1342238f0afe7",
    "ko_former": "4e1d57a2436eb260d1c7a2cc99182be8f9df2adddf90527effeaabb7ae3408ec",
    "ko_trades": "aa65a2c8d2b3bffdcfb80dd9567ea215440ac253e758d25aeb5da40074f20a8d",
    "ko_offices": "e9f8aaa6c0d69a10fcfe5c4c41dbe2e3983409935907490157a3f72ce173c525",
    "ko_voices": "bcbbfc0f14b0fd0cd5c43e05f8ab3cad6b7a8ce3764c35a04a1b8902137c1479",
    "ko_idioms": "092bbdd7eea0ba1dbb5c7aaa75b29590090b8d6362543c2ab4da2ba96f3775a8",
    "ko_held": "7bccd5d2a18b47a5f0b8d5a7710092ab5a0f1e60a3dc155c2f43279e7fadd3ea",
    "en_open": "7574673194fa58cedb30414c28378ffebae597d8ddbed63bf660cdfefc44d61d",
    "en_dev": "16d94c5cb85f40c198f49a236b5c64c3fd4e3ffa85c29631097902b05102c970",
    "en_former": "a6a893ecd43ec588c3ace65d389dd56ce8da30327185da63ab345e9b9c6daa57",
    "en_trades": "900c56b57fb8779405c99f3dc49b8192e0ba4d63b1d875061f16bf71ba7c1010",
    "en_offices": "663c5e27f721c509630fb6dcec1204ae489e1ba6ef74e3a8fe4b6f8a37b6e0ab",
    "en_voices": "79ffd0185134216175b7b01cebd2e6de9a54b6e17655cf2eee9049839fca6dd8",
    "en_idioms": "66fb1df7ab1166515ab454379cc88ed496e0d062d131ea54caf6b08b4f75e393",
    "en_held": "e81b2092b9c0dfa6ed2e90725559a00384a80e67a173e17a0b5abb1a0af96d57",
}


class Mark(TypedDict):
    """One signal and the words that show it."""

    signal: str
    sentence: str


class Note(TypedDict):
    """One line of a file."""

    id: str
    text: str
    signals: list[Mark]


def read(name: str) -> list[Note]:
    return [json.loads(line) for line in (NOTES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def shown(note: Note) -> set[str]:
    return {mark["signal"] for mark in note["signals"]}


def counts(name: str) -> dict[str, int]:
    notes = read(name)
    found = Counter(signal for note in notes for signal in shown(note) or {"none"})
    return {signal: found[signal] for signal in (*MAIN, *FURTHER, "none")} | {"notes": len(notes)}


def stated() -> dict[str, dict[str, int]]:
    """The last table of the README, by file."""
    table = (NOTES / "README.md").read_text(encoding="utf-8").rpartition("| signal |")[2].splitlines()
    names = [cell.strip().replace(" ", "_") for cell in table[0].strip("| ").split("|")]
    rows = [[cell.strip(" `") for cell in line.strip("| ").split("|")] for line in table[2:] if line]
    return {name: {row[0]: int(row[at + 1]) for row in rows} for at, name in enumerate(names)}


@pytest.mark.parametrize("name", SUMS)
def test_every_mark_names_a_signal_and_words_of_its_note(name: str) -> None:
    for note in read(name):
        assert set(note) == {"id", "text", "signals"}
        assert note["text"] == note["text"].strip() != ""
        pairs = [(mark["signal"], mark["sentence"]) for mark in note["signals"]]
        assert len(pairs) == len(set(pairs)), note["id"]
        for signal, sentence in pairs:
            assert signal in (*MAIN, *FURTHER), note["id"]
            assert sentence == sentence.strip() != "", note["id"]
            assert sentence in note["text"], note["id"]


def test_no_id_and_no_text_comes_twice_over_all_files() -> None:
    notes = [note for name in SUMS for note in read(name)]
    assert len({note["id"] for note in notes}) == len({note["text"] for note in notes}) == len(notes) == 3458


@pytest.mark.parametrize("name", SUMS)
def test_there_are_enough_of_each_main_signal_and_of_notes_with_none(name: str) -> None:
    found = counts(name)
    assert all(found[signal] >= 30 for signal in MAIN), found
    assert found["none"] * 5 >= found["notes"] >= 150


def test_the_readme_states_the_counts_there_are() -> None:
    assert stated() == {name: counts(name) for name in SUMS}


@pytest.mark.parametrize(("name", "digest"), SUMS.items())
def test_the_files_are_frozen(name: str, digest: str) -> None:
    assert hashlib.sha256((NOTES / f"{name}.jsonl").read_bytes()).hexdigest() == digest
