"""Reads logs of actions from CSV files: what was done, what came of it, with which propensity, in which context."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.columns import YES, Floats, Texts
from learning.csv_file import CsvFile
from learning.identifiers import is_identifier
from learning.off_policy.estimators import Ints
from learning.tabular import Kind, Raw, Reading, encode, read_column
from learning.tabular_kinds import learn_reading, settle_days

MOST_ACTIONS = 1_000
UNKNOWN = -1
LEAST_ROWS = 20  # to learn from


@dataclass(frozen=True, slots=True)
class Request:
    """Two files and what their columns are. `propensity` names a column, or is a number, or is empty."""

    train: Path
    test: Path
    action: str
    reward: str
    propensity: str = ""
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file's rows, each kept: action −1 and reward nan where missing; propensities None where they are not given."""

    rows: int
    actions: Ints  # numbers into the names of both files
    rewards: Floats
    propensities: Floats | None
    context: Mapping[str, Floats | Texts]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(rows,) action and reward are there."""
        return np.asarray((self.actions >= 0) & np.isfinite(self.rewards))


@dataclass(frozen=True)
class Logs:
    """Both files; `names`: actions of either, those of the training file first. `notes`: what was found odd."""

    train: LogFile
    test: LogFile
    names: tuple[str, ...]
    trained: int  # how many of the names stand in the training file
    ignored: Mapping[str, str] = field(default_factory=dict)  # column → why it is no context
    notes: tuple[str, ...] = ()


def read_logs(request: Request) -> Logs:
    """Read both files. Raises NotFound, or InvalidInput with column, value and mend."""
    train, test = _raw(request.train, "--train"), _raw(request.test, "--test")
    for option, name in (("--action", request.action), ("--reward", request.reward)):
        _must_have(train, option, name)
    for name in request.drop:
        _must_have(train, "--drop", name)
    notes = [f"the test file has no column {name}: nothing can be valued on it"
             for name in (request.action, request.reward) if name not in test]  # fmt: skip
    names, trained, codes = _actions(train, test, request.action)
    constant = _constant(train, request.propensity)
    column = "" if constant is not None else request.propensity
    ignored, contexts = _contexts(train, test, {request.action, request.reward, column, *request.drop})
    reading = _reward_reading(train[request.reward], request.reward)
    files = []
    for which, raw, code, context in zip(("training", "test"), (train, test), codes, contexts, strict=True):
        rewards = _rewards(raw.get(request.reward), reading, len(code), which, notes)
        valued = (code >= 0) & np.isfinite(rewards)
        chances = _propensities(raw, column, constant, valued, which)
        files.append(LogFile(len(code), code, rewards, chances, context))
        if valued.any() and not valued.all():
            left = len(code) - int(valued.sum())
            notes.append(f"{left:,} of {len(code):,} {which} rows have no action or no reward and are left out")
    count = int(files[0].known.sum())
    if count < LEAST_ROWS:
        mend = "name the columns of what was done and of what came of it, and give more rows"
        message = f"{count} rows of the training file have an action and a reward; at least {LEAST_ROWS} are needed"
        raise InvalidInput(message, field="--reward", value=request.reward, mend=mend)
    return Logs(files[0], files[1], names, trained, ignored, tuple(notes))


def _raw(path: Path, option: str) -> dict[str, Raw]:
    file = CsvFile(path, option)
    try:
        pieces: list[list[object]] = [[] for _ in file.names]
        for columns in file.pieces():
            for place, cells in enumerate(columns):
                pieces[place].append(encode(cells))
    finally:
        file.close()
    if not pieces[0]:
        raise InvalidInput("the file has no rows", field=option, value=str(path), mend="export it again")
    return {name: Raw.of(each) for name, each in zip(file.names, pieces, strict=True)}


def _must_have(columns: Mapping[str, Raw], option: str, name: str) -> None:
    if name not in columns:
        mend = f"name one of {_listed(list(columns))}"
        raise InvalidInput("the training file has no such column", field=option, value=name, mend=mend)


def _listed(names: Sequence[str], most: int = 30) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _actions(train: Mapping[str, Raw], test: Mapping[str, Raw], name: str) -> tuple[tuple[str, ...], int, list[Ints]]:
    """Names of the actions and each row's number. Every text but the empty one is an action, also "none"."""
    found: dict[str, int] = {}
    codes = []
    trained = 0
    for raw in (train, test):
        if name not in raw:
            codes.append(np.full(len(next(iter(raw.values())).codes), UNKNOWN))
            continue
        column = raw[name]
        texts = [text.strip() for text in column.texts.to_pylist()]
        used = np.zeros(len(texts), dtype=bool)
        used[column.codes] = True
        for text in sorted({text for text, seen in zip(texts, used, strict=True) if seen and text} - found.keys()):
            found[text] = len(found)
        codes.append(np.array([found.get(text, UNKNOWN) for text in texts], dtype=np.int64)[column.codes])
        trained = trained or len(found)
    if len(found) > MOST_ACTIONS:
        raise InvalidInput(f"{len(found):,} different actions are more than {MOST_ACTIONS:,}", field="--action",
                           value=name, mend="name the column of what was done, or group rare actions")  # fmt: skip
    return tuple(found), trained, codes


