"""What the model card says of a version beside the one that served when it was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from learning.titles import title

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Beside the version that served",
        "unseen": "Version {version} served, and its data ended on {last_day}. Both were judged on the {records} "
        "records that closed after it, from {start} to {end}, of which neither had learned: the new version as it "
        "would have been trained before each part of them.",
        "partly_seen": "Version {version} served. Only {fresh} records have closed since its data ended, too few to "
        "compare on. Both were judged on the {records} records of the new version's own test; the old one had learned "
        "{seen:.0%} of their outcomes, which flatters it.",
        "few_outcomes": "There were too few outcomes to compare it with version {version}.",
        "unreadable": "Version {version} served; its artifact could not be read any more, so nothing was compared.",
        "not_fetched": "Version {version} served; it could not be fetched when this was trained: nothing was compared.",
        "other_horizon": "Version {version} served; it says within how many days a lead converts by another horizon, "
        "so nothing was compared.",
        "other_quarters": "Version {version} served; its replays are of other quarters, so nothing was compared.",
        "same_quarters": "Version {version} served. Both replayed the quarters {quarters}.",
        "model": "Model", "log_loss": "Log loss", "ece": "ECE", "auc": "AUC", "champion": "serving then",
        "challenger": "this version", "difference": "difference", "level": "Level", "wape": "WAPE", "crps": "CRPS",
        "miscalibrated": "On these records the probabilities of version {version} are off beyond chance: it said "
        "{mean:.1%}, {rate:.1%} were won.",
        "moved": "Columns whose values are spread differently since then: {columns}.",
        "decision": "The rule of promotion: {text}.", "serves": "it serves by itself", "waits": "it waits for a person",
    },
    "ko": {
        "title": "당시 제공 중이던 버전과의 비교",
        "unseen": "당시 버전 {version}이 제공 중이었고 그 데이터는 {last_day}에 끝납니다. 그 뒤 {start}부터 {end}까지 "
        "종료된, 어느 쪽도 학습하지 않은 기록 {records}건으로 둘을 평가했습니다. 새 버전은 각 구간 이전의 데이터로만 "
        "학습했습니다.",
        "partly_seen": "당시 버전 {version}이 제공 중이었습니다. 그 데이터가 끝난 뒤 종료된 기록이 {fresh}건뿐이라 "
        "비교하기에 부족합니다. 새 버전의 시험 기록 {records}건으로 둘을 평가했으며, 이전 버전은 그 결과의 "
        "{seen:.0%}를 이미 학습해 유리하게 보입니다.",
        "few_outcomes": "결과가 너무 적어 버전 {version}과 비교할 수 없었습니다.",
        "unreadable": "당시 버전 {version}이 제공 중이었으나 그 파일을 읽을 수 없어 비교하지 않았습니다.",
        "not_fetched": "당시 버전 {version}이 제공 중이었으나 학습할 때 가져올 수 없어 비교하지 않았습니다.",
        "other_horizon": "당시 버전 {version}이 제공 중이었으나 리드 전환 기한이 달라 비교하지 않았습니다.",
        "other_quarters": "당시 버전 {version}이 제공 중이었으나 재현한 분기가 달라 비교하지 않았습니다.",
        "same_quarters": "당시 버전 {version}이 제공 중이었습니다. 둘 다 {quarters} 분기를 재현했습니다.",
        "model": "모델", "log_loss": "로그 손실", "ece": "ECE", "auc": "AUC", "champion": "당시 제공 버전",
        "challenger": "이 버전", "difference": "차이", "level": "단위", "wape": "WAPE", "crps": "CRPS",
        "miscalibrated": "이 기록에서 버전 {version}의 확률은 우연 이상으로 어긋납니다: 예측 {mean:.1%}, "
        "실제 {rate:.1%}.",
        "moved": "그 뒤 값의 분포가 달라진 열: {columns}.",
        "decision": "승격 규칙: {text}.", "serves": "자동으로 제공", "waits": "사람의 결정을 기다림",
    },
}  # fmt: skip
JUDGED = ("auc", "log_loss", "ece")
PLAIN = ("logistic regression", "LightGBM", "base rate")


def beside(version: Mapping[str, Any], language: str) -> tuple[str, list[str], list[Sequence[str]]]:
    """Heading, sentences and a table (first row: its head); nothing to say gives no sentences."""
    words, found = WORDS[language], (version.get("evaluation") or {}).get("champion") or {}
    text = [_basis(found, words), *_drift(found, words, language)] if found else []
    if decision := version.get("decision"):
        ends = words["serves" if decision["promote"] else "waits"]
        text.append(words["decision"].format(text=f"{decision['text']} — {ends}"))
    return words["title"], text, _table(found, words)


def _basis(found: Mapping[str, Any], words: Mapping[str, str]) -> str:
    key = str(found["why"] if found["basis"] == "none" else found["basis"])
    start, end = found.get("closed") or ("–", "–")
    return words[key].format(
        version=found["version"], last_day=found.get("last_day"), records=f"{found.get('records', 0):,}", start=start,
        end=end, fresh=found.get("fresh_records", 0), seen=found.get("seen", 0.0),
        quarters=", ".join(found.get("quarters") or ()),
    )  # fmt: skip


def _drift(found: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[str]:
    drift, told = found.get("drift") or {}, []
    if drift.get("miscalibrated"):
        told.append(words["miscalibrated"].format(version=found["version"], mean=drift["mean"], rate=drift["rate"]))
    if drift.get("columns"):
        names = (f"{title(one['column'])[language == 'ko']} ({one['share']:.0%})" for one in drift["columns"])
        told.append(words["moved"].format(columns=", ".join(names)))
    return told


def _table(found: Mapping[str, Any], words: Mapping[str, str]) -> list[Sequence[str]]:
    if levels := found.get("levels"):
        head = [words["level"], *(f"{words[kind]} {words[who]}" for kind in ("wape", "crps") for who in _BOTH)]
        cells = ([_number(one[who][kind]) for kind in ("wape", "crps") for who in _BOTH] for one in levels.values())
        return [head, *([level, *row] for level, row in zip(levels, cells, strict=True))]
    if "models" not in found:
        return []
    rows: list[Sequence[str]] = [[words["model"], *(words[name] for name in JUDGED)]]
    judged = {name: found["models"][name] for name in (*_BOTH, *PLAIN) if name in found["models"]}
    rows += [[words.get(name, name), *(_interval(one[metric]) for metric in JUDGED)] for name, one in judged.items()]
    rows.append([words["difference"], *(_interval(found["difference"][metric], sign="+") for metric in JUDGED)])
    return rows


_BOTH = ("challenger", "champion")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(figure: Mapping[str, float | None], sign: str = "") -> str:
    value, low, high = (figure[name] for name in ("value", "low90", "high90"))
    if value is None or low is None or high is None:
        return _number(value)
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
