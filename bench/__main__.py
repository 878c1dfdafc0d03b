"""`make bench` runs every benchmark on a system of its own, `python -m bench SECTION…` some; both write
docs/benchmarks.md."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from bench import actions, duplicates, flow, forecast, learner, live, pages, report, retraining_cycle, scoring, training
from dealcast.common.v1 import columns_pb2
from dealcast.events.v1 import events_pb2
from dealcast.gateway.v1 import gateway_pb2, gateway_pb2_grpc
from dealcast.lead_scoring.v1 import lead_scoring_pb2, lead_scoring_pb2_grpc
from learning import wire
from learning.snapshots import row_at
from tests.e2e.system.harness import System, incomplete, wait_for

SAMPLE_DEALS = 1_500
BENCH_DEALS = 5_000
FLOW_HOW = (
    "The whole system on one machine, the sample company's models trained, deals of a few fields each. Latency: 20 "
    "changes a second by `PUT /v1/deals/{id}`, from sending to the third insight on the live event stream; then one at "
    "a time, from sending to totals that count it. "
    "Sustained: 60 s of `POST /v1/deals:batch`, at most 2,000 changes on the way, until all insights are merged. Its "
    "ceiling passes the same messages through three relays and writes the same rows, with no logic. "
    "Peak memory is each process's high-water mark since its start."
)
START_HOW = (
    "`dealcast up --sample` with its 10,000 deals in an empty folder, until it says ready: the history is made, "
    "imported, exported and all three models trained. Then stopped, and started again."
)
SCORING_HOW = (
    "The running lead scoring service. ScoreDeals beside a bare `Booster.predict` of 300 trees × 31 leaves on one "
    "thread; ScoreDeal beside an echo that takes and returns as many bytes, in a process of its own."
)


def address(system: System, service: str) -> str:
    """A service's gRPC address from its run file."""
    return str(json.loads((system.folder / "run" / f"{service}.json").read_text())["grpc"])


def events(system: System, ids: list[str]) -> list[events_pb2.DealEvent]:
    """Deals as messages carry them."""
    with grpc.insecure_channel(address(system, "gateway"), options=scoring.OPTIONS) as channel:
        stub = gateway_pb2_grpc.GatewayServiceStub(channel)
        return list(stub.BatchGetDeals(gateway_pb2.BatchGetDealsRequest(deal_ids=ids)).deals)


def model_columns(system: System) -> list[str]:
    """What the champion reads."""
    with grpc.insecure_channel(address(system, "lead_scoring")) as channel:
        stub = lead_scoring_pb2_grpc.LeadScoringServiceStub(channel)
        model = stub.GetModel(lead_scoring_pb2.GetModelRequest())
        assert not model.prior, "train first"
        return list(model.columns)


def column(name: str, cells: list[Any]) -> columns_pb2.Column:
    """Cells as a request carries them."""
    if any(isinstance(cell, str) for cell in cells):
        texts = sorted({str(cell) for cell in cells if cell is not None})
        codes = {text: code for code, text in enumerate(texts)}
        chosen = [-1 if cell is None else codes[str(cell)] for cell in cells]
        return columns_pb2.Column(name=name, texts=columns_pb2.TextColumn(dictionary=texts, codes=chosen))
    numbers = [np.nan if cell is None or not isinstance(cell, int | float) else float(cell) for cell in cells]
    return columns_pb2.Column(name=name, numbers=columns_pb2.NumberColumn(values=numbers))


def bulk_columns(system: System, taken: list[events_pb2.DealEvent]) -> list[columns_pb2.Column]:
    """The sample company's open deals as columns, repeated to ROWS rows."""
    rows = [row_at(wire.history_from_event(event), wire.business_day(event)) for event in taken]
    repeated = [rows[n % len(rows)] for n in range(scoring.ROWS)]
    return [column(name, [row.get(name) for row in repeated]) for name in model_columns(system)]


def bench_flow(system: System) -> list[report.Figure]:
    """Latency first, on a quiet system; then as much as it takes; then the ceiling, with the system stopped."""
    listener = flow.Listener(system.url)
    listener.start()
    listener.ready.wait(10)
    flow.create(system, listener, BENCH_DEALS)
    single = flow.latency(system, listener)
    print(single, flush=True)
    totals = flow.until_totals(system, listener)
    print("until totals", totals, flush=True)
    rate = flow.sustained(system, listener, BENCH_DEALS)
    print(f"sustained {rate:.0f} changes/s", flush=True)
    payloads = [event.SerializeToString() for event in events(system, [f"bench-{n}" for n in range(100)])]
    memory = flow.memory(system.pids)
    listener.closed = True
    system.stop()
    ceiling = flow.ceiling([payload.translate(None, b"\n\r\t") for payload in payloads])
    counted = report.Figure(
        "change to totals that count it, slowest of 25", totals.p99, "ms", 0, "≤ 1,000 ms", totals.p99 <= 1_000
    )
    return [*flow_figures(single, rate, ceiling), counted, *memory]


