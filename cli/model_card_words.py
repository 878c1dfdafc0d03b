"""What the model card says, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "title": "Model card: {service}, version {version}", "service_lead_scoring": "lead scoring",
    "made": "Trained {time}.", "data": "What it learned from",
    "window": "Records as of days from {start} to {end}.",
    "records": "{records} records, {outcomes} outcomes (a lead's conversion counts beside a deal's end), {won} of them "
    "won or converted.",
    "never_open": "{count} more had ended when they were first seen: what they were like while open is not known, so "
    "they are left out.",
    "rate": "Rate of wins: {rate}, over the days on which records are looked at, weighted as in training. The counts "
    "above take each record once instead, so the two differ where long records end otherwise than short ones.",
    "kind": "Model: {kind}.", "kind_blend": "logistic regression and trees",
    "kind_logistic": "logistic regression", "kind_base_rate": "the plain rate, because these fields do not predict",
    "kind_prior": "a prior, because there are too few outcomes",
    "half_life": "Older records count less: half after {days} days.",
    "targets": "What the score is the chance of", "LEAD": "Leads", "OPPORTUNITY": "Opportunities",
    "target": "{kind}: {target}; {outcomes} outcomes, {won} of them so; {model}.", "in_time":
    "to convert within {days} days", "converted": "to convert at all", "won": "to be won in the end",
    "in_time_how": "A lead counts as converted if it converted within {days} days of any day on which it is looked at, "
    "however old it was by then. On its earlier days the answer is no, so its rate over days is below its count.",
    "as_above": "the model above",
    "of_kind": "Of", "pipeline": "Pipeline", "auc": "AUC", "ece": "ECE", "rates_loss": "Rate's log loss",
    "own": "Own share", "own_how": "By pipeline, on records that the model had not seen. Own share: how much of the "
    "score is learned from that pipeline alone, the rest from all together.",
    "comparison": "How good it is",
    "test": "{records} records with a known outcome, as they stood from {start} to {end}, each scored by a model that "
    "had not seen its outcome. All models on the same records; in brackets 90 % intervals.",
    "bound_met": "Its calibration error (ECE) is within {bound}, what chance allows a true score on these records.",
    "bound_missed": "Its calibration error (ECE) is above {bound}, what chance allows a true score: read the "
    "probabilities with the picture below.",
    "model": "Model", "log_loss": "Log loss", "lift": "Lift of the best 10 %", "saved": "Log loss saved by Dealcast",
    "calibration": "Are the probabilities true?",
    "calibration_how": "A point per tenth of the records: what was said, and how many were won. On the dashed line "
    "both agree. Lines: 90 % intervals. A record seen on several days counts in each tenth that its scores were in.",
    "gain": "How much of the business the best records hold",
    "gain_how": "Working through records by score, best first: the part of all wins reached. Dashed: without a score.",
    "segments": "Where it is weak",
    "segments_how": "{count} values with at least 50 outcomes were looked at. Listed are those whose probabilities are "
    "off, or that score worse than the plain rate; the intervals hold for all of them together.",
    "no_weak": "No value stands out beyond chance.",
    "column": "Column", "value": "Value", "closed": "Closed", "said": "Said", "difference": "Won beyond what was said",
    "ratio": "Log loss / rate's", "lift_alone": "Lift", "weakness": "Weakness",
    "weak_calibration": "probabilities are off", "weak_log_loss": "worse than the rate",
    "missing": "Missing", "columns": "What it looks at",
    "columns_how": "Influence: how far a column moves the log-odds of a record on average.",
    "more": "{count} more columns of less influence are not shown.", "type": "Type", "influence": "Influence",
    "name": "Name for --keep and --drop",
    "unused": "{count} columns are not used, for example because they never vary.",
    "guard": "Leak guard", "no_leaks": "No leaks were found, and nobody overruled it.", "what": "Decision",
    "dropped": "left out", "suspected": "suspected", "kept": "kept by a person", "left_out": "left out by a person",
    "evidence": "Evidence", "share": "Best records", "share_won": "Of all wins", "axis_said": "Probability said",
    "axis_rate": "Won", "axis_share": "Records, best first", "axis_won": "Of all wins", "won_rate": "Won",
}  # fmt: skip
KO: Mapping[str, str] = {
    "title": "모델 카드: {service}, 버전 {version}", "service_lead_scoring": "리드 스코어링",
    "made": "학습 시각 {time}.", "data": "학습에 쓴 데이터",
    "window": "{start}부터 {end}까지 각 날의 기록.",
    "records": "기록 {records}건, 결과 {outcomes}건(리드의 전환과 딜의 종결을 따로 셈), 그중 수주 또는 전환 {won}건.",
    "never_open": "그 밖에 {count}건은 처음 들어왔을 때 이미 종결되어 진행 중 모습을 알 수 없으므로 뺐습니다.",
    "rate": "성공률: {rate}. 기록을 살펴본 날들에 학습과 같은 가중치를 준 값입니다. 위의 건수는 기록마다 한 번 세므로 "
    "오래 걸린 기록과 빨리 끝난 기록의 결과가 다르면 두 값이 다릅니다.",
    "kind": "모델: {kind}.", "kind_blend": "로지스틱 회귀와 트리",
    "kind_logistic": "로지스틱 회귀", "kind_base_rate": "평균 성공률(이 필드들로는 결과를 예측할 수 없음)",
    "kind_prior": "기본값(결과가 너무 적음)",
    "half_life": "오래된 기록은 덜 반영: {days}일마다 절반.",
    "targets": "점수가 뜻하는 확률", "LEAD": "리드", "OPPORTUNITY": "기회",
    "target": "{kind}: {target}. 결과 {outcomes}건 중 해당 {won}건. {model}.", "in_time": "{days}일 안에 전환",
    "in_time_how": "살펴본 어느 날부터든 {days}일 안에 전환된 리드는 전환으로 셉니다. 그보다 이른 날의 답은 "
    "아니오이므로 날로 본 성공률은 건수로 본 비율보다 낮습니다.",
    "converted": "언젠가 전환", "won": "최종 수주", "as_above": "위의 모델", "of_kind": "대상",
    "pipeline": "파이프라인",
    "auc": "AUC", "ece": "ECE", "rates_loss": "평균 성공률의 로그 손실", "own": "자체 비중",
    "own_how": "파이프라인별, 모델이 보지 않은 기록에서. 자체 비중: 점수 중 그 파이프라인만으로 배운 부분이며, "
    "나머지는 전체에서 배웁니다.",
    "comparison": "얼마나 정확한가",
    "test": "{start}부터 {end}까지의 상태로 본, 결과가 나온 기록 {records}건. 각 점수는 그 결과를 보지 않은 모델이 "
    "매겼습니다. 모든 모델을 같은 기록에서 비교했고, 괄호는 90 % 구간입니다.",
    "bound_met": "보정 오차(ECE)가 {bound} 이내로, 정확한 점수도 우연히 보일 수 있는 범위입니다.",
    "bound_missed": "보정 오차(ECE)가 {bound}을 넘습니다. 우연으로 보기 어려우니 아래 그림과 함께 확률을 읽으십시오.",
    "model": "모델", "log_loss": "로그 손실", "lift": "상위 10 % 향상도", "saved": "Dealcast가 줄인 로그 손실",
    "calibration": "확률은 실제와 맞는가",
    "calibration_how": "기록을 약 열로 나눈 점: 말한 확률과 실제 성공률. 점선 위이면 둘이 같습니다. "
    "세로선은 90 % 구간. 여러 날에 본 기록은 점수가 속한 구간마다 셉니다.",
    "gain": "상위 기록에 성공이 얼마나 모이는가",
    "gain_how": "점수가 높은 기록부터 처리할 때 전체 성공 중 차지하는 비율. 점선은 점수가 없을 때.",
    "segments": "약한 부분",
    "segments_how": "결과가 50건 이상인 값 {count}개를 살폈습니다. 확률이 어긋나거나 평균 성공률보다 못한 값만 적었고, "
    "구간은 모두에 대해 함께 성립합니다.",
    "no_weak": "우연을 넘어 두드러지는 값이 없습니다.",
    "column": "열", "value": "값", "closed": "종결", "said": "예측", "difference": "예측 대비 실제",
    "ratio": "로그 손실 / 평균 성공률", "lift_alone": "향상도",
    "weakness": "약점", "weak_calibration": "확률이 어긋남", "weak_log_loss": "평균 성공률보다 못함", "missing": "결측",
    "columns": "무엇을 보는가", "columns_how": "영향: 열 하나가 기록의 로그 오즈를 평균 얼마나 움직이는지.",
    "more": "영향이 더 작은 열 {count}개는 생략했습니다.", "type": "종류", "influence": "영향",
    "name": "--keep, --drop에 쓰는 이름", "unused": "열 {count}개는 쓰지 않습니다. 예를 들어 값이 늘 같은 열입니다.",
    "guard": "누출 점검", "no_leaks": "누출이 발견되지 않았고, 사람이 바꾼 결정도 없습니다.", "what": "결정",
    "dropped": "제외", "suspected": "의심", "kept": "사람이 유지", "left_out": "사람이 제외",
    "evidence": "근거", "share": "상위 기록", "share_won": "전체 성공 중", "axis_said": "예측 확률",
    "axis_rate": "성공률", "axis_share": "기록, 점수 순", "axis_won": "전체 성공 중", "won_rate": "성공률",
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {"en": EN, "ko": KO}
# Reasons of versions that were trained before reasons were kept in Korean too.
REASONS: Mapping[str, str] = {
    "filled in with the closing of the record": "기록이 종결될 때 입력됩니다",
    "its fill rate tells closed records from open ones of like age":
    "같은 시점에 진행 중인 기록과 종결된 기록의 입력 비율이 다릅니다",
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, str]] = {
    "en": {"number": "number", "date": "date", "choice": "choice", "yes_no": "yes/no", "text": "text"},
    "ko": {"number": "숫자", "date": "날짜", "choice": "선택", "yes_no": "예/아니요", "text": "글"},
}
MODELS: Mapping[str, Mapping[str, str]] = {
    "en": {"LightGBM": "LightGBM, defaults", "rejected blend": "a blend, which did not beat the rate"},
    "ko": {
        "logistic regression": "로지스틱 회귀", "LightGBM": "LightGBM 기본 설정", "base rate": "평균 성공률",
        "rejected blend": "평균 성공률보다 낫지 않은 혼합 모델",
    },
}  # fmt: skip
