"""The settings of the workspace as a page: read, set, refused beside the field, and the sample company removed."""

from __future__ import annotations

from typing import Any

from kit.money import Money
from learning.records import Quota, User
from services.gateway.domain import LOCAL
from tests.integration.gateway.conftest import RunningGateway, until


async def page(gateway: RunningGateway, lang: str = "en") -> str:
    answer = await gateway.http.get(f"/settings?lang={lang}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def post(gateway: RunningGateway, key: str, lang: str = "en", **form: Any) -> str:
    """The page that answers; empty where the form was taken."""
    answer = await gateway.http.post(f"/settings/{key}?lang={lang}", data=form)
    assert answer.status_code in (200, 303), answer.text[:800]
    return "" if answer.status_code == 303 else answer.text


async def workspace(gateway: RunningGateway) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.http.get("/v1/workspace")).json()
    return found


async def test_what_rest_sets_is_set_here(gateway: RunningGateway) -> None:
    shown = await page(gateway)
    told = "begins in January, named by the year it ends in"
    for part in ("Business day", "Fiscal year", "A from 75 %", "90 days before", "everything for ever", told):
        assert part in shown, part
    taken: tuple[tuple[str, dict[str, str]], ...] = (
        ("clock", {"today": "2026-11-20"}), ("currency", {"currency": "krw"}),
        ("holidays", {"holiday_country": "KR"}), ("grades", {"A": "80", "B": "45.5", "C": "20"}),
        ("crm", {"crm_link": "https://crm.example.com/o/{id}/view"}), ("time_zone", {"time_zone": "Asia/Seoul"}),
        ("lead_horizon", {"lead_horizon_days": ""}), ("renewals", {"days": "60"}),
        ("training_columns", {"keep": "fields.a\r\nfields.b", "drop": ""}),
        ("retention", {"notes": "730", "imports": ""}),
        ("promotion", {"confidence": "0.975", "log_loss_margin": "1.5", "ece_margin": "3", "max_age_days": "90",
                       "reason": "stricter"}),
        ("retraining", {"new_outcomes": "", "max_age_days": "30", "schedule": "mon", "drift": "yes", "reason": "x"}),
    )  # fmt: skip
    for key, form in taken:
        assert not await post(gateway, key, **form), key
    about = await workspace(gateway)
    assert (about["clock"]["business_day"], about["currency"], about["holiday_country"]) == ("2026-11-20", "KRW", "KR")
    assert about["time_zone"] == "Asia/Seoul"
    assert about["crm_link"] == "https://crm.example.com/o/{id}/view"
    assert about["grade_bounds"] == {"A": 0.8, "B": 0.455, "C": 0.2}
    assert (about["lead_horizon_days"], about["training_columns"]["keep"]) == (None, ["fields.a", "fields.b"])
    assert (await gateway.http.get("/v1/renewals")).json()["days"] == 60
    periods = (await gateway.http.get("/v1/privacy/retention")).json()["periods"]
    assert (periods["notes"], periods["imports"]) == (730, None)
    rules = (await gateway.http.get("/v1/model-rules")).json()
    assert rules["promotion"] == {"confidence": 0.975, "log_loss_margin": 0.015, "ece_margin": 0.03, "max_age_days": 90}
    assert rules["retraining"] == {"new_outcomes": None, "max_age_days": 30, "drift": True, "input_drift": False,
                                   "schedule": "mon"}  # fmt: skip
    assert not await post(gateway, "clock", today="")
    assert not (await workspace(gateway))["clock"]["pinned"]
    assert "B 45.5% 이상" in await page(gateway, "ko")


