"""What the model card says of a version beside the one that served when it was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from learning.titles import title
from services.gateway.promotion_told import told

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Beside the version that served",
        "unseen": "Version {version} served, and its data ended on {last_day}. Both were judged on the {records} "
        "records whose answer came after it, from {start} to {end}, of which neither had learned: the new version as "
        "it would have been fitted before each part of them. How strongly it is held back, its trees, how fast old "
        "records fade, whether anything predicts and which columns are left out were chosen on all records, these too.",
        "brought_in": "Version {version} served. Both were judged on {records} records that came in after it was "
        "trained and had ended from {start} to {end}; it had learned none of them, and the new version told each from "
        "earlier ones alone.",
        "partly_seen": "Version {version} served. Only {fresh} ended records are new to it, too few to "
        "compare on. Both were judged on the {records} records of the new version's own test; the old one had learned "
        "{seen:.0%} of their outcomes, which flatters it.",
        "partly_seen_prior": "Version {version} served. Both were judged on the {records} records of the new version's "
        "own test.",
        "few_outcomes": "There were too few outcomes to compare it with version {version}.",
        "unreadable": "Version {version} served; its artifact could not be read any more, so nothing was compared.",
        "not_fetched": "Version {version} served; it could not be fetched when this was trained: nothing was compared.",
        "other_horizon": "Version {version} served; its score of leads is their chance to convert within another "
        "number of days, so nothing was compared.",
        "falls_to_prior": "Version {version} served and predicts these; this version has a prior for them, with "
        "{outcomes} known outcomes.",
        "champion_prior": "Version {version} had a prior only for these.",
        "pipelines_left_out": "What single pipelines teach alone was left out of both.",
        "left_out_now": "Version {version} reads {columns}, left out since. If that gives the outcome away, its "
        "figures on closed records are better than what it says of open ones.",
        "LEAD": "Leads", "OPPORTUNITY": "Opportunities",
        "other_quarters": "Version {version} served; its replays are of other quarters, so nothing was compared.",
        "same_quarters": "Version {version} served. Both replayed the quarters {quarters}.",
        "model": "Model", "log_loss": "Log loss", "ece": "ECE", "auc": "AUC", "champion": "serving then",
        "challenger": "this version", "difference": "difference", "level": "Level", "wape": "WAPE", "crps": "CRPS",
        "miscalibrated": "On these records the probabilities of version {version} are off beyond chance: it said "
        "{mean:.1%}, {rate:.1%} were won.",
        "moved": "Columns whose values are spread differently since then: {columns}.",
        "decision": "The rule of promotion: {text} — {ends}.", "serves": "so it served by itself",
        "waits": "so it waits for a person", "by_person": "so it waited, and a person let it serve",
    },
    "ko": {
        "title": "당시 제공 중이던 버전과의 비교",
        "unseen": "당시 버전 {version}이 제공 중이었고 그 데이터는 {last_day}에 끝납니다. 그 뒤 {start}부터 {end}까지 "
        "결과가 나온, 어느 쪽도 학습하지 않은 기록 {records}건으로 둘을 평가했습니다. 새 버전은 각 구간 이전의 "
        "데이터로만 학습했습니다. 다만 벌점, 트리, 오래된 기록의 감쇠, 예측 가능 여부, 제외할 열은 이 기록을 포함한 "
        "전체에서 정했습니다.",
        "brought_in": "당시 버전 {version}이 제공 중이었습니다. 그 학습 뒤에 들어온, {start}부터 {end}까지 종결된 기록 "
        "{records}건으로 둘을 평가했습니다. 이전 버전은 이 기록을 학습하지 않았고, 새 버전은 각 기록을 그보다 앞선 "
        "기록만으로 예측했습니다.",
        "partly_seen": "당시 버전 {version}이 제공 중이었습니다. 그 버전이 학습하지 않은 종결된 기록이 {fresh}건뿐이라 "
        "비교하기에 부족합니다. 새 버전의 시험 기록 {records}건으로 둘을 평가했으며, 이전 버전은 그 결과의 "
        "{seen:.0%}를 이미 학습해 유리하게 보입니다.",
        "partly_seen_prior": "당시 버전 {version}이 제공 중이었습니다. "
        "새 버전의 시험 기록 {records}건으로 둘을 평가했습니다.",
        "few_outcomes": "결과가 너무 적어 버전 {version}과 비교할 수 없었습니다.",
        "unreadable": "당시 버전 {version}이 제공 중이었으나 그 파일을 읽을 수 없어 비교하지 않았습니다.",
        "not_fetched": "당시 버전 {version}이 제공 중이었으나 학습할 때 가져올 수 없어 비교하지 않았습니다.",
        "other_horizon": "당시 버전 {version}이 제공 중이었으나 리드 전환 기한이 달라 비교하지 않았습니다.",
        "falls_to_prior": "당시 제공 중이던 버전 {version}은 이를 예측하지만, 이 버전은 알려진 결과가 {outcomes}건이라 "
        "기본값을 씁니다.",
        "champion_prior": "버전 {version}은 이에 대해 기본값만 있었습니다.",
        "pipelines_left_out": "파이프라인별로 따로 배운 부분은 양쪽 모두에서 뺐습니다.",
        "left_out_now": "버전 {version}은 그 뒤 제외된 {columns}을(를) 읽습니다. 그 열이 결과를 드러낸다면 종결된 "
        "기록에서의 수치가 진행 중인 기록에서보다 좋게 나옵니다.",
        "LEAD": "리드", "OPPORTUNITY": "기회",
        "other_quarters": "당시 버전 {version}이 제공 중이었으나 재현한 분기가 달라 비교하지 않았습니다.",
        "same_quarters": "당시 버전 {version}이 제공 중이었습니다. 둘 다 {quarters} 분기를 재현했습니다.",
        "model": "모델", "log_loss": "로그 손실", "ece": "ECE", "auc": "AUC", "champion": "당시 제공 버전",
        "challenger": "이 버전", "difference": "차이", "level": "단위", "wape": "WAPE", "crps": "CRPS",
        "miscalibrated": "이 기록에서 버전 {version}의 확률은 우연 이상으로 어긋납니다: 예측 {mean:.1%}, "
        "실제 {rate:.1%}.",
        "moved": "그 뒤 값의 분포가 달라진 열: {columns}.",
        "decision": "승격 규칙: {text} — {ends}.", "serves": "자동으로 제공함", "waits": "사람의 결정을 기다림",
        "by_person": "기다린 뒤 사람이 제공하도록 함",
    },
}  # fmt: skip
JUDGED = ("auc", "log_loss", "ece")
PLAIN = ("logistic regression", "LightGBM", "base rate")


def beside(version: Mapping[str, Any], language: str) -> tuple[str, list[str], list[Sequence[str]]]:
    """Heading, sentences and a table (first row: its head); nothing to say gives no sentences.

    `served` of the version: whether it serves, or has.
    """
    words, found = WORDS[language], (version.get("evaluation") or {}).get("champion") or {}
    text, table = list[str](), list[Sequence[str]]()
    others: Sequence[Mapping[str, Any]] = found.get("others", ())
    for one in (found, *({**other, "version": found["version"]} for other in others)) if found else ():
        name = words[one["kind"]] if others else ""
        text += [f"{name}: {sentence}" if name else sentence for sentence in _told(one, words, language)]
        rows = _table(one, words)
        if rows:
            table += [] if table else rows[:1]
            table += [[f"{name}: {label}" if name else label, *cells] for label, *cells in rows[1:]]
    if decision := version.get("decision"):
        waited = "by_person" if version.get("served") else "waits"
        ends = words["serves" if decision["promote"] else waited]
        text.append(words["decision"].format(text=told(decision["text"], language).rstrip("."), ends=ends))
    return words["title"], text, table


def _told(found: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[str]:
    """What is said of a kind."""
    version, told = found["version"], [_basis(found, words)]
    told += [
        words[name].format(version=version) for name in ("champion_prior", "pipelines_left_out") if found.get(name)
    ]
    if columns := found.get("left_out_now"):
        named = ", ".join(title(one)[language == "ko"] for one in columns)
        told.append(words["left_out_now"].format(version=version, columns=named))
    return [*told, *_drift(found, words, language)]


def _basis(found: Mapping[str, Any], words: Mapping[str, str]) -> str:
    key = str(found["why"] if found["basis"] == "none" else found["basis"])
    key += "_prior" if key == "partly_seen" and found.get("champion_prior") else ""
    start, end = found.get("closed") or ("–", "–")
    return words[key].format(
        version=found["version"], last_day=found.get("last_day"), records=f"{found.get('records', 0):,}", start=start,
        end=end, fresh=found.get("fresh_records", 0), seen=found.get("seen", 0.0),
        quarters=", ".join(found.get("quarters") or ()), outcomes=found.get("outcomes", 0),
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
