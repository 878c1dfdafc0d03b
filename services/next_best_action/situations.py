"""Effects that differ by situation: what serving reads of what training learned.

A situation is a set of keys: the stage, each signal of the newest texts, and each choice field that tells something.
An action's effect is the sum of its coefficients over the keys that hold, with their joint uncertainty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from learning.records import DealHistory
from learning.snapshots import end_of
from learning.timeline import Cell
from services.next_best_action.domain import Effect, Variable

ALWAYS = ""  # the key of every situation
STAGE, SIGNAL, FIELD = "stage", "signal", "field"  # what a key's first word is
SUPPORTED = 0.05  # an action done less often than this in a situation is not compared there
INTERVAL = 1.6448536269514722  # standard deviations either side of a 90 % interval
MOST_CACHED = 4096
LEAST_TOLD = 0.01  # log-odds: what a key adds is told from here on
FILE = "situations.json"


@dataclass(frozen=True, slots=True)
class ActionCoefficients:
    """Of one action over the keys of SituationalEffects: posterior mean and covariance of its coefficients in log-odds,
    and those of how often it is done; deals it was done on."""

    mean: Sequence[float]
    covariance: Sequence[Sequence[float]]
    habit: Sequence[float]
    deals: int
    deals_won: int


@dataclass(frozen=True, slots=True)
class SituationalEffects:
    """What the log tells of actions by situation. `habit` is that of doing nothing for a week."""

    keys: Sequence[str]  # ALWAYS first
    fields: Sequence[str]  # that keys speak of
    habit: Sequence[float]
    actions: Mapping[str, ActionCoefficients]
    _cache: dict[tuple[int, ...], Mapping[str, Effect]] = field(default_factory=dict, compare=False, repr=False)

    def at(self, history: DealHistory, day: date, variables: Mapping[str, Variable]) -> Mapping[str, Effect]:
        """Effects on a deal as of the end of a day."""
        return self.effects(keys_of(variables, choices_at(history, day, self.fields)))

    def save(self, folder: Path) -> None:
        """Write FILE, the same bytes for the same effects."""
        body = {
            "keys": list(self.keys), "fields": list(self.fields), "habit": list(self.habit),
            "actions": {name: asdict(one) for name, one in self.actions.items()},
        }  # fmt: skip
        (folder / FILE).write_text(json.dumps(body, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SituationalEffects | None:
        """Read what `save` wrote; None where nothing was. ValueError where it does not fit together."""
        path = folder / FILE
        if not path.is_file():
            return None
        body = json.loads(path.read_text(encoding="utf-8"))
        actions = {name: ActionCoefficients(**one) for name, one in body.pop("actions").items()}
        found = cls(**body, actions=actions)
        size = len(found.keys)
        rows = [found.habit]
        for one in actions.values():
            rows += [one.mean, one.habit, *one.covariance]
            if len(one.covariance) != size:
                raise ValueError("situations and covariances do not match")
        if any(len(row) != size or not all(math.isfinite(value) for value in row) for row in rows):
            raise ValueError("situations and coefficients do not match")
        return found

    def effects(self, keys: Sequence[str]) -> Mapping[str, Effect]:
        """Effects in a situation of the actions that the log can compare there, against doing nothing."""
        known = set(keys)
        active = (0, *(place for place, key in enumerate(self.keys) if key in known and place))
        found = self._cache.get(active)
        if found is None:
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            found = self._cache[active] = self._effects(active)
        return found

    def _effects(self, active: Sequence[int]) -> Mapping[str, Effect]:
        often = self.often(active)
        found = {}
        for name, one in self.actions.items():
            if often[name] >= SUPPORTED:
                mean = math.fsum(one.mean[place] for place in active)
                variance = math.fsum(one.covariance[i][j] for i in active for j in active)
                width = INTERVAL * math.sqrt(max(variance, 0.0))
                told = max(active[1:], key=lambda place: abs(one.mean[place]), default=0)
                situation = self.keys[told] if abs(one.mean[told]) >= LEAST_TOLD else ""
                found[name] = Effect(
                    mean, mean - width, mean + width, learned=True, deals=one.deals, deals_won=one.deals_won,
                    situation=situation,
                )  # fmt: skip
        return found

    def often(self, active: Sequence[int]) -> Mapping[str, float]:
        """How often each action is done where the keys at these places hold, of all that is or is not done."""
        raw = {name: _logistic(one.habit, active) for name, one in self.actions.items()}
        total = math.fsum(raw.values()) + _logistic(self.habit, active)
        return {name: share / total for name, share in raw.items()}


def _logistic(coefficients: Sequence[float], active: Sequence[int]) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, math.fsum(coefficients[place] for place in active)))))


def keys_of(variables: Mapping[str, Variable], choices: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that hold: of the stage, the signals and the choices given by field."""
    signals = variables.get("signals", [])
    told = [f"{SIGNAL} {name}" for name in signals] if isinstance(signals, list) else []
    return (
        f"{STAGE} {variables.get('stage', '')}",
        *told,
        *(f"{FIELD} {name}={text}" for name, text in choices.items()),
    )


def choices_at(history: DealHistory, day: date, names: Sequence[str]) -> dict[str, str]:
    """What choice fields hold at the end of `day`; a field whose changes are not carried has been as it is now."""
    if not names:
        return {}
    end, held = end_of(day), {name: history.deal.fields.get(name) for name in names}
    by_path = {f"fields.{name}": name for name in names}
    changed: dict[str, object] = {}
    for change in sorted((one for one in history.changes if one.field in by_path), key=lambda one: one.effective_time):
        name = by_path[change.field]
        changed.setdefault(name, None)
        if change.effective_time < end:
            changed[name] = change.value
    return {name: choice(value) for name, value in {**held, **changed}.items() if choice(value)}


def choice(value: Cell | object) -> str:
    """A cell as a choice; empty where it is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""
