"""Data and models in words: imports, the audit log and moved inputs as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.access.members import AccessEvent, Act, Member, Role, Standing
from services.gateway.access.users_views import log
from services.gateway.web.drift_views import drift_view
from services.gateway.web.job_views import import_view, job_view
from services.gateway.web.letters_views import letter_view
from services.gateway.web.member_names import called_by
from services.gateway.web.models_views import audit_view, service_view
from services.gateway.web.words import Words

NEVER = "13 more had ended when they were first seen: nothing is known of them while open, so they teach nothing here."
ALSO = "also those that had ended when they were first seen: their amounts and days are known."
BOTH = "A lead that became an opportunity counts as both."
ASSUMED = "so what actions bring is what the playbook assumes."
EN, KO = Words("en"), Words("ko")
MEMBERS = [Member("m1", "ann@example.com", "김수진", Role.ADMIN), Member("m2", "bo@example.com", "", Role.REVOPS)]
ENTRY = {"time": "2026-11-20T10:00:00Z", "service": "", "version": "", "act": "PROMOTED", "reason": "", "who": "m1"}


def test_people_have_names_also_those_of_the_sample_company_and_programs() -> None:
    called = called_by([*MEMBERS, Member("persona-rep", "persona-rep", "", Role.REP)], KO)
    assert [called(who) for who in ("m1", "m2", "persona-rep", "persona-revops", "rule", "local", "gone")] == [
        "김수진", "bo@example.com", "영업 담당자", "영업 운영 (RevOps)", "규칙", "이 컴퓨터의 사용자", "gone",
    ]  # fmt: skip


def job(reason: str, counts: dict[str, Any], by: str = "") -> dict[str, Any]:
    detail = {"counts": counts, "by": by}
    return {"id": "1", "reason": reason, "state": "SUCCEEDED", "created_time": "2026-11-20T10:00:00Z", "error": "",
            "detail": detail}  # fmt: skip


def test_a_folder_that_was_loaded_whole_counts_deals() -> None:
    called = called_by(MEMBERS, KO)
    found = import_view(job("history", {"created": 1600}, "m1"), called, KO)
    assert (found.counts, found.source, found.can_undo) == ("딜: 생성 1,600", "이력 폴더 · 김수진", False)
    others = import_view(job("hubspot", {"accounts": 3, "deals": {"created": 2, "changed": 0}}), called, KO)
    assert others.counts == "고객사: 3, 딜: 생성 2"


def test_the_log_says_who_did_what_to_which_policy_in_korean() -> None:
    called = called_by(MEMBERS, KO)
    found = audit_view(ENTRY | {"version": "policy bold", "service": "next_best_action"}, called, KO)
    assert (found.who, found.act, found.what) == ("김수진", "사용 시작", "정책 bold")
    gone = audit_view(ENTRY | {"act": "SAMPLE_REMOVED", "who": "persona-revops", "reason": "requested"}, called, KO)
    assert (gone.who, gone.act, gone.reason) == ("영업 운영 (RevOps)", "샘플 회사 삭제", "요청")


def test_moved_inputs_stand_below_the_lights() -> None:
    one = {"column": "stage", "share": 0.31, "psi": 0.2512, "missing": [0.0, 0.4], "moved": True}
    others = [{"column": f"fields.c{number}", "moved": False} for number in range(3)]
    inputs = {"since": "2026-10-01", "rows_now": 1200, "rows_then": 900, "columns": [one, *others]}
    found = drift_view(inputs, EN)
    assert found is not None
    assert found.told == "Inputs that moved since Oct 1, 2026: 1 of 4 columns (1,200 records now, 900 then)"
    [moved] = found.moved
    assert (moved.column, moved.share, moved.psi, moved.missing) == ("Stage", "31%", "0.25", "0% → 40%")
    assert drift_view(None, EN) is drift_view({"columns": []}, EN) is None


def test_why_a_training_failed_is_told_in_korean() -> None:
    killed = "forecast: the training's process was killed (SIGKILL); next_best_action: it ended early"
    for error, told in (
        ("Cancelled by request.", "요청으로 취소했습니다."),
        (killed, "예측 모델: 학습 프로세스가 강제로 종료되었습니다 (SIGKILL); 다음 행동 모델: 도중에 끝났습니다"),
        ("forecast: disk full", "예측 모델: disk full"), ("", ""),
    ):  # fmt: skip
        assert import_view(job("x", {}) | {"error": error}, called_by(MEMBERS, KO), KO).error == told
        assert import_view(job("x", {}) | {"error": error}, called_by(MEMBERS, EN), EN).error == error


def test_a_version_that_learned_nothing_says_so_and_channels_and_versions_read_in_korean() -> None:
    prior = {"outcomes": 20, "model": "prior", "why": "20 outcomes"}
    effects = {"actions": {"call": {"used": "log", "effect": 0.05, "low": 0.0, "high": 0.1, "deals": 9}}}
    versions = [{"version": name, "created_time": "2026-11-20T10:00:00Z", "evaluation": found}
                for name, found in (("2", prior), ("1", effects))]  # fmt: skip
    serving = {"generation": 1, "version": "2"}
    about = {"service": "lead_scoring", "serving": serving, "versions": versions, "promotions": []}
    found = service_view(about, {}, KO)
    assert found.told == "–부터 사용 중인 버전: 2"
    nothing, learned = found.versions
    assert "종결된 딜이 20건뿐이라(40건 필요) 아직 예측 대신 기본값을 씁니다" in nothing.learned
    assert "학습했습니다" not in nothing.learned
    assert [figure.name for figure in learned.figures] == [KO("models.effect", action="통화")]


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        ({"model": "base_rate", "kinds": [{"kind": "OPPORTUNITY"}]}, "예측하지 못합니다. 진행 중 딜의"),
        ({"model": "blend", "kinds": [{"kind": "OPPORTUNITY"}, {"kind": "LEAD", "model": "base_rate"}]},
         "다음은 예측하지 못합니다: 리드."),
        ({"model": "blend", "kinds": [{"kind": "OPPORTUNITY"}]}, ""),
    ],
)  # fmt: skip
def test_what_serves_says_where_it_predicts_nothing(evaluation: dict[str, Any], told: str) -> None:
    versions = [{"version": "1", "created_time": "2026-11-20T10:00:00Z", "evaluation": evaluation}]
    about = {"service": "lead_scoring", "serving": {"generation": 1, "version": "1"}, "versions": versions,
             "promotions": []}  # fmt: skip
    said = service_view(about, {}, KO).told
    assert ("영업 지표의 수주율은" in said) == bool(told), "why it is another number"
    assert told in said if told else said.endswith("버전: 1")


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        ({"outcomes": 11331, "kinds": [{"kind": "LEAD", "outcomes": 6000}, {"kind": "OPPORTUNITY", "outcomes": 5331}]},
         f"Learned from 11,331 outcomes: Lead 6,000, Opportunity 5,331. {BOTH}"),
        ({"outcomes": 800, "kinds": [{"kind": "OPPORTUNITY", "outcomes": 800}]}, "Learned from 800 closed deals."),
        ({"outcomes": 56, "never_open": 13}, f"Learned from 56 closed deals. {NEVER}"),
        ({"opportunities": 500, "open": 120}, f"Learned from 380 closed deals, {ALSO}"),
        ({"deals": 70, "actions": {"call": {"used": "log", "deals": 40, "low": 0.1, "high": 0.2, "effect": 0.1}}},
         "Learned from what was done on 70 deals."),
        ({"deals": 14, "actions": {"call": {"used": "playbook", "deals": 3}}},
         f"Learned no effect yet: what was done on 14 deals is too little to tell, {ASSUMED}"),
        ({"deals": 14, "actions": {"call": {"used": "playbook", "deals": 0}}},
         f"Learned from nothing yet: no activity is on record for the 14 deals that were looked at, {ASSUMED}"),
        ({"deals": 70}, "Learned from what was done on 70 deals."),
    ],
)  # fmt: skip
def test_a_version_says_what_it_learned_from(evaluation: dict[str, Any], told: str) -> None:
    versions = [{"version": "1", "created_time": "2026-11-20T10:00:00Z", "evaluation": evaluation}]
    about = {"service": "lead_scoring", "serving": {"generation": 0}, "versions": versions, "promotions": []}
    assert service_view(about, {}, EN).versions[0].learned == told


def test_a_version_that_waits_says_why_beside_its_state_and_its_calibration_in_percent() -> None:
    test = {"ece": {"value": 0.0214, "low90": 0.01, "high90": 0.03}}
    row = {"version": "2", "created_time": "2026-11-20T10:00:00Z",
           "evaluation": {"test": test, "baseline": {"ece": 0.136}},
           "decision": {"promote": False, "code": "unsure", "text": "it may be worse"}}  # fmt: skip
    about = {"service": "lead_scoring", "serving": {"generation": 1, "version": "1"}, "versions": [row],
             "promotions": []}  # fmt: skip
    [found] = service_view(about, {}, KO).versions
    assert (found.waits, found.why) == (True, "쓰던 모델만큼 좋은지 아직 확실하지 않습니다")
    [ece] = found.figures
    assert (ece.value, ece.interval, ece.beside) == ("2.1%", "1.0% ~ 3.0%", "평균 성공률만 쓰면 13.6%")


def test_what_serves_says_how_many_of_the_deals_it_did_not_learn_from_and_whose() -> None:
    knew = {"outcomes": 89, "learned": 51, "owners": {"u7": 20, "u8": 18}}
    old = {"version": "1", "created_time": "2026-11-20T10:00:00Z", "evaluation": {}, "trained": {"outcomes": 51}}
    new = old | {"version": "2", "evaluation": {"champion": {"version": "1", "knew": knew}}}
    serving = {"generation": 1, "version": "1"}
    about: dict[str, Any] = {"service": "lead_scoring", "serving": serving, "versions": [new, old], "promotions": []}
    said = service_view(about, {}, EN, 89, {"u7": "Park"}).told
    assert said.endswith(
        "It did not learn from 38 of the 89 ended deals that were there when version 2 was trained. It had none of the "
        "deals of: Park, u8."
    )
    said = service_view(about | {"versions": [old]}, {}, KO, 89).told
    assert said.endswith("종결된 딜 89건 가운데 38건은 학습 뒤에 들어오거나 종결되어, 이 모델이 학습하지 않았습니다.")
    assert service_view(about | {"versions": [old]}, {}, EN, 51).told.endswith("serves since –.")


def test_a_training_says_when_it_began_and_ended() -> None:
    training = job("requested", {}) | {"progress": 1.0, "started_time": None, "finished_time": None}
    assert job_view(training, KO).when == "요청 2026-11-20 10:00 UTC"
    begun = training | {"started_time": "2026-11-20T10:16:00Z"}
    assert job_view(begun, EN).when == "began 2026-11-20 10:16 UTC"
    ended = begun | {"finished_time": "2026-11-20T10:22:00Z"}
    assert job_view(ended, KO).when == "시작 2026-11-20 10:16 UTC, 종료 2026-11-20 10:22 UTC"


@pytest.mark.parametrize(
    ("subject", "consumer", "problem", "what", "why"),
    [
        ("INSIGHTS.lead_score.d1", "forecast", "poisoned", "수주 확률 → 예측 모델", "읽을 수 없는 메시지입니다."),
        ("DEALS.changed.d1", "gateway-publisher", "too-large", "딜 변경 → 모든 모델", "메시지가 허용 크기를"),
        ("INSIGHTS.rollup.company.2026-Q4.KRW", "gateway-rollups", "internal", "합계 → 기록 저장", "예상하지 못한"),
        ("ALERTS.red.3", "somebody", "unheard-of", "메시지", "예상하지 못한 오류"),
    ],
)  # fmt: skip
def test_a_message_that_was_given_up_says_what_it_is_and_why(
    subject: str, consumer: str, problem: str, what: str, why: str
) -> None:
    letter = {"seq": 3, "failed_time": "2026-11-20T10:00:00Z", "subject": subject, "consumer": consumer,
              "deal_id": "d1", "problem": problem, "deliveries": 5, "error": "the message is no DealEvent"}  # fmt: skip
    found = letter_view(letter, {"d1": "한빛 증설"}, KO)
    assert (found.what, found.deal, found.name) == (what, "d1", "한빛 증설")
    assert why in found.why
    assert (found.error, found.facts) == (letter["error"], f"{subject}, {consumer}에서 5번 시도 후 포기")
    assert letter_view(letter, {}, EN).deal == "", "a deal that is gone has no link"


def test_the_log_of_users_names_whoever_opened_the_first_link_as_the_log_of_changes_does() -> None:
    member = Member("m1", "ann@example.com", "김수진", Role.ADMIN)
    events = [AccessEvent(Act.MEMBER_ADDED, "m1", "first-admin"), AccessEvent(Act.MEMBER_ADDED, "m2", "m1")]
    told = log(events, [Standing(member)], KO)
    assert [(one.whom, one.by) for one in told] == [("김수진", "최초 관리자 링크를 연 사람"), ("m2", "김수진")]
