"""The words of `dealcast monitor` in both languages."""

from __future__ import annotations

from typing import Any

_WORDS = {
    "as_of": ("as of {day}, looked at {time}", "{day} 기준, {time} 점검"),
    "open": ("{count} alerts are open: dealcast monitor alerts", "확인할 알림 {count}건: dealcast monitor alerts"),
    "none": ("no alerts", "알림이 없습니다"),
    "closed": ("closed in {month}", "{month} 종결"),
    "deals": ("{records} deals, {won} won", "딜 {records}건, 수주 {won}건"),
    "few": ("too few to tell", "판단하기에 부족합니다"),
    "said": ("said {said:.0%}", "예측 {said:.0%}"),
    "log_loss": ("log loss", "로그 손실"),
    "ece": ("ECE", "보정 오차"),
    "held": ("{period}: {held:.0%} of {ranges} ranges held", "{period}: 범위 {ranges}개 중 {held:.0%} 적중"),
    "rows": ("{now} records now, {then} on {since}", "현재 {now}건, {since} {then}건"),
    "inputs": ("inputs: {moved} of {columns} columns moved", "입력: 열 {columns}개 중 {moved}개 변동"),
    "column": (
        "{column}: {share:.0%} elsewhere, PSI {psi:.2f}, missing {then:.0%} → {now:.0%}",
        "{column}: {share:.0%} 이동, PSI {psi:.2f}, 결측 {then:.0%} → {now:.0%}",
    ),
    "shadow": ("version {version} scores along since {since}", "버전 {version}: {since}부터 함께 채점"),
    "shadow_few": (
        "{records} of its deals have closed, too few to tell",
        "종결된 딜 {records}건, 판단하기에 부족합니다",
    ),
    "shadow_on": ("on {records} deals, less the serving version", "딜 {records}건, 사용 중인 버전 대비"),
    "by": ("by {who}", "{who}"),
    "green": ("GREEN", "초록"),
    "amber": ("AMBER", "노랑"),
    "red": ("RED", "빨강"),
    "grey": ("GREY", "회색"),
    "OPEN": ("OPEN", "확인 필요"),
    "ACKNOWLEDGED": ("ACKNOWLEDGED", "확인함"),
    "CLOSED": ("CLOSED", "종료"),
}


def say(language: str, name: str, /, **values: Any) -> str:
    """A sentence or word; a code that has none as it is."""
    found = _WORDS.get(name)
    return found[language == "ko"].format(**values) if found else name
