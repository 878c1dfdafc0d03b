"""An import into a running gateway: the same records as into its store, one revision a deal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kit.errors import NotFound, Unavailable
from services.gateway.imports.http_sink import Client, HttpSink
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.targets import open_sink, running_gateway
from services.gateway.imports.weekly.importer import Options, WeeklyImporter, WeeklyReport
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.imports.importing import run_import
from tests.unit.imports import import_runs as imports

MAPPING = read(imports.DEALS.replace("USD", "EUR") + imports.PEOPLE, "m")
PEOPLE = "who,boss,region\nann,cid,East\nbob,cid,East\n"
DEALS = (
    "id,owner,stage,created,closed,amount,Size\n"
    "a/1,ann,Open,2017-01-01,,5,1\n"
    "b,bob,Won,2017-01-02,2017-02-03,7.50,2\n"
    "c,nobody,Open,2017-01-02,,7.50,2\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    return folder


async def test_an_import_finds_the_gateway_that_runs_on_the_folder(gateway: RunningGateway, files: Path) -> None:
    data_dir = gateway.settings.data_dir
    (data_dir / "run").mkdir(exist_ok=True)
    url = str(gateway.http.base_url)
    (data_dir / "run" / "state.json").write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    tried = await run_import(MAPPING, files, data_dir, dry_run=True)
    assert tried.counts["deals"]["created"] == 2
    report = await run_import(MAPPING, files, data_dir)
    assert report.counts["deals"] == {"read": 3, "created": 2, "changed": 0, "unchanged": 0, "rejected": 1}
    assert [(each.line, each.errors[0].field) for each in report.rejects] == [(4, "owner")]
    deal = (await gateway.http.get("/v1/deals/b")).json()
    assert (deal["revision"], deal["outcome"], deal["amount"]) == (1, "WON", {"currency": "EUR", "value": "7.50"})
    workspace = (await gateway.http.get("/v1/workspace")).json()
    assert (workspace["clock"]["business_day"], workspace["currency"]) == ("2017-02-03", "EUR")
    people = {user["id"]: user for user in (await gateway.http.get("/v1/users")).json()["users"]}
    assert people["ann"]["lines"][0]["manager_id"] == "cid"
    again = await run_import(MAPPING, files, data_dir, url=url)
    assert (again.total("created"), again.total("changed")) == (0, 0)
    assert again.counts["reporting lines"]["unchanged"] == 2
    (job, *_) = (await gateway.http.get("/v1/imports")).json()["imports"]
    assert job["state"] == "SUCCEEDED"
    assert job["detail"]["counts"]["deals"]["unchanged"] == 2


async def test_both_ways_count_the_same(gateway: RunningGateway, files: Path, tmp_path: Path) -> None:
    for _ in range(2):
        over_http = await run_import(MAPPING, files, tmp_path / "none", url=str(gateway.http.base_url))
        at_rest = await run_import(MAPPING, files, tmp_path / "alone")
        assert over_http.counts == at_rest.counts
        (files / "people.csv").write_text(PEOPLE.replace("bob,cid,East", "bob,cid,West"), encoding="utf-8")
    assert at_rest.counts["reporting lines"] | {"read": 0} == {
        "read": 0, "created": 0, "changed": 1, "unchanged": 1, "rejected": 0,
    }  # fmt: skip


async def test_a_dry_run_by_address_only_checks(gateway: RunningGateway, files: Path, tmp_path: Path) -> None:
    report = await run_import(MAPPING, files, tmp_path / "none", url=str(gateway.http.base_url), dry_run=True)
    assert report.counts["deals"]["checked"] == 3
    assert (await gateway.http.get("/v1/deals")).json()["deals"] == []


async def test_what_the_gateway_refuses_is_told(gateway: RunningGateway) -> None:
    client = Client(str(gateway.http.base_url))
    with pytest.raises(NotFound) as caught:
        await client.call("GET", "/v1/deals/none")
    assert caught.value.mend
    await client.close()


async def test_a_gateway_that_is_gone_is_told(tmp_path: Path) -> None:
    sink = HttpSink("http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="does not answer"):
        await sink.fields()
    await sink.close()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text('{"url": "http://127.0.0.1:9", "pid": 4194399}', encoding="utf-8")
    assert running_gateway(tmp_path) == ""


async def test_weekly_files_over_http(gateway: RunningGateway, tmp_path: Path) -> None:
    url, header = str(gateway.http.base_url), "고객사,딜명,담당자,단계,금액(천원),고객담당자\n"

    async def weekly(name: str, text: str, *, dry_run: bool = False) -> WeeklyReport:
        (tmp_path / name).write_text(header + text, encoding="utf-8")
        sink = await open_sink(None, url, dry_run=dry_run)
        try:
            return await WeeklyImporter(sink, RejectsWriter(tmp_path / "rejects"), Options()).run(tmp_path / name)
        finally:
            await sink.close()

    tried = await weekly("a_240108.csv", "㈜한빛,서버,김민수 부장,제안,5000,박 팀장\n", dry_run=True)
    assert tried.report.counts["deals"]["checked"] == 1
    assert (await gateway.http.get("/v1/weekly-files")).json() == {"memory": None}
    await weekly("a_240108.csv", "㈜한빛,서버,김민수 부장,제안,5000,박 팀장\n")
    found = await weekly("b_240115.csv", "한빛(주),서버,김민수,협상,6000,박 팀장\n")
    assert (found.known_columns, found.new_columns, found.report.counts["deals"]["changed"]) == (True, [], 1)
    (deal,) = (await gateway.http.get("/v1/deals")).json()["deals"]
    assert (deal["stage"], deal["amount"], deal["owner"]["name"]) == (
        "협상",
        {"currency": "KRW", "value": "6000000"},
        "김민수",
    )
    changes = (await gateway.http.get(f"/v1/deals/{deal['id']}/history")).json()["changes"]
    stages = [(each["value"], each["effective_time"][:10]) for each in changes if each["field"] == "stage"]
    assert stages == [("제안", "2024-01-08"), ("협상", "2024-01-15")]
    refused = await gateway.http.put("/v1/weekly-files", json={"memory": {"last": {"a": 5}}})
    assert refused.status_code == 400


async def test_an_import_is_undone_over_http(gateway: RunningGateway, files: Path) -> None:
    http, url = gateway.http, str(gateway.http.base_url)

    async def known() -> dict[str, object]:
        lists = ("users", "accounts", "fields", "deals")
        return {name: (await http.get(f"/v1/{name}")).json() for name in lists}

    await http.put("/v1/deals/a%2F1", json={"created_time": "2017-01-01T00:00:00Z", "stage": "Before"})
    before = await known()
    report = await run_import(MAPPING, files, files.with_name("unused"), url=url)
    assert (await http.get("/v1/deals/a%2F1")).json()["stage"] == "Open"
    late = await http.post("/v1/deals:batch", params={"import": report.import_id}, content=b"{}")
    assert (late.status_code, late.json()["field"]) == (404, "import")  # it has ended
    await http.put("/v1/deals/b", json={"stage": "Paid"})
    refused = await http.post(f"/v1/imports/{report.import_id}:undo")
    assert (refused.status_code, refused.json()["value"]) == (409, "b")
    answer = await http.post(f"/v1/imports/{report.import_id}:undo", json={"discard": True})
    assert answer.status_code == 200
    assert answer.json()["detail"]["undone"]["deals"] == 2
    after = await known()
    for each in (before, after):
        for deal in each["deals"]["deals"]:  # type: ignore[index]
            del deal["revision"]
    assert after == before
    assert (await http.get("/v1/deals/b")).status_code == 404
    clock = (await http.get("/v1/workspace")).json()["clock"]
    assert not clock["pinned"]
    again = await http.post(f"/v1/imports/{report.import_id}:undo", json={"discard": True})
    assert again.status_code == 409
