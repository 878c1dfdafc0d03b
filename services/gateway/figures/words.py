"""Names of figures and their parts, and notes, as people read them."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, Mapping[str, str]]


def _both(en: str, ko: str) -> Mapping[str, str]:
    return {"en": en, "ko": ko}


FIGURES: Words = {
    "win_rate": _both("Win rate of closed deals", "종결 딜 수주율"),
    "win_rate_created": _both("Win rate of created deals", "생성 딜 수주율"),
    "cycle_length": _both("Cycle length", "영업 주기"),
    "time_in_stage": _both("Time in stage", "단계 체류 기간"),
    "stage_conversion": _both("Stage conversion", "단계 전환율"),
    "slip_rate": _both("Slip rate", "이월률"),
    "pipeline_created": _both("Pipeline created", "파이프라인 생성"),
    "average_deal": _both("Average deal", "평균 딜 금액"),
    "net_new_revenue": _both("Net new revenue", "순신규 매출"),
    "retention": _both("Retention", "유지율"),
    "activity_effectiveness": _both("Activity effectiveness", "활동 효과"),
}
PARTS: Words = {
    "decided": _both("until decided", "종결까지"),
    "won": _both("until won", "수주까지"),
    "total": _both("total", "합계"),
    "new": _both("new business", "신규"),
    "expansion": _both("expansion", "확장"),
    "renewals": _both("change by renewals", "갱신 증감"),
    "lost": _both("contracts not renewed", "미갱신 계약"),
    "contracts": _both("contracts kept", "계약 유지"),
    "accounts": _both("accounts that bought again", "재구매 고객"),
    "gross": _both("gross", "총유지율"),
    "net": _both("net", "순유지율"),
    "call": _both("call", "전화"),
    "mail": _both("mail", "메일"),
    "meeting": _both("meeting", "미팅"),
    "visit": _both("visit", "방문"),
    "chat": _both("chat message", "채팅"),
    "text": _both("text message", "문자"),
}
NOTES: Words = {
    "": _both("", ""),
    "none_closed": _both("nothing was closed in the period", "기간 내 종결된 딜이 없습니다"),
    "none_created": _both("nothing was created in the period", "기간 내 생성된 딜이 없습니다"),
    "none_decided": _both("nothing is decided yet", "아직 결정된 것이 없습니다"),
    "none_won": _both("nothing was won", "수주한 딜이 없습니다"),
    "none_promised": _both(
        "no deal was open and promised for the period on its eve",
        "기간 시작 전날 마감 예정이던 진행 딜이 없습니다"
    ),
    "some_open": _both("deals still open count as undecided", "진행 중인 딜은 미결정으로 계산합니다"),
    "median_ahead": _both("less than half are over: the middle lies ahead", "절반 이상이 아직 진행 중입니다"),
    "so_far": _both("the period is not over", "기간이 아직 끝나지 않았습니다"),
    "no_stages": _both("no stage was entered in the period", "기간 내 단계 진입 기록이 없습니다"),
    "no_amounts": _both("no amounts are known", "금액 정보가 없습니다"),
    "no_contracts": _both(
        "no contracts are known: what was not renewed is not in it", "계약 정보가 없어 미갱신분은 포함되지 않습니다"
    ),
    "no_contracts_ended": _both("no contract ended in the period", "기간 내 종료된 계약이 없습니다"),
    "history_too_short": _both(
        "cannot be told: neither contracts nor two years of won deals are known",
        "계약 정보도 2년간의 수주 기록도 없어 알 수 없습니다",
    ),
    "no_repeat": _both(
        "cannot be told: no account is known that bought a year before", "1년 전 구매 고객이 없어 알 수 없습니다"
    ),
    "repeat_purchases": _both(
        "from what accounts bought, as no contracts are known", "계약 정보가 없어 고객별 구매 금액으로 계산했습니다"
    ),
    "too_few": _both(
        "cannot be told: too few weeks with it, or without", "해당 활동이 있거나 없는 주가 너무 적어 알 수 없습니다"
    ),
    "no_overlap": _both(
        "cannot be told: nobody alike went without it, or had it", "비슷한 딜 가운데 비교할 대상이 없어 알 수 없습니다"
    ),
    "not_sure": _both("may as well be nothing", "효과가 없을 수도 있습니다"),
    "observed": _both("observed, not tried: what is not recorded is not adjusted for", "실험이 아닌 관찰 결과입니다"),
}  # fmt: skip
# What a figure is made of; in English the names that programs see.
COUNTS: Mapping[str, str] = {
    "won": "수주", "lost": "실주", "open": "진행 중", "moved": "이동", "onward": "전진", "pushed": "이월",
    "overdue": "기한 경과", "pending": "미정", "created": "생성", "without_amount": "금액 없음", "new": "신규",
    "expansion": "확장", "renewed": "갱신", "renewals_of_unknown": "원계약 불명 갱신", "accounts": "고객사",
    "bought_again": "재구매", "with": "있음", "without": "없음", "deals": "딜", "progressed_with": "있음 중 진전",
    "progressed_without": "없음 중 진전", "to_open": "아직 머묾", "to_won": "바로 수주", "to_lost": "바로 실주",
}  # fmt: skip
ONWARD_TO = "to:"  # before the stage that deals went on to


def count_text(name: str, count: int, language: str) -> str:
    """How many of what."""
    if language == "en":
        return f"{name} {count}"
    stage = f"다음 {name.removeprefix(ONWARD_TO)}" if name.startswith(ONWARD_TO) else name
    return f"{COUNTS.get(name, stage)} {count}"
