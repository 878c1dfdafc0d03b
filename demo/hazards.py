"""The truth of the simulated market: how stages move, what stands in the way, and what each action does.

A deal's state in a week is its stage, its situation (what stands in the way, if anything) and its health, a number
on the scale of log-hazards that carries everything lasting (fit, people, the rep's skill) and everything done so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.seasons import Floats

STAGES = ("New", "Contacted", "Discovery", "Solution", "Proposal", "Negotiation")
LEAD_STAGES = 2
SITUATIONS = (
    "none", "price", "competitor", "timing", "budget", "approval", "legal", "contact_changed", "tender", "silent",
)  # fmt: skip
ACTIONS = (
    "wait", "call", "mail", "chat", "meeting", "visit", "demo", "send_quote", "support_internal_approval",
    "involve_decision_maker", "answer_objection", "second_contact",
)  # fmt: skip
SKILL_CLASSES = (0.4, 0.55, 0.7)  # how often a rep of the class does what the situation asks for
EVENTS = ("none", "advance", "back", "win", "lose")

ADVANCE = (0.30, 0.22, 0.24, 0.24, 0.22, 0.0)
BACK = (0.0, 0.0, 0.0, 0.03, 0.04, 0.05)
WIN = (0.0, 0.0, 0.0, 0.004, 0.035, 0.18)
LOSE = (0.13, 0.11, 0.04, 0.04, 0.05, 0.08)
HEALTH_ON_ADVANCE, HEALTH_ON_WIN, HEALTH_ON_LOSS = 0.25, 0.5, -0.55
ACTION_SCALE = 2.8  # of effects and decay while something stands in the way: such weeks are few and decide
CLEAR_SCALE = 0.03  # of effects where nothing does
CLEAR_DECAY = 0.006  # health lost a week then
ARRIVAL_SCALE = 0.185  # of the chances below; set so that an oracle wins 6 to 8 points more than the reps
SETTLE_SCALE, SETTLES_ANYWAY = 1.3, 0.35  # of the chances that an action settles it; the same of any other action
NOISE = 0.15  # weekly standard deviation of health

# Weekly chance that a situation arises where there is none, by stage; times ARRIVAL_SCALE.
ARRIVALS: dict[str, tuple[float, float, float, float, float, float]] = {
    "price": (0, 0, 0.02, 0.02, 0.08, 0.06),
    "competitor": (0, 0.01, 0.03, 0.05, 0.04, 0.02),
    "timing": (0.05, 0.05, 0.03, 0.02, 0.02, 0.02),
    "budget": (0, 0.02, 0.03, 0.03, 0.05, 0.03),
    "approval": (0, 0, 0, 0.01, 0.05, 0.09),
    "legal": (0, 0, 0, 0, 0.01, 0.07),
    "contact_changed": (0.005, 0.01, 0.01, 0.01, 0.01, 0.01),
    "tender": (0, 0, 0.01, 0.01, 0.02, 0.005),
    "silent": (0.08, 0.07, 0.05, 0.05, 0.05, 0.03),
}
# Health lost a week while the situation lasts; times ACTION_SCALE.
DECAY = {
    "price": 0.12, "competitor": 0.15, "timing": 0.06, "budget": 0.12, "approval": 0.08, "legal": 0.06,
    "contact_changed": 0.12, "tender": 0.08, "silent": 0.16,
}  # fmt: skip
# situation → action → (health gained, chance that it settles the situation), times their scales
EFFECTS: dict[str, dict[str, tuple[float, float]]] = {
    "price": {"answer_objection": (0.45, 0.5), "send_quote": (0.3, 0.35), "involve_decision_maker": (0.2, 0.2),
              "mail": (-0.05, 0.05)},
    "competitor": {"demo": (0.45, 0.45), "visit": (0.25, 0.25), "answer_objection": (0.25, 0.3),
                   "send_quote": (-0.1, 0.05), "mail": (-0.05, 0.05)},
    "timing": {"wait": (0.1, 0.25), "call": (0.15, 0.2), "mail": (0.05, 0.2), "meeting": (-0.1, 0.1),
               "visit": (-0.15, 0.1), "send_quote": (-0.15, 0.05), "demo": (-0.1, 0.05)},
    "budget": {"involve_decision_maker": (0.4, 0.4), "support_internal_approval": (0.25, 0.3),
               "send_quote": (0.2, 0.25), "demo": (-0.05, 0.05)},
    "approval": {"support_internal_approval": (0.5, 0.5), "involve_decision_maker": (0.3, 0.3), "meeting": (0.1, 0.15),
                 "call": (-0.05, 0.1), "demo": (-0.1, 0.05)},
    "legal": {"meeting": (0.3, 0.4), "support_internal_approval": (0.2, 0.3), "mail": (0.15, 0.3),
              "demo": (-0.1, 0.05)},
    "contact_changed": {"second_contact": (0.4, 0.5), "visit": (0.35, 0.4), "meeting": (0.25, 0.35),
                        "mail": (-0.05, 0.1), "send_quote": (-0.1, 0.05)},
    "tender": {"send_quote": (0.35, 0.4), "support_internal_approval": (0.2, 0.2), "demo": (0.15, 0.15),
               "visit": (-0.05, 0.1)},
    "silent": {"second_contact": (0.35, 0.45), "chat": (0.3, 0.4), "visit": (0.2, 0.3), "call": (0.05, 0.15),
               "mail": (-0.1, 0.08), "send_quote": (-0.15, 0.05)},
}  # fmt: skip
# What helps where nothing stands in the way, by stage.
EFFECTS_CLEAR: tuple[dict[str, float], ...] = (
    {"call": 0.2, "chat": 0.15, "mail": 0.05, "visit": -0.1, "send_quote": -0.15},
    {"call": 0.15, "meeting": 0.2, "demo": 0.15, "send_quote": -0.1},
    {"meeting": 0.2, "visit": 0.15, "call": 0.08, "send_quote": -0.08, "demo": 0.1},
    {"demo": 0.25, "meeting": 0.1, "involve_decision_maker": 0.12, "mail": 0.02},
    {"send_quote": 0.2, "involve_decision_maker": 0.2, "meeting": 0.08, "mail": 0.02},
    {"support_internal_approval": 0.15, "visit": 0.15, "involve_decision_maker": 0.12, "call": 0.05},
)
# What reps do out of habit, whatever the situation.
HABIT = {
    "wait": 0.40, "mail": 0.20, "call": 0.15, "chat": 0.06, "meeting": 0.06, "visit": 0.025, "demo": 0.025,
    "send_quote": 0.03, "support_internal_approval": 0.01, "involve_decision_maker": 0.015, "answer_objection": 0.015,
    "second_contact": 0.01,
}  # fmt: skip


# What a situation tempts reps of every class to do, and how often they give in: common sense that is wrong.
REFLEX = {
    "price": "send_quote", "competitor": "send_quote", "timing": "meeting", "budget": "send_quote", "approval": "call",
    "legal": "mail", "contact_changed": "mail", "tender": "visit", "silent": "mail",
}  # fmt: skip
REFLEX_SHARE = 0.3
# How far an action goes with a rep's hunch about a deal, in a company whose reps act on one: see Market.chances.
EFFORT = {
    "wait": -1.0, "mail": -0.5, "chat": -0.5, "meeting": 0.5, "visit": 1.0, "demo": 0.5, "involve_decision_maker": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Market:
    """The tables above as arrays. K stages, Z situations, A actions."""

    gain: Floats  # (K, Z, A): health gained by an action, the week's decay taken off
    settle: Floats  # (K, Z, A): chance that the situation ends
    arrive: Floats  # (K, Z): chance that a situation arises where there is none; row sums 1 with "none"
    policy: Floats  # (C, K, Z, A): what reps of a skill class do
    hunch: float = 0.0  # how strongly they also act on a deal's health, which no record shows

    def chances(self, policy: Floats, health: Floats) -> Floats:
        """What reps do, (…, A), on deals of a health, (…): `policy` tilted by the hunch they have."""
        if not self.hunch:
            return policy
        effort = np.array([EFFORT.get(name, 0.0) for name in ACTIONS])
        tilted = policy * np.exp(self.hunch * np.clip(health, -2, 2)[..., None] * effort)
        return np.asarray(tilted / tilted.sum(axis=-1, keepdims=True))


def build_market(hunch: float = 0.0) -> Market:
    """The market's arrays. hunch: see Market; where it is not 0, a hidden confounder drives the log."""
    k, z, a = len(STAGES), len(SITUATIONS), len(ACTIONS)
    wish, settle = np.zeros((k, z, a)), np.full((k, z, a), SETTLES_ANYWAY)
    settle[:, 0, :] = 0.0
    for situation, effects in EFFECTS.items():
        for action, (health, chance) in effects.items():
            place = (slice(None), SITUATIONS.index(situation), ACTIONS.index(action))
            wish[place] = health
            # A push into the wrong direction keeps a situation from settling by itself.
            settle[place] = max(SETTLE_SCALE * chance, SETTLES_ANYWAY if health >= 0 else 0.0)
    for stage, clear in enumerate(EFFECTS_CLEAR):
        for action, health in clear.items():
            wish[stage, 0, ACTIONS.index(action)] = health
    arrive = np.zeros((k, z))
    for situation, chances in ARRIVALS.items():
        arrive[:, SITUATIONS.index(situation)] = ARRIVAL_SCALE * np.array(chances)
    arrive[:, 0] = 1 - arrive.sum(axis=1)
    gain = ACTION_SCALE * (wish - np.array([DECAY.get(name, 0.0) for name in SITUATIONS])[:, None])
    gain[:, 0] = CLEAR_SCALE * wish[:, 0] - CLEAR_DECAY
    return Market(gain, settle, arrive, np.stack([_policy(wish, good) for good in SKILL_CLASSES]), hunch)


