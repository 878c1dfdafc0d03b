"""Bad input: a clear error or stored right; never a 5xx, and nothing lost. After all of it one change can be followed
through all four processes, and no log holds a traceback or personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.system.bad_inputs import Case, cases
from tests.e2e.system.harness import System, incomplete, wait_for
from tests.e2e.system.observing import SECRETS, SERVICES, Collector, check_logs, check_metrics

ALL = list(cases())


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def system(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One empty system, which sends its traces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEALCAST_OTLP_ENDPOINT", collector.url)
        patch.setenv("DEALCAST_TRACE_SAMPLE", "1")
        running = System(tmp_path_factory.mktemp("system") / "data")
        running.start()
    yield running
    running.stop()
    running.http.close()


@pytest.fixture(scope="module", autouse=True)
def records_around(system: System) -> None:
    system.post_lines("/v1/users:batch", [{"id": "u1", "name": "Owner"}])
    system.post_lines("/v1/products:batch", [{"id": "p1", "name": "Product"}])
    system.post_lines("/v1/contacts:batch", [{"id": "c1", "name": "Contact"}])


def check_problem(answer: Any, case: Case) -> None:
    assert 400 <= answer.status_code < 500, (case.name, answer.status_code, answer.text[:300])
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["detail"]
    assert problem["status"] == answer.status_code
    assert "Traceback" not in answer.text
    assert len(answer.text) < 5_000
    if case.field:
        errors = problem.get("errors") or [problem]
        assert any(case.field in error["field"] for error in errors), (case.name, problem)
        assert all(error["mend"] for error in errors), (case.name, problem)


def same(stored: Any, sent: Any) -> bool:
    """Money comes back normalised, emptied fields do not come back, anything else as sent."""
    if isinstance(sent, dict) and "currency" in sent:
        same_currency = stored["currency"] == sent["currency"].upper()
        return bool(same_currency and float(stored["value"]) == pytest.approx(float(sent["value"])))
    if isinstance(sent, dict):
        return all(stored.get(name) == value for name, value in sent.items())
    return bool(stored == sent)


def test_there_are_two_hundred() -> None:
    assert len(ALL) >= 200


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_refused_or_stored_right(system: System, case: Case) -> None:
    path = f"/v1/deals/{case.path_id}"
    answer = system.http.put(path, content=case.body, headers={"content-type": "application/json"})
    if case.refused:
        check_problem(answer, case)
        assert system.http.get(path).status_code in {400, 404, 422}, "a refused deal must not exist"
        return
    assert answer.status_code in {200, 201}, (case.name, answer.text[:300])
    record = system.http.get(path).json()
    assert same(record[case.field], case.value), (case.name, record[case.field])


def test_a_batch_of_all_keeps_the_good_and_names_the_bad(system: System) -> None:
    """The same cases as lines of one batch, with duplicates: a result per line, in order."""
    chosen = [case for case in ALL if case.field and len(case.body) < 1_000_000]
    lines = [json.dumps({"id": f"batch-{case.name}"} | json.loads(case.body)) for case in chosen]
    lines += ['{"id": "twice", "name": "first"}', '{"id": "twice", "name": "second"}', "not json", "\udcff", "{}"]
    body = "\n".join(lines).encode("utf-8", "surrogateescape")
    answer = system.http.post("/v1/deals:batch", content=body, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert len(results) == len(lines)
    for case, result in zip(chosen, results, strict=False):
        assert (result["status"] == "rejected") == case.refused, (case.name, result)
        assert not case.refused or result["errors"][0]["mend"]
    assert [result["status"] for result in results[-5:]] == ["created", "changed", "rejected", "rejected", "rejected"]
    assert system.http.get("/v1/deals/twice").json()["name"] == "second"


def test_a_cycle_in_the_reporting_line_is_refused(system: System) -> None:
    """Three people, each reporting to the next: the line that closes the circle is refused, the others stand."""
    people = [{"id": name, "name": name.upper()} for name in "abc"]
    assert {line["status"] for line in system.post_lines("/v1/users:batch", people)} == {"created"}
    rows = [
        {"id": name, "name": name.upper(), "lines": [{"manager_id": manager, "valid_from": "2020-01-01"}]}
        for name, manager in (("a", "c"), ("b", "a"), ("c", "b"))
    ]
    results = system.post_lines("/v1/users:batch", rows)
    refused = [line for line in results if line["status"] == "rejected"]
    assert [line["id"] for line in refused] == ["c"], results
    assert "manager_id" in refused[0]["errors"][0]["field"]
    assert "circle" in refused[0]["errors"][0]["message"]


def test_everything_stored_gets_its_insights(system: System) -> None:
    wait_for(lambda: not incomplete(system.all_deals()), 60, "three insights on every deal")
    dead = system.http.get("/v1/dead-letters").json()
    assert dead["dead_letters"] == []


def test_one_trace_through_four_processes(collector: Collector, system: System) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    system.post_lines("/v1/users:batch", [{"id": "u2", "name": SECRETS[0], "email": SECRETS[1]}])
    system.post_lines("/v1/contacts:batch", [{"id": "c2", "name": SECRETS[0], "phone": SECRETS[2]}])
    answer = system.http.put(
        "/v1/deals/traced",
        headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        json={
            "stage": "Proposal", "owner_id": "u2", "contacts": [{"contact_id": "c2", "role": "decides"}],
            "activities": [
                {"id": "a1", "type": "note", "direction": "internal", "time": "2026-01-02T03:04:05Z",
                 "text": SECRETS[3]}
            ],
        },
    )  # fmt: skip
    assert answer.status_code in {200, 201}, answer.text
    wait_for(lambda: not incomplete(system.all_deals()), 60, "the deal's insights")
    unsampled = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{unsampled}-00f067aa0ba902b7-00"}
    assert system.http.put("/v1/deals/quiet", headers=headers, json={"stage": "Proposal"}).status_code in {200, 201}
    wait_for(lambda: not incomplete(system.all_deals()), 60, "the insights of the untraced deal")
    wait_for(lambda: collector.services[trace] >= SERVICES, 30, f"spans of all services, not {collector.services}")
    check_metrics(system)
    check_logs(system, {trace: "traced", unsampled: "quiet"})