def flow_figures(single: flow.Latency, rate: float, ceiling: flow.Ceiling) -> list[report.Figure]:
    """Single changes and as many as it takes, each beside the same with no logic."""
    p99, best, share = single.p99, ceiling.latency, rate >= 0.35 * ceiling.rate
    return [
        report.Figure("change to all three merged, p50", single.p50, "ms", best.p50),
        report.Figure("change to all three merged, p99", p99, "ms", best.p99, "≤ 100 ms", p99 <= 100),
        report.Figure("sustained changes", rate, "changes/s", 0, "≥ 400 /s", rate >= 400),
        report.Figure("the same beside its ceiling", rate, "changes/s", ceiling.rate, "≥ 35 %", share),
    ]


def bench_scoring(system: System) -> list[report.Figure]:
    """One deal a call, and many rows a call."""
    ids = [deal["id"] for deal in system.all_deals("&outcome=OPEN")][:100]
    taken = events(system, ids)
    size = 60  # bytes of a ScoreDealResponse
    echo = subprocess.Popen([sys.executable, "-m", "bench.scoring", str(size)], stdout=subprocess.PIPE, text=True)
    assert echo.stdout is not None
    try:
        echo_address = echo.stdout.readline().strip()
        target = address(system, "lead_scoring")
        single = asyncio.run(scoring.single(target, taken, echo_address))
        bulk = asyncio.run(scoring.bulk(target, bulk_columns(system, taken), scoring.ROWS))
    finally:
        echo.terminate()
        echo.wait(10)
    print(bulk, single, sep="\n", flush=True)
    return [bulk, single]


def bench_start() -> list[report.Figure]:
    """The sample company's first start, trainings included, and the next one on the same data."""
    with tempfile.TemporaryDirectory(prefix="dealcast-start-") as name:
        system = System(Path(name) / "data", "--sample")
        try:
            first = system.start()
            system.stop()
            second = system.start()
        finally:
            system.stop()
    print(f"first start {first:.0f} s, second {second:.0f} s", flush=True)
    return [
        report.Figure("first start", first, "s", aim="≤ 300 s", met=first <= 300),
        report.Figure("the next start", second, "s"),
    ]


def system_section() -> str:
    """Scoring and a change's way, on one running system; it is stopped for the ceiling, last."""
    with tempfile.TemporaryDirectory(prefix="dealcast-bench-") as name:
        system = System(Path(name) / "data", "--sample", "--deals", str(SAMPLE_DEALS))
        seconds = system.start()
        print(f"ready with {SAMPLE_DEALS:,} sample deals after {seconds:.0f} s", flush=True)
        try:
            wait_for(lambda: not incomplete(system.all_deals("&outcome=OPEN")), 300, "the sample's insights")
            time.sleep(5)
            scored = report.section("Scoring over gRPC", SCORING_HOW, bench_scoring(system))
            shown = report.section("A change on open pages", live.HOW, live.figures(system))
            return f"{scored}\n\n{shown}\n\n" + report.section("A change's way", FLOW_HOW, bench_flow(system))
        finally:
            system.stop()


# A function per section, in the order of the page; each returns Markdown.
SECTIONS: dict[str, Callable[[], str]] = {
    "start": lambda: report.section("Start", START_HOW, bench_start()),
    "system": system_section,
    "training": lambda: report.section("Beside a training", training.HOW, training.figures()),
    "cycle": lambda: report.section("A cycle of retraining", retraining_cycle.HOW, retraining_cycle.figures()),
    "actions": lambda: report.section("Next actions", actions.HOW, actions.figures()),
    "forecast": lambda: report.section("Forecast totals", forecast.HOW, forecast.figures()),
    "learner": lambda: report.section("The learner", learner.HOW, learner.figures()),
    "duplicates": lambda: report.section("Data health", duplicates.HOW, duplicates.figures()),
    "pages": lambda: report.section("Pages", pages.HOW, pages.figures()),
}


def main(names: Sequence[str]) -> int:
    """Measure the sections named, or all, writing the page after each; returns the exit code."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        print(f"there is no section {unknown[0]}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    for name in SECTIONS:
        if name in names or not names:
            print(f"== {name}", flush=True)
            text = SECTIONS[name]()
            print(text, flush=True)
            report.write(name, text, list(SECTIONS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