def _constant(train: Mapping[str, Raw], propensity: str) -> float | None:
    """The propensity given as a number, None where it names a column or is not given."""
    if not propensity or propensity in train:
        return None
    try:
        number = float(propensity)
    except ValueError:
        _must_have(train, "--propensity", propensity)
    if not 0 < number <= 1:
        raise InvalidInput("a propensity lies above 0 and is at most 1", field="--propensity", value=propensity,
                           mend="give the probability with which the logged action was chosen")  # fmt: skip
    return number


def _propensities(
    raw: Mapping[str, Raw], column: str, constant: float | None, valued: NDArray[np.bool_], which: str
) -> Floats | None:
    if constant is not None:
        return np.full(len(valued), constant)
    if not column:
        return None
    if column not in raw:
        if not valued.any():
            return None
        raise InvalidInput(f"the {which} file has no such column", field="--propensity", value=column,
                           mend="both files need it, or leave --propensity out to have it estimated")  # fmt: skip
    learned = learn_reading(raw[column])
    values, _ = read_column(raw[column], Reading(Kind.NUMBER, decimal=learned.decimal))
    assert isinstance(values, np.ndarray)
    bad = np.flatnonzero(valued & ~((values > 0) & (values <= 1)))
    if len(bad):
        row = int(bad[0])
        cell = str(raw[column].texts[int(raw[column].codes[row])].as_py())
        raise InvalidInput(
            f"a propensity lies above 0 and is at most 1, but not in {len(bad):,} rows of the {which} file "
            f"(the first is row {row + 1})", field=column, value=cell or "(empty)",
            mend="give the probability with which the logged action was chosen, or drop these rows",
        )  # fmt: skip
    return np.where(valued, values, 1.0)


def _reward_reading(raw: Raw, name: str) -> Reading:
    reading = learn_reading(raw)
    if reading.kind not in (Kind.NUMBER, Kind.YES_NO):
        example = next((text for text in raw.texts.to_pylist() if text.strip()), "(empty)")
        raise InvalidInput("the rewards are no numbers", field=name, value=example,
                           mend="a reward is a number, or yes and no")  # fmt: skip
    return reading


def _rewards(raw: Raw | None, reading: Reading, rows: int, which: str, notes: list[str]) -> Floats:
    if raw is None:
        return np.full(rows, np.nan)
    values, garbage = read_column(raw, reading)
    if isinstance(values, Texts):
        known = np.array([1.0 if text == YES else 0.0 for text in values.dictionary])
        values = np.where(values.codes >= 0, known[values.codes], np.nan)
    if garbage:
        notes.append(f"{garbage:,} rewards of the {which} file are no numbers and count as missing")
    return values


def _contexts(
    train: Mapping[str, Raw], test: Mapping[str, Raw], taken: Collection[str]
) -> tuple[dict[str, str], list[dict[str, Floats | Texts]]]:
    readings = settle_days({name: learn_reading(raw) for name, raw in train.items() if name not in taken})
    ignored: dict[str, str] = {}
    contexts: list[dict[str, Floats | Texts]] = [{}, {}]
    for name, reading in readings.items():
        column, _ = read_column(train[name], reading)
        if reading.kind is Kind.EMPTY:
            ignored[name] = "empty"
        elif name not in test:
            ignored[name] = "not in the test file"
        elif is_identifier(column):
            ignored[name] = "an identifier: every value is another"
        else:
            contexts[0][name] = column
            contexts[1][name] = read_column(test[name], reading)[0]
    return ignored, contexts
