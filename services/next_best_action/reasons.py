"""Why an action is suggested, in English and Korean: what the record shows, and how the action did before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any

from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Action, Effect, Reason, Variable
from services.next_best_action.features import NEVER
from services.next_best_action.situations import SIGNAL, STAGE

MOST_PHRASES = 2
SILENCE = ("days_since_contact", "days_since_inbound", "days_since_outbound", "days_since_call", "days_since_mail",
           "days_since_meeting", "inbound_30_days", "outbound_30_days")  # fmt: skip

SIGNALS = {  # what notes say, as the words of a reason
    "price": ("the price is objected to", "가격 이의"), "competitor": ("a competitor is in it", "경쟁사"),
    "timing": ("it is put off", "시기 연기"), "no_decision_maker": ("nobody who decides is reached", "의사결정자 부재"),
    "approval": ("internal approval is open", "내부 결재"), "gone_silent": ("they do not answer", "무응답"),
    "budget": ("the budget is missing", "예산"), "legal": ("a legal review is open", "계약·법무"),
    "handover": ("the contact changed", "담당자 변경"), "tender": ("it goes by tender", "입찰"),
}  # fmt: skip


def reasons(
    action: Action,
    effect: Effect,
    variables: Mapping[str, Variable],
    catalogue: Catalogue,
    holding: Set[str],
    *,
    log_kept: bool = True,
) -> tuple[Reason, ...]:
    """The action's first phrases that hold on this record, then what its expected effect rests on.

    holding: names of the phrases that hold, see `phrases`. log_kept: whether contacts are recorded at all.
    """
    found: list[Reason] = []
    for name in action.because:
        if name in holding and len(found) < MOST_PHRASES:
            phrase, _ = catalogue.phrases[name]
            value = shown(variables[phrase.variable])
            texts = phrase.en.format_map(variables), phrase.ko.format_map(variables)
            found.append(Reason(phrase.variable, value, *texts))
    return (*found, ground(action.name, effect, helps=action.odds > 0, log_kept=log_kept))


def phrases(catalogue: Catalogue, activation: Any) -> Set[str]:
    """Names of the phrases that hold on a record."""
    bits = catalogue.said.holding(activation)
    return {name for place, name in enumerate(catalogue.phrases) if bits >> place & 1}


def nothing_recorded(variables: Mapping[str, Variable]) -> bool:
    """Whether no contact with the customer stands on a record, either way."""
    return all(variables[name] == NEVER for name in ("days_since_inbound", "days_since_outbound"))


def of_silence(catalogue: Catalogue) -> Set[str]:
    """Names of the phrases that read something into the lack of contacts."""
    return frozenset(name for name, (phrase, _) in catalogue.phrases.items() if phrase.variable in SILENCE)


@lru_cache(maxsize=4096)
def ground(name: str, effect: Effect, *, helps: bool, log_kept: bool = True) -> Reason:
    """What stands behind an action's effect; its `effect` is the change in log-odds."""
    if effect.learned:
        times, low, high = (f"{math.exp(odds):.2f}" for odds in (effect.mean, effect.low, effect.high))
        en = f"odds of winning × {times} (90% range {low}–{high}) by the log of {effect.deals:,} deals it was done on"
        ko = f"이 활동이 있었던 {effect.deals:,}건의 기록에서 성사 승산 × {times} (90% 구간 {low}–{high})"
        if effect.situation:
            told_en, told_ko = _told(effect.situation)
            en, ko = f"{en}, where it stands as here ({told_en})", f"{ko}, 지금과 같은 상황({told_ko})"
    elif helps and not log_kept:
        en = "the playbook expects it to help; no contacts with customers are recorded here that could tell"
        ko = "플레이북 기준으로 도움이 될 것으로 봅니다. 고객 접촉 기록이 없어 확인할 수 없습니다"
    elif helps:
        en = "the playbook expects it to help; the activity log cannot tell yet"
        ko = "플레이북 기준으로 도움이 될 것으로 봅니다. 활동 기록으로는 아직 알 수 없습니다"
    else:
        en = "it keeps the pipeline true; it is not expected to raise the chance of winning"
        ko = "파이프라인을 정확하게 유지합니다. 성사 가능성을 높이는 활동은 아닙니다"
    return Reason("action", name, en, ko, effect.mean, effect.deals, effect.deals_won)


_ANSWERS = {"yes": "예", "no": "아니요"}
_NONE = ("", "none", "n/a", "-", "없음")  # what stands in a field that has nothing to say


def _told(situation: str) -> tuple[str, str]:
    """A situation's key in both languages: signals by their words, stages and fields by the company's own."""
    kind, _, name = situation.partition(" ")
    if kind == SIGNAL and name in SIGNALS:
        return SIGNALS[name]
    if kind == STAGE:
        return f"stage {name}", f"{name} 단계"
    field, _, value = name.partition("=")
    if value.strip().lower() in _NONE:
        return f"no {field}", f"{field} 없음"
    return f"{field}: {value}", f"{field}: {_ANSWERS.get(value, value)}"


def shown(value: Variable) -> str:
    """A variable's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
