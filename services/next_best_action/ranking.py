"""Ranks the catalogue for one deal: gate, reach, gain, draw."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date, timedelta
from typing import Any, NamedTuple

from kit.money import Money, decimals
from learning.action_policies import ActionPolicies, ActionPolicy, shares_of
from services.next_best_action import expressions
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Action, Decision, Effect, Ranking, Situation, Suggestion
from services.next_best_action.model import INTERVAL, ActionModel, log_odds, sigmoid
from services.next_best_action.policy import draw, propensities, uniform, week_of
from services.next_best_action.products import Offer
from services.next_best_action.reach import Reach, reach, ways
from services.next_best_action.reasons import nothing_recorded, of_silence, phrases, reasons

USUAL = ActionPolicies()


class Candidate(NamedTuple):
    """An action that may be done now, with what it is expected to bring, in major units of the deal's currency."""

    action: Action
    reach: Reach
    effect: Effect
    gain: float
    sd: float  # of what is known of the gain
    probability_gain: float


def rank(
    situation: Situation, catalogue: Catalogue, model: ActionModel, policies: ActionPolicies = USUAL, *, seed: int = 0
) -> Ranking:
    """At most `policy.shown` actions of positive gain, the drawn one first, the others by gain.

    Gain = (p' × (1 + uplift) − p) × worth + benefit − cost, where p' moves the log-odds of the score's p by the
    action's effect: the suggestion and the score tell one story, and p' stays a probability.
    """
    if not situation.actionable:
        return Ranking()
    activation = expressions.activation(situation.variables)
    open_actions, later = open_now(situation, catalogue, model, activation)
    explore = model.outcomes >= catalogue.policy.explore_from and bool(model.effects)
    unit = situation.owner_id if policies.unit == "owner" and situation.owner_id else situation.deal_id
    turn = policies.policy(seed, unit)
    candidates = _valued(open_actions, situation, catalogue, model, turn.rank_by)
    chances = _chances(candidates, turn, catalogue, explore=explore)
    names = [each.action.name for each in candidates]
    since = week_of(situation.day)
    drawn = chances.index(1.0) if 1.0 in chances else _drawn(names, chances, turn, since, situation, seed)
    decision = None
    if candidates:
        control = explore and policies.control(seed, unit)
        table = _by_policy(names, chances, turn, open_actions, situation, catalogue, model, policies, explore=explore)
        shares = shares_of(policies, control=explore)
        shown_first = "" if drawn == len(names) else names[drawn]
        decision = Decision(turn.id, control, since, shown_first, chances[drawn], table, shares)
        if control:
            return Ranking(decision=decision)
    if drawn == len(candidates):
        default = situation.day + timedelta(days=catalogue.look_again_days)
        return Ranking((), min([default, *later]), decision)
    worth = [index for index, each in enumerate(candidates) if each.gain > 0]
    worth.sort(key=lambda index: (index != drawn, -candidates[index].gain, index))
    holding = phrases(catalogue, activation)
    if model.log_kept is False and nothing_recorded(situation.variables):
        holding -= of_silence(catalogue)
    shown = worth[: catalogue.policy.shown]
    kept = model.log_kept is not False
    found = [_suggest(candidates[i], chances[i], situation, catalogue, model, holding, log_kept=kept) for i in shown]
    return Ranking(tuple(found), None, decision)


def _drawn(
    names: Sequence[str], chances: Sequence[float], turn: ActionPolicy, since: date, situation: Situation, seed: int
) -> int:
    likely = [name for name, chance in zip(names, chances, strict=False) if chance > 0]
    return draw(chances, uniform(seed, situation.deal_id, since, turn.id, likely))


def _chances(
    candidates: Sequence[Candidate], policy: ActionPolicy, catalogue: Catalogue, *, explore: bool
) -> list[float]:
    """With which probability the policy shows each first, and last nothing."""
    usual = catalogue.policy
    return propensities(
        [each.gain for each in candidates], [each.sd for each in candidates],
        near=usual.near if policy.near is None else policy.near,
        most_exploring=usual.most_exploring if policy.most_exploring is None else policy.most_exploring,
        explore=explore,
    )  # fmt: skip


def _by_policy(
    names: Sequence[str], chances: Sequence[float], turn: ActionPolicy, open_actions: Sequence[tuple[Action, Reach]],
    situation: Situation, catalogue: Catalogue, model: ActionModel, policies: ActionPolicies, *, explore: bool,
) -> tuple[tuple[str, str, float], ...]:  # fmt: skip
    """What each policy would show first: of the one whose turn it is as it was drawn."""
    found = []
    for each in policies.policies:
        if each is not turn:
            valued = _valued(open_actions, situation, catalogue, model, each.rank_by)
            theirs = _chances(valued, each, catalogue, explore=explore)
        else:
            theirs = list(chances)
        found += [(each.id, name, chance) for name, chance in zip((*names, ""), theirs, strict=True) if chance > 0]
    return tuple(found)


def open_now(
    situation: Situation, catalogue: Catalogue, model: ActionModel, activation: Any
) -> tuple[list[tuple[Action, Reach]], list[date]]:
    """What may be done now, in playbook order; and the days on which limits or answers free what fits otherwise."""
    open_ways = ways(catalogue.channels, situation.people, situation.counters, situation.day)
    gates = catalogue.gates.holding(activation)
    found: list[tuple[Action, Reach]] = []
    later: list[date] = []
    for place, action in enumerate(catalogue.actions):
        if not gates >> place & 1:
            continue
        if action.name in situation.hidden:
            later.append(situation.hidden[action.name])
            continue
        if action.offers and model.products is not None and not _offers(action, situation, model):
            continue  # there is nothing to offer
        way = reach(action, open_ways, situation.day)
        if isinstance(way, Reach):
            found.append((action, way))
        elif way is not None:
            later.append(way)
    return found, later


def _offers(action: Action, situation: Situation, model: ActionModel) -> tuple[Offer, ...]:
    if not action.offers or model.products is None:
        return ()
    return model.products.offers(action.offers, situation.account_id, situation.products)


def _valued(
    open_actions: Sequence[tuple[Action, Reach]], situation: Situation, catalogue: Catalogue, model: ActionModel,
    rank_by: str,
) -> list[Candidate]:  # fmt: skip
    """What each brings by the effect that the policy goes by."""
    before = situation.probability
    odds, rate = log_odds(before), catalogue.in_currency(1.0, situation.currency)
    found: list[Candidate] = []
    for action, way in open_actions:
        effect, share = model.effect_by(rank_by, action)
        after = sigmoid(odds + effect.mean)
        uplift = 1 + action.amount_uplift * share
        gain = (after * uplift - before) * situation.worth + (action.benefit - action.cost) * rate * share
        sd = after * (1 - after) * uplift * situation.worth * (effect.high - effect.low) / (2 * INTERVAL)
        found.append(Candidate(action, way, effect, gain, sd, after - before))
    return found


def _suggest(
    candidate: Candidate,
    chance: float,
    situation: Situation,
    catalogue: Catalogue,
    model: ActionModel,
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
        products=_offers(candidate.action, situation, model),
    )
