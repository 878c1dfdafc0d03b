"""What training learns and serving uses: the effect of each action, and what deals are usually worth."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kit.errors import InvalidInput
from learning.records import DealHistory
from services.next_best_action.domain import Action, Effect, Variable
from services.next_best_action.products import ProductModel
from services.next_best_action.situations import SituationalEffects

FILE = "model.json"
EVALUATION_FILE = "evaluation.json"
FORMAT = 1
INTERVAL = 1.6448536269514722  # standard deviations either side of a 90 % interval


@dataclass(frozen=True, slots=True)
class Shown:
    """What showing an action brings."""

    effect: Effect
    uptake: float  # share of the times it was shown that it was done


@dataclass(frozen=True, slots=True)
class ActionModel:
    """Effects by action name; an action not named has the playbook's belief, scaled as the log bears the playbook out.

    Built with no argument it is the prior: the playbook alone.
    """

    effects: Mapping[str, Effect] = field(default_factory=dict)
    playbook_scale: float = 1.0
    currency: str = ""  # the company's
    typical_amounts: Mapping[str, float] = field(default_factory=dict)  # median won amount by currency, major units
    win_rate: float | None = None  # of opportunities
    outcomes: int = 0  # closed deals learned from
    log_kept: bool | None = None  # whether the company records contacts with customers; None: not known
    showing: Mapping[str, Shown] = field(default_factory=dict)  # the effect of showing, by action name
    products: ProductModel | None = None  # None: not known what accounts buy
    situations: SituationalEffects | None = None  # None: effects are the same in all situations
    evaluation: Mapping[str, Any] = field(default_factory=dict)

    def at(self, history: DealHistory, day: date, variables: Mapping[str, Variable]) -> ActionModel:
        """This model with the effects that actions have in a deal's situation."""
        if self.situations is None or not variables:
            return self
        return replace(self, effects={**self.effects, **self.situations.at(history, day, variables)})

    def effect(self, action: Action) -> Effect:
        """The action's effect on the log-odds of winning."""
        known = self.effects.get(action.name)
        if known is not None:
            return known
        return playbook(action.odds, action.odds_sd, self.playbook_scale)

    def effect_by(self, rank_by: str, action: Action) -> tuple[Effect, float]:
        """The effect a policy goes by, and how much of the action's cost and uplift comes with it: all of doing it,
        of showing it the share that is then done."""
        if rank_by == "playbook":
            return playbook(action.odds, action.odds_sd), 1.0
        known = self.showing.get(action.name) if rank_by == "showing" else None
        return (known.effect, known.uptake) if known is not None else (self.effect(action), 1.0)

    def save(self, folder: Path) -> None:
        """Write model.json and evaluation.json, the same bytes for the same model."""
        body = asdict(replace(self, products=None, situations=None))
        evaluation = body.pop("evaluation")
        del body["products"], body["situations"]
        if self.situations is not None:
            self.situations.save(folder)
        if self.products is not None:
            self.products.save(folder)
        _write(folder / FILE, {"format": FORMAT, **body})
        _write(folder / EVALUATION_FILE, evaluation)

    @classmethod
    def load(cls, folder: Path) -> ActionModel:
        """Read what `save` wrote. Raises InvalidInput where it is damaged or of another format."""
        try:
            body = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if body.pop("format") != FORMAT:
                raise ValueError("another format")
            body["effects"] = {name: Effect(**effect) for name, effect in body["effects"].items()}
            showing = {name: Shown(Effect(**one["effect"]), one["uptake"])
                       for name, one in body.pop("showing", {}).items()}  # fmt: skip
            model = cls(
                **body,
                showing=showing,
                products=ProductModel.load(folder),
                situations=SituationalEffects.load(folder),
                evaluation=json.loads((folder / EVALUATION_FILE).read_text(encoding="utf-8")),
            )
            _check(model)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidInput(
                f"the model cannot be read: {error}", field=FILE, mend="Train and promote it anew"
            ) from None
        return model


@lru_cache(maxsize=1024)
def playbook(odds: float, odds_sd: float, scale: float = 1.0) -> Effect:
    """The catalogue's belief; good hopes are scaled, giving up (negative odds) is not."""
    mean, width = odds * scale if odds > 0 else odds, INTERVAL * odds_sd
    return Effect(mean, mean - width, mean + width)


def log_odds(probability: float) -> float:
    """ln(p / (1 − p)), with p kept within [1e-6, 1 − 1e-6]."""
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def sigmoid(odds: float) -> float:
    """The probability of log-odds; within (0, 1) for all an effect can reach."""
    return 1 / (1 + math.exp(-odds))


def _check(model: ActionModel) -> None:
    numbers = [model.playbook_scale, *model.typical_amounts.values(), model.win_rate or 0.0, model.outcomes]
    numbers += [one.uptake for one in model.showing.values()]
    effects = [*model.effects.values(), *(one.effect for one in model.showing.values())]
    numbers += [bound for effect in effects for bound in (effect.mean, effect.low, effect.high)]
    if not all(math.isfinite(number) and abs(number) < 1e15 for number in numbers):
        raise ValueError("a number is not finite")


def _write(path: Path, body: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
