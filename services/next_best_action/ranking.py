"""Ranks the catalogue for one deal: gate, reach, gain, draw."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kit.money import Money, decimals
from services.next_best_action import expressions, policy
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Action, Effect, Ranking, Situation, Suggestion
from services.next_best_action.model import ActionModel, log_odds, sigmoid
from services.next_best_action.reach import Reach, reach, ways
from services.next_best_action.reasons import nothing_recorded, of_silence, phrases, reasons


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action that may be done now, with what it is expected to bring, in major units of the deal's currency."""

    action: Action
    reach: Reach
    effect: Effect
    gain: float
    probability_gain: float


def rank(situation: Situation, catalogue: Catalogue, model: ActionModel, *, seed: int = 0) -> Ranking:
    """At most `policy.shown` actions of positive gain, the drawn one first, the others by gain.

    Gain = (p' × (1 + uplift) − p) × worth + benefit − cost, where p' moves the log-odds of the score's p by the
    action's effect: the suggestion and the score tell one story, and p' stays a probability.
    """
    if not situation.actionable:
        return Ranking()
    activation = expressions.activation(situation.variables)
    candidates, later = _candidates(situation, catalogue, model, activation)
    explore = model.outcomes >= catalogue.policy.explore_from and bool(model.effects)
    chances = policy.propensities([each.gain for each in candidates], catalogue.policy, explore=explore)
    drawn = policy.draw(chances, policy.uniform(seed, situation.deal_id, situation.revision, situation.day))
    if drawn == len(candidates):
        default = situation.day + timedelta(days=catalogue.look_again_days)
        return Ranking((), min([default, *later]))
    worth = [index for index, each in enumerate(candidates) if each.gain > 0]
    worth.sort(key=lambda index: (index != drawn, -candidates[index].gain, index))
    holding = phrases(catalogue, activation)
    if model.log_kept is False and nothing_recorded(situation.variables):
        holding -= of_silence(catalogue)
    shown = worth[: catalogue.policy.shown]
    kept = model.log_kept is not False
    return Ranking(
        tuple([_suggest(candidates[i], chances[i], situation, catalogue, holding, log_kept=kept) for i in shown])
    )


def _candidates(
    situation: Situation, catalogue: Catalogue, model: ActionModel, activation: Any
) -> tuple[list[Candidate], list[date]]:
    """What may be done now, in playbook order; and the days on which limits or answers free what fits otherwise."""
    open_ways = ways(catalogue.channels, situation.people, situation.counters, situation.day)
    gates = catalogue.gates.holding(activation)
    odds, rate = log_odds(situation.probability), catalogue.in_currency(1.0, situation.currency)
    found: list[Candidate] = []
    later: list[date] = []
    for place, action in enumerate(catalogue.actions):
        if not gates >> place & 1:
            continue
        if action.name in situation.hidden:
            later.append(situation.hidden[action.name])
            continue
        way = reach(action, open_ways, situation.day)
        if isinstance(way, Reach):
            effect = model.effect(action)
            after = sigmoid(odds + effect.mean)
            change = after * (1 + action.amount_uplift) - situation.probability
            gain = change * situation.worth + (action.benefit - action.cost) * rate
            found.append(Candidate(action, way, effect, gain, after - situation.probability))
        elif way is not None:
            later.append(way)
    return found, later


def _suggest(
    candidate: Candidate,
    chance: float,
    situation: Situation,
    catalogue: Catalogue,
    holding: Set[str],
    *,
    log_kept: bool,
) -> Suggestion:
    probability, effect = situation.probability, candidate.effect
    odds, (places, _) = log_odds(probability), decimals(situation.currency)
    return Suggestion(
        action=candidate.action,
        channel=candidate.reach.channel,
        contact_id=candidate.reach.contact_id,
        gain=Money(situation.currency, round(candidate.gain * 10**places)),
        probability_gain=candidate.probability_gain,
        probability_gain_low=sigmoid(odds + effect.low) - probability,
        probability_gain_high=sigmoid(odds + effect.high) - probability,
        propensity=chance,
        reasons=reasons(candidate.action, effect, situation.variables, catalogue, holding, log_kept=log_kept),
        limits=catalogue.channels.get(candidate.reach.channel),
        hours=catalogue.hours_of(candidate.action, candidate.reach.channel),
    )
