"""A gateway's pages and REST served alone, over a store that the test fills."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI

from kit.money import Money
from kit.testing import eventually, free_port
from learning.answers import Verb
from learning.fiscal import FiscalCalendar
from learning.records import Contact, ContactRole, DealKind, Motion, Quota, ReportingLine, User
from services.gateway.access.gate import Gate, cleared
from services.gateway.access.opening import let_in, open_access
from services.gateway.asks.desk import leave
from services.gateway.asks.records import Ask
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKey, InsightKind
from services.gateway.feedback_record import Feedback
from services.gateway.forecast_client import ForecastService
from services.gateway.rest import deals, events, problems, views
from services.gateway.rest.app import mount_sign_in
from services.gateway.rest.guard import Guard
from services.gateway.rest.http import EncodedSlashes
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.store import open_store
from services.gateway.store.interface import StoredRollup
from services.gateway.web import mount
from services.gateway.workspace import Workspace

TODAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NEXT_QUARTERS = ("2027-Q1", "2027-Q2", "2027-Q3")
QUARTERS = ("2026-Q4", *NEXT_QUARTERS)
HOSTILE = '<script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">"\''


@contextlib.asynccontextmanager
async def serving(folder: Path, **entry: Any) -> AsyncIterator[tuple[Gateway, str]]:
    """The gateway and its address. `entry`: settings of sign-in; without any nobody needs to sign in."""
    store = await open_store(f"sqlite:///{folder / 'web.db'}")
    workspace = Workspace(store)
    await workspace.load(TODAY)
    await workspace.set_currency("KRW")
    gateway = Gateway(store, workspace)
    port = free_port()
    app = await _entered(gateway, GatewaySettings(data_dir=folder, **entry), port) if entry else FastAPI()
    problems.install(app)
    app.include_router(deals.router(gateway))
    app.include_router(views.router(gateway))
    app.include_router(events.router(gateway, 1.0))
    mount(app, gateway, ForecastService("", folder, lambda: ""))  # which runs nowhere here
    app.add_middleware(EncodedSlashes)
    server = uvicorn.Server(uvicorn.Config(Guard(app), port=port, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started, 20)
        yield gateway, f"http://127.0.0.1:{port}"
    finally:
        gateway.stop.set()
        server.should_exit = True
        await running
        await store.close()


async def _entered(gateway: Gateway, settings: GatewaySettings, port: int) -> FastAPI:
    """With a door, and the link of the first administrator in the folder."""
    access = open_access(settings, gateway)
    app = FastAPI(dependencies=[Depends(cleared(access))])
    mount_sign_in(app, access, gateway)
    app.add_middleware(Gate, access=access)
    await let_in(access, settings, f"127.0.0.1:{port}")
    return app


async def fill(gateway: Gateway) -> None:
    """Two reps under a manager, and deals: with all parts, hostile, without any part, and enough for two pages."""
    await gateway.store.save_users(
        LOCAL,
        [User("u1", "김민준"), User("u2", "Grace Tan"), User("m1", "박서연")],
        [ReportingLine("m1", "", "수도권"), ReportingLine("u1", "m1"), ReportingLine("u2", "m1")],
    )
    await gateway.store.save_quotas(LOCAL, [Quota("u1", "2026-Q4", Money("KRW", 900_000_000))])
    writes = [
        deal("D-1", "한빛정밀 Insight Pro 설비 모니터링", "u1", 52_000_000),
        deal("a/b <i>&", HOSTILE, "u2", 1_000_000),
        deal("D-3", "Northwind Data", "u2", 7_000_000),
        *[deal(f"E-{number:03d}", f"Deal {number}", "u2", 100_000 + number) for number in range(60)],
    ]
    await gateway.store.save_contacts(
        LOCAL, [Contact("c1", "한수진", title="구매팀장", email="sujin.han@example.com", phone="010-2345-6789")]
    )
    await gateway.apply_deals(LOCAL, writes)
    await gateway.apply_deals(LOCAL, [DealWrite("D-1", contacts=(ContactRole("c1", "decides"),)), *leads()])
    await leave(gateway, LOCAL, Ask("D-1", "최종 서명자 이름 확인", date(2026, 11, 24)))
    await gateway.store.apply_insights([*insights("D-1", revision=2), *insights("a/b <i>&", text=HOSTILE)])
    totals = [rollup(), *[rollup(-100_000_000, period) for period in NEXT_QUARTERS]]
    await gateway.store.save_rollups([*totals, *[owned(each, "u1") for each in totals]])


async def fill_people(gateway: Gateway) -> None:
    """The sample company as `fill` makes it, with a forecast of the manager and of each rep."""
    await gateway.workspace.keep_apart(sample=True)
    await fill(gateway)
    for node in ("manager:m1", "owner:u1", "owner:u2"):
        body = {**rollup().body, "level": node.partition(":")[0], "parent": "company"}
        await gateway.store.save_rollups([StoredRollup(node, "2026-Q4", "KRW", body)])


async def answers(gateway: Gateway, deal_id: str = "D-1") -> list[Feedback]:
    """The answers on a deal that stand."""
    found = await gateway.store.list_feedback(LOCAL, [deal_id])
    return [one for one in found.get(deal_id, ()) if not one.undone and one.verb is not Verb.UNDO]


def leads() -> list[DealWrite]:
    """Two that nobody has contacted."""
    return [
        DealWrite(
            f"L-{number}", kind=DealKind.LEAD, motion=Motion.NEW, name=name, owner_id="u1",
            created_time=datetime(2026, 11, 2 + number, tzinfo=UTC),
        )
        for number, name in enumerate(("다온정밀 문의", "Aster Foods web form"))
    ]  # fmt: skip


def deal(deal_id: str, name: str, owner: str, amount: int) -> DealWrite:
    """An open opportunity."""
    return DealWrite(
        deal_id, kind=DealKind.OPPORTUNITY, motion=Motion.NEW, pipeline="sales", stage="Proposal", name=name,
        owner_id=owner, amount=Money("KRW", amount), close_date=date(2026, 12, 31),
        created_time=datetime(2026, 9, 1, tzinfo=UTC), fields={"도입 목적": "재고 <b>관리</b>", "Seats": 25.0},
    )  # fmt: skip


def insights(deal_id: str, revision: int = 1, probability: float = 0.62, text: str = "") -> Sequence[Insight]:
    """All three parts of a deal."""
    reasons = [
        reason(
            "stage",
            "Proposal",
            0.8,
            text or "In Proposal (120 of 340 won)",
            text or "제안 단계에 있음 (340건 중 120건 수주)",
        ),
        reason("Lead source", "광고", -0.45, "Came through an advertisement", "광고로 유입됨"),
    ]
    score = {
        "probability": probability, "low": probability - 0.07, "high": probability + 0.07, "base_log_odds": 0.0,
        "reasons": reasons, "prior": False,
    }  # fmt: skip
    periods = [
        {
            "period": str(quarter),
            "start_date": quarter.start.isoformat(),
            "end_date": quarter.end.isoformat(),
            "probability": share,
            "expected": krw(int(5.2e7 * share)),
        }
        for quarter, share in zip(map(FiscalCalendar().parse, QUARTERS), (0.41, 0.15, 0.05, 0.01), strict=True)
    ]
    forecast = {
        "status": "open", "periods": periods,
        "amount": {"currency": "KRW", "mean": "48000000", "p10": "40000000", "p90": "55000000"},
        "close_date": {"p10": "2026-12-01", "p50": "2026-12-22", "p90": "2027-03-30"}, "category": "BEST_CASE",
        "slip_risk": 0.2, "win_probability": probability, "reasons": [],
    }  # fmt: skip
    action = {
        "id": "s1", "action": "send_quote", "text": {"en": text or "Send a quote", "ko": text or "견적서 보내기"},
        "channel": "mail", "contact_id": "c1" if deal_id == "D-1" else "",
        "gain": krw(2_100_000), "probability_gain": 0.04,
        "probability_gain_low": 0.01, "probability_gain_high": 0.07, "propensity": 0.7,
        "reasons": [
            reason("days_since_contact", "21", 0.0, "no contact recorded for 21 days", "21일 동안 연락 기록이 없습니다")
        ],
        "hours": {
            "time_zone": "Asia/Seoul", "weekdays": [0, 1, 2, 3, 4], "from_minute": 540, "until_minute": 1080,
            "days_off": [],
        },
        "message": {
            "en": "Dear {contact}, the quote for {deal} is attached. {sender}",
            "ko": "{contact}, {deal} 견적서를 보내 드립니다. {sender} 드림",
        },
        "minutes": 20.0, "tidy_up": False, "products": [], "contact_limits": None,
    }  # fmt: skip
    signal = {"name": "competitor", "sentence": "They look at Borea too.", "day": "2026-11-18"}
    actions = {"actions": [action], "look_again_date": None, "signals": [signal]}
    bodies: dict[InsightKind, dict[str, Any]] = {
        InsightKind.LEAD_SCORE: score,
        InsightKind.FORECAST: forecast,
        InsightKind.NEXT_ACTIONS: actions,
    }
    sorts: dict[InsightKind, dict[str, Any]] = {
        InsightKind.LEAD_SCORE: {"probability": probability},
        InsightKind.FORECAST: {"expected_amount": 5.2e7 * probability, "slip_risk": 0.2, "category": "best_case"},
        InsightKind.NEXT_ACTIONS: {"gain": 2.1e6, "action": "send_quote"},
    }
    return [_insight(deal_id, kind, revision, bodies[kind], sorts[kind]) for kind in InsightKind]


def _insight(deal_id: str, kind: InsightKind, revision: int, body: dict[str, Any], sort: dict[str, Any]) -> Insight:
    key = InsightKey(revision, 0, TODAY.isoformat(), f"{kind.value}-{revision}")
    told = {"as_of": AS_OF.isoformat(), "deal_revision": revision, "model_version": "m7", "model_generation": 0}
    return Insight(deal_id, kind, key, "m7", AS_OF, body | told, sort)


def reason(field: str, value: str, effect: float, en: str, ko: str) -> dict[str, Any]:
    """A reason as stored."""
    evidence = {"count": 340, "won": 120}
    return {"field": field, "value": value, "effect": effect, "text": {"en": en, "ko": ko}, "evidence": evidence}


def krw(amount: int) -> dict[str, str]:
    """Money as JSON."""
    return {"currency": "KRW", "value": str(amount)}


def rollup(more: int = 0, period: str = "2026-Q4") -> StoredRollup:
    """The company's open business in a quarter; its middle is 700 million and `more`, its mean 20 million above."""
    grid = [more + int(4e8 + 6e8 * place / 20) for place in range(21)]
    body = {
        "level": "company", "name": "Company", "parent": "", "open_deals": 3, "scenarios": 2000,
        "deals_sum": (int(6.2e8) + more) * 2000, "not_yet_created_sum": int(1e8) * 2000, "correction_sum": 0,
        "quantiles": grid, "as_of": AS_OF.isoformat(), "business_day": TODAY.isoformat(), "model_version": "f3",
        "model_generation": 0,
    }  # fmt: skip
    return StoredRollup("company", period, "KRW", body)


def owned(whole: StoredRollup, owner: str) -> StoredRollup:
    """The same as one owner's, who has all of it."""
    body = {**whole.body, "level": "owner", "name": owner, "parent": "manager:m1"}
    return StoredRollup(f"owner:{owner}", whole.period, whole.currency, body)
