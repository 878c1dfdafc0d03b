"""The command line's programs are let in by the token that the gateway leaves in its data folder."""

from __future__ import annotations

import asyncio
import json
import stat

import pytest

from cli.options import call
from cli.up import checked_sign_in, tell_first_administrator
from kit.errors import Forbidden, InvalidInput, Unauthenticated
from services.gateway.domain import Principal, Scope
from services.gateway.imports.http_sink import HttpSink
from services.gateway.imports.targets import TOKEN_FILE, TOKEN_VARIABLE, open_sink
from services.gateway.rest.operations import _importing
from tests.integration.access.conftest import Company

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_commands_show_the_token_of_the_data_folder(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    url, file = str(company.running.http.base_url), company.folder / TOKEN_FILE
    (company.folder / "run").mkdir(exist_ok=True)
    (company.folder / "run" / "gateway.json").write_text(json.dumps({"http": url.removeprefix("http://")}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "imports" in await asyncio.to_thread(call, company.folder, "", "GET", "/v1/imports")
    sink = await open_sink(company.folder, "")
    assert len((await sink.around())[0]) == 6
    await sink.close()
    with pytest.raises(Unauthenticated):  # what is meant for this folder's gateway is sent to no other
        await asyncio.to_thread(call, company.folder, url, "GET", "/v1/imports")
    monkeypatch.setenv(TOKEN_VARIABLE, file.read_text().strip())
    assert "imports" in await asyncio.to_thread(call, company.folder, url, "GET", "/v1/imports")


async def test_the_first_link_is_told_at_the_terminal(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    tell_first_administrator(company.folder)
    assert f"{company.running.http.base_url}" in capsys.readouterr().err
    tell_first_administrator(company.folder / "none")
    assert capsys.readouterr().err == ""
    assert checked_sign_in("accounts") == "accounts"
    with pytest.raises(InvalidInput):
        checked_sign_in("open")


async def test_an_import_is_of_whoever_dropped_the_file_on_a_page(company: Company) -> None:
    """The program that imports it shows the machine's token, and says for whom; nobody else may say so."""
    url, token = str(company.running.http.base_url), (company.folder / TOKEN_FILE).read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    for by, wanted in (("m-revops", "m-revops"), ("", "machine")):
        sink = HttpSink(url, token=token, by=by)
        await sink.begin("week 47", None, "")
        [newest, *_] = (await company.running.http.get("/v1/imports", headers=headers)).json()["imports"]
        assert (newest["reason"], newest["detail"]["by"]) == ("week 47", wanted)
        await company.running.http.post(f"/v1/imports/{newest['id']}:finish", headers=headers, json={})
        await sink.close()
    for principal, by in ((Principal("ann", Scope.ALL), "ben"), (Principal("ann", Scope.ALL), "machine")):
        with pytest.raises(Forbidden):
            _importing(principal, by)
    assert _importing(Principal("ann", Scope.ALL), "ann") == _importing(Principal("ann", Scope.ALL), "") == "ann"
