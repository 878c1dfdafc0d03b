"""`dealcast evaluate actions` on files of one's own: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.evaluate_actions import actions as evaluate
from cli.speech import tell
from kit.errors import DealcastError

HEAD = ["id", "age", "kind", "note", "act", "got", "p"]
Row = list[object]
Write = Callable[..., Path]


def row(number: int, randomly: random.Random, gain: float = 0.4) -> Row:
    """Doing b helps the old, doing a the young; c is rare."""
    age = randomly.uniform(20, 60)
    act = randomly.choices(["a", "b", "c"], [0.48, 0.48, 0.04])[0]
    chance = 0.3 + gain * ((act == "b") - 0.5) * (1 if age > 40 else -1) * (act != "c")
    return [f"row-{number:05d}", f"{age:.1f}", randomly.choice(["x", "y"]), f"n{randomly.random()}", act,
            int(randomly.random() < chance), 0.04 if act == "c" else 0.48]  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(name: str, rows: int = 1_500, gain: float = 0.4, change: Callable[[Row], Row] = lambda each: each,
           head: list[str] = HEAD) -> Path:  # fmt: skip
        randomly = random.Random(name)
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(change(row(number, randomly, gain)) for number in range(rows))
        return path

    return to


def run(
    train: Path, test: Path, capsys: pytest.CaptureFixture[str], propensity: str = "p", drop: str = "",
    out: Path | None = None, reward: str = "got",
) -> str:  # fmt: skip
    """What is printed, errors as people see them."""
    try:
        evaluate(train, test, "act", reward, propensity, [drop] if drop else None, out)
    except DealcastError as error:
        tell(error)
    told = capsys.readouterr()
    return told.out + told.err


def test_a_personal_policy_is_found_valued_and_written(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.csv"
    told = run(write("train"), write("test"), capsys, out=out)
    assert "personal" in told.splitlines()[1]
    assert "significantly better (95 %)" in told
    assert "id is not used (an identifier" in told
    for line in ("new policy", "as logged", "a ", "b ", "c "):
        assert any(each.startswith(f"  {line}") for each in told.splitlines())
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["row", "action", "p:a", "p:b", "p:c"]
    assert [each["row"] for each in rows] == [str(number) for number in range(1, 1_501)]
    for each in rows:
        chances = {name: float(each[f"p:{name}"]) for name in "abc"}
        assert sum(chances.values()) == pytest.approx(1)
        assert chances[each["action"]] > 0


def test_without_differing_effects_nothing_is_claimed(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(write("learned", gain=0.0), write("valued", gain=0.0), capsys)
    assert "significantly" not in told
    assert "no difference" in told or "Not significant" in told


def test_propensities_are_estimated_where_none_are_given(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(write("train", 600), write("test", 600), capsys, propensity="", drop="p")
    assert "Propensities estimated by" in told
    assert "holds only if nothing that is not in the file" in told


def test_money_missing_rewards_and_actions_never_seen(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    def train(each: Row) -> Row:
        randomly = random.Random(str(each[0]))
        return [*each[:5], "" if randomly.random() < 0.1 else f"{each[5]}{randomly.randrange(100, 999)}.50", each[6]]

    def test(each: Row) -> Row:
        return [*each[:4], "d" if str(each[4]) == "c" else each[4], *each[5:]]

    told = run(write("train", 500, change=train), write("test", 500, change=test), capsys)
    assert "only in the test file, so never chosen: d" in told
    assert "training rows have no action or no reward and are left out" in told
    assert "never done in this log" in told


def test_a_test_file_without_rewards_still_gets_its_choices(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = write("bare", 20, change=lambda each: each[:4], head=HEAD[:4])
    told = run(write("train", 500), bare, capsys, out=tmp_path / "p.csv")
    assert "nothing is valued" in told
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 21


def test_an_outcome_left_among_the_columns_is_found(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    def told_on(each: Row) -> Row:
        return [*each, "paid" if each[5] and random.Random(str(each[0])).random() < 0.5 else "no"]

    head = [*HEAD, "later"]
    told = run(write("train", change=told_on, head=head), write("test", change=told_on, head=head), capsys)
    assert "column later is not used" in told


@pytest.mark.parametrize("bad", [0, -0.2, 1.5, "", "often"])
def test_wrong_propensities_are_refused(bad: object, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = write("wrong", 30, change=lambda each: [*each[:6], bad])
    told = run(wrong, write("test", 30), capsys)
    assert told.startswith("error: p = ")
    assert "above 0 and is at most 1" in told
    assert "the first is row 1" in told
    assert "mend: " in told


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"propensity": "0"}, "error: --propensity = 0: a propensity lies above 0"),
        ({"propensity": "chance"}, "error: --propensity = chance: the training file has no such column"),
        ({"reward": "gain"}, "error: --reward = gain: the training file has no such column"),
        ({"reward": "kind"}, "error: kind = "),
        ({"drop": "age,size"}, "error: --drop = size: the training file has no such column"),
    ],
)
def test_wrong_names_are_told_with_their_mend(
    options: dict[str, str], expected: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(write("train", 30), write("test", 30), capsys, **options)  # type: ignore[arg-type]
    assert told.startswith(expected)
    assert "mend: " in told


@pytest.mark.parametrize("propensity", ["", "p"])
@pytest.mark.parametrize("rows", [1, 3, 40])
def test_small_test_files_are_answered_with_what_cannot_be_told(
    rows: int, propensity: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(write("train", 60), write("test", rows), capsys, propensity=propensity)
    assert told.startswith("Learned from ")
    assert "the log cannot tell" in told


def test_too_few_rows_to_learn_from_are_refused(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(write("train", 19), write("test", 60), capsys)
    assert "19 rows of the training file have an action and a reward; at least 20 are needed" in told


def test_constant_rewards_and_a_single_action_do_no_harm(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    same = write("same", 200, change=lambda each: [*each[:4], "a", 1, 1])
    assert "1.0000" in run(same, same, capsys)