async def test_what_is_wrong_stands_beside_its_field(gateway: RunningGateway) -> None:
    before = await workspace(gateway)
    wrong: tuple[tuple[str, dict[str, str], str], ...] = (
        ("clock", {"today": "2300-01-01"}, "clock-today"), ("currency", {"currency": "won"}, "currency-currency"),
        ("fiscal_year", {"start_month": "13", "named_by": "end"}, "fiscal_year-start_month"),
        ("holidays", {"holiday_country": "Korea"}, "holidays-holiday_country"),
        ("time_zone", {"time_zone": "Seoul"}, "time_zone-time_zone"),
        ("crm", {"crm_link": "javascript:alert(1)//{id}"}, "crm-crm_link"),
        ("crm", {"crm_link": "https://crm.example.com/o/"}, "crm-crm_link"),
        ("crm", {"crm_link": "https://{id}.example.com/o/"}, "crm-crm_link"),
        ("grades", {"A": "x", "B": "50", "C": "20"}, "grades-A"),
        ("grades", {"A": "1", "B": "2", "C": "3"}, "grades-A"),
        ("lead_horizon", {"lead_horizon_days": "0"}, "lead_horizon-lead_horizon_days"),
        ("training_columns", {"keep": "a", "drop": "a"}, "training_columns-drop"),
        ("renewals", {"days": "5000"}, "renewals-days"), ("retention", {"imports": "-1"}, "retention-imports"),
        ("promotion", {"confidence": "0.95", "log_loss_margin": "300", "ece_margin": "3", "max_age_days": "9",
                       "reason": "x"}, "promotion-log_loss_margin"),
        ("retraining", {"max_age_days": "30"}, "retraining-reason"),
    )  # fmt: skip
    for key, form, at in wrong:
        shown = await post(gateway, key, "ko", **form)
        assert f'<span id="{at}-wrong" class="wrong" role="alert">' in shown, (key, at)
        assert shown.count('aria-invalid="true"') == 1, key
        said = shown.partition(f'<span id="{at}-wrong"')[2].partition("</span>")[0]
        assert not any(word in said for word in ("this is", "these are", "needed", "range")), said
    assert 'value="won"' in await post(gateway, "currency", currency="won"), "what was typed stays"
    after = await workspace(gateway)
    assert {**after, "clock": {**after["clock"], "now": before["clock"]["now"]}} == before
    assert (await gateway.http.post("/settings/colour", data={})).status_code == 404


async def test_a_fiscal_year_that_moves_quotas_is_confirmed_and_rates_are_pasted(gateway: RunningGateway) -> None:
    await _fiscal_year(gateway)
    await _rates(gateway)


async def _fiscal_year(gateway: RunningGateway) -> None:
    await gateway.gateway.store.save_users(LOCAL, [User("u1", "Ann")])
    await gateway.gateway.store.save_quotas(LOCAL, [Quota("u1", "2026-Q4", Money("USD", 100))])
    asked = await post(gateway, "fiscal_year", "ko", start_month="4", named_by="end")
    assert "목표 1건" in asked
    assert "2026-Q4 (1건): 지금 2026. 10. 1.~2026. 12. 31., 바꾼 뒤 2026. 1. 1.~2026. 3. 31." in asked
    assert '<option value="4" selected>' in asked
    assert (await workspace(gateway))["fiscal_year"]["start_month"] == 1
    assert not await post(gateway, "fiscal_year", start_month="4", named_by="end", confirm="yes")
    assert (await workspace(gateway))["fiscal_year"]["start_month"] == 4


async def _rates(gateway: RunningGateway) -> None:
    await gateway.gateway.workspace.pin(None)
    shown = await post(gateway, "rates", "ko", pasted="EUR\t2026-01-02\t1.0842\nWON\t2026-01-02\t1\nJPY\tsoon\t0.0065")
    assert "환율 1건을 저장했습니다. 2줄은 이해하지 못했습니다." in shown
    assert "ISO 4217 통화 코드가 아닙니다" in shown
    assert ">WON\t2026-01-02\t1\nJPY\tsoon\t0.0065</textarea>" in shown, "the lines that are left can be mended"
    assert "1.0842" in await page(gateway)
    assert "1 rates saved" in await post(gateway, "rates", pasted="currency,date,rate\nCHF,2026-01-02,1.1\n")
    assert not await post(gateway, "rate_drop", currency="EUR", date="2026-01-02")
    rates = (await gateway.http.get("/v1/exchange-rates")).json()["rates"]
    assert [one["currency"] for one in rates] == ["CHF"]
    assert "0 rates saved" in await post(gateway, "rates", pasted="a,b,rate\n1,2,3")


async def test_the_sample_is_removed_after_it_was_confirmed(gateway: RunningGateway) -> None:
    assert "Sample company" not in await page(gateway)
    assert (await gateway.http.post("/settings/sample", data={"confirm": "yes"})).status_code == 409
    await gateway.gateway.workspace.keep_apart(sample=True)
    await gateway.http.put("/v1/deals/s1", json={"name": "Made up"})
    shown = await page(gateway)
    assert "Deals <strong>1</strong>" in shown
    assert "Remove it for good" in shown
    assert (await gateway.http.post("/settings/sample", data={})).status_code == 400
    assert not await post(gateway, "sample", confirm="yes")
    assert (await gateway.http.get("/v1/deals")).json()["deals"] == []
    assert "에 삭제했습니다 (삭제한 사람: 이 컴퓨터의 사용자)" in await page(gateway, "ko")
    await until(lambda: imports_wait_no_longer(gateway))
    assert "샘플 회사 삭제" in (await gateway.http.get("/models?lang=ko")).text


async def imports_wait_no_longer(gateway: RunningGateway) -> bool:
    return "Import your own files" in await page(gateway)
