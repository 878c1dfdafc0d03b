"""The columns of snapshots in words, English and Korean. Custom fields speak for themselves."""

from __future__ import annotations

TITLES: dict[str, tuple[str, str]] = {
    "kind": ("Kind of record", "레코드 종류"),
    "motion": ("Sales motion", "영업 유형"),
    "pipeline": ("Pipeline", "파이프라인"),
    "stage": ("Stage", "단계"),
    "category": ("Forecast category", "예측 구분"),
    "owner_id": ("Owner", "담당자"),
    "account_id": ("Account", "고객사"),
    "amount": ("Amount", "금액"),
    "currency": ("Currency", "통화"),
    "days_to_close_date": ("Promised close date", "마감 예정일"),
    "age_days": ("Age", "생성 후 지난 기간"),
    "day_in_quarter": ("Day in the quarter", "분기 내 일차"),
    "days_in_stage": ("Time in the stage", "현재 단계에 머문 기간"),
    "stage_moves": ("Stage moves", "단계 이동 횟수"),
    "stage_moves_back": ("Stage moves back", "이전 단계로 되돌아간 횟수"),
    "owner_changes": ("Changes of owner", "담당자 변경 횟수"),
    "amount_changes": ("Changes of the amount", "금액 변경 횟수"),
    "close_date_slips": ("Close date put off", "마감 예정일 연기 횟수"),
    "close_date_pulls": ("Close date pulled in", "마감 예정일 단축 횟수"),
    "products": ("Products", "제품 수"),
    "product": ("Product", "제품"),
    "contacts": ("Contacts", "연락처 수"),
    "activities": ("Activities in all", "전체 활동 수"),
    "activities_7_days": ("Activities in 7 days", "최근 7일 활동 수"),
    "activities_30_days": ("Activities in 30 days", "최근 30일 활동 수"),
    "inbound_7_days": ("Inbound in 7 days", "최근 7일 수신 활동 수"),
    "inbound_30_days": ("Inbound in 30 days", "최근 30일 수신 활동 수"),
    "outbound_7_days": ("Outbound in 7 days", "최근 7일 발신 활동 수"),
    "outbound_30_days": ("Outbound in 30 days", "최근 30일 발신 활동 수"),
    "days_since_activity": ("Last activity", "마지막 활동"),
    "days_since_inbound": ("The customer's last word", "고객의 마지막 연락"),
    "days_since_outbound": ("Our last contact", "우리의 마지막 연락"),
}
_TYPES = {
    "call": ("Calls", "통화"),
    "mail": ("Mails", "메일"),
    "meeting": ("Meetings", "회의"),
    "visit": ("Visits", "방문"),
    "chat": ("Chat messages", "채팅 메시지"),
    "text": ("Text messages", "문자 메시지"),
    "web_visit": ("Web visits", "웹 방문"),
    "download": ("Downloads", "자료 다운로드"),
    "mail_opened": ("Mails opened", "메일 열람"),
    "service_case": ("Service cases", "서비스 요청"),
    "note": ("Notes", "메모"),
    "task": ("Tasks", "작업"),
}
_ROLES = {
    "decides": ("Someone who decides", "의사 결정자"),
    "champions": ("A champion", "내부 지지자"),
    "uses": ("A user", "사용자"),
    "purchases": ("A purchaser", "구매 담당자"),
    "blocks": ("A blocker", "반대자"),
}
for _name, (_en, _ko) in _TYPES.items():
    TITLES[_name] = (_en, f"{_ko} 수")
    TITLES[f"{_name}_30_days"] = (f"{_en} in 30 days", f"최근 30일 {_ko} 수")
for _name, (_en, _ko) in _ROLES.items():
    TITLES[f"role.{_name}"] = (f"{_en} among the contacts", f"연락처 중 {_ko}")


_PARTS = {": weekday": ": 요일", ": month": ": 월", ": hour": ": 시"}  # of a day, made into columns of their own


def title(column: str) -> tuple[str, str]:
    """A column's name in English and in Korean."""
    if column in TITLES:
        return TITLES[column]
    for prefix, en, ko in (("fields.", "", ""), ("account.", "Account: ", "고객사: ")):
        if column.startswith(prefix):
            return en + column[len(prefix) :], ko + column[len(prefix) :]
    for part, ko in _PARTS.items():
        if column.endswith(part):
            return column, column.removesuffix(part) + ko
    return column, column
