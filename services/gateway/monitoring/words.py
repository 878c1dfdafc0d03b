"""What lights and alerts say, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.phrasebook import Phrasebook
from learning.titles import title
from services.gateway.monitoring.records import Alert

NAMES: Mapping[str, tuple[str, str]] = {
    "score": ("Score", "점수"), "forecast": ("Forecast", "예측"), "actions": ("Next actions", "다음 행동"),
}  # fmt: skip
BECAUSE = Phrasebook(Path(__file__).with_name("because.toml"))  # what the log of decisions cannot tell
# By code; the facts' names stand in braces.
TEXTS: Mapping[str, tuple[str, str]] = {
    "not_looked_yet": ("Nobody has looked yet.", "아직 점검하지 않았습니다."),
    "nothing_serves": ("No trained model serves yet.", "아직 학습된 모델이 없습니다."),
    "prior": (
        "Too few ended deals to learn from yet: all deals carry a default instead of a prediction.",
        "배울 수 있는 종결된 딜이 너무 적어, 모든 딜에 예측 대신 기본값을 표시합니다.",
    ),
    "not_watched": (
        "It could not be looked at; see the gateway's log.", "점검하지 못했습니다. 게이트웨이 로그를 보십시오."
    ),
    "few_outcomes": (
        "{records} deals that version {version} scored have closed since; it takes {least} to tell.",
        "버전 {version}이 채점한 딜 중 {records}건이 종결되었습니다. 판단하려면 {least}건이 필요합니다.",
    ),
    "score_right": (
        "Of {records} deals that closed, {said:.0%} were said to be won and {rate:.0%} were: within chance.",
        "종결된 딜 {records}건에서 예측 수주율 {said:.0%}, 실제 {rate:.0%}: 우연의 범위 안입니다.",
    ),
    "off": (
        "The probabilities are off: of {records} deals that closed, {said:.0%} were said to be won, {rate:.0%} were.",
        "확률이 어긋납니다. 종결된 딜 {records}건에서 예측 수주율 {said:.0%}, 실제 {rate:.0%}.",
    ),
    "worse_than_rate": (
        "On {records} deals that closed, one rate for all ({rate:.0%}) would have been better than the scores.",
        "종결된 딜 {records}건에서는 모두에 같은 비율({rate:.0%})을 쓰는 편이 점수보다 나았습니다.",
    ),
    "moved": (
        "The records are spread otherwise than when it was trained: {columns}.",
        "학습 때와 기록의 분포가 달라졌습니다: {columns}.",
    ),
    "no_past_periods": (
        "No quarter has ended since forecasts are written down.", "예측을 기록한 뒤 끝난 분기가 아직 없습니다."
    ),
    "few_periods": (
        "{periods} quarters have ended; it takes {least} to tell. Ranges held {share:.0%} so far.",
        "끝난 분기 {periods}개. 판단하려면 {least}개가 필요합니다. 지금까지 범위 적중 {share:.0%}.",
    ),
    "ranges_hold": (
        "Ranges held what was booked in {share:.0%} of cases over {periods} quarters; {nominal:.0%} are promised.",
        "{periods}개 분기에서 실적이 범위 안에 든 비율 {share:.0%}, 약속한 비율 {nominal:.0%}.",
    ),
    "ranges_narrow": (
        "Ranges are too narrow: over {periods} quarters {share:.0%} held, surely below the {nominal:.0%} promised.",
        "범위가 너무 좁습니다. {periods}개 분기 적중 {share:.0%}, 약속한 {nominal:.0%}보다 확실히 낮습니다.",
    ),
    "ranges_wide": (
        "Ranges are wider than they need be: over {periods} quarters {share:.0%} held; {nominal:.0%} are promised.",
        "범위가 필요 이상으로 넓습니다. {periods}개 분기 적중 {share:.0%}, 약속한 비율 {nominal:.0%}.",
    ),
    "ranges_far_off": (
        "The forecast is far off: over {periods} quarters only {share:.0%} of ranges held; {nominal:.0%} are promised.",
        "예측이 크게 어긋납니다. {periods}개 분기에서 범위 적중 {share:.0%}뿐, 약속한 비율 {nominal:.0%}.",
    ),
    "cannot_tell": (
        "The log cannot tell yet what the suggestions bring{because}.",
        "제안의 효과를 기록으로는 아직 알 수 없습니다{because}.",
    ),
    "value_known": (
        "By the log, {policy} wins {value:.1%} of deals [{low:.1%}, {high:.1%}]; no other is shown to be better.",
        "기록으로 본 {policy} 정책의 수주율 {value:.1%} [{low:.1%}, {high:.1%}]. 더 낫다고 밝혀진 정책은 없습니다.",
    ),
    "value_old": (
        "What the suggestions bring was last reckoned {days} days ago; train next_best_action anew.",
        "제안의 효과를 계산한 지 {days}일이 지났습니다. next_best_action을 다시 학습하십시오.",
    ),
    "another_better": (
        "By the log, policy {other} is better than {policy}, which serves.",
        "기록에 따르면 {other} 정책이 지금 쓰는 {policy} 정책보다 낫습니다.",
    ),
    "column_moved": (
        "{column}: {share:.0%} of the records are elsewhere than on {since}, when the model was trained{how}.",
        "{column}: 모델을 학습한 {since} 이후 기록의 {share:.0%}가 다른 값으로 옮겨 갔습니다{how}.",
    ),
}  # fmt: skip
LANGUAGES = ("en", "ko")
MORE = ("and {more} more", "외 {more}개")
NEW = ("; values that were rare or unseen grew by {new:.0%}", "; 드물거나 처음 보는 값이 {new:.0%} 늘었습니다")
MISSING = ("; missing went from {then:.0%} to {now:.0%}", "; 빈 값 {then:.0%} → {now:.0%}")
TOLD = 0.05  # of the rows, from which on it is told how they moved


def sentence(code: str, facts: Mapping[str, Any], language: str) -> str:
    """One sentence for a light or an alert."""
    place = LANGUAGES.index(language)
    told = dict(facts)
    if "columns" in told:
        names = [_title(one, place) for one in told["columns"]]
        more = [MORE[place].format(more=told["more"])] if told.get("more") else []
        told["columns"] = ", ".join([*names, *more])
    if "because" in told:
        told["because"] = f": {BECAUSE.said(told['because'], language)}" if told["because"] else ""
    if code == "column_moved":
        told["how"] = _how(told, place)
        told["column"] = _title(told["column"], place)
    return TEXTS[code][place].format(**told)


def _title(column: str, place: int) -> str:
    """What people call it, with its name where that differs."""
    named = title(column)[place]
    return column if named.lower() == column.lower() else f"{named} ({column})"


def _how(facts: Mapping[str, Any], place: int) -> str:
    then, now = facts.get("missing", (0.0, 0.0))
    if abs(now - then) >= TOLD:
        return MISSING[place].format(then=then, now=now)
    return NEW[place].format(new=facts["new"]) if facts.get("new", 0.0) >= TOLD else ""


def alert_json(one: Alert, language: str) -> dict[str, Any]:
    """An alert as programs see it."""
    return {
        "id": str(one.id), "subject": one.subject, "level": one.level.value, "state": one.state.value,
        "ongoing": one.ongoing, "code": one.code, "text": sentence(one.code, one.facts, language),
        "facts": dict(one.facts), "business_day": one.day.isoformat(), "raised_time": _time(one.time),
        "changed_time": None if one.changed is None else _time(one.changed), "who": one.who, "note": one.note,
    }  # fmt: skip


def _time(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds")).replace("+00:00", "Z")
