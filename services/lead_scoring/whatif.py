"""What a score would be with other values: the deal as it would stand, and what makes the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from kit.errors import Conflict, InvalidInput
from kit.money import Money
from learning.columns import NO, YES
from learning.encoder import ChoiceColumn, Column, NumberColumn
from learning.reasons import Names, worded
from learning.records import Change, DealHistory, DealKind, Motion, Value
from learning.snapshots import end_of
from learning.timeline import Cell
from learning.titles import title
from learning.wording import measure_of, measured
from services.lead_scoring.domain import LISTED, Score, settled

MOST_CHANGES = 50
MOST_DIFFERENCES = 20
KINDS: Mapping[str, type] = {
    "kind": str, "motion": str, "pipeline": str, "stage": str, "category": str, "owner_id": str, "amount": Money,
    "close_date": date,
}  # fmt: skip
EMPTY: Mapping[str, Any] = {"amount": None, "close_date": None}
WORDS: Mapping[str, Sequence[str]] = {"kind": tuple(DealKind), "motion": tuple(Motion)}
CUSTOM = "fields."
MOST_NAMED, SHOWN = 20, 60  # known values in an error, and characters of each
SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """One column's share of the difference in log-odds: `effect` = after − before. Field "" is all the rest."""

    field: str
    value_before: str
    value_after: str
    before: float
    after: float
    text_en: str
    text_ko: str

    @property
    def effect(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Values that would be other, by field: one of KINDS, or `fields.<name>`; None empties."""

    values: Mapping[str, Value | None]
    owner_name: str = ""


def check(history: DealHistory, values: Mapping[str, Value | None]) -> None:
    """Raises Conflict where the deal is over, InvalidInput naming the field that cannot be other."""
    if settled(history.deal) is not None:
        raise Conflict("This deal is over: its score is its outcome.", field="deal.id", value=history.deal.id,
                       mend="Ask for an open deal.")  # fmt: skip
    if not 1 <= len(values) <= MOST_CHANGES:
        raise InvalidInput("This is no number of changes to ask for.", field="changes", value=str(len(values)),
                           mend=f"Send 1 to {MOST_CHANGES}.")  # fmt: skip
    for name, value in values.items():
        if not name.startswith(CUSTOM) and name not in KINDS:
            mend = "Use " + ", ".join(KINDS) + " or fields.<name>."
            raise InvalidInput("This field cannot be asked about.", field=name[:60], mend=mend)
        kind = KINDS.get(name, object)
        wrong = value is not None and (not isinstance(value, kind) or value not in WORDS.get(name, (value,)))
        if wrong or (value is None and name in WORDS):
            raise InvalidInput("This is no value of the field.", field=name, value=str(value)[:60],
                               mend="Send a value of the field's type.")  # fmt: skip


def check_known(
    history: DealHistory, values: Mapping[str, Value | None], columns: Mapping[str, Column],
    seen: Mapping[str, Sequence[str]],
) -> None:  # fmt: skip
    """Raises InvalidInput for a value that the model cannot know: a stage that no record was in, a word for a number.

    columns: by name, how the model reads them; those it does not look at are not looked at here. seen: of the fields
    LISTED, every value in training; one that is lacking is not looked at.
    """
    for name, value in values.items():
        column = columns.get(name)
        if value is None:
            continue
        if name in LISTED:
            if name in seen and value != "":
                _check_seen(history, name, value, seen[name])
        elif isinstance(column, NumberColumn) and not _is_number(value):
            raise _refused("This is no number, and the field is one.", name, value, "Send a number.")
        elif isinstance(column, ChoiceColumn) and column.yes_no and value not in (True, False, YES, NO):
            raise _refused("This is neither yes nor no, and the field is.", name, value, "Send true or false.")


def _check_seen(history: DealHistory, name: str, value: Value, seen: Sequence[str]) -> None:
    had = {str(one.value) for one in history.changes if one.field == name and one.value is not None}
    known = {*seen, *had, str(getattr(history.deal, name))} - {""}
    if str(value) in known:
        return
    listed = ", ".join(one[:SHOWN] for one in sorted(known)[:MOST_NAMED])
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    raise _refused("The model knows no such value of this field.", name, value, f"Use one of {listed}{more}.")


def _is_number(value: Value) -> bool:
    """Whether a column of numbers can take it: days and money are numbers there."""
    if isinstance(value, str):
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return not isinstance(value, bool)


def _refused(message: str, name: str, value: Value, mend: str) -> InvalidInput:
    return InvalidInput(message, field=name[:SHOWN], value=str(value)[:SHOWN], mend=mend)


def supposed(history: DealHistory, day: date, values: Mapping[str, Value | None]) -> DealHistory:
    """The deal as it would stand had it changed on `day`: the values, and the moves that come with them."""
    when = end_of(day) - timedelta(microseconds=1)
    changes = [Change(name, value, when, when) for name, value in values.items()]
    members: dict[str, Any] = {
        name: EMPTY.get(name, "") if value is None else value
        for name, value in values.items()
        if not name.startswith(CUSTOM)
    }
    for name, kind in (("kind", DealKind), ("motion", Motion)):
        if name in members:
            members[name] = kind(members[name])
    fields = {**history.deal.fields, **{n[len(CUSTOM) :]: v for n, v in values.items() if n.startswith(CUSTOM)}}
    members["fields"] = {name: value for name, value in fields.items() if value is not None}
    # Without any changes the other fields stand as they are now, as where a history was cut.
    cut = history.truncated or not history.changes
    deal = replace(history.deal, **members)
    return replace(history, deal=deal, changes=(*history.changes, *changes), truncated=cut)


def differences(
    before: Score, after: Score, rows: tuple[Mapping[str, Cell], Mapping[str, Cell]], day: date, names: Names
) -> list[Difference]:
    """What the difference in log-odds is made of: what would be other, strongest first, and all the rest as one.

    What stays the same counts too, for columns work together; one by one that would tell nobody anything. Both
    scores are of one model, so that their bases are the same, unless a lead becomes an opportunity: then the average
    opportunity is compared with the average lead, which is told of the kind.
    """
    old, new = dict(before.contributions), dict(after.contributions)
    if before.base_log_odds != after.base_log_odds:
        new["kind"] = new.get("kind", 0.0) + after.base_log_odds - before.base_log_odds
    moved = {name: new.get(name, 0.0) - old.get(name, 0.0) for name in {**old, **new}}
    total = math.fsum(moved.values())
    other = (name for name in moved if name and rows[0].get(name) != rows[1].get(name))
    order = sorted(other, key=lambda name: (-abs(moved[name]), name))
    found = [
        _difference(name, (old.get(name, 0.0), new.get(name, 0.0)), rows, day, names.get(name, {}))
        for name in order[:MOST_DIFFERENCES]
        if abs(moved[name]) > SMALL
    ]
    rest = total - math.fsum(one.effect for one in found)
    if abs(rest) > SMALL:
        together_en = "Everything else, which works together with what changed,"
        texts = _sentence(together_en, "바뀐 값과 함께 작용하는 그 밖의 모든 항목", rest)
        found.append(Difference("", "", "", 0.0, rest, *texts))
    return found


def _difference(
    name: str, effects: tuple[float, float], rows: tuple[Mapping[str, Cell], Mapping[str, Cell]], day: date,
    called: Mapping[str, str],
) -> Difference:  # fmt: skip
    (plain, en, ko), (plain_new, en_new, ko_new) = (_words(name, row.get(name), day, called) for row in rows)
    title_en, title_ko = title(name)
    texts = _sentence(f"{title_en}: {en} → {en_new}", f"{title_ko}: {ko} → {ko_new}", effects[1] - effects[0])
    return Difference(name, plain, plain_new, *effects, *texts)


def _words(name: str, cell: Cell, day: date, called: Mapping[str, str]) -> tuple[str, str, str]:
    """A cell as programs read it, in English and in Korean."""
    if cell is None:
        return "", "not filled in", "입력되지 않음"
    if isinstance(cell, bool):
        return (YES, "yes", "예") if cell else (NO, "no", "아니요")
    if isinstance(cell, date):
        return cell.isoformat(), *measured(float((cell - day).days), measure_of(name, date=True))
    if isinstance(cell, float):
        return f"{cell + 0.0:.12g}", *measured(cell, measure_of(name))
    return cell, *worded(name, called.get(cell, cell))


def _sentence(en: str, ko: str, effect: float) -> tuple[str, str]:
    if effect > 0:
        return f"{en} would raise the chance", f"{ko} — 가능성이 높아집니다"
    return f"{en} would lower the chance", f"{ko} — 가능성이 낮아집니다"
