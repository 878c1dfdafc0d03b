"""Weekly workbooks sent by a program over REST: tried, answered, imported, undone; refused rows sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.test_import_page import weeks
from tests.unit.imports.weekly_runs import HEADER, row, write

PATH = "/v1/uploads"


async def sent(gateway: RunningGateway, files: Any, **asked: str) -> dict[str, Any]:
    answer = await gateway.http.post(PATH, files=files, data={"currency": "KRW"}, params=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert found["state"] == "TRYING"
    return found


async def settled(gateway: RunningGateway, upload: str) -> dict[str, Any]:
    async def idle() -> dict[str, Any] | None:
        found: dict[str, Any] = (await gateway.http.get(f"{PATH}/{upload}")).json()
        return None if found["state"] in ("TRYING", "IMPORTING") else found

    found: dict[str, Any] = await until(idle, 120, pause=0.2)
    return found


async def begun(gateway: RunningGateway, upload: str, act: str, **said: Any) -> dict[str, Any]:
    answer = await gateway.http.post(f"{PATH}/{upload}:{act}", json=said)
    assert answer.status_code == 202, answer.text
    return await settled(gateway, upload)


async def deals(gateway: RunningGateway) -> list[str]:
    return sorted(one["name"] for one in (await gateway.http.get("/v1/deals")).json()["deals"])


async def test_files_are_tried_imported_and_undone(gateway: RunningGateway, tmp_path: Path) -> None:
    upload = (await sent(gateway, weeks(tmp_path / "weeks")))["id"]
    tried = await settled(gateway, upload)
    assert (tried["state"], tried["error"], tried["progress"]) == ("TRIED", None, 1.0)
    assert tried["report"]["counts"]["deals"]["created"] == 3
    held = await begun(gateway, upload, "try", columns={"고객사": "ignore"})
    assert {one["column"]: one["target"] for one in held["report"]["columns"]}["고객사"] == "ignore"
    second = "영업현황_2024-11-18.xlsx"
    other = await begun(gateway, upload, "try", units={second: "천원"})
    assert {one["name"]: one["unit"] for one in other["report"]["files"]}[second] == "천원"
    wrong = await gateway.http.post(f"{PATH}/{upload}:try", json={"units": {second: "근"}})
    assert (wrong.status_code, "no unit of amounts" in wrong.text) == (400, True)
    await begun(gateway, upload, "try", units={second: "백만원"})
    far = await begun(gateway, upload, "import", columns={"고객사": "account"})
    assert (far["state"], "pipeline" in far["error"]["message"]) == ("FAILED", True)
    assert await deals(gateway) == [], "nothing was written"
    done = await begun(gateway, upload, "import", confirm=True)
    assert (done["state"], done["rejects"]) == ("IMPORTED", [])
    assert await deals(gateway) == ["설비 교체", "예약 시스템", "포장 라인"]
    assert (await gateway.http.post(f"{PATH}/{upload}:import")).status_code == 409
    again = (await sent(gateway, weeks(tmp_path / "again")))["id"]
    await settled(gateway, again)
    unchanged = await begun(gateway, again, "import", confirm=True)
    assert unchanged["report"]["import_id"] == "", "there is nothing to undo"
    first, *_ = (await gateway.http.get("/v1/imports")).json()["imports"]
    refused = await gateway.http.post(f"/v1/imports/{first['id']}:undo")
    assert (refused.status_code, first["detail"]["undoable"]) == (409, False)
    assert (await gateway.http.post(f"/v1/imports/{done['report']['import_id']}:undo")).status_code == 200
    assert await deals(gateway) == []
    assert (await gateway.http.delete(f"{PATH}/{upload}")).status_code == 204
    assert (await gateway.http.get(f"{PATH}/{upload}")).status_code == 404


async def test_refused_rows_are_loaded_corrected_and_sent_again(gateway: RunningGateway, tmp_path: Path) -> None:
    path = write(tmp_path / "영업현황_2024-11-18.xlsx", row("펌프"), row("밸브", amount="3~5억"))
    sending = [("files", (path.name, path.read_bytes(), "application/octet-stream"))]
    upload = (await sent(gateway, sending, lang="ko"))["id"]
    await settled(gateway, upload)
    done = await begun(gateway, upload, "import")
    assert (done["state"], done["rejects"]) == ("IMPORTED", ["rejects-영업현황_2024-11-18.xlsx.csv"])
    assert await deals(gateway) == ["펌프"]
    kept = gateway.settings.data_dir / "tmp" / "uploads" / upload
    assert [one.name for one in kept.iterdir()] == done["rejects"], "the file itself is not kept"
    answer = await gateway.http.get(f"{PATH}/{upload}/rejects/0")
    assert answer.headers["content-type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    assert ("밸브" in text, "펌프" in text, HEADER[0] in text) == (True, False, True)
    assert (await gateway.http.get(f"{PATH}/{upload}/rejects/1")).status_code == 404
    mended = text.replace("3~5억", "4억", 1).encode()
    second = (await sent(gateway, [("files", (done["rejects"][0], mended, "text/csv"))]))["id"]
    await settled(gateway, second)
    assert (await begun(gateway, second, "import", confirm=True))["state"] == "IMPORTED"
    assert await deals(gateway) == ["밸브", "펌프"]


@pytest.mark.parametrize(
    ("said", "field"),
    [({"columns": {"고객사": "weather"}}, "columns"), ({"answers": ["lost"]}, "answers"), ({"confirm": 1}, "confirm"),
     ({"as_of": ""}, "as_of")],
)  # fmt: skip
async def test_what_is_said_wrongly_is_refused(
    gateway: RunningGateway, tmp_path: Path, said: dict[str, Any], field: str
) -> None:
    upload = (await sent(gateway, weeks(tmp_path / "weeks")[:1]))["id"]
    await settled(gateway, upload)
    answer = await gateway.http.post(f"{PATH}/{upload}:try", json=said)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_other_files_are_refused(gateway: RunningGateway) -> None:
    for files in ([("files", ("notes.pdf", b"%PDF", "application/pdf"))], [("other", ("a.csv", b"a", "text/csv"))]):
        answer = await gateway.http.post(PATH, files=files)
        assert (answer.status_code, answer.json()["field"]) == (400, "files")
    assert list((gateway.settings.data_dir / "tmp" / "uploads").glob("*")) == []
