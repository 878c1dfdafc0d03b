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
SKILL_CLASSES = (0.25, 0.4, 0.55)  # how often a rep of the class does what the situation asks for
EVENTS = ("none", "advance", "back", "win", "lose")

ADVANCE = (0.30, 0.22, 0.24, 0.24, 0.22, 0.0)
BACK = (0.0, 0.0, 0.0, 0.03, 0.04, 0.05)
WIN = (0.0, 0.0, 0.0, 0.004, 0.035, 0.18)
LOSE = (0.13, 0.11, 0.04, 0.04, 0.05, 0.08)
HEALTH_ON_ADVANCE, HEALTH_ON_WIN, HEALTH_ON_LOSS = 0.25, 0.5, -0.55
ACTION_SCALE = 0.19  # of the effects below; set so that an oracle wins 6 to 8 points more than the reps
NOISE = 0.15  # weekly standard deviation of health

# Weekly chance that a situation arises where there is none, by stage.
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
# Health lost a week while the situation lasts.
DECAY = {
    "none": 0.03, "price": 0.12, "competitor": 0.15, "timing": 0.06, "budget": 0.12, "approval": 0.08, "legal": 0.06,
    "contact_changed": 0.12, "tender": 0.08, "silent": 0.16,
}  # fmt: skip
# situation → action → (health gained, chance that it settles the situation)
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
SETTLES_ANYWAY = 0.08
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


@dataclass(frozen=True, slots=True)
class Market:
    """The tables above as arrays. K stages, Z situations, A actions."""

    gain: Floats  # (K, Z, A): health gained by an action, the week's decay taken off
    settle: Floats  # (K, Z, A): chance that the situation ends
    arrive: Floats  # (K, Z): chance that a situation arises where there is none; row sums 1 with "none"
    policy: Floats  # (C, K, Z, A): what reps of a skill class do


def build_market(action_scale: float = ACTION_SCALE) -> Market:
    """The market's arrays."""
    k, z, a = len(STAGES), len(SITUATIONS), len(ACTIONS)
    gain, settle = np.zeros((k, z, a)), np.full((k, z, a), SETTLES_ANYWAY)
    settle[:, 0, :] = 0.0
    for situation, effects in EFFECTS.items():
        for action, (health, chance) in effects.items():
            gain[:, SITUATIONS.index(situation), ACTIONS.index(action)] = health
            settle[:, SITUATIONS.index(situation), ACTIONS.index(action)] = max(chance * action_scale, SETTLES_ANYWAY)
    for stage, clear in enumerate(EFFECTS_CLEAR):
        for action, health in clear.items():
            gain[stage, 0, ACTIONS.index(action)] = health
    policy = np.stack([_policy(gain, good) for good in SKILL_CLASSES])
    decay = np.array([DECAY[name] for name in SITUATIONS])
    arrive = np.zeros((k, z))
    for situation, chances in ARRIVALS.items():
        arrive[:, SITUATIONS.index(situation)] = chances
    arrive[:, 0] = 1 - arrive.sum(axis=1)
    return Market(action_scale * (gain - decay[None, :, None]), settle, arrive, policy)


def _policy(gain: Floats, good: float) -> Floats:
    """With chance `good` one of the better actions (softmax of their gains), else habit."""
    right = np.exp(gain / 0.06)
    right /= right.sum(axis=-1, keepdims=True)
    habit = np.array([HABIT[name] for name in ACTIONS])
    mixed: Floats = good * right + (1 - good) * habit / habit.sum()
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
