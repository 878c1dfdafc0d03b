"""The tables: which columns each has, under which headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from learning.fiscal import FiscalPeriod
from learning.records import FieldDefinition, FieldType
from services.gateway.exports.columns import Column, Kind, Table, column

TEXT, INTEGER, NUMBER, SHARE = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.SHARE
MONEY, DAY, TIME, FLAG = Kind.MONEY, Kind.DAY, Kind.TIME, Kind.FLAG
_FIELDS = {
    FieldType.TEXT: TEXT, FieldType.CHOICE: TEXT, FieldType.NUMBER: NUMBER, FieldType.YES_NO: FLAG, FieldType.DATE: DAY,
}  # fmt: skip

_DEAL = (
    column("deal_id", TEXT, "Deal id", "딜 ID", "id"),
    column("deal", TEXT, "Deal", "딜", "name"),
    column("account", TEXT, "Account", "고객사", "account.name"),
    column("owner", TEXT, "Owner", "담당자", "owner.name"),
)
DEALS = Table("deals", {"en": "Deals", "ko": "딜"}, (
    *_DEAL,
    column("owner_id", TEXT, "Owner id", "담당자 ID"),
    column("account_id", TEXT, "Account id", "고객사 ID"),
    column("kind", TEXT, "Kind", "종류", codes="kind"),
    column("motion", TEXT, "Motion", "거래 유형", codes="motion"),
    column("pipeline", TEXT, "Pipeline", "파이프라인"),
    column("stage", TEXT, "Stage", "단계"),
    column("outcome", TEXT, "Outcome", "결과", codes="outcome"),
    column("currency", TEXT, "Currency", "통화", "amount.currency"),
    column("amount", MONEY, "Amount", "금액", "amount.value", "currency"),
    column("created_time", TIME, "Created (UTC)", "생성 시각 (UTC)"),
    column("close_date", DAY, "Close date (promised)", "마감 예정일"),
    column("closed_date", DAY, "Closed on", "종결일"),
    column("category", TEXT, "Category (rep)", "구분 (담당자)", codes="category"),
    column("probability", SHARE, "Win probability", "수주 확률", "lead_score.probability"),
    column("probability_low", SHARE, "Win probability, low", "수주 확률 하한", "lead_score.low"),
    column("probability_high", SHARE, "Win probability, high", "수주 확률 상한", "lead_score.high"),
    column("probability_basis", TEXT, "What the probability is", "확률의 성격", codes="basis"),
    column("grade", TEXT, "Grade", "등급", "lead_score.grade"),
    column("trend", TEXT, "Trend", "추세", "lead_score.trend", codes="trend"),
    column("top_reasons", TEXT, "Why (top reasons)", "주요 근거"),
    column("score_as_of", TIME, "Score as of (UTC)", "점수 기준 시각 (UTC)", "lead_score.as_of"),
    column("score_stale", FLAG, "Score out of date", "점수 갱신 필요", "lead_score.stale"),
    column("close_p10", DAY, "Likely close, early", "예상 마감 (이른)", "forecast.close_date.p10"),
    column("close_p50", DAY, "Likely close, middle", "예상 마감 (중간)", "forecast.close_date.p50"),
    column("close_p90", DAY, "Likely close, late", "예상 마감 (늦은)", "forecast.close_date.p90"),
    column("suggested_category", TEXT, "Category (suggested)", "구분 (제안)", "forecast.category", codes="category"),
    column("slip_risk", SHARE, "Risk to miss the close date", "지연 위험", "forecast.slip_risk"),
    column("quarter", TEXT, "Current quarter", "이번 분기"),
    column("expected_currency", TEXT, "Expected, currency", "기대 금액 통화"),
    *(column(f"expected_quarter_{at}", MONEY, "Expected {period}", "기대 금액 {period}", currency="expected_currency")
      for at in range(1, 5)),
    column("forecast_as_of", TIME, "Forecast as of (UTC)", "예측 기준 시각 (UTC)", "forecast.as_of"),
    column("forecast_stale", FLAG, "Forecast out of date", "예측 갱신 필요", "forecast.stale"),
    column("action", TEXT, "Next action (verb)", "다음 행동 (코드)", "suggestion.action"),
    column("action_text", TEXT, "Next action", "다음 행동", "suggestion.text"),
    column("action_contact", TEXT, "With whom", "대상자", "suggestion.contact.name"),
    column("action_reason", TEXT, "Why this action", "행동 근거", "suggestion.reason"),
    column("gain_currency", TEXT, "Gain, currency", "효과 통화", "suggestion.gain.currency"),
    column("gain", MONEY, "Gain", "효과 금액", "suggestion.gain.value", "gain_currency"),
))  # fmt: skip
DEAL_PERIODS = Table("deal-periods", {"en": "Deals by period", "ko": "딜별 기간 예측"}, (
    *_DEAL,
    column("grain", TEXT, "Grain", "기간 단위", "part.grain"),
    column("period", TEXT, "Period", "기간", "part.period"),
    column("start_date", DAY, "From", "시작일", "part.start_date"),
    column("end_date", DAY, "To", "종료일", "part.end_date"),
    column("probability", SHARE, "Probability to be won in the period", "기간 내 수주 확률", "part.probability"),
    column("currency", TEXT, "Currency", "통화", "part.expected.currency"),
    column("expected", MONEY, "Expected amount", "기대 금액", "part.expected.value", "currency"),
))  # fmt: skip
REASONS = Table("reasons", {"en": "Reasons", "ko": "근거"}, (
    *_DEAL,
    column("reason_of", TEXT, "Reason of", "근거 대상", "part.reason_of"),
    column("suggestion_id", TEXT, "Suggestion id", "제안 ID", "part.suggestion_id"),
    column("rank", INTEGER, "Rank", "순위", "part.rank"),
    column("field", TEXT, "Field", "항목", "part.field"),
    column("value", TEXT, "Value", "값", "part.value"),
    column("effect", NUMBER, "Effect (log-odds)", "효과 (로그 오즈)", "part.effect"),
    column("text", TEXT, "Reason", "근거", "part.text"),
    column("evidence_count", INTEGER, "Closed deals alike", "유사 종결 딜 수", "part.evidence.count"),
    column("evidence_won", INTEGER, "of these won", "그중 수주", "part.evidence.won"),
))  # fmt: skip
SUGGESTIONS = Table("suggestions", {"en": "Suggestions", "ko": "제안"}, (
    *_DEAL,
    column("rank", INTEGER, "Rank", "순위", "part.rank"),
    column("suggestion_id", TEXT, "Suggestion id", "제안 ID", "part.id"),
    column("action", TEXT, "Action (verb)", "행동 (코드)", "part.action"),
    column("text", TEXT, "Action", "행동", "part.text"),
    column("channel", TEXT, "Channel", "채널", "part.channel"),
    column("contact_id", TEXT, "Contact id", "대상자 ID", "part.contact.id"),
    column("contact", TEXT, "With whom", "대상자", "part.contact.name"),
    column("contact_title", TEXT, "Title", "직함", "part.contact.title"),
    column("reasons", TEXT, "Why", "근거", "part.reason"),
    column("gain_currency", TEXT, "Gain, currency", "효과 통화", "part.gain.currency"),
    column("gain", MONEY, "Gain", "효과 금액", "part.gain.value", "gain_currency"),
    column("probability_gain", SHARE, "Gain in probability", "확률 상승", "part.probability_gain"),
    column("message", TEXT, "Message", "메시지", "part.message"),
    column("window_start", TIME, "From (UTC)", "시작 (UTC)", "part.window.start"),
    column("window_end", TIME, "Until (UTC)", "종료 (UTC)", "part.window.end"),
    column("minutes", NUMBER, "Minutes", "소요 시간 (분)", "part.minutes"),
    column("accepted", FLAG, "Accepted", "수락 여부", "part.accepted"),
    column("as_of", TIME, "As of (UTC)", "기준 시각 (UTC)", "next_actions.as_of"),
    column("stale", FLAG, "Out of date", "갱신 필요", "next_actions.stale"),
))  # fmt: skip
FORECAST = Table("forecast", {"en": "Forecast", "ko": "매출 예측"}, (
    column("period", TEXT, "Period", "기간"),
    column("start_date", DAY, "From", "시작일"),
    column("end_date", DAY, "To", "종료일"),
    column("node", TEXT, "Node", "조직 ID", "part.node"),
    column("level", TEXT, "Level", "조직 단계", "part.level"),
    column("name", TEXT, "Name", "이름", "part.name"),
    column("parent", TEXT, "Parent", "상위 조직", "part.parent"),
    column("currency", TEXT, "Currency", "통화"),
    *(column(name, MONEY, en, ko, f"part.{name}", "currency") for name, en, ko in (
        ("booked", "Booked", "수주 확정"),
        ("deals", "From open deals", "진행 딜 예상"),
        ("not_yet_created", "Not yet created", "신규 예상"),
        ("correction", "Correction", "보정"),
        ("mean", "Forecast (mean)", "예측 (평균)"),
        ("p10", "Forecast, low (p10)", "예측 하한 (p10)"),
        ("p50", "Forecast, middle (p50)", "예측 중간 (p50)"),
        ("p90", "Forecast, high (p90)", "예측 상한 (p90)"),
        ("quota", "Quota", "목표"),
        ("commit_total", "Commit", "확정"),
        ("commit", "Open deals in commit", "진행 딜 중 확정 구분"),
        ("best_case", "Open deals in best case", "진행 딜 중 최선 구분"),
        ("pipeline", "Open deals in pipeline", "진행 딜 중 파이프라인 구분"),
        ("submitted", "Submitted", "제출 금액"),
        ("adjusted", "Adjusted", "조정 금액"),
    )),
    column("quota_probability", SHARE, "Chance to reach the quota", "목표 달성 확률", "part.quota_probability"),
    column("open_deals", INTEGER, "Open deals", "진행 딜 수", "part.open_deals"),
    column("as_of", TIME, "As of (UTC)", "기준 시각 (UTC)"),
    column("stale", FLAG, "Out of date", "갱신 필요", "part.stale"),
))  # fmt: skip
TABLES = {each.name: each for each in (DEALS, DEAL_PERIODS, REASONS, SUGGESTIONS, FORECAST)}


def deals_table(quarters: Sequence[FiscalPeriod], definitions: Sequence[FieldDefinition]) -> Table:
    """DEALS with the quarters in its headings, and a column for each custom field of deals."""
    fixed = tuple(_of_quarter(each, quarters) for each in DEALS.columns)
    taken = {heading for each in fixed for heading in each.headings.values()}
    own = []
    for each in sorted(definitions, key=lambda one: one.name):
        if each.entity == "deal":
            name = f"fields.{each.name}"
            heading = name if each.name in taken else each.name
            own.append(Column(name, _FIELDS[each.type], {"en": heading, "ko": heading}, ("fields", each.name)))
    return replace(DEALS, columns=(*fixed, *own))


def _of_quarter(given: Column, quarters: Sequence[FiscalPeriod]) -> Column:
    if not given.name.startswith("expected_quarter_"):
        return given
    period = str(quarters[int(given.name[-1]) - 1])
    return replace(given, headings={name: text.format(period=period) for name, text in given.headings.items()})