def _policy(wish: Floats, good: float) -> Floats:
    """With chance `good` one of the better actions (softmax of what they bring), else habit, and at times reflex."""
    right = np.exp(wish / 0.06)
    right /= right.sum(axis=-1, keepdims=True)
    habit = np.array([HABIT[name] for name in ACTIONS])
    mixed: Floats = good * right + (1 - good) * habit / habit.sum()
    for situation, action in REFLEX.items():
        mixed[:, SITUATIONS.index(situation)] *= 1 - REFLEX_SHARE
        mixed[:, SITUATIONS.index(situation), ACTIONS.index(action)] += REFLEX_SHARE
    return mixed


def event_chances(stage: np.ndarray, health: Floats, win_pace: float, lose_pace: float) -> Floats:
    """Chances of EVENTS in a week, shape (…, 5), from stage and health (with the shock in it).

    Competing exponential risks: the chance that anything happens is 1 − exp(−Σ rates), shared by rates.
    """
    bounded = np.clip(health, -4, 4)
    rates = np.stack(
        [
            np.asarray(ADVANCE)[stage] * np.exp(HEALTH_ON_ADVANCE * bounded),
            np.asarray(BACK)[stage] * np.exp(-HEALTH_ON_ADVANCE * bounded),
            np.asarray(WIN)[stage] * np.exp(HEALTH_ON_WIN * bounded) * win_pace,
            np.asarray(LOSE)[stage] * np.exp(HEALTH_ON_LOSS * bounded) * lose_pace,
        ],
        axis=-1,
    )
    total = rates.sum(axis=-1, keepdims=True)
    something = -np.expm1(-total)
    return np.concatenate([1 - something, something * rates / total], axis=-1)
